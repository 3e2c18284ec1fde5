// Many blocks at once, and one finding per operation from what all of them saw.
#include "core/node_check.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include <busfare/backend/arithmetic.hpp>

#include "core/finding_text.hpp"
#include "core/interpreter.hpp"
#include "core/window_looks.hpp"
#include "pool/thread_pool.hpp"

namespace busfare::core {
namespace {

// What happened at one place of the program: how often, and the first time.
struct tally {
  std::uint64_t count = 0;
  sighting first{};

  void add(const sighting& s) {
    // Within a loop, the first trip's values of an element come first.
    if (count++ == 0 || s.element < first.element) first = s;
  }
  void add(const tally& other) {
    if (other.count != 0 && (count == 0 || other.first.element < first.element)) first = other.first;
    count += other.count;
  }
};
// By place and kind; results that differ come after all nodes.
using tallies = std::map<std::pair<std::uint32_t, finding_kind>, tally>;

class map_check {
 public:
  map_check(const node_contents& n, const run_control* control)
      : n_(n), p_(*n.what->map->program), control_(control) {
    for (std::size_t k = 0; k < n.inputs.size(); ++k) {
      argument_contents a;
      a.data = n.inputs[k].get();
      a.size = n.sizes[k];
      a.number = n.what->arguments[k].number;
      a.one_value = n.what->arguments[k].array != nullptr && n.what->arguments[k].array->shape.rank() == 0;
      // Nothing of an empty table is read, but it is no number.
      static constexpr std::uint64_t nothing = 0;
      if (n.what->arguments[k].array != nullptr && a.data == nullptr) a.data = &nothing;
      from_.arguments.push_back(a);
    }
    for (int axis = 0; axis < 3; ++axis) from_.shape[axis] = n.shape[axis];
    for (const auto& each : n.results) from_.unwanted.push_back(each == nullptr);
    from_.looks = window_looks(p_, n.what->map->windows, n.what->radii);
  }

  std::vector<finding> run() {
    // Large enough that laying out an interpreter is nothing beside it, small enough to share.
    constexpr std::uint64_t part = 64 * interpreter::lanes;
    const std::uint64_t count = n_.shape.count();
    pool::thread_pool::shared().for_each_part(
        static_cast<std::int64_t>((count + part - 1) / part), [&](std::int64_t k) {
          const std::uint64_t first = static_cast<std::uint64_t>(k) * part;
          look_at(first, std::min(part, count - first));
        });
    std::vector<finding> found;
    for (const auto& [place, seen] : all_) found.push_back(told(place.first, seen));
    return found;
  }

 private:
  void look_at(std::uint64_t first, std::uint64_t count) {
    const backend::detail::plain_environment environment;
    tallies seen;
    interpreter again(p_, from_, [&seen](const sighting& s) { seen[{s.node, s.kind}].add(s); });
    for (std::uint64_t done = 0; done < count; done += interpreter::lanes) {
      if (control_ != nullptr) control_->check();
      const auto lanes = static_cast<std::size_t>(std::min<std::uint64_t>(interpreter::lanes, count - done));
      again.run(first + done, lanes);
      if (!n_.same_bits) continue;
      for (std::size_t r = 0; r < n_.results.size(); ++r)
        if (n_.results[r] != nullptr) compare(r, again.result(r), first + done, lanes, seen);
    }
    std::scoped_lock hold(lock_);
    for (const auto& [place, each] : seen) all_[place].add(each);
  }

  [[nodiscard]] std::uint32_t place_of_result(std::size_t r) const {
    return static_cast<std::uint32_t>(p_.nodes.size() + r);
  }

