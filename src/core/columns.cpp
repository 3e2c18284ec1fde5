// The vocabulary's rows over columns, each by the function that gives it its one meaning.
#include "core/columns.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include <busfare/error.hpp>
#include <busfare/value/half.hpp>
#include <busfare/value/math.hpp>

#include "core/with_number.hpp"

namespace busfare::core {
namespace {

using namespace detail;  // where the definitions of functions are
using scalar_operations = operations<scalar_reading>;

// What a row means for scalars: an operation of the reading, or a definition made of those.
template <op O> struct meaning;
#define BUSFARE_ROW(name, arity_, takes_, gives_, ...)                                 \
  template <> struct meaning<op::name> {                                               \
    [[maybe_unused]] static constexpr int arity = arity_;                              \
    [[maybe_unused]] static constexpr takes operands = takes::takes_;                  \
    [[maybe_unused]] static constexpr gives result = gives::gives_;                    \
    template <class S = scalar_operations, class... V> static auto of(const V&... x) { \
      if constexpr (requires { S::name(x...); })                                       \
        return S::name(x...);                                                          \
      else                                                                             \
        return name##_definition(x...);                                                \
    }                                                                                  \
  };
BUSFARE_VOCABULARY(BUSFARE_ROW)
#undef BUSFARE_ROW

// A column's elements between memory and scalars.
template <class T> struct lane {
  using memory = T;
  static scalar<T> in(T x) { return {x}; }
  static T out(const scalar<T>& x) { return x.v; }
};
template <> struct lane<bool> {
  using memory = std::uint8_t;
  static mask<scalar_reading> in(std::uint8_t x) { return {x != 0}; }
  static std::uint8_t out(const mask<scalar_reading>& x) { return x.v ? 1 : 0; }
};

template <op O, class First, class Rest, class To> void apply(void* out, const void* const* in) {
  // Restricted, or g++ -O2 does not vectorise: it makes no checks at run time.
  auto* const __restrict to = static_cast<typename lane<To>::memory*>(out);
  const auto* const __restrict a = static_cast<const typename lane<First>::memory*>(in[0]);
  constexpr int arity = meaning<O>::arity;
  [[maybe_unused]] const auto* const __restrict b =
      static_cast<const typename lane<Rest>::memory*>(in[arity > 1 ? 1 : 0]);
  [[maybe_unused]] const auto* const __restrict c =
      static_cast<const typename lane<Rest>::memory*>(in[arity > 2 ? 2 : 0]);
  for (std::size_t i = 0; i < column_lanes; ++i) {
    if constexpr (O == op::cast) {
      if constexpr (std::is_same_v<First, bool>)
        to[i] = static_cast<To>(a[i]);
      else
        to[i] = scalar_operations::cast<To>(lane<First>::in(a[i])).v;
    } else if constexpr (O == op::bit_cast) {
      to[i] = scalar_operations::bit_cast<To>(lane<First>::in(a[i])).v;
    } else if constexpr (arity == 1) {
      to[i] = lane<To>::out(meaning<O>::of(lane<First>::in(a[i])));
    } else if constexpr (arity == 2) {
      to[i] = lane<To>::out(meaning<O>::of(lane<First>::in(a[i]), lane<Rest>::in(b[i])));
    } else {
      to[i] =
          lane<To>::out(meaning<O>::of(lane<First>::in(a[i]), lane<Rest>::in(b[i]), lane<Rest>::in(c[i])));
    }
  }
}

template <class T> constexpr bool taken(takes what) {
  return what == takes::number || (what == takes::real) == std::is_floating_point_v<T>;
}

template <op O> column_operation row_on(value_type from, value_type to) {
  using row = meaning<O>;
  if constexpr (row::operands == takes::mask) {
    return from == value_type::mask ? &apply<O, bool, bool, bool> : nullptr;
  } else if constexpr (O == op::cast) {
    return with_number(to, [&]<class To>(To) -> column_operation {
      if (from == value_type::mask) return &apply<O, bool, bool, To>;
      return with_number(from,
                         []<class From>(From) -> column_operation { return &apply<O, From, From, To>; });
    });
  } else if constexpr (O == op::bit_cast) {
    return with_number(to, [&]<class To>(To) -> column_operation {
      return with_number(from, []<class From>(From) -> column_operation {
        if constexpr (sizeof(From) == sizeof(To))
          return &apply<O, From, From, To>;
        else
          return nullptr;
      });
    });
  } else {
    return with_number(from, []<class T>(T) -> column_operation {
      if constexpr (!taken<T>(row::operands))
        return nullptr;
      else if constexpr (O == op::select)
        return &apply<O, bool, T, T>;
      else if constexpr (row::result == gives::mask)
        return &apply<O, T, T, bool>;
      else
        return &apply<O, T, T, T>;
    });
  }
}

// Calls f with an element of the C++ type that is stored, or with `half` for f16.
struct half {
  std::uint16_t bits;
};
template <class F> void with_stored(type t, F f) {
  switch (t) {
    case type::f32:
      return f(float{});
    case type::f64:
      return f(double{});
    case type::i32:
      return f(std::int32_t{});
    case type::u32:
      return f(std::uint32_t{});
    case type::i64:
      return f(std::int64_t{});
    case type::u64:
      return f(std::uint64_t{});
    case type::u8:
      return f(std::uint8_t{});
    case type::i8:
      return f(std::int8_t{});
    case type::u16:
      return f(std::uint16_t{});
    case type::i16:
      return f(std::int16_t{});
    case type::f16:
      return f(half{});
  }
}
template <class T> auto widened_from(const T& stored) {
  if constexpr (std::is_same_v<T, half>)
    return half_loaded(scalar<std::int32_t>{stored.bits}).v;
  else
    return widened(stored);
}

}  // namespace

column_operation operation_on(op o, value_type from, value_type to) {
  column_operation found = nullptr;
  switch (o) {
#define BUSFARE_ROW(name, ...)          \
  case op::name:                        \
    found = row_on<op::name>(from, to); \
    break;
    BUSFARE_VOCABULARY(BUSFARE_ROW)
#undef BUSFARE_ROW
    default:
      break;
  }
  if (found == nullptr) {
    throw error(error_class::internal, "a program holds operation " + std::to_string(static_cast<int>(o)) +
                                           " on a type that has none");
  }
  return found;
}

void load_column(void* out, type stored, const void* from, std::size_t stride, std::size_t n) {
  with_stored(stored, [&]<class T>(T) {
    using C = decltype(widened_from(T{}));
    for (std::size_t i = 0; i < n; ++i)
      static_cast<C*>(out)[i] = widened_from(static_cast<const T*>(from)[i * stride]);
  });
}

void look_up_column(void* out, type stored, const void* table, std::int64_t size, const void* index,
                    std::size_t n) {
  with_stored(stored, [&]<class T>(T) {
    using C = decltype(widened_from(T{}));
    for (std::size_t i = 0; i < n; ++i) {
      const std::int64_t at = static_cast<const std::int64_t*>(index)[i];
      static_cast<C*>(out)[i] =
          size == 0 ? C{}
                    : widened_from(static_cast<const T*>(table)[std::clamp<std::int64_t>(at, 0, size - 1)]);
    }
  });
}

void store_column(void* out, type stored, value_type t, const void* from, std::size_t n) {
  if (t == value_type::mask) {
    std::memcpy(out, from, n);
    return;
  }
  with_stored(stored, [&]<class T>(T) {
    using C = decltype(widened_from(T{}));
    for (std::size_t i = 0; i < n; ++i) {
      const C x = static_cast<const C*>(from)[i];
      if constexpr (std::is_same_v<T, half>)
        static_cast<half*>(out)[i] = {static_cast<std::uint16_t>(half_bits(scalar<float>{x}).v)};
      else
        static_cast<T*>(out)[i] = static_cast<T>(x);
    }
  });
}

namespace {

// Calls f with an unsigned integer of a column's element size.
template <class F> void with_size(value_type t, F f) {
  switch (column_size(t)) {
    case 1:
      return f(std::uint8_t{});
    case 4:
      return f(std::uint32_t{});
    default:
      return f(std::uint64_t{});
  }
}

template <class T> bool any_nan_of(const T* x) {
  int found = 0;
  for (std::size_t i = 0; i < column_lanes; ++i) found |= x[i] != x[i] ? 1 : 0;
  return found != 0;
}

}  // namespace

void fill_column(void* out, value_type t, std::uint64_t bits) {
  with_size(t, [&]<class U>(U) {
    for (std::size_t i = 0; i < column_lanes; ++i) static_cast<U*>(out)[i] = static_cast<U>(bits);
  });
}

void copy_lanes(void* out, value_type t, const void* from, const std::uint8_t* where) {
  with_size(t, [&]<class U>(U) {
    auto* const __restrict to = static_cast<U*>(out);
    const auto* const __restrict other = static_cast<const U*>(from);
    const std::uint8_t* const __restrict chosen = where;
    for (std::size_t i = 0; i < column_lanes; ++i) to[i] = chosen[i] != 0 ? other[i] : to[i];
  });
}

bool any_nan(value_type t, const void* column) {
  if (t == value_type::f32) return any_nan_of(static_cast<const float*>(column));
  return t == value_type::f64 && any_nan_of(static_cast<const double*>(column));
}

bool is_nan(value_type t, const void* column, std::size_t i) {
  if (t == value_type::f32) {
    const float x = static_cast<const float*>(column)[i];
    return x != x;
  }
  if (t != value_type::f64) return false;
  const double x = static_cast<const double*>(column)[i];
  return x != x;
}

}  // namespace busfare::core
