// The cpu backend's door. It is always linked in and always there.
#pragma once

#include <busfare/backend/module.hpp>

/// Never null; static lifetime. `probe` reports the one device "cpu", or as unavailable what BUSFARE_ISA or
/// BUSFARE_THREADS asks for in vain; `open` throws that as invalid_argument, and unavailable for other names.
extern "C" BUSFARE_API const busfare::backend::module* busfare_module_cpu();
