// A group as backends take it: parameters, steps, and the source text where a device wants one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/devices.hpp"
#include "core/fusion.hpp"
#include "core/work_count.hpp"

namespace busfare::core {

/// Made once per plan; independent of devices and of the arrays' contents.
struct kernel_form {
  std::vector<backend::parameter> parameters;  ///< inputs, numbers, results
  struct step_slots {
    const cpu_code* code;
    std::vector<int> in, out, numbers;
  };
  std::vector<step_slots> steps;
  std::vector<type> temporaries;
  const detail::fold_kernel* fold = nullptr;
  const detail::native_form* native = nullptr;  ///< the one step is a hand-written kernel
  std::vector<int> fold_slots;
  std::string key;        ///< equal keys, equal kernels
  program_id id;          ///< names the kernel in histories
  double operations = 0;  ///< of the kernel's programs: what building takes time for
  work_count work;        ///< per element, loops with literal limits
  double bytes = 0;       ///< per element
  bool uses_f64 = false, divides = false, fast_math_unit = false;
  bool fast = false;   ///< math::fast, and there are floats that it means something to
  bool loops = false;  ///< the work may depend on the numbers of a launch
  std::string what;    ///< "map+map+fold"
};

kernel_form form_of(const cone& c, const group& g);
/// The work of one element with the numbers that the cone's nodes hold.
work_count work_of(const cone& c, const group& g, const kernel_form& form);
/// The bytes of one element; those of a hand-written kernel are the call's own.
double bytes_of(const cone& c, const group& g, const kernel_form& form);
/// Under which the times of the kernel are kept. Calls of a hand-written one whose elements cost another half
/// of an octave are kept apart, since the number of elements alone does not say what they take.
model::kernel_key timed_as(const cone& c, const group& g, const kernel_form& form, int device);
/// The kernel of the tree's further levels, which fold what the earlier levels of `first` left.
kernel_form level_form(const kernel_form& first);

/// The same as backends take it: one number, in which a division counts as many flops as it takes the time of
/// on this device.
double seam_flops(const device_slot& on, const work_count& work, bool f64);

/// What a device lacks for the form's same bits; empty: nothing.
std::string lacking(const device_slot& on, const kernel_form& form);
/// Why the form may not run on this device under these options; empty: it may.
std::string refusal(const device_slot& on, const kernel_form& form, const options& how);

}  // namespace busfare::core
