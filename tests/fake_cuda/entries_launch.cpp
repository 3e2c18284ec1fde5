// The driver's modules, functions and launches.
#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_cuda/world.hpp"

using namespace fake_cuda;

namespace {

constexpr unsigned most_threads = 64;
constexpr std::uint64_t stack_bytes = 256 << 10;

/// One stack for each thread of a block, with a page without access below each.
char* stacks() {
  static char* const all = [] {
    void* const p = mmap(nullptr, most_threads * stack_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return static_cast<char*>(nullptr);
    for (unsigned t = 0; t < most_threads; ++t)
      mprotect(static_cast<char*>(p) + t * stack_bytes, 4096, PROT_NONE);
    return static_cast<char*>(p);
  }();
  return all;
}

/// The object of an image, loaded; null: `why`.
void* load(const world& w, const void* image, CUresult& why) {
  container_header head;
  std::memcpy(&head, image, sizeof head);
  const char* const object = static_cast<const char*>(image) + sizeof head;
  why = CUDA_ERROR_INVALID_IMAGE;
  if (std::memcmp(head.magic, container_magic, sizeof head.magic) != 0) return nullptr;
  if (checksum_of(object, head.bytes) != head.check) return nullptr;
  const bool runs = head.portable != 0 ? head.capability <= w.set.capability
                                       : head.capability / 10 == w.set.capability / 10 &&
                                             head.capability <= w.set.capability;
  why = CUDA_ERROR_NO_BINARY_FOR_GPU;
  if (!runs) return nullptr;
  why = CUDA_ERROR_OPERATING_SYSTEM;
  const int file = memfd_create("fake kernel", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  std::uint64_t written = 0;
  while (written < head.bytes) {
    const ssize_t n = write(file, object + written, head.bytes - written);
    if (n <= 0) break;
    written += static_cast<std::uint64_t>(n);
  }
  // The loader knows libraries by name: each gets its own spelling of the path.
  static std::uint32_t serial = 0;
  std::string path = "/proc/self/fd/";
  for (std::uint32_t bits = ++serial; bits != 0; bits /= 2) path += bits % 2 != 0 ? "./" : "/";
  void* const library = dlopen((path + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL);
  close(file);
  return library;
}

/// What a launch keeps of its call: values, and the memory that its pointers point into.
struct kept_launch {
  const kernel_entry* entry = nullptr;
  kernel_launch how{};
  std::vector<std::vector<char>> values;
  std::vector<address> pointers;  ///< 0 where the parameter is a value or null
};

CUresult run(world& w, kept_launch& k) {
  std::vector<void*> parameters;
  for (std::size_t i = 0; i < k.values.size(); ++i) {
    const address at = k.pointers[i];
    if (at != 0) {
      const bool hosts = w.set.integrated && !w.memory.is_device_address(at);
      if (!hosts && w.memory.find(at) == nullptr) {
        w.misuse(std::string("kernel ") + k.entry->name + ": parameter " + std::to_string(i) +
                 " points to no memory of the device");
        return CUDA_ERROR_ILLEGAL_ADDRESS;
      }
      char* const there = w.memory.reach(at);
      std::memcpy(k.values[i].data(), &there, sizeof there);
    }
    parameters.push_back(k.values[i].data());
  }
  k.how.parameters = parameters.data();
  k.how.stacks = stacks();
  k.how.stack_bytes = stack_bytes;
  k.how.seed = w.schedule.random();
  ++w.launches;
  if (k.how.stacks == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
  if (k.entry->run(&k.how) != 0) {
    w.misuse(std::string("kernel ") + k.entry->name + ": threads of a block part at a barrier");
    return CUDA_ERROR_LAUNCH_FAILED;
  }
  for (const address a : k.pointers) {
    const memory_block* const b = a != 0 ? w.memory.find(a) : nullptr;
    if (b == nullptr || w.memory.intact(*b)) continue;
    w.misuse(std::string("kernel ") + k.entry->name + ": wrote behind the end of memory");
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  }
  return CUDA_SUCCESS;
}

unsigned most_threads_of(const function& f) {
  return f.entry->most_threads != 0 ? std::min(f.entry->most_threads, most_threads) : most_threads;
}

}  // namespace

FAKE_EXPORT CUresult cuModuleLoadData(CUmodule* out, const void* image) {
  entry e("cuModuleLoadData");
  if (e.stopped()) return e.result();
  if (out == nullptr || image == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  CUresult why = CUDA_SUCCESS;
  void* const library = load(e.w, image, why);
  if (library == nullptr) return e.result(why);
  const auto* const entries = static_cast<const kernel_entry*>(dlsym(library, "fake_entries"));
  const auto shared = reinterpret_cast<unsigned (*)()>(dlsym(library, "fake_shared_bytes"));
  if (entries == nullptr || shared == nullptr) {
    dlclose(library);
    return e.result(CUDA_ERROR_INVALID_IMAGE);
  }
  const std::uint64_t handle = e.w.new_handle();
  fake_cuda::module& m = e.w.modules.add(handle);
  m.context = e.c->serial;
  m.library = library;
  m.entries = entries;
  m.shared_bytes = shared();
  *out = reinterpret_cast<CUmodule>(handle);
  return e.result();
}

FAKE_EXPORT CUresult cuModuleUnload(CUmodule h) {
  entry e("cuModuleUnload", entry::needs::context, entry::frees::something);
  if (e.stopped()) return e.result();
  const fake_cuda::module* const m = e.w.modules.find(number_of(h));
  if (m == nullptr) return e.result(e.w.bad_handle(e.name(), "a module", number_of(h)));
  for (const moment& use : m->uses)
    if (e.c->broken == CUDA_SUCCESS && !e.w.schedule.host_past().has(use)) {
      e.w.misuse("cuModuleUnload: launches that were not waited for may still run");
      e.w.schedule.run_all();
      break;
    }
  e.w.unload(number_of(h));
  return e.result();
}

FAKE_EXPORT CUresult cuModuleGetFunction(CUfunction* out, CUmodule h, const char* name) {
  entry e("cuModuleGetFunction");
  if (e.stopped()) return e.result();
  if (out == nullptr || name == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  fake_cuda::module* const m = e.w.modules.find(number_of(h));
  if (m == nullptr) return e.result(e.w.bad_handle(e.name(), "a module", number_of(h)));
  for (const kernel_entry* k = m->entries; k->name != nullptr; ++k) {
    if (std::strcmp(k->name, name) != 0) continue;
    const std::uint64_t handle = e.w.new_handle();
    function& f = e.w.functions.add(handle);
    f.entry = k;
    f.module = number_of(h);
    m->functions.push_back(handle);
    *out = reinterpret_cast<CUfunction>(handle);
    return e.result();
  }
  return e.result(CUDA_ERROR_NOT_FOUND);
}

FAKE_EXPORT CUresult cuFuncGetAttribute(int* value, CUfunction_attribute a, CUfunction h) {
  entry e("cuFuncGetAttribute");
  if (e.stopped()) return e.result();
  const function* const f = e.w.functions.find(number_of(h));
  if (f == nullptr) return e.result(e.w.bad_handle(e.name(), "a function", number_of(h)));
  if (value == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  switch (a) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
      *value = static_cast<int>(most_threads_of(*f));
      break;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
      *value = static_cast<int>(e.w.modules.find(f->module)->shared_bytes);
      break;
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
      *value = 32;
      break;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
      *value = e.w.set.capability;
      break;
    default:
      *value = 0;
  }
  return e.result();
}

FAKE_EXPORT CUresult cuOccupancyMaxPotentialBlockSize(int* blocks, int* threads, CUfunction h,
                                                      CUoccupancyB2DSize shared_of, std::size_t, int limit) {
  entry e("cuOccupancyMaxPotentialBlockSize");
  if (e.stopped()) return e.result();
  const function* const f = e.w.functions.find(number_of(h));
  if (f == nullptr) return e.result(e.w.bad_handle(e.name(), "a function", number_of(h)));
  if (blocks == nullptr || threads == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  const unsigned most = most_threads_of(*f);
  *threads = static_cast<int>(limit > 0 ? std::min(most, static_cast<unsigned>(limit)) : most);
  if (shared_of != nullptr && shared_of(*threads) > 49152) return e.result(CUDA_ERROR_INVALID_VALUE);
  *blocks = 2 * e.w.set.multiprocessors;
  return e.result();
}

FAKE_EXPORT CUresult cuLaunchKernel(CUfunction h, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                                    unsigned by, unsigned bz, unsigned shared, CUstream stream_handle,
                                    void** parameters, void** extra) {
  entry e("cuLaunchKernel");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(stream_handle, bad);
  if (s == nullptr) return e.result(bad);
  const function* const f = e.w.functions.find(number_of(h));
  if (f == nullptr) return e.result(e.w.bad_handle(e.name(), "a function", number_of(h)));
  fake_cuda::module& m = *e.w.modules.find(f->module);
  if (m.context != e.c->serial) return e.misused(CUDA_ERROR_INVALID_HANDLE, "a function of another context");
  if (extra != nullptr) return e.misused(CUDA_ERROR_NOT_SUPPORTED, "the fake takes parameters one by one");
  const std::uint64_t threads = std::uint64_t{bx} * by * bz;
  if (gx == 0 || gy == 0 || gz == 0 || threads == 0 || gx > 2147483647u || gy > 65535 || gz > 65535 ||
      threads > most_threads_of(*f) || std::uint64_t{shared} + m.shared_bytes > 49152)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "a grid, a block or shared memory out of bounds");
  if (shared != 0) return e.misused(CUDA_ERROR_NOT_SUPPORTED, "the fake has no dynamic shared memory");
  if (parameters == nullptr && f->entry->parameters != 0)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "no parameters");

  const auto kept = std::make_shared<kept_launch>();
  kept->entry = f->entry;
  const unsigned grid[3] = {gx, gy, gz}, block[3] = {bx, by, bz};
  std::copy_n(grid, 3, kept->how.grid);
  std::copy_n(block, 3, kept->how.block);
  std::vector<address> uses;
  for (std::uint32_t i = 0; i < f->entry->parameters; ++i) {
    const auto* const p = static_cast<const char*>(parameters[i]);
    kept->values.emplace_back(p, p + f->entry->sizes[i]);
    address at = 0;
    if (f->entry->kinds[i] != 0) std::memcpy(&at, p, sizeof at);
    kept->pointers.push_back(at);
    if (at != 0 && e.w.memory.find(at) != nullptr) uses.push_back(at);
  }
  world& w = e.w;
  const work_ptr made = w.put(
      *s, [&w, kept] { return run(w, *kept); }, uses);
  for (const address a : uses)
    if (const memory_block* const b = w.memory.find(a)) w.check_use(e.name(), *b, made->past);
  std::erase_if(m.uses, [&](const moment& each) { return each.stream == made->at.stream; });
  m.uses.push_back(made->at);
  return e.result();
}
