// A row's sample for one type: its kernel on a device, its scalar reading, its exact results, the comparison.
// Only the units that hold the kernels include this; it takes minutes to compile all of them.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "accuracy/accuracy.hpp"
#include "accuracy/double_reference.hpp"
#include "accuracy/exact.hpp"
#include "accuracy/kinds.hpp"
#include "accuracy/parts.hpp"
#include "accuracy/row_kernel.hpp"
#include "accuracy/sanitized.hpp"
#include "accuracy/ulp.hpp"

namespace busfare::accuracy {

/// Reads back exactly: hexadecimal or with enough digits for floats, decimal for integers.
template <class T> std::string text_of(T x, bool hexadecimal) {
  if constexpr (std::is_floating_point_v<T>) {
    char text[64];
    if (x != x) return "nan";
    if (hexadecimal)
      std::snprintf(text, sizeof text, "%a", static_cast<double>(x));
    else
      std::snprintf(text, sizeof text, "%.*g", std::numeric_limits<T>::max_digits10, static_cast<double>(x));
    return text;
  } else {
    return std::to_string(x);
  }
}

/// Exact results have the type that `exact` gives, or double in a sweep.
template <bf::op O, class T, class Exact> class row_sample final : public sample {
 public:
  using Out = decltype(row_scalar<O>(T{}, T{}, T{}));
  static constexpr int arity = bf::vocabulary[static_cast<int>(O)].arity;

  template <class Reference>
  row_sample(std::vector<std::vector<T>> x, int threads, const Reference& exact_of, std::size_t stride = 1,
             std::size_t phase = 0)
      : x_(std::move(x)),
        scalar_(x_[0].size() / stride + 1),
        exact_(x_[0].size()),
        threads_(threads),
        stride_(stride),
        phase_(phase) {
    in_parts(size(), threads_, [&](int, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const T a = x_[0][i], b = arity > 1 ? x_[1][i] : T{}, c = arity > 2 ? x_[2][i] : T{};
        if (read(i)) scalar_[i / stride_] = row_scalar<O>(a, b, c);
        exact_[i] = exact_of(a, b, c);
      }
    });
  }

  [[nodiscard]] std::size_t size() const override { return exact_.size(); }

  [[nodiscard]] std::vector<std::byte> run(const options& how) const override {
    using F = row_kernel<O>;
    const bf::array<Out> y = [&] {
      if constexpr (arity == 1)
        return bf::map(how, F{}, bf::copy_of(x_[0]));
      else if constexpr (arity == 2)
        return bf::map(how, F{}, bf::copy_of(x_[0]), bf::copy_of(x_[1]));
      else
        return bf::map(how, F{}, bf::copy_of(x_[0]), bf::copy_of(x_[1]), bf::copy_of(x_[2]));
    }();
    const auto got = y.host();
    std::vector<std::byte> bytes(got.size() * sizeof(Out));
    for (std::size_t i = 0; i < got.size(); ++i) {
      Out v = got[i];
      if constexpr (std::is_floating_point_v<Out>) {
        if (v != v) v = std::numeric_limits<Out>::quiet_NaN();
      }
      std::memcpy(bytes.data() + i * sizeof(Out), &v, sizeof v);
    }
    return bytes;
  }

  [[nodiscard]] verdict judge(std::span<const std::byte> results, double bound,
                              std::span<const std::byte> like, bool zero_signs) const override {
    check_size(results);
    if (!like.empty()) check_size(like);
    std::vector<tally> parts(static_cast<std::size_t>(std::max(threads_, 1)));
    in_parts(size(), threads_, [&](int part, std::size_t begin, std::size_t end) {
      parts[static_cast<std::size_t>(part)] = compare(results, bound, like, zero_signs, begin, end);
    });
    verdict sum;
    for (const tally& each : parts) sum.add(verdict_of(each, results, like));
    return sum;
  }

 private:
  struct tally {
    std::size_t tried = 0, above = 0, compared = 0, different = 0, worst = 0, first_difference = 0;
    double worst_ulp = 0;
  };

