// Hand-written kernels: checked, kept once each, and recorded as maps that nothing is fused with.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <tuple>
#include <vector>

#include <busfare/native_kernel.hpp>

#include "core/canonical.hpp"
#include "core/dialect/native_text.hpp"
#include "core/graph.hpp"
#include "core/recording.hpp"
#include "core/runtime.hpp"
#include "core/with_number.hpp"

namespace busfare::detail {
namespace {

constexpr std::size_t text_limit = std::size_t{1} << 20, name_limit = 128;
constexpr std::uint64_t group_limit = 1024;  // no device runs larger ones

[[noreturn]] void refuse(source_line line, const std::string& what, const char* hint) {
  error::details d;
  d.line = line;
  d.hint = hint;
  throw error(error_class::invalid_argument, what, d);
}

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || name.size() > name_limit || !letter(name.front())) return false;
  for (const char c : name)
    if (!letter(c) && (c < '0' || c > '9')) return false;
  return true;
}

void check(const native_source& s, source_line line) {
  if (!is_identifier(s.name))
    refuse(line,
           "a native kernel's name is not a C identifier of at most " + std::to_string(name_limit) +
               " characters",
           "name it as its texts name the kernel");
  const std::string who = "native kernel " + s.name + ": ";
  for (const std::string_view text : core::native_texts(s)) {
    if (text.size() > text_limit)
      refuse(line,
             who + "a text of " + std::to_string(text.size()) + " bytes is more than " +
                 std::to_string(text_limit),
             "put tables into arrays, and give them as bf::whole");
    if (text.find('\0') != std::string_view::npos)
      refuse(line, who + "a text holds a zero byte", "the texts are source code");
  }
  if (s.cost == nullptr)
    refuse(line, who + "it states no cost", "set native_source::cost: what the call computes and moves");
  if (s.tile.rank() != s.group.rank())
    refuse(line,
           who + "its tile has rank " + std::to_string(s.tile.rank()) + ", its group " +
               std::to_string(s.group.rank()),
           "give both one number per axis of the call, or neither");
  if (s.tile.count() == 0 || s.group.count() == 0 || s.group.count() > group_limit)
    refuse(line,
           who + "a group of " + std::to_string(s.group.count()) + " work items for a tile of " +
               std::to_string(s.tile.count()) + " elements",
           "a tile holds 1 element or more, a group 1 to 1024 work items");
}

std::vector<std::size_t> lengths(const extents& e) {
  return {static_cast<std::size_t>(e.rank()), e[0], e[1], e[2]};
}

// Both maps only grow: kernels live as long as the program, as compiled ones do. Never destroyed, since jobs
// may still run while the process ends.
struct kept_forms {
  using key = std::tuple<std::string, std::array<std::string, 2>, std::vector<std::size_t>,
                         std::vector<std::size_t>, void (*)(), bool>;
  std::mutex mutex;
  std::map<key, std::unique_ptr<native_form>> all;
};
struct kept_kernels {
  using key = std::tuple<const native_form*, const cpu_code*, std::vector<std::uint16_t>, int>;
  std::mutex mutex;
  std::map<key, std::unique_ptr<map_kernel>> all;
};

std::uint16_t word(backend::parameter_kind kind, type t) {
  return static_cast<std::uint16_t>(static_cast<unsigned>(kind) * 256 + static_cast<unsigned>(t));
}

// A number's bits, as record.hpp holds them.
double number_value(type t, std::uint64_t bits) {
  return core::with_number(value_of(t), [&]<class T>(T x) {
    std::memcpy(&x, &bits, sizeof x);
    return static_cast<double>(x);
  });
}

program_ptr described(const native_form& form, std::span<const backend::parameter> parameters,
                      std::span<const type> stored) {
  auto p = std::make_shared<program>();
  p->arguments.assign(parameters.begin(), parameters.end());
  p->stored.assign(stored.begin(), stored.end());
  for (const backend::parameter& each : parameters) p->uses_f64 = p->uses_f64 || each.type == type::f64;
  for (const type each : stored) p->uses_f64 = p->uses_f64 || each == type::f64;
  p->id = core::text_id(form.source.name, core::native_texts(form.source));
  return p;
}

}  // namespace

const native_form& native_form_of(native_source source, bool on_host, source_line line) {
  check(source, line);
  static auto* const kept = new kept_forms;
  const auto texts = core::native_texts(source);
  kept_forms::key key{
      source.name,           {std::string(texts[0]), std::string(texts[1])}, lengths(source.tile),
      lengths(source.group), reinterpret_cast<void (*)()>(source.cost),      on_host};
  const std::lock_guard lock(kept->mutex);
  auto& form = kept->all[std::move(key)];
  if (!form) form = std::make_unique<native_form>(native_form{std::move(source), line, on_host});
  return *form;
}

const map_kernel& native_kernel_of(const native_form& form, const cpu_code* code,
                                   std::span<const backend::parameter> parameters,
                                   std::span<const type> stored, int rank) {
  static auto* const kept = new kept_kernels;
  std::vector<std::uint16_t> types;
  for (const backend::parameter& p : parameters) types.push_back(word(p.kind, p.type));
  for (const type t : stored) types.push_back(word(backend::parameter_kind::result, t));
  const std::lock_guard lock(kept->mutex);
  auto& kernel = kept->all[{&form, code, std::move(types), rank}];
  if (!kernel)
    kernel =
        std::make_unique<map_kernel>(map_kernel{code, described(form, parameters, stored), rank, {}, &form});
  return *kernel;
}

void record_native(const map_kernel& kernel, const options& how, source_line line, const extents& shape,
                   std::span<map_argument> arguments, std::span<array_handle> results) {
  const native_source& source = kernel.native->source;
  const program& p = *kernel.program;
  const std::string who = "native kernel " + source.name + ": ";
  std::vector<double> numbers;
  std::vector<std::uint64_t> sizes;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const backend::parameter& a = p.arguments[k];
    if (a.kind == backend::parameter_kind::number) {
      numbers.push_back(number_value(a.type, arguments[k].number));
      continue;
    }
    const extents& e = arguments[k].shape;
    sizes.push_back(e.count());
    if (a.kind == backend::parameter_kind::element && e != shape)
      refuse(line,
             who + "argument " + std::to_string(k + 1) + " holds " + core::extents_text(e) + ", the call " +
                 core::extents_text(shape),
             "arrays of a call have its extents; give others, and single values, as bf::whole(array)");
  }
  if (source.tile.rank() != 0 && source.tile.rank() != std::max(1, shape.rank()))
    refuse(line,
           who + "its tiles have rank " + std::to_string(source.tile.rank()) + ", the call " +
               core::extents_text(shape),
           "give tile and group one number per axis of the call");
  const std::uint64_t count = shape.count();
  for (const type t : p.stored) (void)shape.bytes(size_of(t));  // throws where a result would overflow
  const native_cost cost = source.cost({shape, numbers, sizes});
  if (!(cost.flops >= 0 && cost.bytes >= 0 && std::isfinite(cost.flops) && std::isfinite(cost.bytes)))
    refuse(line,
           who + "its cost is " + std::to_string(cost.flops) + " flops and " + std::to_string(cost.bytes) +
               " bytes",
           "a cost is finite and not negative");
  core::check_device(how, line);
  auto n = core::map_node(kernel, how, line, shape, arguments);
  if (count != 0)
    n->cost = {cost.flops / static_cast<double>(count), cost.bytes / static_cast<double>(count)};
  core::finish_recording(std::move(n), results, shape);
}

}  // namespace busfare::detail
