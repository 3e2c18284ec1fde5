// The cuda backend's door.
#pragma once

#include <busfare/backend/module.hpp>

// Never null; static lifetime. `probe` lists every usable GPU as cuda:0, cuda:1, ... or says why there is
// none; `open` throws unavailable for a name that is not among them.
#ifdef BUSFARE_LOADED_MODULE
extern "C" __attribute__((visibility("default"))) const busfare::backend::module* busfare_module();
#else
extern "C" BUSFARE_API const busfare::backend::module* busfare_module_cuda();
#endif
