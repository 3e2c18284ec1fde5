// What a hand-written kernel means for its group's form, costs and build.
#include "core/native_form.hpp"

#include <cmath>

#include "core/dialect/native_text.hpp"

namespace busfare::core {

work_count work_of_call(const native_cost& per_element) {
  work_count w;
  w.flops = per_element.flops;
  w.instructions = per_element.flops / 2;  // stated as peaks are: a fused multiply-add counts two
  return w;
}

std::uint64_t cost_class(const native_cost& per_element) {
  return static_cast<std::uint64_t>(std::lround(2 * std::log2(1 + per_element.flops + per_element.bytes)));
}

void add_native(kernel_form& f, const node& n, const options& how) {
  f.native = n.map->native;
  f.what = f.native->source.name;
  f.fast = how.math == math::fast;
  f.uses_f64 = n.map->program->uses_f64;
  f.work = work_of_call(n.cost);
  f.loops = true;  // the cost is the call's, not the kernel's
  f.bytes = n.cost.bytes;
}

void request_native(backend::build_request& request, const kernel_form& f, const device_slot& on) {
  const native_source& s = f.native->source;
  request.source = native_text(s, on.info.dialect);
  request.entry = s.name;
  request.fast = f.fast;
  request.division.rank = s.tile.rank();
  for (int axis = 0; axis < 3; ++axis) {
    request.division.tile[axis] = s.tile[axis];
    request.division.group[axis] = s.group[axis];
  }
}

std::string refusal_of_native(const device_slot& on, const detail::native_form& form) {
  const native_source& s = form.source;
  if (on.info.dialect == "host") return form.on_host ? "" : s.name + " has no form for the CPU";
  if (!native_text(s, on.info.dialect).empty()) return {};
  return s.name + " has no text in " + std::string(native_language(on.info.dialect));
}

}  // namespace busfare::core
