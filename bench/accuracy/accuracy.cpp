// The list of rows, sums of verdicts, and threads.
#include "accuracy/accuracy.hpp"

#include <algorithm>
#include <system_error>
#include <thread>

#include "accuracy/families.hpp"
#include "accuracy/parts.hpp"

namespace busfare::accuracy {

void verdict::add(const verdict& other) {
  tried += other.tried;
  above += other.above;
  compared += other.compared;
  different += other.different;
  if (other.worst && (!worst || other.worst_ulp > worst_ulp)) {
    worst_ulp = other.worst_ulp;
    worst = other.worst;
  }
  if (!first_difference) first_difference = other.first_difference;
}

const char* name_of(reference r) noexcept {
  constexpr const char* names[] = {"exact", "113 bits", "64 bits", "none"};
  return names[static_cast<int>(r)];
}

void in_parts(std::size_t n, int threads, const std::function<void(int, std::size_t, std::size_t)>& f) {
  constexpr std::size_t least = 1024;  // a thread costs more than that many elements
  const auto parts = static_cast<int>(
      std::clamp<std::size_t>(n / least, 1, static_cast<std::size_t>(std::clamp(threads, 1, 1024))));
  const auto begin_of = [&](int part) {
    return n / static_cast<std::size_t>(parts) * static_cast<std::size_t>(part) +
           std::min(static_cast<std::size_t>(part), n % static_cast<std::size_t>(parts));
  };
  std::vector<std::thread> others;
  int next = 1;
  try {
    for (; next < parts; ++next) {
      others.emplace_back(
          [&f, part = next, begin = begin_of(next), end = begin_of(next + 1)] { f(part, begin, end); });
    }
  } catch (const std::system_error&) {
    // No more threads to be had: this one does the rest.
  }
  f(0, 0, begin_of(1));
  for (; next < parts; ++next) f(next, begin_of(next), begin_of(next + 1));
  for (std::thread& each : others) each.join();
}

const std::vector<row>& rows() {
  static const std::vector<row> all = [] {
    std::vector<row> list;
    for (const auto add : {add_f32_1, add_f32_2, add_f32_3, add_f64_1, add_f64_2, add_f64_3, add_i32, add_u32,
                           add_i64, add_u64}) {
      add(list);
    }
    std::stable_sort(list.begin(), list.end(), [](const row& a, const row& b) { return a.op < b.op; });
    return list;
  }();
  return all;
}

}  // namespace busfare::accuracy
