// Loading libnvrtc.
#include "cuda/nvrtc.hpp"

#include <dlfcn.h>
#include <memory>
#include <type_traits>

namespace busfare::cuda {

namespace {

// Null where an entry is missing; a library that was loaded in vain stays, since some do not unload cleanly.
std::unique_ptr<nvrtc> load(const std::string& file, std::string& problem) {
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    problem += (problem.empty() ? "" : "; ") + std::string(why != nullptr ? why : file.c_str());
    return nullptr;
  }
  auto table = std::make_unique<nvrtc>();
  std::string missing;
  const auto get = [&](auto& to, const char* name) {
    to = reinterpret_cast<std::remove_reference_t<decltype(to)>>(dlsym(library, name));
    if (to == nullptr) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
#define BUSFARE_CUDA_ENTRY(symbol) get(table->symbol, #symbol);
  BUSFARE_CUDA_NVRTC_ENTRIES(BUSFARE_CUDA_ENTRY)
#undef BUSFARE_CUDA_ENTRY
  if (!missing.empty())
    problem += (problem.empty() ? "" : "; ") + file + " lacks " + missing;
  else if (table->nvrtcVersion(&table->major, &table->minor) != NVRTC_SUCCESS)
    problem += (problem.empty() ? "" : "; ") + file + " does not say its version";
  else
    return table;
  return nullptr;
}

nvrtc_search search(int driver_version) {
  nvrtc_search found;
  for (const char* folder : {"", "/usr/local/cuda/lib64/"}) {
    for (const int major : {13, 12}) {
      if (major > driver_version / 1000) continue;  // its cubins would be too new for the driver
      if (auto table = load(folder + ("libnvrtc.so." + std::to_string(major)), found.problem)) {
        found.table = table.release();  // never freed, like the library
        found.problem.clear();
        return found;
      }
    }
  }
  found.problem = "NVRTC, which compiles kernels, was not found: " + found.problem;
  return found;
}

}  // namespace

const nvrtc_search& find_nvrtc(int driver_version) {
  static const auto* const found = new nvrtc_search(search(driver_version));
  return *found;
}

}  // namespace busfare::cuda
