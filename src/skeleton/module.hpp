// The skeleton's door: a backend to copy, with no device behind it.
#pragma once

#include <busfare/backend/module.hpp>

/// Never null; static lifetime. `probe` tells that there is no device and what to do; `open` throws that as
/// unavailable.
#if defined(BUSFARE_LOADED_MODULE)
extern "C" BUSFARE_API const busfare::backend::module* busfare_module();
#else
extern "C" BUSFARE_API const busfare::backend::module* busfare_module_skeleton();
#endif
