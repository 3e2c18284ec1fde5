// Enumeration of OpenCL devices; every number that a driver reports is checked before it is believed.
#include "opencl/platform.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <unistd.h>

namespace busfare::opencl {
namespace {

constexpr cl_uint platforms_limit = 64, devices_limit = 256;
constexpr std::size_t text_limit = 256;

// What a person may be shown: printable, of bounded length.
std::string clean(std::string text) {
  if (const std::size_t end = text.find('\0'); end != std::string::npos) text.resize(end);
  if (text.size() > text_limit) text.resize(text_limit);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

template <class Query> std::string text_of(Query query) {
  std::size_t bytes = 0;
  if (query(0, nullptr, &bytes) != CL_SUCCESS || bytes == 0 || bytes > (std::size_t{1} << 20)) return {};
  std::string text(bytes, '\0');
  if (query(bytes, text.data(), nullptr) != CL_SUCCESS) return {};
  return text;
}

std::string platform_text(cl_platform_id p, cl_platform_info what) {
  return clean(text_of(
      [&](std::size_t n, void* to, std::size_t* size) { return clGetPlatformInfo(p, what, n, to, size); }));
}

std::string device_text_raw(cl_device_id d, cl_device_info what) {
  return text_of(
      [&](std::size_t n, void* to, std::size_t* size) { return clGetDeviceInfo(d, what, n, to, size); });
}

template <class T> T number_of(cl_device_id d, cl_device_info what, T otherwise) {
  T value{};
  std::size_t size = 0;
  if (clGetDeviceInfo(d, what, sizeof value, &value, &size) != CL_SUCCESS || size != sizeof value)
    return otherwise;
  return value;
}

std::uint64_t host_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
                               : std::uint64_t{1} << 30;
}

// "OpenCL 1.2 ..." -> 102; 0 where it is something else.
unsigned version_of(const std::string& text) {
  unsigned major = 0, minor = 0;
  if (std::sscanf(text.c_str(), "OpenCL %3u.%3u", &major, &minor) != 2 || major > 99 || minor > 99) return 0;
  return major * 100 + minor;
}

std::string why_unusable(cl_device_id d) {
  if (number_of<cl_bool>(d, CL_DEVICE_AVAILABLE, CL_FALSE) == CL_FALSE)
    return "its driver calls it unavailable";
  if (number_of<cl_bool>(d, CL_DEVICE_COMPILER_AVAILABLE, CL_FALSE) == CL_FALSE) return "it has no compiler";
  if (number_of<cl_bool>(d, CL_DEVICE_ENDIAN_LITTLE, CL_FALSE) == CL_FALSE) return "it is big-endian";
  if ((number_of<cl_device_type>(d, CL_DEVICE_TYPE, 0) & CL_DEVICE_TYPE_CUSTOM) != 0)
    return "it is a custom device, which compiles no OpenCL C";
  const std::string version = clean(device_text_raw(d, CL_DEVICE_VERSION));
  if (version_of(version) < 102) return "it offers '" + version + "', and OpenCL 1.2 is needed";
  return {};
}

found_device describe(cl_platform_id platform, cl_device_id d) {
  found_device f;
  f.platform = platform;
  f.id = d;
  backend::device_info& info = f.info;
  const std::string name = clean(device_text_raw(d, CL_DEVICE_NAME));
  const std::string platform_name = platform_text(platform, CL_PLATFORM_NAME);
  f.runs_in_waits = platform_name == "Oclgrind";
  f.keeps_programs = platform_name == "Portable Computing Language";
  info.description = (name.empty() ? "unnamed device" : name) + " (" + platform_name + ")";
  info.fingerprint = "opencl|" + platform_name + "|" + platform_text(platform, CL_PLATFORM_VERSION) + "|" +
                     clean(device_text_raw(d, CL_DEVICE_VENDOR)) + "|" + name + "|" +
                     clean(device_text_raw(d, CL_DEVICE_VERSION)) + "|" +
                     clean(device_text_raw(d, CL_DRIVER_VERSION));

  f.is_cpu = (number_of<cl_device_type>(d, CL_DEVICE_TYPE, 0) & CL_DEVICE_TYPE_CPU) != 0;
  // Virtual machines report the host's.
  constexpr std::uint64_t usual_cache = std::uint64_t{32} << 20;
  f.cache = number_of<cl_ulong>(d, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, 0);
  f.cache = f.cache == 0 ? usual_cache : std::min(f.cache, 2 * usual_cache);
  info.dialect = f.is_cpu ? "opencl-cpu" : "opencl-gpu";
  info.core_group = f.is_cpu ? 0 : -1;
  // A CPU's compiler calls its exp and log lane by lane and makes vectors of our definitions.
  info.fast_spellings = !f.is_cpu;
  info.compute_units = static_cast<int>(
      std::clamp<cl_uint>(number_of<cl_uint>(d, CL_DEVICE_MAX_COMPUTE_UNITS, 1), 1, 1u << 16));
  info.shares_host_memory = number_of<cl_bool>(d, CL_DEVICE_HOST_UNIFIED_MEMORY, CL_FALSE) != CL_FALSE;

  constexpr std::uint64_t least = std::uint64_t{16} << 20, most = std::uint64_t{1} << 46;
  info.capacity =
      std::clamp<std::uint64_t>(number_of<cl_ulong>(d, CL_DEVICE_GLOBAL_MEM_SIZE, 0), least, most);
  if (info.shares_host_memory) info.capacity = std::min(info.capacity, std::max(least, host_bytes()));

  const std::string extensions = " " + device_text_raw(d, CL_DEVICE_EXTENSIONS) + " ";
  info.f64 = number_of<cl_device_fp_config>(d, CL_DEVICE_DOUBLE_FP_CONFIG, 0) != 0 ||
             extensions.find(" cl_khr_fp64 ") != std::string::npos;
  const auto single = number_of<cl_device_fp_config>(d, CL_DEVICE_SINGLE_FP_CONFIG, 0);
  f.correctly_rounded_option = (single & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
  info.exact_div_sqrt = f.correctly_rounded_option;
  info.denormals = (single & CL_FP_DENORM) != 0;

  // A group of one item works everywhere, whatever the driver says.
  std::size_t sizes[8] = {};
  std::size_t got = 0;
  std::size_t items = 1;
  if (clGetDeviceInfo(d, CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof sizes, sizes, &got) == CL_SUCCESS &&
      got >= sizeof(std::size_t))
    items = sizes[0];
  for (int k = 0; k < 3; ++k) f.work_items[k] = std::max<std::size_t>(sizes[k], 1);
  const auto group = number_of<std::size_t>(d, CL_DEVICE_MAX_WORK_GROUP_SIZE, 1);
  f.work_group_limit = std::clamp<std::size_t>(std::min(items, group), 1, 1u << 16);
  f.address_bits = number_of<cl_uint>(d, CL_DEVICE_ADDRESS_BITS, 64) == 32 ? 32 : 64;
  return f;
}

}  // namespace

std::vector<found_device> find_devices(std::vector<std::string>& skipped) {
  std::vector<found_device> all;
  cl_uint count = 0;
  if (clGetPlatformIDs(0, nullptr, &count) != CL_SUCCESS || count == 0) return all;
  std::vector<cl_platform_id> platforms(std::min(count, platforms_limit));
  if (clGetPlatformIDs(static_cast<cl_uint>(platforms.size()), platforms.data(), nullptr) != CL_SUCCESS)
    return all;
  for (cl_platform_id platform : platforms) {
    cl_uint n = 0;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &n) != CL_SUCCESS || n == 0) {
      skipped.push_back("platform '" + platform_text(platform, CL_PLATFORM_NAME) + "' has no device");
      continue;
    }
    std::vector<cl_device_id> devices(std::min(n, devices_limit));
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, static_cast<cl_uint>(devices.size()), devices.data(),
                       nullptr) != CL_SUCCESS)
      continue;
    for (cl_device_id d : devices) {
      if (const std::string why = why_unusable(d); !why.empty()) {
        skipped.push_back("device '" + clean(device_text_raw(d, CL_DEVICE_NAME)) + "' of platform '" +
                          platform_text(platform, CL_PLATFORM_NAME) + "' is not used: " + why);
        continue;
      }
      found_device f = describe(platform, d);
      f.info.name = "opencl:" + std::to_string(all.size());
      all.push_back(std::move(f));
    }
  }
  return all;
}

}  // namespace busfare::opencl
