// What a window shows beyond the edges of its array.
#pragma once

#include <busfare/type.hpp>

namespace busfare::border {

/// The element at the edge: a a a | a b c d | d d d.
struct clamp_t {
  static constexpr const char* name = "clamp";
};
/// The other end, as on a ring: b c d | a b c d | a b c.
struct wrap_t {
  static constexpr const char* name = "wrap";
};
/// The mirror image, the edge repeated: c b a | a b c d | d c b.
struct reflect_t {
  static constexpr const char* name = "reflect";
};
/// One value, which is converted to the array's compute type: v v v | a b c d | v v v.
template <number N> struct constant_t {
  static constexpr const char* name = "constant";
  N value;
};

inline constexpr clamp_t clamp{};
inline constexpr wrap_t wrap{};
inline constexpr reflect_t reflect{};
template <number N> constexpr constant_t<N> constant(N value) { return {value}; }

}  // namespace busfare::border
