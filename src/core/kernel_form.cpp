// From groups to what a backend builds.
#include "core/kernel_form.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "core/canonical.hpp"
#include "core/compose.hpp"
#include "core/dialect/definitions.hpp"
#include "core/dialect/emit.hpp"
#include "core/dialect/spelling.hpp"
#include "core/native_form.hpp"

namespace busfare::core {
namespace {

using backend::parameter_kind;

int position(const std::vector<value_ref>& in, const std::vector<bool>& whole, const value_ref& v,
             bool is_whole) {
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (in[k] == v && whole[k] == is_whole) return static_cast<int>(k);
  }
  return -1;
}

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

fold_tree tree_of(const detail::fold_kernel& fold) {
  return fold.commutes ? fold_tree::lanes : fold_tree::pairs;
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
    return position(g.inputs, g.input_whole, v, whole);
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

namespace {

// `steps` and `text` hold what the request points into.
backend::build_request request_for(const device_slot& on, const cone* c, const group* g,
                                   const kernel_form& form, std::vector<backend::step>& steps,
                                   generated& text) {
  backend::build_request request;
  request.work = form.fold != nullptr ? backend::work::fold : backend::work::map;
  request.parameters = form.parameters;
  request.operations = form.operations;
  if (form.native == nullptr) {  // else every launch says what it costs
    request.flops = seam_flops(on, form.work, form.uses_f64);
    request.bytes = form.bytes;
  }
  if (form.fold != nullptr) {
    request.fold = form.fold->code;
    request.fold_slots = form.fold_slots;
    request.lanes = fold_lanes(*form.fold->program, tree_of(*form.fold));
  }
  if (on.info.dialect == "host") {
    for (const kernel_form::step_slots& s : form.steps) steps.push_back({s.code, s.in, s.out, s.numbers});
    request.steps = steps;
    request.temporaries = form.temporaries;
  } else if (form.native != nullptr) {
    request_native(request, form, on);
  } else {
    program_ptr fused;
    if (!form.steps.empty()) {
      std::vector<fused_part> parts;
      std::vector<value_ref> produced;
      for (std::size_t n = 0; n < form.steps.size(); ++n) {
        const int at = g->nodes[n];
        const cone::member& m = c->nodes[static_cast<std::size_t>(at)];
        const program& p = *m.what->map->program;
        fused_part part{&p, {}};
        std::size_t array = 0, number = 0;
        for (const backend::parameter& a : p.arguments) {
          if (a.kind == parameter_kind::number) {
            part.argument_source.push_back(form.steps[n].numbers[number++]);
            ++array;
            continue;
          }
          const value_ref& v = m.arguments[array++];
          const auto from = std::find(produced.begin(), produced.end(), v);
          if (from != produced.end() && a.kind == parameter_kind::element) {
            part.argument_source.push_back(~static_cast<int>(from - produced.begin()));
          } else {
            part.argument_source.push_back(
                position(g->inputs, g->input_whole, v, a.kind == parameter_kind::whole));
          }
        }
        for (std::size_t k = 0; k < p.stored.size(); ++k) produced.push_back({at, static_cast<int>(k)});
        parts.push_back(std::move(part));
      }
      std::vector<int> results;
      std::vector<type> stored;
      const auto want = [&](const value_ref& v) {
        results.push_back(
            static_cast<int>(std::find(produced.begin(), produced.end(), v) - produced.begin()));
        stored.push_back(c->nodes[static_cast<std::size_t>(v.node)]
                             .what->output_types[static_cast<std::size_t>(v.output)]);
      };
      if (form.fold != nullptr) {
        for (const value_ref& v : c->nodes[static_cast<std::size_t>(g->fold)].arguments) want(v);
      } else {
        for (const value_ref& v : g->results) want(v);
      }
      std::vector<backend::parameter> arguments;
      for (const backend::parameter& p : form.parameters) {
        if (p.kind != parameter_kind::result) arguments.push_back(p);
      }
      fused = compose(parts, std::move(arguments), results, stored);
    }
    const spelling how = !form.fast               ? spelling::exact
                         : on.info.fast_spellings ? spelling::native
                                                  : spelling::defined;
    if (form.fold != nullptr)
      text = emit_fold(fused.get(), *form.fold->program, form.fold->components, on.info.dialect,
                       tree_of(*form.fold), how);
    else
      text = emit_map(*fused, on.info.dialect, how);
    request.source = text.source;
    request.fast = text.fast;
    request.entry = text.entry;
    request.width = text.width;
  }
  return request;
}

}  // namespace

double seam_flops(const device_slot& on, const work_count& work, bool f64) {
  return model::weighted_flops(on.profile ? on.profile->rates : device_rates{}, work.issued(on.is_host()),
                               work.divisions, f64);
}

build_kind build_needed(device_slot& on, const cone* c, const group* g, const kernel_form& form) {
  if (on.built.find(form.key) != on.built.end()) return build_kind::none;
  if (on.is_host()) return build_kind::none;  // compiled into the program
  const auto asked = on.asked.find(form.key);
  if (asked != on.asked.end()) return asked->second;
  std::vector<backend::step> steps;
  generated text;
  const bool cached = on.device->is_cached(request_for(on, c, g, form, steps, text));
  return on.asked.emplace(form.key, cached ? build_kind::cached : build_kind::full).first->second;
}

backend::executable& build(device_slot& on, const cone* c, const group* g, const kernel_form& form,
                           double& seconds, bool& cached) {
  cached = true;
  const auto found = on.built.find(form.key);
  if (found != on.built.end()) return *found->second;
  const auto start = std::chrono::steady_clock::now();
  std::vector<backend::step> steps;
  generated text;
  const backend::build_request request = request_for(on, c, g, form, steps, text);
  try {
    auto built = on.device->build(request);
    cached = built->from_cache();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return *on.built.emplace(form.key, std::move(built)).first->second;
  } catch (const error& e) {
    if (e.kind() != error_class::kernel_build) throw;
    error::details d = e.where();
    d.device = on.info.name;
    if (c != nullptr && g != nullptr) d.line = first_line(*c, *g);
    throw error(e.kind(), e.message(), d);
  }
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
