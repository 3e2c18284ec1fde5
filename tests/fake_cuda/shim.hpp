// What turns CUDA text into C++ for the host: the words of CUDA before it, one entry for each kernel after
// it.
#pragma once

#include <string>

namespace fake_cuda {

/// No headers, so that a compile is cheap. Threads of a block with barriers are fibers on stacks that the
/// driver gives; switching is done here, out of a sanitizer's sight.
inline constexpr const char* shim_before = R"shim(
typedef unsigned long long fake_u64;
struct dim3 { unsigned x, y, z; };
static dim3 threadIdx, blockIdx, blockDim, gridDim;
static const int warpSize = 32;
#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __shared__ static __attribute__((section("fake_shared")))
#define __syncthreads() fake_barrier(__COUNTER__ + 1)
extern "C" {
double sqrt(double); double floor(double); double fabs(double); double fma(double, double, double);
float sqrtf(float); float floorf(float); float fabsf(float); float fmaf(float, float, float);
#define FAKE_REAL_1(name) double name(double); float name##f(float);
#define FAKE_REAL_2(name) double name(double, double); float name##f(float, float);
#define FAKE_REALS \
  FAKE_REAL_1(exp) FAKE_REAL_1(log) FAKE_REAL_1(exp2) FAKE_REAL_1(expm1) FAKE_REAL_1(log2) FAKE_REAL_1(log10) \
  FAKE_REAL_1(log1p) FAKE_REAL_1(sin) FAKE_REAL_1(cos) FAKE_REAL_1(tan) FAKE_REAL_1(asin) FAKE_REAL_1(acos) \
  FAKE_REAL_1(atan) FAKE_REAL_1(sinh) FAKE_REAL_1(cosh) FAKE_REAL_1(tanh) FAKE_REAL_1(erf) \
  FAKE_REAL_1(erfc) FAKE_REAL_2(atan2) FAKE_REAL_2(hypot) FAKE_REAL_2(pow)
FAKE_REALS
#undef FAKE_REAL_1
#undef FAKE_REAL_2
float cbrtf(float); long double cbrtl(long double);
void* memset(void*, int, unsigned long);
void fake_switch(void** save, void* load) __attribute__((visibility("hidden")));
extern char __start_fake_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_fake_shared[] __attribute__((weak, visibility("hidden")));
}
static inline float sqrt(float a) { return __builtin_sqrtf(a); }
static inline float floor(float a) { return __builtin_floorf(a); }
static inline float fabs(float a) { return __builtin_fabsf(a); }
static inline float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
// glibc's cbrt(double) is wrong by up to 4 ULP, which no GPU's is. Volatile: g++ would make cbrt of the call.
static inline float cbrt(float a) { return cbrtf(a); }
static inline double cbrt(double a) { volatile long double wide = a; return (double)cbrtl(wide); }
#define FAKE_REAL_1(name) static inline float name(float a) { return name##f(a); }
#define FAKE_REAL_2(name) static inline float name(float a, float b) { return name##f(a, b); }
FAKE_REALS
template <class T, class F> static inline T fake_bits(F a) { T t; __builtin_memcpy(&t, &a, sizeof t); return t; }
static inline int __float_as_int(float a) { return fake_bits<int>(a); }
static inline unsigned __float_as_uint(float a) { return fake_bits<unsigned>(a); }
static inline float __int_as_float(int a) { return fake_bits<float>(a); }
static inline float __uint_as_float(unsigned a) { return fake_bits<float>(a); }
static inline long long __double_as_longlong(double a) { return fake_bits<long long>(a); }
static inline double __longlong_as_double(long long a) { return fake_bits<double>(a); }
template <class T> static inline T __ldg(const T* p) { return *p; }
template <class T> static inline T __ldcs(const T* p) { return *p; }
template <class T> static inline void __stcs(T* p, T v) { *p = v; }
#define FAKE_VECTORS(name, T, a2, a4)                                                  \
  struct __attribute__((aligned(a2))) name##2 { T x, y; };                             \
  struct __attribute__((aligned(a4))) name##4 { T x, y, z, w; };                       \
  static inline name##2 make_##name##2(T x, T y) { return {x, y}; }                    \
  static inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
FAKE_VECTORS(float, float, 8, 16)
FAKE_VECTORS(int, int, 8, 16)
FAKE_VECTORS(uint, unsigned, 8, 16)
FAKE_VECTORS(double, double, 16, 16)
FAKE_VECTORS(longlong, long long, 16, 16)
FAKE_VECTORS(ulonglong, unsigned long long, 16, 16)
FAKE_VECTORS(short, short, 4, 8)
FAKE_VECTORS(ushort, unsigned short, 4, 8)
FAKE_VECTORS(char, signed char, 2, 4)
FAKE_VECTORS(uchar, unsigned char, 2, 4)

struct fake_launch { unsigned grid[3], block[3]; void** parameters; char* stacks; fake_u64 stack_bytes, seed; };
struct fake_fiber { void* stack; unsigned site; bool over; };
static fake_fiber fake_fibers[64];
static fake_fiber* fake_now;
static void* fake_home;
static void (*fake_body)(void**);
static void** fake_parameters;
static __attribute__((noinline, used)) void fake_barrier(unsigned site) {
  fake_now->site = site;
  fake_switch(&fake_now->stack, fake_home);
}
static __attribute__((noinline, used)) void fake_main() {
  fake_body(fake_parameters);
  fake_now->over = true;
  fake_switch(&fake_now->stack, fake_home);
  __builtin_trap();
}
#if defined(__x86_64__) && !defined(FAKE_UCONTEXT)
asm(R"(
.text
.globl fake_switch
.hidden fake_switch
.type fake_switch, @function
fake_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size fake_switch, .-fake_switch
)");
static void fake_prepare(fake_fiber& f, char* stack, fake_u64 bytes) {
  void** top = (void**)(stack + bytes) - 2;
  *--top = (void*)fake_main;
  for (int i = 0; i < 6; ++i) *--top = nullptr;
  f.stack = top;
}
#else
#include <ucontext.h>
static ucontext_t fake_contexts[65];
static void fake_prepare(fake_fiber& f, char* stack, fake_u64 bytes) {
  ucontext_t* c = &fake_contexts[&f - fake_fibers];
  getcontext(c);
  c->uc_stack.ss_sp = stack;
  c->uc_stack.ss_size = bytes;
  makecontext(c, fake_main, 0);
  f.stack = c;
  fake_home = &fake_contexts[64];
}
extern "C" void fake_switch(void** save, void* load) {
  swapcontext((ucontext_t*)*save, (ucontext_t*)load);
}
#endif
static void fake_thread(unsigned t) {
  threadIdx = {t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y};
}
// Threads run from barrier to barrier, each stretch in another order. 1: they parted.
static int fake_block(const fake_launch* l, fake_u64& random) {
  const unsigned n = blockDim.x * blockDim.y * blockDim.z;
  for (unsigned t = 0; t < n; ++t) {
    fake_fibers[t].site = 0;
    fake_fibers[t].over = false;
    fake_prepare(fake_fibers[t], l->stacks + t * l->stack_bytes, l->stack_bytes);
  }
  for (;;) {
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    const unsigned shift = (unsigned)(random >> 33) % n, back = (unsigned)(random >> 63);
    unsigned over = 0, site = 0;
    bool parted = false;
    for (unsigned k = 0; k < n; ++k) {
      const unsigned t = ((back ? n - 1 - k : k) + shift) % n;
      fake_now = &fake_fibers[t];
      fake_thread(t);
      fake_switch(&fake_home, fake_now->stack);
      if (fake_now->over) ++over;
      else if (site == 0) site = fake_now->site;
      else if (site != fake_now->site) parted = true;
    }
    if (over == n) return 0;
    if (over != 0 || parted) return 1;
  }
}
template <class T> struct fake_kind { static constexpr unsigned char value = 0; };
template <class T> struct fake_kind<T*> { static constexpr unsigned char value = 2; };
template <class T> struct fake_kind<const T*> { static constexpr unsigned char value = 1; };
template <unsigned... I> struct fake_numbers {};
#if defined(__clang__)
template <class T, T... I> struct fake_made { typedef fake_numbers<I...> type; };
template <unsigned N> using fake_count = typename __make_integer_seq<fake_made, unsigned, N>::type;
#else
template <unsigned N> using fake_count = fake_numbers<__integer_pack(N)...>;
#endif
template <class... A> struct fake_signature {
  static constexpr unsigned count = sizeof...(A);
  static constexpr unsigned sizes[] = {(unsigned)sizeof(A)..., 0};
  static constexpr unsigned char kinds[] = {fake_kind<A>::value..., 0};
};
template <class... A> fake_signature<A...> fake_signature_of(void (*)(A...));
template <auto F, class... A, unsigned... I>
static inline __attribute__((always_inline)) void fake_call(void (*)(A...), fake_numbers<I...>, void** p) {
  F(*(A*)p[I]...);
}
template <auto F> static void fake_kernel(void** p) {
  fake_call<F>(F, fake_count<decltype(fake_signature_of(F))::count>{}, p);
}
template <auto F, bool barriers> static int fake_run(const fake_launch* l) {
  gridDim = {l->grid[0], l->grid[1], l->grid[2]};
  blockDim = {l->block[0], l->block[1], l->block[2]};
  fake_body = fake_kernel<F>;
  fake_parameters = l->parameters;
  fake_u64 random = l->seed;
  const fake_u64 blocks = (fake_u64)gridDim.x * gridDim.y * gridDim.z;
  const unsigned threads = blockDim.x * blockDim.y * blockDim.z;
  for (fake_u64 k = 0; k < blocks; ++k) {
    const fake_u64 b = l->seed & 1 ? blocks - 1 - k : k;
    blockIdx = {(unsigned)(b % gridDim.x), (unsigned)(b / gridDim.x % gridDim.y), (unsigned)(b / gridDim.x / gridDim.y)};
    if (__start_fake_shared != __stop_fake_shared)
      memset(__start_fake_shared, 0xb7, (unsigned long)(__stop_fake_shared - __start_fake_shared));
    if (barriers) {
      if (fake_block(l, random) != 0) return 1;
    } else {
      for (unsigned t = 0; t < threads; ++t) {
        fake_thread(l->seed & 2 ? threads - 1 - t : t);
        fake_kernel<F>(l->parameters);
      }
    }
  }
  return 0;
}
struct fake_entry {
  const char* name;
  unsigned parameters;
  const unsigned* sizes;
  const unsigned char* kinds;
  unsigned most_threads;
  int (*run)(const fake_launch*);
};
)shim";

struct kernel_name {
  std::string name;
  std::string most_threads;  ///< the text of the first operand of __launch_bounds__, or "0"
};

/// The table `fake_entries` and its length `fake_entry_count`, for the kernels of a text.
template <class Names> std::string shim_after(const Names& kernels, bool barriers) {
  std::string s = "\n#line 1 \"entries\"\nextern \"C\" {\n";
  s += "__attribute__((visibility(\"default\"))) extern const fake_entry fake_entries[];\n";
  s += "__attribute__((visibility(\"default\"))) unsigned fake_shared_bytes() "
       "{ return (unsigned)(__stop_fake_shared - __start_fake_shared); }\n";
  s += "const fake_entry fake_entries[] = {\n";
  for (const kernel_name& k : kernels) {
    const std::string signature = "decltype(fake_signature_of(" + k.name + "))";
    s += "  {\"" + k.name + "\", " + signature + "::count, " + signature + "::sizes, " + signature +
         "::kinds, " + k.most_threads + ", fake_run<" + k.name + ", " + (barriers ? "true" : "false") +
         ">},\n";
  }
  s += "  {nullptr, 0, nullptr, nullptr, 0, nullptr}};\n}\n";
  return s;
}

}  // namespace fake_cuda
