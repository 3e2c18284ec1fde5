// The floating point environment that kernels are promised.
#pragma once

#include <cstdint>

namespace busfare::cpu {

/// While it lives, this thread rounds to nearest, keeps denormals and traps nothing, whatever the caller had
/// set.
class fp_state {
 public:
  fp_state() noexcept {
#if defined(__x86_64__)
    before_ = __builtin_ia32_stmxcsr();
    if (before_ != standard) __builtin_ia32_ldmxcsr(standard);
#else
    std::uint64_t fpcr;
    asm volatile("mrs %0, fpcr" : "=r"(fpcr));
    before_ = fpcr;
    asm volatile("msr fpcr, %0" ::"r"(std::uint64_t{0}));
#endif
  }
  ~fp_state() {
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(before_);  // the sticky flags too: a kernel leaves no trace
#else
    asm volatile("msr fpcr, %0" ::"r"(before_));
#endif
  }
  fp_state(const fp_state&) = delete;
  fp_state& operator=(const fp_state&) = delete;

 private:
#if defined(__x86_64__)
  static constexpr unsigned standard = 0x1f80;
  unsigned before_;
#else
  std::uint64_t before_;
#endif
};

}  // namespace busfare::cpu
