// Loading libcuda.so.1.
#include "cuda/driver.hpp"

#include <dlfcn.h>
#include <type_traits>

namespace busfare::cuda {

namespace {

driver_search search() {
  driver_search found;
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    found.problem =
        std::string("no NVIDIA driver: ") + (why != nullptr ? why : "libcuda.so.1 cannot be loaded");
    return found;
  }
  // Never freed, like the library: arrays of static lifetime may be released after every destructor of ours.
  auto* const table = new driver;
  std::string missing;
  const auto get = [&](auto& to, const char* name) {
    to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(dlsym(library, name));
    if (to == nullptr) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
#define BUSFARE_CUDA_ENTRY(symbol) get(table->symbol, #symbol);
  BUSFARE_CUDA_DRIVER_ENTRIES(BUSFARE_CUDA_ENTRY)
#undef BUSFARE_CUDA_ENTRY
  get(table->event_elapsed,
      dlsym(library, "cuEventElapsedTime_v2") != nullptr ? "cuEventElapsedTime_v2" : "cuEventElapsedTime");
  if (!missing.empty()) {
    found.problem = "the NVIDIA driver is too old: libcuda.so.1 lacks " + missing;
    delete table;
    return found;
  }
  found.table = table;
  return found;
}

}  // namespace

const driver_search& find_driver() {
  static const auto* const found = new driver_search(search());
  return *found;
}

}  // namespace busfare::cuda
