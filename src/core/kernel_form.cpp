// From groups to what a backend builds.
#include "core/kernel_form.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/canonical.hpp"
#include "core/dialect/definitions.hpp"
#include "core/dialect/spelling.hpp"
#include "core/native_form.hpp"

namespace busfare::core {
namespace {

using backend::parameter_kind;

type element_of(const cone& c, const value_ref& v) {
  if (v.node < 0) return c.existing[static_cast<std::size_t>(v.output)]->element;
  return c.nodes[static_cast<std::size_t>(v.node)].what->output_types[static_cast<std::size_t>(v.output)];
}

bool is_one_value(const cone& c, const value_ref& v) {
  if (v.node < 0) return c.existing[static_cast<std::size_t>(v.output)]->shape.rank() == 0;
  const node& n = *c.nodes[static_cast<std::size_t>(v.node)].what;
  return n.fold != nullptr || n.shape.rank() == 0;
}

// An array that some map of the group sees through a window: read once, as element arguments are.
bool is_window(const cone& c, const group& g, std::size_t input) {
  if (!g.input_whole[input]) return false;
  for (const int n : g.nodes) {
    const cone::member& m = c.nodes[static_cast<std::size_t>(n)];
    for (const detail::window_use& w : m.what->map->windows) {
      if (m.arguments[static_cast<std::size_t>(w.argument)] == g.inputs[input]) return true;
    }
  }
  return false;
}

// Whether correctly rounded division or square root is in it.
bool divides(op o, value_type t) {
  const auto hard = [](op each) { return each == op::div || each == op::sqrt; };
  if (!is_defined(o)) return hard(o);
  const std::vector<program_node>& nodes = definition_of(o, t).nodes;
  return std::any_of(nodes.begin(), nodes.end(), [&](const program_node& n) { return hard(n.op); });
}

void count_costs(kernel_form& f, const program& p) {
  f.operations += static_cast<double>(p.nodes.size());
  f.work += work_of(p, {});
  f.loops = f.loops || !p.loops.empty();
  f.uses_f64 = f.uses_f64 || p.uses_f64;
  for (const program_node& n : p.nodes) {
    f.divides =
        f.divides || ((n.type == value_type::f32 || n.type == value_type::f64) && divides(n.op, n.type));
  }
}

template <class T> void append(std::string& key, const T& x) {
  key.append(reinterpret_cast<const char*>(&x), sizeof x);
}
void append(std::string& key, const std::vector<int>& xs) {
  append(key, xs.size());
  for (const int x : xs) append(key, x);
}

void seal(kernel_form& f, std::span<const program_id> ids) {
  for (const backend::parameter& p : f.parameters) {
    f.key += static_cast<char>(p.kind);
    f.key += static_cast<char>(p.type);
  }
  for (const kernel_form::step_slots& s : f.steps) {
    append(f.key, s.code);
    append(f.key, s.in);
    append(f.key, s.out);
    append(f.key, s.numbers);
  }
  append(f.key, f.fold);
  append(f.key, f.native);
  append(f.key, f.fold_slots);
  append(f.key, f.fast);
  std::vector<std::uint64_t> words;
  for (std::size_t at = 0; at < f.parameters.size(); ++at)
    words.push_back(static_cast<std::uint64_t>(f.parameters[at].kind) * 16 +
                    static_cast<std::uint64_t>(f.parameters[at].type));
  if (f.fold != nullptr && !f.fold->commutes) words.push_back(~std::uint64_t{0});
  if (f.fast) words.push_back(~std::uint64_t{1});  // another kernel, with times of its own
  f.id = combined_id(ids, words);
}

const node& node_of(const cone& c, const group& g) {
  return *c.nodes[static_cast<std::size_t>(g.nodes.front())].what;
}

}  // namespace

kernel_form form_of(const cone& c, const group& g) {
  kernel_form f;
  std::vector<program_id> ids;
  for (std::size_t k = 0; k < g.inputs.size(); ++k) {
    const type t = element_of(c, g.inputs[k]);
    const parameter_kind kind = g.input_whole[k]                                   ? parameter_kind::whole
                                : is_one_value(c, g.inputs[k]) && !g.nodes.empty() ? parameter_kind::broadcast
                                                                                   : parameter_kind::element;
    f.parameters.push_back({kind, t});
    if (kind == parameter_kind::element || is_window(c, g, k)) f.bytes += static_cast<double>(size_of(t));
  }
  for (const group::number_from& n : g.numbers) {
    f.parameters.push_back(c.nodes[static_cast<std::size_t>(n.node)]
                               .what->map->program->arguments[static_cast<std::size_t>(n.argument)]);
  }
  const int first_result = static_cast<int>(f.parameters.size());
  for (const value_ref& r : g.results) {
    const type t = element_of(c, r);
    f.parameters.push_back({parameter_kind::result, t});
    if (g.fold < 0) f.bytes += static_cast<double>(size_of(t));
  }
  // Values that stay inside are temporaries.
  int next_temporary = static_cast<int>(f.parameters.size());
  std::vector<std::pair<value_ref, int>> slots;
  const auto slot_of = [&](const value_ref& v, bool whole) {
    for (const auto& [each, slot] : slots) {
      if (each == v && !whole) return slot;
    }
    return input_position(g, v, whole);
  };
  for (const int n : g.nodes) {
    const cone::member& m = c.nodes[static_cast<std::size_t>(n)];
    const program& p = *m.what->map->program;
    kernel_form::step_slots s{m.what->map->code, {}, {}, {}};
    for (std::size_t k = 0; k < p.arguments.size(); ++k) {
      if (p.arguments[k].kind == parameter_kind::number) {
        for (std::size_t j = 0; j < g.numbers.size(); ++j) {
          if (g.numbers[j].node == n && g.numbers[j].argument == static_cast<int>(k))
            s.numbers.push_back(static_cast<int>(g.inputs.size() + j));
        }
      } else {
        s.in.push_back(slot_of(m.arguments[k], p.arguments[k].kind == parameter_kind::whole));
      }
    }
    for (std::size_t k = 0; k < p.stored.size(); ++k) {
      const value_ref v{n, static_cast<int>(k)};
      int slot = -1;
      for (std::size_t r = 0; r < g.results.size(); ++r) {
        if (g.results[r] == v) slot = first_result + static_cast<int>(r);
      }
      if (slot < 0) {
        slot = next_temporary++;
        f.temporaries.push_back(p.stored[k]);
      }
      slots.emplace_back(v, slot);
      s.out.push_back(slot);
    }
    f.steps.push_back(std::move(s));
    count_costs(f, p);
    f.fast = f.fast || (g.how.math == math::fast && computes_floats(p));
    ids.push_back(p.id);
    if (m.what->map->native != nullptr) {
      add_native(f, *m.what, g.how);
      continue;
    }
    f.fast_math_unit = f.fast_math_unit || m.what->map->code->tu_fast_math;
    f.what += f.what.empty() ? "map" : "+map";
  }
  if (g.fold >= 0) {
    const cone::member& m = c.nodes[static_cast<std::size_t>(g.fold)];
    f.fold = m.what->fold;
    for (const value_ref& a : m.arguments) f.fold_slots.push_back(slot_of(a, false));
    count_costs(f, *f.fold->program);
    f.fast = f.fast || (g.how.math == math::fast && computes_floats(*f.fold->program));
    f.fast_math_unit = f.fast_math_unit || f.fold->code->tu_fast_math;
    ids.push_back(f.fold->program->id);
    f.what += std::string(f.what.empty() ? "" : "+") + f.fold->name;
  }
  seal(f, ids);
  return f;
}

work_count work_of(const cone& c, const group& g, const kernel_form& form) {
  if (!form.loops) return form.work;
  if (form.native != nullptr) return work_of_call(node_of(c, g).cost);
  work_count work;
  if (form.fold != nullptr) work += work_of(*form.fold->program, {});
  std::vector<std::uint64_t> numbers;
  for (const int n : g.nodes) {
    const node& what = *c.nodes[static_cast<std::size_t>(n)].what;
    numbers.clear();
    for (const detail::map_argument& a : what.arguments) numbers.push_back(a.number);
    work += work_of(*what.map->program, numbers);
  }
  return work;
}

double bytes_of(const cone& c, const group& g, const kernel_form& form) {
  return form.native != nullptr ? node_of(c, g).cost.bytes : form.bytes;
}

model::kernel_key timed_as(const cone& c, const group& g, const kernel_form& form, int device) {
  model::kernel_key key{form.id.high, form.id.low, device};
  if (form.native == nullptr) return key;
  // Kernels without text differ in their code only; the times are this process's own.
  key.low ^= (cost_class(node_of(c, g).cost) + reinterpret_cast<std::uintptr_t>(form.steps.front().code)) *
             0x9e3779b97f4a7c15u;
  return key;
}

kernel_form level_form(const kernel_form& first) {
  const detail::fold_kernel& fold = *first.fold;
  kernel_form f;
  f.fast = first.fast && computes_floats(*fold.program);
  for (std::size_t k = 0; k < fold.components.size(); ++k) {
    f.parameters.push_back({parameter_kind::element, fold.components[k]});
    f.fold_slots.push_back(static_cast<int>(k));
    f.bytes += static_cast<double>(size_of(fold.components[k]));
  }
  for (const type t : fold.components) f.parameters.push_back({parameter_kind::result, t});
  f.fold = &fold;
  count_costs(f, *fold.program);
  const program_id ids[] = {fold.program->id};
  seal(f, ids);
  return f;
}

double seam_flops(const device_slot& on, const work_count& work, bool f64) {
  return model::weighted_flops(on.profile ? on.profile->rates : device_rates{}, work.issued(on.is_host()),
                               work.divisions, f64);
}

std::string lacking(const device_slot& on, const kernel_form& form) {
  if (form.divides && !on.info.exact_div_sqrt)
    return "its division and square root are not correctly rounded";
  return on.info.denormals ? "" : "it flushes denormals";
}

std::string refusal(const device_slot& on, const kernel_form& form, const options& how) {
  if (form.uses_f64 && !on.info.f64) return "it has no f64";
  if (form.native != nullptr) return refusal_of_native(on, *form.native);
  if (how.bits == bits::device || how.math == math::fast) return {};
  const std::string why = lacking(on, form);
  return why.empty() ? why : why + " (bits::device allows it)";
}

}  // namespace busfare::core
