// Arguments and launch geometry of generated kernels.
#include "opencl/executable.hpp"

#include <algorithm>
#include <bit>

namespace busfare::opencl {

namespace {

// A map's groups. On a CPU a group is a loop that the driver vectorises and the unit that its threads take.
constexpr std::size_t map_group_cpu = 1024, map_group_gpu = 256;
// Of a map whose items take shares: enough that units which end early find more.
constexpr std::uint64_t shares_per_unit = 32;
// Drivers count a launch's groups in 31 bits; more go in further commands with a global offset.
constexpr std::uint64_t groups_limit = std::uint64_t{1} << 30;
// first, count and the three lengths of the shape.
constexpr cl_uint tail_arguments = 5;

cl_uint argument_count(std::span<const backend::parameter> parameters) {
  cl_uint n = static_cast<cl_uint>(parameters.size()) + tail_arguments;
  for (const backend::parameter& p : parameters)
    if (p.kind == backend::parameter_kind::whole) ++n;
  return n;
}

std::string group_text(const backend::division& d) {
  std::string text;
  for (int axis = 0; axis < d.rank; ++axis) text += (axis != 0 ? " x " : "") + std::to_string(d.group[axis]);
  return text;
}

}  // namespace

executable::executable(const wall& w, cl_device_id device, const program_handle& program,
                       const backend::build_request& what, const limits& l, std::string log, bool from_cache)
    : wall_(w),
      parameters_(what.parameters.begin(), what.parameters.end()),
      work_(what.work),
      division_(what.division),
      local_(1),
      items_a_block_(1),
      address_bits_(l.address_bits),
      log_(std::move(log)),
      from_cache_(from_cache) {
  const auto refuse = [&](const std::string& message) {
    error::details d;
    d.device = w.device();
    d.source = std::string(what.source);
    d.log = log_;
    throw error(error_class::kernel_build, message, std::move(d));
  };
  const std::string entry(what.entry);
  cl_int code = CL_SUCCESS;
  kernel_ = kernel_handle(clCreateKernel(program.get(), entry.c_str(), &code));
  if (code == CL_INVALID_KERNEL_NAME) refuse("the source has no kernel '" + entry + "'");
  w.check(code, "clCreateKernel");

  cl_uint takes = 0;
  w.check(clGetKernelInfo(kernel_.get(), CL_KERNEL_NUM_ARGS, sizeof takes, &takes, nullptr),
          "clGetKernelInfo");
  if (const cl_uint given = argument_count(what.parameters); takes != given)
    refuse("kernel '" + entry + "' takes " + std::to_string(takes) + " arguments, its request gives " +
           std::to_string(given));

  std::size_t group = 0;
  if (clGetKernelWorkGroupInfo(kernel_.get(), device, CL_KERNEL_WORK_GROUP_SIZE, sizeof group, &group,
                               nullptr) != CL_SUCCESS ||
      group == 0)
    group = l.work_group;
  group = std::min(group, l.work_group);
  if (division_.rank != 0) {
    std::uint64_t items = 1;
    bool fits = true;
    for (int axis = 0; axis < division_.rank; ++axis) {
      items *= division_.group[axis];
      fits = fits && division_.group[axis] <= l.work_items[division_.rank - 1 - axis];
    }
    if (!fits || items > group)
      refuse("kernel '" + entry + "' wants groups of " + group_text(division_) +
             " work items and the device runs it in groups of at most " + std::to_string(group) + " (" +
             std::to_string(l.work_items[0]) + ", " + std::to_string(l.work_items[1]) + ", " +
             std::to_string(l.work_items[2]) + " along its dimensions)");
  } else if (work_ == backend::work::map && what.width > 1) {
    most_items_ = std::uint64_t{l.compute_units} * shares_per_unit;
    width_ = what.width;
  } else if (work_ == backend::work::map) {
    local_ = std::bit_floor(std::min(group, l.is_cpu ? map_group_cpu : map_group_gpu));
  } else if (!l.is_cpu) {
    if (what.lanes == 0 || what.lanes > group)
      refuse("kernel '" + entry + "' needs groups of " + std::to_string(what.lanes) +
             " items and the device runs it in groups of at most " + std::to_string(group));
    local_ = what.lanes;
    items_a_block_ = what.lanes;
  }
}

void executable::set(cl_uint index, std::size_t bytes, const void* value) {
  wall_.check(clSetKernelArg(kernel_.get(), index, bytes, value), "clSetKernelArg");
}

void executable::bind(const backend::launch& how) {
  if (how.arguments.size() != parameters_.size())
    wall_.refuse(error_class::invalid_argument, "a kernel of " + std::to_string(parameters_.size()) +
                                                    " arguments was launched with " +
                                                    std::to_string(how.arguments.size()));
  cl_uint at = 0;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const backend::parameter& p = parameters_[i];
    const backend::argument& a = how.arguments[i];
    if (p.kind == backend::parameter_kind::number) {
      set(at++, size_of(p.type), &a.number);
      continue;
    }
    const auto memory = static_cast<cl_mem>(a.memory.handle);  // null for an empty table
    set(at++, sizeof memory, &memory);
    if (p.kind == backend::parameter_kind::whole) {
      const cl_long size = static_cast<cl_long>(a.size);
      set(at++, sizeof size, &size);
    }
  }
  const cl_ulong tail[tail_arguments] = {how.first, how.count, how.shape[0], how.shape[1], how.shape[2]};
  for (const cl_ulong& value : tail) set(at++, sizeof value, &value);
}

