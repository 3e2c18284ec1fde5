// Built programs: a bounded map in front of the kernel cache on disk in front of the compiler.
#include "opencl/program_cache.hpp"

#include <cstring>
#include <vector>

namespace busfare::opencl {

namespace {

constexpr std::size_t log_limit = std::size_t{64} << 10, binary_limit = std::size_t{64} << 20;

// What stands in the cache for a program that the driver keeps.
constexpr std::string_view kept = "kept by the driver";

bool is_kept(const std::vector<std::byte>& payload) {
  return payload.size() == kept.size() && std::memcmp(payload.data(), kept.data(), kept.size()) == 0;
}

}  // namespace

program_cache::program_cache(const wall& w, const backend::services& core, cl_context context,
                             cl_device_id device, std::string fingerprint, recipes options, bool driver_keeps)
    : wall_(w),
      core_(core),
      context_(context),
      device_(device),
      fingerprint_(std::move(fingerprint)),
      options_(std::move(options)),
      driver_keeps_(driver_keeps) {}

std::string program_cache::key_of(std::string_view source, bool fast) const {
  return "opencl\n" + fingerprint_ + "\n" + options(fast) + "\n" + std::string(source);
}

void program_cache::refuse(std::string_view source, const std::string& log) const {
  error::details d;
  d.device = wall_.device();
  d.source = std::string(source);
  d.log = log;
  d.native_code = CL_BUILD_PROGRAM_FAILURE;
  d.native_call = "clBuildProgram";
  throw error(error_class::kernel_build, "the device's compiler refused a kernel", std::move(d));
}

std::string program_cache::log_of(cl_program program) const {
  std::size_t bytes = 0;
  if (clGetProgramBuildInfo(program, device_, CL_PROGRAM_BUILD_LOG, 0, nullptr, &bytes) != CL_SUCCESS ||
      bytes == 0 || bytes > (std::size_t{64} << 20))
    return {};
  std::string log(bytes, '\0');
  if (clGetProgramBuildInfo(program, device_, CL_PROGRAM_BUILD_LOG, bytes, log.data(), nullptr) != CL_SUCCESS)
    return {};
  if (const std::size_t end = log.find('\0'); end != std::string::npos) log.resize(end);
  if (log.size() > log_limit) log = log.substr(0, log_limit) + "\n(cut)";
  return log;
}

program_handle program_cache::from_binary(const std::vector<std::byte>& binary, bool fast) {
  if (binary.empty()) return {};
  const std::size_t bytes = binary.size();
  const auto* text = static_cast<const unsigned char*>(static_cast<const void*>(binary.data()));
  cl_int status = CL_SUCCESS, code = CL_SUCCESS;
  program_handle program(clCreateProgramWithBinary(context_, 1, &device_, &bytes, &text, &status, &code));
  if (code != CL_SUCCESS || status != CL_SUCCESS) return {};
  if (clBuildProgram(program.get(), 1, &device_, options(fast).c_str(), nullptr, nullptr) != CL_SUCCESS)
    return {};
  return program;
}

program_cache::entry program_cache::from_source(std::string_view source, bool fast) {
  const char* text = source.data();
  const std::size_t bytes = source.size();
  if (bytes == 0) wall_.refuse(error_class::kernel_build, "the kernel has no source");
  cl_int code = CL_SUCCESS;
  entry e;
  e.program = program_handle(clCreateProgramWithSource(context_, 1, &text, &bytes, &code));
  wall_.check(code, "clCreateProgramWithSource", std::uint64_t{bytes});
  ++compiled_;
  code = clBuildProgram(e.program.get(), 1, &device_, options(fast).c_str(), nullptr, nullptr);
  e.log = log_of(e.program.get());
  // Only the compiler's own verdict is kept; a shortage of memory may pass.
  if (class_of(code) == error_class::kernel_build)
    e.program = {};
  else
    wall_.check(code, "clBuildProgram", std::uint64_t{bytes});
  return e;
}

void program_cache::store(const std::string& key, cl_program program) {
  if (driver_keeps_) {
    core_.cache_put(key, static_cast<const std::byte*>(static_cast<const void*>(kept.data())), kept.size());
    return;
  }
  std::size_t bytes = 0;
  if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, nullptr) != CL_SUCCESS ||
      bytes == 0 || bytes > binary_limit)
    return;
  std::vector<std::byte> binary(bytes);
  auto* to = static_cast<unsigned char*>(static_cast<void*>(binary.data()));
  if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof to, &to, nullptr) != CL_SUCCESS) return;
  core_.cache_put(key, binary.data(), binary.size());
}

program_cache::built program_cache::get(std::string_view source, bool fast) {
  const std::string key = key_of(source, fast);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    order_.splice(order_.begin(), order_, found->second.used);
    if (!found->second.program) refuse(source, found->second.log);
    return {found->second.program, found->second.log, true};
  }

  entry fresh;
  bool from_cache = false;
  if (std::vector<std::byte> found; core_.cache_get != nullptr && core_.cache_get(key, found)) {
    // What is no longer taken is built again and replaced.
    if (!driver_keeps_)
      fresh.program = from_binary(found, fast);
    else if (is_kept(found))
      fresh = from_source(source, fast);
    from_cache = static_cast<bool>(fresh.program);
  }
  if (!from_cache) {
    fresh = from_source(source, fast);
    if (fresh.program && core_.cache_put != nullptr) store(key, fresh.program.get());
  }

  if (entries_.size() >= limit) {
    const auto oldest = entries_.find(*order_.back());
    order_.pop_back();
    entries_.erase(oldest);
  }
  const auto [at, inserted] = entries_.emplace(key, std::move(fresh));
  static_cast<void>(inserted);
  order_.push_front(&at->first);
  at->second.used = order_.begin();
  if (!at->second.program) refuse(source, at->second.log);
  return {at->second.program, at->second.log, from_cache};
}

bool program_cache::holds(std::string_view source, bool fast) const {
  const std::string key = key_of(source, fast);
  if (const auto found = entries_.find(key); found != entries_.end())
    return static_cast<bool>(found->second.program);
  std::vector<std::byte> found;
  if (core_.cache_get == nullptr || !core_.cache_get(key, found)) return false;
  return driver_keeps_ ? is_kept(found) : !found.empty();
}

}  // namespace busfare::opencl
