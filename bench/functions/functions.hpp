// One function of the vocabulary by us, by packs of another library and by a device's own, on the same
// numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "peers/contest.hpp"

namespace busfare::functions {

using peers::contender;

struct function {
  const char* name;
  int operands;
  double low[2], high[2];  ///< of each operand
};
inline constexpr function all_functions[] = {
#define ONE(name, low, high) {#name, 1, {low}, {high}},
#define TWO(name, low, high, low2, high2) {#name, 2, {low, low2}, {high, high2}},
#include "functions/functions.def"
#undef ONE
#undef TWO
};

template <class T> inline constexpr const char* type_name = std::is_same_v<T, float> ? "f32" : "f64";

/// The numbers of one contest; `b` is empty for functions of one operand. Its contenders share them.
template <class T> struct operands { std::vector<T> a, b; };
template <class T> using shared_operands = std::shared_ptr<const operands<T>>;

// A contender's result is every element: agreement and errors are judged over all of them. T is float or
// double. Each throws std::invalid_argument for a name that is not in the list.

/// bf::map on a device: recorded and run each time, the operands resident. On another device than the cpu
/// its clock is the kernel's.
template <class T>
contender ours(const std::string& name, const std::string& device, const shared_operands<T>& x);
/// Batches of xsimd's best instruction set on one thread: load, function, store.
template <class T> contender packs(const std::string& name, const shared_operands<T>& x);
/// The instruction set that packs() was compiled for, as xsimd calls it.
const char* packs_instruction_set();
/// The device's own function in a kernel written by hand, by the kernel's clock.
template <class T>
contender own_function(const std::string& name, const std::string& device, const shared_operands<T>& x);

/// The largest error of `results` in units in the last place of T, beside long double.
template <class T>
double worst_ulp(const std::string& name, const operands<T>& x, const std::vector<double>& results);

}  // namespace busfare::functions
