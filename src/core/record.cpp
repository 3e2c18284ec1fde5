// Recording: what can be known now is checked now, and nothing runs unless laziness would grow without bound.
#include <cstring>
#include <string>
#include <unistd.h>

#include <busfare/detail/record.hpp>
#include <busfare/slice.hpp>

#include "core/host_memory.hpp"
#include "core/recording.hpp"
#include "core/runtime.hpp"

namespace busfare::detail {
namespace {

array_handle computed(std::shared_ptr<const void> memory, const extents& shape, type t, source_line line) {
  auto state = std::make_shared<array_state>(t, shape, line);
  state->host = std::move(memory);
  state->on_host.store(true, std::memory_order_release);
  return state;
}

// Of a window over an array of extents `have`, in a map over `of`.
void check_window(const window_use& use, const window_radii& radii, const extents& have, const extents& of,
                  source_line line) {
  const auto refuse = [&](const std::string& what, const char* hint) {
    error::details d;
    d.line = line;
    d.hint = hint;
    throw error(error_class::invalid_argument, "a window of rank " + std::to_string(use.rank) + " " + what,
                d);
  };
  if (have.rank() != use.rank) {
    refuse("got an array of rank " + std::to_string(have.rank()) + " (" + core::extents_text(have) + ")",
           "give bf::window one radius per axis of the array, and its kernel as many offsets");
  }
  if (have != of) {
    refuse(
        "got an array of " + core::extents_text(have) + " elements in a map over " + core::extents_text(of),
        "a window's array has the extents of the map; see array::extents()");
  }
  for (int axis = 0; axis < use.rank; ++axis) {
    const std::int64_t radius = radii.along[axis];
    const std::string along = "along axis " + std::to_string(axis);
    if (radius < 0) refuse("got radius " + std::to_string(radius) + " " + along, "a radius is 0 or more");
    if (radius < use.reach[axis]) {
      refuse("is looked through " + std::to_string(use.reach[axis]) + " elements away " + along +
                 ", its radius there is " + std::to_string(radius),
             "give bf::window the largest offset that its kernel uses");
    }
    if (use.mirrors && have.count() != 0 && static_cast<std::uint64_t>(radius) > have[axis]) {
      refuse("has radius " + std::to_string(radius) + " " + along + ", where the array has " +
                 std::to_string(have[axis]) + " elements",
             "wrap and reflect need a radius within the array; clamp and constant do not");
    }
  }
}

}  // namespace

array_handle array_from(std::shared_ptr<const void> memory, extents shape, type t, source_line line) {
  return computed(std::move(memory), shape, t, line);
}

array_handle array_copied(const void* from, extents shape, type t, source_line line) {
  const std::size_t bytes = shape.bytes(size_of(t));
  std::shared_ptr<void> memory(core::host_alloc(bytes), core::host_free);
  if (bytes != 0) std::memcpy(memory.get(), from, bytes);
  return computed(std::move(memory), shape, t, line);
}

void record_map(const map_kernel& kernel, const options& how, source_line line, const extents* shape,
                std::span<map_argument> arguments, std::span<const window_radii> radii,
                std::span<array_handle> results) {
  const program& p = *kernel.program;
  extents of;
  bool known = shape != nullptr;
  if (known) of = *shape;
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    if (p.arguments[k].kind != backend::parameter_kind::element) continue;
    const extents& e = arguments[k].shape;
    if (e.rank() == 0) continue;
    if (known && e != of) {
      error::details d;
      d.line = line;
      d.hint = "arrays of one map have equal extents, or one value each; see array::extents()";
      throw error(error_class::invalid_argument,
                  "argument " + std::to_string(k + 1) + " of the map holds " + core::extents_text(e) +
                      " elements, the others " + core::extents_text(of),
                  d);
    }
    of = e;
    known = true;
  }
  for (std::size_t k = 0; k < kernel.windows.size(); ++k) {
    const extents& e = arguments[static_cast<std::size_t>(kernel.windows[k].argument)].shape;
    if (!known) of = e;
    known = true;
    check_window(kernel.windows[k], radii[k], e, of, line);
  }
  for (const type t : p.stored) (void)of.bytes(size_of(t));  // throws where a result would overflow
  core::check_device(how, line);
  auto n = core::map_node(kernel, how, line, of, arguments);
  n->radii.assign(radii.begin(), radii.end());
  core::finish_recording(std::move(n), results, of);
}

