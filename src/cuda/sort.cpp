// Loading busfare_cuda_thrust.so, and its errors as ours.
#include "cuda/sort.hpp"

#include <dlfcn.h>
#include <filesystem>

#include "cuda/thrust/sort.hpp"

namespace busfare::cuda {

namespace {

constexpr const char* file_name = "busfare_cuda_thrust.so";
constexpr const char* remedy = "build busfare where nvcc is found, and install its modules together";

struct sort_library {
  decltype(&busfare_cuda_sort) sort = nullptr;
  decltype(&busfare_cuda_words) words = nullptr;
  std::string problem;
};

sort_library load() {
  sort_library found;
  Dl_info where{};
  std::error_code failed;
  std::filesystem::path own;
  if (dladdr(reinterpret_cast<const void*>(&sorting_problem), &where) != 0 && where.dli_fname != nullptr)
    own = std::filesystem::canonical(where.dli_fname, failed);
  if (own.empty()) own = std::filesystem::canonical("/proc/self/exe", failed);
  std::string tried;
  for (const char* folder : {"", "busfare", "../lib/busfare"}) {  // a module's, the library's, a program's
    const std::filesystem::path file = (own.parent_path() / folder / file_name).lexically_normal();
    tried += (tried.empty() ? "" : ", ") + file.parent_path().string();
    if (!std::filesystem::exists(file, failed)) continue;
    void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);  // never unloaded
    if (library == nullptr) {
      const char* why = dlerror();
      found.problem = why != nullptr ? why : file.string() + " cannot be loaded";
      return found;
    }
    found.sort = reinterpret_cast<decltype(found.sort)>(dlsym(library, "busfare_cuda_sort"));
    found.words = reinterpret_cast<decltype(found.words)>(dlsym(library, "busfare_cuda_words"));
    if (found.sort == nullptr || found.words == nullptr)
      found.problem = file.string() + " is of another version of busfare";
    return found;
  }
  found.problem = std::string(file_name) + " was not found in " + tried;
  return found;
}

const sort_library& library() {
  static const auto* const found = new sort_library(load());
  return *found;
}

// The runtime numbers its errors as the driver does, but for those of its own.
error_class class_of_runtime(int code) {
  constexpr int insufficient_driver = 35, initialization = 3, no_device = 100, invalid_device = 101;
  if (code == insufficient_driver || code == initialization || code == no_device || code == invalid_device)
    return error_class::unavailable;
  return class_of(static_cast<CUresult>(code));
}

std::uint64_t call(const wall& w, type keys, CUdeviceptr in, CUdeviceptr out, std::uint64_t count,
                   CUdeviceptr scratch, std::uint64_t scratch_bytes, CUstream s) {
  w.require_alive();
  const sort_library& l = library();
  if (!l.problem.empty()) w.refuse(error_class::unavailable, l.problem, remedy);
  if (keys != compute_of(keys))
    w.refuse(error_class::invalid_argument, std::string("keys of type ") + name_of(keys) + " are not sorted");
  const int code =
      l.sort(static_cast<int>(keys), reinterpret_cast<const void*>(in), reinterpret_cast<void*>(out), count,
             reinterpret_cast<void*>(scratch), &scratch_bytes, s);
  if (code == 0) return scratch_bytes;
  const error_class kind = class_of_runtime(code);
  const std::string message = "sorting " + std::to_string(count) + " keys failed: " + l.words(code);
  if (kind == error_class::device_lost) w.quietly(static_cast<CUresult>(code), "busfare_cuda_sort");
  error::details d;
  d.device = w.device();
  d.native_code = code;
  d.native_call = "cub::DeviceRadixSort::SortKeys";
  if (kind == error_class::unavailable)
    d.hint = "check with nvidia-smi that the driver works and shows a GPU";
  throw error(kind, message, std::move(d));
}

}  // namespace

const std::string& sorting_problem() { return library().problem; }

std::uint64_t sort_scratch_bytes(const wall& w, type keys, std::uint64_t count) {
  return call(w, keys, 0, 0, count, 0, 0, nullptr);
}

void sort_keys(const wall& w, type keys, CUdeviceptr in, CUdeviceptr out, std::uint64_t count,
               CUdeviceptr scratch, std::uint64_t scratch_bytes, CUstream s) {
  if (count == 0) return;
  if (scratch == 0) w.refuse(error_class::invalid_argument, "a sort was queued without its scratch memory");
  call(w, keys, in, out, count, scratch, scratch_bytes, s);
}

}  // namespace busfare::cuda