  void check_size(std::span<const std::byte> results) const {
    if (results.size() == size() * sizeof(Out)) return;
    throw bf::error(bf::error_class::invalid_argument, "judge: " + std::to_string(results.size()) +
                                                           " bytes of results instead of " +
                                                           std::to_string(size() * sizeof(Out)));
  }
  // Whether there is a scalar reading of this one.
  [[nodiscard]] bool read(std::size_t i) const { return i % stride_ == phase_; }
  [[nodiscard]] Out like_at(std::span<const std::byte> like, std::size_t i) const {
    return like.empty() ? scalar_[i / stride_] : result(like, i);
  }
  static Out result(std::span<const std::byte> results, std::size_t i) {
    Out v;
    std::memcpy(&v, results.data() + i * sizeof(Out), sizeof v);
    return v;
  }
  // Where a row has one right result, its bits decide; how far off it is, is for people.
  static double error_of(Out got, Exact exact, bool zero_signs) {
    if constexpr (std::is_same_v<Out, Exact>) {
      if (same(got, exact)) return 0;
    }
    if constexpr (std::is_same_v<Out, Exact> && std::is_floating_point_v<Out>)
      return ulps(got, quad(exact), zero_signs);
    else if constexpr (std::is_same_v<Out, Exact>)
      return std::numeric_limits<double>::infinity();
    else
      return ulps(got, exact, zero_signs);
  }
  tally compare(std::span<const std::byte> results, double bound, std::span<const std::byte> like,
                bool zero_signs, std::size_t begin, std::size_t end) const {
    tally t;
    t.tried = end - begin;
    for (std::size_t i = begin; i < end; ++i) {
      const Out got = result(results, i);
      if (!like.empty() || read(i)) {
        ++t.compared;
        if (!same(got, like_at(like, i)) && t.different++ == 0) t.first_difference = i;
      }
      // The nearest number is at most half a unit off: most results need no division.
      if constexpr (std::is_floating_point_v<Out>) {
        if (t.worst_ulp >= 0.5 && bound >= 0.5 && got == static_cast<Out>(exact_[i]) && got != 0) continue;
      }
      const double error = error_of(got, exact_[i], zero_signs);
      t.above += error > bound;
      if (error > t.worst_ulp) {
        t.worst_ulp = error;
        t.worst = i;
      }
    }
    return t;
  }
  [[nodiscard]] finding found(std::size_t i, std::span<const std::byte> results,
                              const std::string& wanted) const {
    finding f;
    for (const auto& each : x_) {
      f.inputs.push_back(text_of(each[i], true));
      f.inputs_decimal.push_back(text_of(each[i], false));
    }
    f.got = text_of(result(results, i), true);
    f.wanted = wanted;
    return f;
  }
  [[nodiscard]] verdict verdict_of(const tally& t, std::span<const std::byte> results,
                                   std::span<const std::byte> like) const {
    verdict v;
    v.tried = t.tried;
    v.above = t.above;
    v.compared = t.compared;
    v.different = t.different;
    v.worst_ulp = t.worst_ulp;
    if (t.worst_ulp > 0) v.worst = found(t.worst, results, text_of(static_cast<Out>(exact_[t.worst]), true));
    if (t.different > 0) {
      v.first_difference =
          found(t.first_difference, results, text_of(like_at(like, t.first_difference), true));
    }
    return v;
  }

  std::vector<std::vector<T>> x_;
  std::vector<Out> scalar_;
  std::vector<Exact> exact_;
  int threads_;
  std::size_t stride_, phase_;
};

template <bf::op O, class T> std::unique_ptr<sample> draw(const sampling& wanted) {
  const auto exact_of = [](T a, T b, T c) { return exact<O>(a, b, c); };
  using Exact = decltype(exact_of(T{}, T{}, T{}));
  return std::make_unique<row_sample<O, T, Exact>>(
      drawn_operands<T>(bf::vocabulary[static_cast<int>(O)].arity, wanted.seed, wanted.random,
                        wanted.each_kind),
      wanted.threads, exact_of);
}

template <bf::op O> std::unique_ptr<sample> sweep(std::uint32_t first, std::size_t count, int threads) {
  std::vector<std::vector<float>> x(1, std::vector<float>(count));
  for (std::size_t i = 0; i < count; ++i) {
    x[0][i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
  }
  const auto exact_of = [](float a, float, float) { return double_reference<O>(a); };
  using Exact = decltype(exact_of(0, 0, 0));
  return std::make_unique<row_sample<O, float, Exact>>(std::move(x), threads, exact_of, sweep_stride,
                                                       first / count % sweep_stride);
}

/// What judges a row: long double cannot say how products, quotients and roots of f64 round, and the argument
/// of normal_cdf's tail needs more bits than it has.
template <bf::op O, class T> constexpr reference reference_of() {
  using Exact = decltype(exact<O>(T{}, T{}, T{}));
  constexpr bool narrow = quad_digits < 2 * 53 + 2 && std::is_same_v<T, double>;
  constexpr bool rounds =
      O == op::add || O == op::sub || O == op::mul || O == op::div || O == op::sqrt || O == op::normal_cdf;
  if (narrow && rounds) return reference::none;
  if (!std::is_same_v<Exact, quad>) return reference::exact;
  return quad_digits >= 113 ? reference::quad : reference::long_double;
}

/// Adds all rows that take T. Where one unit with all of them would compile for minutes, each of `parts`
/// units adds a share. Sanitizers find nothing in the straight-line packs of the mathematical functions that
/// they do not find in exp and log, take minutes to compile them, and see the scalar reading of all in
/// tests/unit/value_math_test.cpp.
template <class T, int part = 0, int parts = 1> void add_rows(std::vector<row>& list) {
  const auto add = [&]<bf::op O>(std::integral_constant<bf::op, O>) {
    constexpr bf::vocabulary_row facts = bf::vocabulary[static_cast<int>(O)];
    if constexpr (O != bf::op::cast && O != bf::op::bit_cast && static_cast<int>(O) % parts == part &&
                  (!sanitized || O <= bf::op::normal_cdf)) {
      if constexpr (facts.takes == bf::takes::number ||
                    (facts.takes == bf::takes::real && std::is_floating_point_v<T>) ||
                    (facts.takes == bf::takes::integer && std::is_integral_v<T>) ||
                    (facts.takes == bf::takes::mask && std::is_same_v<T, std::int32_t>)) {
        row r{O, bf::type_of<T>(), reference_of<O, T>(), draw<O, T>, nullptr};
        if constexpr (std::is_same_v<T, float> && facts.arity == 1) r.sweep = sweep<O>;
        list.push_back(r);
      }
    }
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (add(std::integral_constant<bf::op, static_cast<bf::op>(K)>{}), ...);
  }
  (std::make_integer_sequence<int, bf::vocabulary_size>{});
}

}  // namespace busfare::accuracy
