// The CPUs that the pool may use: mask, OpenMP places, affinity.
#include "pool/cpu_set.hpp"

#if defined(__linux__)
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace busfare::pool {

#if defined(__linux__)

namespace {

// A mask of any length: machines with more than 1024 CPUs exist, cpu_set_t alone does not hold them.
class mask {
 public:
  explicit mask(int cpus) : bytes_(CPU_ALLOC_SIZE(cpus)), set_(CPU_ALLOC(cpus)) {
    if (set_ != nullptr) CPU_ZERO_S(bytes_, set_);
  }
  ~mask() {
    if (set_ != nullptr) CPU_FREE(set_);
  }
  mask(const mask&) = delete;
  mask& operator=(const mask&) = delete;

  [[nodiscard]] bool ok() const noexcept { return set_ != nullptr; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] cpu_set_t* get() const noexcept { return set_; }
  [[nodiscard]] bool has(int cpu) const noexcept {
    return CPU_ISSET_S(static_cast<std::size_t>(cpu), bytes_, set_);
  }

 private:
  std::size_t bytes_;
  cpu_set_t* set_;
};

std::vector<int> affinity_mask() {
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    const mask m(size);
    if (!m.ok()) break;
    if (sched_getaffinity(0, m.bytes(), m.get()) != 0) {
      if (errno == EINVAL) continue;  // the kernel's mask is longer
      break;
    }
    std::vector<int> cpus;
    for (int cpu = 0; cpu < size; ++cpu)
      if (m.has(cpu)) cpus.push_back(cpu);
    return cpus;
  }
  return {};
}

// libgomp pins the main thread while it is being loaded, before anybody can read the mask; its places still
// tell what the process was given. Found at run time, so that nothing links OpenMP.
std::vector<int> openmp_places() {
  const auto function = [](const char* name) { return dlsym(RTLD_DEFAULT, name); };
  const auto bind = reinterpret_cast<int (*)()>(function("omp_get_proc_bind"));
  const auto places = reinterpret_cast<int (*)()>(function("omp_get_num_places"));
  const auto procs = reinterpret_cast<int (*)(int)>(function("omp_get_place_num_procs"));
  const auto ids = reinterpret_cast<void (*)(int, int*)>(function("omp_get_place_proc_ids"));
  if (!bind || !places || !procs || !ids || bind() == 0) return {};
  std::vector<int> cpus;
  for (int p = 0, n = places(); p < n; ++p) {
    const int count = procs(p);
    if (count <= 0) continue;
    std::vector<int> place(static_cast<std::size_t>(count));
    ids(p, place.data());
    cpus.insert(cpus.end(), place.begin(), place.end());
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  if (!cpus.empty() && cpus.front() < 0) return {};
  return cpus;
}

}  // namespace

std::vector<int> usable_cpus() {
  std::vector<int> cpus = openmp_places();
  return cpus.empty() ? affinity_mask() : cpus;
}

int current_cpu() noexcept { return sched_getcpu(); }

void keep_on(std::thread::native_handle_type thread, const std::vector<int>& cpus, int except) noexcept {
  if (cpus.empty()) return;
  const mask m(cpus.back() + 1);
  if (!m.ok()) return;
  bool any = false;
  for (const int cpu : cpus) {
    if (cpu == except) continue;
    CPU_SET_S(static_cast<std::size_t>(cpu), m.bytes(), m.get());
    any = true;
  }
  if (any) (void)pthread_setaffinity_np(thread, m.bytes(), m.get());
}

#else

std::vector<int> usable_cpus() { return {}; }
int current_cpu() noexcept { return -1; }
void keep_on(std::thread::native_handle_type, const std::vector<int>&, int) noexcept {}

#endif

}  // namespace busfare::pool
