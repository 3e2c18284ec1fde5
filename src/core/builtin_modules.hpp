// What the build linked in, what it left to be loaded, and what it left out; the build system writes the
// lists.
#pragma once

#include <busfare/backend/module.hpp>

namespace busfare::core {

using builtin_module = const backend::module* (*)();

/// Entry functions of the backends linked into this library.
extern const builtin_module builtin_modules[];
extern const int builtin_module_count;

/// Names of the backends built as files "busfare_NAME.so" that export `busfare_module`.
extern const char* const loaded_module_names[];
extern const int loaded_module_count;

/// Where those files may be, in the order to try: folders relative to the one that holds this library (when
/// it is shared) or the program (when it is linked in).
extern const char* const module_folders[];
extern const int module_folder_count;

/// A backend that this build does not have.
struct absent_module {
  const char* name;    ///< "opencl"
  const char* reason;  ///< in words, for a person
};
extern const absent_module absent_modules[];
extern const int absent_module_count;

}  // namespace busfare::core
