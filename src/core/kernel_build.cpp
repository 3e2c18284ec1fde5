// From a group's form to what a device built of it.
#include "core/kernel_build.hpp"

#include <algorithm>
#include <chrono>

#include "core/compose.hpp"
#include "core/dialect/spelling.hpp"
#include "core/native_form.hpp"

namespace busfare::core {
namespace {

using backend::parameter_kind;

fold_tree tree_of(const detail::fold_kernel& fold) {
  return fold.commutes ? fold_tree::lanes : fold_tree::pairs;
}

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
            part.argument_source.push_back(input_position(*g, v, a.kind == parameter_kind::whole));
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

ordered_build::ordered_build(const device_slot& on, const cone* c, const group* g, kernel_form what)
    : form(std::move(what)), request(request_for(on, c, g, form, steps_, text_)) {}

build_kind build_needed(device_slot& on, const cone* c, const group* g, const kernel_form& form) {
  if (on.built.find(form.key) != on.built.end()) return build_kind::none;
  if (on.is_host()) return build_kind::none;  // compiled into the program
  const auto asked = on.asked.find(form.key);
  if (asked != on.asked.end()) return asked->second;
  // Whoever builds behind the scenes may take seconds, and planning waits for nobody.
  const std::unique_lock building(on.build_lock, std::try_to_lock);
  if (!building.owns_lock()) return build_kind::full;
  const ordered_build order(on, c, g, form);
  const bool cached = on.device->is_cached(order.request);
  return on.asked.emplace(form.key, cached ? build_kind::cached : build_kind::full).first->second;
}

backend::executable& build(device_slot& on, const cone* c, const group* g, const kernel_form& form,
                           double& seconds, bool& cached) {
  cached = true;
  const auto found = on.built.find(form.key);
  if (found != on.built.end()) return *found->second;
  const auto start = std::chrono::steady_clock::now();
  const ordered_build order(on, c, g, form);
  try {
    const std::scoped_lock building(on.build_lock);
    auto built = on.device->build(order.request);
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

}  // namespace busfare::core
