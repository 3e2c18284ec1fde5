// A kernel that the caller wrote by hand for each device, as a node among the others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/detail/recording.hpp>

namespace busfare {

/// What the CPU's form of a native kernel has to compute: elements [first, first + count) of each result, in
/// row-major order. Parts of one call are computed by several threads at once, in any order; a part of a
/// shape of rank 2 or 3 holds whole rows (runs along the last axis).
struct native_part {
  std::uint64_t first = 0, count = 0;
  std::uint64_t shape[3] = {1, 1, 1};  ///< of the call, slowest axis first; 1 past its rank
};

/// What one call costs, all its elements together: floating-point operations (a fused multiply-add counts
/// two) and bytes that cross the device's memory. Both are estimates: they decide placement until the call
/// was measured.
struct native_cost {
  double flops = 0, bytes = 0;
};

/// What a cost may depend on. Valid during the call only.
struct native_job {
  extents shape;
  std::span<const double> numbers;       ///< the call's numbers, in order
  std::span<const std::uint64_t> sizes;  ///< elements of the call's arrays, in order
};

/// The texts of a native kernel. A form that is absent makes the kernel unavailable on devices that need it.
///
/// Both texts define a kernel called `name` (in CUDA C: extern "C" __global__) whose parameters are, in this
/// order: for each array of the call a pointer, and after the pointer of a bf::whole its size in elements
/// (long; CUDA: long long); each number; a pointer for each result; and five unsigned 64-bit values: first
/// (0), count (elements of a result), and the call's three lengths, slowest axis first, 1 past its rank.
/// Narrow types are what they are in C (f16: half in OpenCL, which wants vload_half; __half's bits in CUDA).
struct native_source {
  std::string name;    ///< a C identifier
  std::string opencl;  ///< OpenCL C 1.2
  std::string cuda;    ///< CUDA C++ as NVRTC compiles it, without headers
  /// How devices that compile text divide a call: a group of `group` work items computes `tile` elements of
  /// the result, both per axis, slowest first; groups cover the shape, those at its ends in part. The last
  /// axis is get_global_id(0), threadIdx.x. Both of the call's rank, or both of rank 0 (as here): one work
  /// item per element, get_global_id(0) or blockIdx.x * blockDim.x + threadIdx.x, in groups of the device's
  /// choice; items past `count` have to do nothing, and beyond 2^31 - 1 CUDA groups each thread has to step
  /// on by the grid's size.
  extents tile = {}, group = {};
  /// Never null. Called while a call is recorded, in that thread.
  native_cost (*cost)(const native_job&) noexcept = nullptr;
};

/// The types of a native kernel's results: bf::results<float>.
template <storable... Out>
requires(sizeof...(Out) >= 1) struct results_t {
};
template <storable... Out> inline constexpr results_t<Out...> results{};

/// In place of the CPU's form, where there is none.
struct no_cpu_form {};

namespace detail {

/// Core's copy of a source; lives as long as the program.
struct native_form {
  native_source source;
  source_line line;
  bool on_host = false;  ///< there is a CPU form
};

/// Equal sources share one form. Throws invalid_argument for a source that no device could take.
BUSFARE_API const native_form& native_form_of(native_source source, bool on_host, source_line line);
/// One per form, entry, types and rank; lives as long as the program.
BUSFARE_API const map_kernel& native_kernel_of(const native_form& form, const cpu_code* code,
                                               std::span<const backend::parameter> parameters,
                                               std::span<const type> stored, int rank);
BUSFARE_API void record_native(const map_kernel& kernel, const options& how, source_line line,
                               const extents& shape, std::span<map_argument> arguments,
                               std::span<array_handle> results);

// How the CPU's form sees one argument.
template <class Kind> struct native_seen {
  static_assert(dependent_false<Kind>, "busfare: a native kernel takes arrays, bf::whole(array) and numbers");
};
template <class T> struct native_seen<element_argument<T>> {
  using type = std::span<const T>;
  static type get(const cpu_block& b, int& array, int&) {
    return {reinterpret_cast<const T*>(b.in[array++].data), b.count};
  }
};
template <class T> struct native_seen<whole_argument<T>> {
  using type = std::span<const T>;
  static type get(const cpu_block& b, int& array, int&) {
    const cpu_operand& in = b.in[array++];
    return {reinterpret_cast<const T*>(in.data), in.size};
  }
};
template <class T> struct native_seen<number_argument<T>> {
  using type = T;
  static type get(const cpu_block& b, int&, int& number) {
    T x;
    std::memcpy(&x, b.numbers + 8 * number++, sizeof x);
    return x;
  }
};

template <class Kind> inline constexpr bool is_number_argument = false;
template <class T> inline constexpr bool is_number_argument<number_argument<T>> = true;
// Generated text and hand-written text agree on one order.
template <class... Kind> constexpr bool numbers_come_last() {
  bool seen = false, right = true;
  ((is_number_argument<Kind> ? void(seen = true) : void(right = right && !seen)), ...);
  return right;
}

template <class Cpu, class Kinds, class Stored> struct native_entry;
template <class Cpu, class... K, class... Out>
struct native_entry<Cpu, std::tuple<K...>, std::tuple<Out...>> {
  static void run(const cpu_block& b) noexcept {
    [[maybe_unused]] int array = 0, number = 0;
    const native_part part{b.first, b.count, {b.shape[0], b.shape[1], b.shape[2]}};
    // Braces: arguments are numbered from left to right.
    const std::tuple<typename native_seen<K>::type...> in{native_seen<K>::get(b, array, number)...};
    [&]<std::size_t... I, std::size_t... O>(std::index_sequence<I...>, std::index_sequence<O...>) {
      Cpu{}(part, std::get<I>(in)..., std::span<Out>(reinterpret_cast<Out*>(b.out[O]), b.count)...);
    }
    (std::index_sequence_for<K...>{}, std::index_sequence_for<Out...>{});
  }
  static constexpr cpu_code code{{&run, nullptr, nullptr}, false};
};

template <class Cpu, class... K, class... Out>
constexpr const cpu_code* native_code(std::tuple<K...>, std::tuple<Out...>) {
  if constexpr (std::is_same_v<Cpu, no_cpu_form>) {
    return nullptr;
  } else {
    constexpr bool takes = std::is_invocable_v<const Cpu&, const native_part&,
                                               typename native_seen<K>::type..., std::span<Out>...>;
    static_assert(
        takes,
        "busfare: the CPU form of a native kernel takes a const bf::native_part&, a std::span<const T> "
        "per array, each number, and a std::span<T> per result");
    if constexpr (takes) {
      static_assert(std::is_nothrow_invocable_v<const Cpu&, const native_part&,
                                                typename native_seen<K>::type..., std::span<Out>...>,
                    "busfare: the CPU form of a native kernel runs on the pool's threads: make it noexcept");
      return &native_entry<Cpu, std::tuple<K...>, std::tuple<Out...>>::code;
    }
    return nullptr;
  }
}

}  // namespace detail

/// A hand-written kernel: one callable for CPU threads, one text for each family of devices, and what a call
/// costs. It takes part in plans, transfers and receipts as any other node; it is fused with nothing, and its
/// bits are its author's. Any thread may call it; copies share the texts, which are kept as long as the
/// program.
///
///   const bf::native_kernel twice(
///       bf::results<float>,
///       [](const bf::native_part&, std::span<const float> x, float by, std::span<float> y) noexcept {
///         for (std::size_t i = 0; i < y.size(); ++i) y[i] = by * x[i];
///       },
///       {.name = "twice", .opencl = "...", .cuda = "...", .cost = [](const bf::native_job& job) noexcept {
///         return bf::native_cost{double(job.shape.count()), 8.0 * double(job.shape.count())};
///       }});
///   bf::array<float> y = bf::call(twice, x.extents(), x, 2.0f);
///
/// The CPU's form is an empty type, called concurrently with disjoint parts (native_part). It sees an array
/// of the call as the part's elements, a bf::whole as all of it, and writes every element of the part of each
/// result. It does not throw and does not call this library.
template <class Cpu, storable... Out> class native_kernel {
 public:
  /// Throws invalid_argument for a name that is no identifier, texts of more than 1 MiB, tiles and groups of
  /// different ranks, groups of no or more than 1024 work items, and for a null cost.
  native_kernel(results_t<Out...>, Cpu, native_source source, source_line line = source_line::here())
      : form_(&detail::native_form_of(std::move(source), !std::is_same_v<Cpu, no_cpu_form>, line)) {
    static_assert(
        std::is_class_v<Cpu> && std::is_empty_v<Cpu>,
        "busfare: the CPU form of a native kernel is a lambda or a function object without state: pass "
        "numbers and arrays as arguments of the call");
  }

  [[nodiscard]] const native_source& source() const noexcept { return form_->source; }

 private:
  template <class C, storable... O> friend struct native_caller;
  const detail::native_form* form_;
};

/// The shape of a call, with the line that stands in plans, receipts and errors.
struct call_shape {
  extents shape;
  source_line line;
  call_shape(const extents& s, source_line l = source_line::here()) : shape(s), line(l) {}  // NOLINT: a shape
  call_shape(std::size_t n, source_line l = source_line::here()) : shape(n), line(l) {}  // NOLINT: a length
};

template <class Cpu, storable... Out> struct native_caller {
  template <class... A>
  static auto record(const native_kernel<Cpu, Out...>& kernel, const options& how, const call_shape& where,
                     const A&... a) {
    using Kinds = std::tuple<typename detail::argument_traits<A>::kind...>;
    using Stored = std::tuple<Out...>;
    static_assert(detail::numbers_come_last<typename detail::argument_traits<A>::kind...>(),
                  "busfare: give a native kernel its arrays first, then its numbers");
    static constexpr auto parameters = detail::parameters_of<A...>();
    static constexpr type stored[] = {type_of<Out>()...};
    std::array<detail::map_argument, parameters.size()> arguments;
    [[maybe_unused]] detail::map_argument* to = arguments.data();
    [[maybe_unused]] detail::window_radii* none = nullptr;
    ((detail::argument_traits<A>::pass(a, to, none), to += detail::argument_traits<A>::parameters.size()),
     ...);
    const detail::map_kernel& made = detail::native_kernel_of(
        *kernel.form_, detail::native_code<Cpu>(Kinds{}, Stored{}), parameters, stored, where.shape.rank());
    std::array<detail::array_handle, sizeof...(Out)> results;
    detail::record_native(made, how, where.line, where.shape, arguments, results);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return typename detail::arrays_of<Stored>::type{detail::array_of<Out>(std::move(results[I]))...};
    }
    (std::index_sequence_for<Out...>{});
  }
};

/// Records one call: results of extents `where`, from arrays of the same extents, bf::whole of any array, and
/// numbers, which come last. Returns one array, or a std::tuple of them. Runs nothing. With math::fast its
/// texts may be contracted and its functions be less exact, as in `math`; else devices compile them as they
/// compile generated ones.
///
/// Throws invalid_argument for arrays of other extents (one value goes in as a number or a bf::whole), for
/// tiles of another rank, and for a cost that is negative or no number; unavailable for a device that is not
/// here. Running throws kernel_build with the compiler's log where a text is wrong, and unavailable where
/// the kernel has no form for the device.
template <class Cpu, class... Out, class... A>
auto call(const native_kernel<Cpu, Out...>& kernel, call_shape where, const A&... a) {
  return native_caller<Cpu, Out...>::record(kernel, options{}, where, a...);
}
template <class Cpu, class... Out, class... A>
auto call(const options& how, const native_kernel<Cpu, Out...>& kernel, call_shape where, const A&... a) {
  return native_caller<Cpu, Out...>::record(kernel, how, where, a...);
}

}  // namespace busfare
