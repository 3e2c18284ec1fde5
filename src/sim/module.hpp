// The sim backend's door. It is always linked in.
#pragma once

#include <busfare/backend/module.hpp>

/// Never null; static lifetime. `probe` lists one device per shipped profile; `open` takes "sim:NAME" and
/// "sim:NAME?slow=N", throws unavailable for other names and invalid_argument for other options.
extern "C" BUSFARE_API const busfare::backend::module* busfare_module_sim();