void check_equal_extents(source_line line, std::span<const map_argument> components) {
  for (std::size_t k = 1; k < components.size(); ++k) {
    if (components[k].shape == components[0].shape) continue;
    error::details d;
    d.line = line;
    d.hint = "the arrays of one reduction have equal extents; see array::extents()";
    throw error(error_class::invalid_argument,
                "the arrays of a reduction differ: array " + std::to_string(k + 1) + " holds " +
                    core::extents_text(components[k].shape) + ", the first " +
                    core::extents_text(components[0].shape),
                d);
  }
}

void record_fold(const fold_kernel& kernel, const options& how, source_line line,
                 std::span<const map_argument> components, std::span<array_handle> results) {
  const extents& of = components[0].shape;
  if (of.count() == 0) {
    if (kernel.identity.empty()) {
      error::details d;
      d.line = line;
      d.hint =
          "only operations that state a value for nothing (identity) reduce an empty array, as plus and "
          "times do";
      throw error(error_class::invalid_argument, std::string(kernel.name) + " of an empty array has no value",
                  d);
    }
    for (std::size_t k = 0; k < results.size(); ++k)
      results[k] = array_copied(&kernel.identity[k], extents(), kernel.components[k], line);
    return;
  }
  core::check_device(how, line);
  auto n = std::make_shared<core::node>();
  n->fold = &kernel;
  n->how = how;
  n->line = line;
  n->shape = of;
  for (const map_argument& each : components) n->arguments.push_back(each);
  n->output_types = kernel.components;
  core::finish_recording(std::move(n), results, extents());
}

const extents& shape_of(const array_handle& a) { return a->shape; }

void check_slice(const extents& of, const extents& from, const extents& size, source_line line) {
  const auto refuse = [&](const std::string& what, const char* hint) {
    error::details d;
    d.line = line;
    d.hint = hint;
    throw error(error_class::invalid_argument,
                "a slice of an array of " + core::extents_text(of) + " " + what, d);
  };
  if (of.rank() == 0 || from.rank() != of.rank() || size.rank() != of.rank()) {
    refuse("got a start of rank " + std::to_string(from.rank()) + " and a size of rank " +
               std::to_string(size.rank()),
           "give one number per axis of the array in both; one value (rank 0) has no slices");
  }
  for (int axis = 0; axis < of.rank(); ++axis) {
    if (from[axis] <= of[axis] && size[axis] <= of[axis] - from[axis]) continue;
    refuse("along axis " + std::to_string(axis) + " wants " + std::to_string(size[axis]) +
               " elements from index " + std::to_string(from[axis]) + " on, of " + std::to_string(of[axis]),
           "a slice lies within its array; see array::extents()");
  }
}

void check_reshape(const array_handle& a, const extents& from, const extents& to, source_line line) {
  error::details d;
  d.line = line;
  if (to.count() != from.count()) {
    d.hint = "the new extents hold as many elements as the array; see array::size()";
    throw error(error_class::invalid_argument,
                "reshape to " + core::extents_text(to) + " got an array of " + core::extents_text(from), d);
  }
  // One value broadcasts, and kernels are told so by the array itself.
  if (to.rank() == 0 && a->shape.rank() != 0) {
    d.hint = "bf::sum of an array with one element gives that element with rank 0";
    throw error(error_class::invalid_argument,
                "reshape to rank 0 got an array of rank " + std::to_string(from.rank()), d);
  }
}

}  // namespace busfare::detail