  void compare(std::size_t r, const void* column, std::uint64_t first, std::size_t lanes,
               tallies& seen) const {
    const type stored = p_.stored[r];
    const std::size_t size = size_of(stored);
    alignas(8) std::byte meant[interpreter::lanes * 8];
    store_column(meant, stored, p_.nodes[p_.results[r]].type, column, lanes);
    const auto* const got = static_cast<const std::byte*>(n_.results[r].get()) + first * size;
    if (std::memcmp(got, meant, lanes * size) == 0) return;
    alignas(8) std::byte got_values[interpreter::lanes * 8], meant_values[interpreter::lanes * 8];
    load_column(got_values, stored, got, 1, lanes);
    load_column(meant_values, stored, meant, 1, lanes);
    const value_type t = value_of(stored);
    const std::size_t width = column_size(t);
    for (std::size_t i = 0; i < lanes; ++i) {
      if (std::memcmp(got + i * size, meant + i * size, size) == 0) continue;
      if (is_nan(t, got_values, i) && is_nan(t, meant_values, i)) continue;
      sighting s{finding_kind::other_bits, place_of_result(r), first + i, {}};
      std::memcpy(&s.operands[0], got_values + i * width, width);
      std::memcpy(&s.operands[1], meant_values + i * width, width);
      seen[{s.node, s.kind}].add(s);
    }
  }

  [[nodiscard]] finding told(std::uint32_t place, const tally& seen) const {
    finding f;
    f.kind = seen.first.kind;
    f.line = n_.what->line;
    f.device = n_.device;
    f.count = seen.count;
    f.elements = n_.shape.count();
    f.first = seen.first.element;
    if (place < p_.nodes.size()) {
      f.operation = operation_text(p_, seen.first);
      f.text = sighting_text(p_, from_, seen.first);
    } else {
      const std::size_t r = place - p_.nodes.size();
      const value_type t = value_of(p_.stored[r]);
      f.operation = "result";
      f.text = "result " + std::to_string(r + 1) + " is " + value_text(t, seen.first.operands[0]) +
               ", the kernel means " + value_text(t, seen.first.operands[1]);
    }
    return f;
  }

  const node_contents& n_;
  const program& p_;
  const run_control* control_;
  launch_contents from_;
  std::mutex lock_;
  tallies all_;
};

bool holds_nan(type stored, const void* data, std::uint64_t n) {
  const value_type t = value_of(stored);
  if (t != value_type::f32 && t != value_type::f64) return false;
  alignas(8) std::byte column[interpreter::lanes * 8] = {};
  for (std::uint64_t done = 0; done < n; done += interpreter::lanes) {
    const auto lanes = static_cast<std::size_t>(std::min<std::uint64_t>(interpreter::lanes, n - done));
    load_column(column, stored, static_cast<const std::byte*>(data) + done * size_of(stored), 1, lanes);
    if (any_nan(t, column)) return true;
  }
  return false;
}

// Which of a reduction's steps it was depends on its tree, so that only the whole is told.
std::vector<finding> check_fold(const node_contents& n) {
  const detail::fold_kernel& fold = *n.what->fold;
  for (std::size_t k = 0; k < n.inputs.size(); ++k)
    if (holds_nan(n.what->arguments[k].array->element, n.inputs[k].get(), n.sizes[k])) return {};
  std::vector<finding> found;
  for (std::size_t k = 0; k < n.results.size(); ++k) {
    if (!n.results[k] || !holds_nan(fold.components[k], n.results[k].get(), 1)) continue;
    finding f;
    f.kind = finding_kind::nan_born;
    f.line = n.what->line;
    f.device = n.device;
    f.operation = fold.name;
    f.count = f.elements = 1;
    f.text = std::string(fold.name) + " of " + std::to_string(n.sizes[0]) + " elements without NaN is NaN";
    found.push_back(std::move(f));
  }
  return found;
}

}  // namespace

std::vector<finding> check_node(const node_contents& n, const run_control* control) {
  if (n.what->fold != nullptr) return check_fold(n);
  return n.shape.count() == 0 ? std::vector<finding>{} : map_check(n, control).run();
}

}  // namespace busfare::core
