// Arguments and launch geometry of generated kernels.
#include "cuda/executable.hpp"

#include <algorithm>

namespace busfare::cuda {

namespace {

// A map's group where the kernel's registers allow it: large enough to fill a multiprocessor with few groups,
// small enough that the last groups end together.
constexpr int map_group = 256;
// The driver counts a launch's groups in 31 bits; a map's threads then take several steps.
constexpr std::uint64_t groups_limit = (std::uint64_t{1} << 31) - 1;

// Of all devices since compute capability 3.0 (CUDA C++ Programming Guide, technical specifications).
constexpr std::uint64_t grid_limits[3] = {groups_limit, 65535, 65535}, block_limits[3] = {1024, 1024, 64};

constexpr std::uint64_t divided_up(std::uint64_t n, std::uint64_t by) {
  return n / by + (n % by != 0 ? 1 : 0);
}

}  // namespace

executable::executable(const context& c, memory& m, program_cache::built what,
                       const backend::build_request& request)
    : context_(c),
      memory_(m),
      code_(std::move(what.code)),
      parameters_(request.parameters.begin(), request.parameters.end()),
      work_(request.work),
      division_(request.division),
      width_(std::max(1u, request.width)),
      threads_(request.lanes),
      log_(std::move(what.log)),
      from_cache_(what.from_cache) {
  const auto refuse = [&](const std::string& message) {
    error::details d;
    d.device = c.errors().device();
    d.source = std::string(request.source);
    d.log = log_;
    throw error(error_class::kernel_build, message, std::move(d));
  };
  const std::string entry(request.entry);
  const current here(c);
  const CUresult code = c.calls().cuModuleGetFunction(&kernel_, code_->get(), entry.c_str());
  if (code == CUDA_ERROR_NOT_FOUND) refuse("the source has no kernel '" + entry + "'");
  c.errors().check(code, "cuModuleGetFunction");

  int most = 0;
  c.errors().check(c.calls().cuFuncGetAttribute(&most, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, kernel_),
                   "cuFuncGetAttribute");
  if (work_ == backend::work::fold) {
    if (threads_ == 0 || most < 1 || threads_ > static_cast<unsigned>(most))
      refuse("kernel '" + entry + "' needs groups of " + std::to_string(threads_) +
             " threads and the device runs it in groups of at most " + std::to_string(most));
    return;
  }
  if (division_.rank != 0) {
    std::uint64_t threads = 1;
    bool fits = true;
    for (int axis = 0; axis < division_.rank; ++axis) {
      threads *= division_.group[axis];
      fits = fits && division_.group[axis] <= block_limits[division_.rank - 1 - axis];
    }
    if (!fits || most < 1 || threads > static_cast<std::uint64_t>(most))
      refuse("kernel '" + entry + "' wants groups of " + std::to_string(threads) +
             " threads and the device runs it in groups of at most " + std::to_string(most) +
             " (64 along the slowest of three axes)");
    return;
  }
  int groups = 0, threads = 0;
  c.errors().check(
      c.calls().cuOccupancyMaxPotentialBlockSize(&groups, &threads, kernel_, nullptr, 0, map_group),
      "cuOccupancyMaxPotentialBlockSize");
  threads_ = static_cast<unsigned>(std::clamp(threads, 1, std::clamp(most, 1, map_group)));
}

// Every argument is at most a word; the driver reads as many bytes of it as the kernel declares.
void executable::bind(const backend::launch& how) {
  if (how.arguments.size() != parameters_.size())
    context_.errors().refuse(error_class::invalid_argument,
                             "a kernel of " + std::to_string(parameters_.size()) +
                                 " arguments was launched with " + std::to_string(how.arguments.size()));
  values_.clear();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const backend::parameter_kind kind = parameters_[i].kind;
    const backend::argument& a = how.arguments[i];
    if (kind == backend::parameter_kind::number) {
      values_.push_back(a.number);
      continue;
    }
    values_.push_back(reinterpret_cast<std::uintptr_t>(a.memory.handle));  // null for an empty table
    if (kind == backend::parameter_kind::whole) values_.push_back(a.size);
  }
  for (const std::uint64_t tail : {how.first, how.count, how.shape[0], how.shape[1], how.shape[2]})
    values_.push_back(tail);
  pointers_.clear();
  for (std::uint64_t& v : values_) pointers_.push_back(&v);
}

executable::dimensions executable::divided(const backend::launch& how) const {
  dimensions d;
  for (int axis = 0; axis < division_.rank; ++axis) {
    const int dimension = division_.rank - 1 - axis;  // the last axis is x
    const std::uint64_t groups = divided_up(how.shape[axis], division_.tile[axis]);
    if (groups > grid_limits[dimension])
      context_.errors().refuse(error_class::invalid_argument,
                               "a launch has " + std::to_string(groups) + " groups along axis " +
                                   std::to_string(axis) + ", where the device counts " +
                                   std::to_string(grid_limits[dimension]) + "; give the kernel larger tiles");
    d.grid[dimension] = static_cast<unsigned>(groups);
    d.block[dimension] = static_cast<unsigned>(division_.group[axis]);
  }
  return d;
}

void executable::launch(CUstream s, const backend::launch& how) {
  bind(how);
  std::uint64_t groups = 0;
  dimensions d;
  if (division_.rank != 0) {
    d = divided(how);
  } else if (work_ == backend::work::map) {
    groups = std::min(divided_up(divided_up(how.count, width_), threads_), groups_limit);
  } else {
    groups = divided_up(how.count, tree_block);
    if (groups > groups_limit)
      context_.errors().refuse(error_class::invalid_argument,
                               "a fold of " + std::to_string(how.count) + " elements in one launch");
  }
  if (division_.rank == 0) {
    d.grid[0] = static_cast<unsigned>(groups);
    d.block[0] = threads_;
  }
  context_.errors().check(memory_.with_relief([&] {
    return context_.calls().cuLaunchKernel(kernel_, d.grid[0], d.grid[1], d.grid[2], d.block[0], d.block[1],
                                           d.block[2], 0, s, pointers_.data(), nullptr);
  }),
                          "cuLaunchKernel");
}

}  // namespace busfare::cuda