void executable::enqueue(cl_command_queue queue, const backend::launch& how, void (*each)(void*, cl_event),
                         void* receiver) {
  if (division_.rank != 0) return enqueue_divided(queue, how, each, receiver);
  const std::uint64_t blocks = how.count / tree_block + (how.count % tree_block != 0 ? 1 : 0);
  const std::uint64_t packs = how.count / width_ + (how.count % width_ != 0 ? 1 : 0);
  const std::uint64_t wanted =
      work_ == backend::work::map ? std::min(packs, most_items_) : blocks * items_a_block_;
  const std::uint64_t groups = wanted / local_ + (wanted % local_ != 0 ? 1 : 0);
  if (address_bits_ == 32 && groups > UINT32_MAX / local_)
    wall_.refuse(error_class::invalid_argument,
                 "a 32-bit device cannot run " + std::to_string(how.count) + " elements in one launch");
  for (std::uint64_t done = 0; done < groups; done += groups_limit) {
    const std::size_t offset = done * local_;
    const std::size_t global = std::min(groups - done, groups_limit) * local_;
    cl_event e = nullptr;
    wall_.check(clEnqueueNDRangeKernel(queue, kernel_.get(), 1, offset != 0 ? &offset : nullptr, &global,
                                       &local_, 0, nullptr, &e),
                "clEnqueueNDRangeKernel");
    each(receiver, e);
  }
}

// The last axis is the first dimension.
void executable::enqueue_divided(cl_command_queue queue, const backend::launch& how,
                                 void (*each)(void*, cl_event), void* receiver) {
  const int rank = division_.rank;
  std::size_t global[3] = {1, 1, 1}, local[3] = {1, 1, 1};
  std::uint64_t all = 1;
  bool fits = true;
  for (int axis = 0; axis < rank; ++axis) {
    const std::uint64_t tile = division_.tile[axis], items = division_.group[axis];
    const std::uint64_t groups = how.shape[axis] / tile + (how.shape[axis] % tile != 0 ? 1 : 0);
    fits = fits && groups <= groups_limit / all && (address_bits_ != 32 || groups <= UINT32_MAX / items);
    if (!fits) break;
    all *= groups;
    const int dimension = rank - 1 - axis;
    global[dimension] = groups * items;
    local[dimension] = items;
  }
  if (!fits)
    wall_.refuse(error_class::invalid_argument, "a launch of " + std::to_string(how.count) +
                                                    " elements has more groups than the device counts; "
                                                    "give the kernel larger tiles");
  cl_event e = nullptr;
  wall_.check(clEnqueueNDRangeKernel(queue, kernel_.get(), static_cast<cl_uint>(rank), nullptr, global, local,
                                     0, nullptr, &e),
              "clEnqueueNDRangeKernel");
  each(receiver, e);
}

}  // namespace busfare::opencl
