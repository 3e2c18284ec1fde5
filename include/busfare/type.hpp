// Element types: what arrays store, what kernels compute with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <busfare/config.hpp>

namespace busfare {

/// f32 to u64 compute; the rest is storage only: u8 to i16 load as i32, f16 (IEEE binary16) as f32. Numbers
/// of types are in program ids and cached texts: new ones come last.
enum class type : std::uint8_t { f32, f64, i32, u32, i64, u64, u8, i8, u16, i16, f16 };

/// Bytes of one element.
constexpr std::size_t size_of(type t) noexcept {
  constexpr std::size_t sizes[] = {4, 8, 4, 4, 8, 8, 1, 1, 2, 2, 2};
  return sizes[static_cast<std::uint8_t>(t)];
}

/// "f32", "u8", ...
constexpr const char* name_of(type t) noexcept {
  constexpr const char* names[] = {"f32", "f64", "i32", "u32", "i64", "u64", "u8", "i8", "u16", "i16", "f16"};
  return names[static_cast<std::uint8_t>(t)];
}

/// The type that a stored element has inside a kernel.
constexpr type compute_of(type t) noexcept {
  return t <= type::u64 ? t : t == type::f16 ? type::f32 : type::i32;
}

namespace detail {

template <class T>
inline constexpr bool is_integer_like =
    std::is_integral_v<T> && !std::is_same_v<T, char> && !std::is_same_v<T, wchar_t> &&
    !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

template <class T> inline constexpr bool is_f16 = false;
#if BUSFARE_HAS_F16
template <> inline constexpr bool is_f16<_Float16> = true;
#endif

// long and long long are one type here; bool counts as i32, as C++ promotes it.
template <class T> constexpr auto canonical() {
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    return T{};
  } else if constexpr (is_f16<T>) {
    return float{};
  } else if constexpr (is_integer_like<T>) {
    if constexpr (sizeof(T) < 4) {
      return std::int32_t{};
    } else if constexpr (sizeof(T) == 4) {
      if constexpr (std::is_signed_v<T>)
        return std::int32_t{};
      else
        return std::uint32_t{};
    } else {
      if constexpr (std::is_signed_v<T>)
        return std::int64_t{};
      else
        return std::uint64_t{};
    }
  }
}

}  // namespace detail

/// A type that arrays may store; _Float16 where the compiler has it (BUSFARE_HAS_F16).
template <class T>
concept storable = std::is_same_v<T, float> || std::is_same_v<T, double> || detail::is_f16<T> ||
    (detail::is_integer_like<T> && !std::is_same_v<T, bool>);

/// A type that kernels compute with.
template <class T>
concept computable = storable<T> && std::is_same_v<decltype(detail::canonical<T>()), T>;

/// A number that may stand beside values in a kernel, or be passed to an algorithm.
template <class T>
concept number =
    std::is_same_v<T, float> || std::is_same_v<T, double> || detail::is_f16<T> || detail::is_integer_like<T>;

/// The type that a number or a stored element computes as: u8 -> i32, long long -> i64, float -> float,
/// _Float16 -> float.
template <class T> using compute_t = decltype(detail::canonical<T>());

/// C++'s usual arithmetic conversions, on compute types.
template <class A, class B> using common_t = compute_t<std::common_type_t<compute_t<A>, compute_t<B>>>;

/// The run-time name of a C++ type.
template <storable T> constexpr type type_of() noexcept {
  if constexpr (std::is_same_v<T, float>)
    return type::f32;
  else if constexpr (std::is_same_v<T, double>)
    return type::f64;
  else if constexpr (detail::is_f16<T>)
    return type::f16;
  else if constexpr (sizeof(T) == 1)
    return std::is_signed_v<T> ? type::i8 : type::u8;
  else if constexpr (sizeof(T) == 2)
    return std::is_signed_v<T> ? type::i16 : type::u16;
  else if constexpr (sizeof(T) == 4)
    return std::is_signed_v<T> ? type::i32 : type::u32;
  else
    return std::is_signed_v<T> ? type::i64 : type::u64;
}

}  // namespace busfare
