// Enumeration of GPUs; every number that the driver reports is checked before it is believed.
#include "cuda/platform.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include "cuda/check.hpp"

namespace busfare::cuda {

namespace {

constexpr int least_driver = 12000, devices_limit = 64;

constexpr const char* driver_remedy =
    "install the NVIDIA driver, version 525 or newer, and see that nvidia-smi lists the GPU";
constexpr const char* nvrtc_remedy =
    "install NVRTC from the CUDA toolkit (libnvrtc.so.12 or .13, no newer than the driver) where the loader "
    "finds it, or set LD_LIBRARY_PATH";

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// What a person may be shown: printable, of bounded length.
std::string clean(const char* text, std::size_t most) {
  std::string s(text, strnlen(text, most));
  for (char& c : s)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  return s;
}

std::vector<int> known_architectures(const nvrtc& compiler) {
  int count = 0;
  if (compiler.nvrtcGetNumSupportedArchs(&count) != NVRTC_SUCCESS || count <= 0 || count > 1024) return {};
  std::vector<int> known(static_cast<std::size_t>(count));
  if (compiler.nvrtcGetSupportedArchs(known.data()) != NVRTC_SUCCESS) return {};
  return known;
}

std::uint64_t host_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
                               : std::uint64_t{1} << 30;
}

class survey {
 public:
  survey(const driver& d, const nvrtc& n, int version)
      : d_(d), version_(version), known_(known_architectures(n)) {
    compiler_ = "NVRTC " + std::to_string(n.major) + "." + std::to_string(n.minor);
  }

  // False: `why` holds the reason.
  bool describe(int index, found_device& f, std::string& why) const {
    const auto failed = [&](CUresult code, const char* call) {
      why = std::string(call) + " failed with " + words_for(&d_, code);
      return false;
    };
    if (const CUresult code = d_.cuDeviceGet(&f.ordinal, index); code != CUDA_SUCCESS)
      return failed(code, "cuDeviceGet");
    char name[256] = {}, bus[32] = {};
    if (const CUresult code = d_.cuDeviceGetName(name, sizeof name, f.ordinal); code != CUDA_SUCCESS)
      return failed(code, "cuDeviceGetName");
    std::size_t bytes = 0;
    if (const CUresult code = d_.cuDeviceTotalMem_v2(&bytes, f.ordinal); code != CUDA_SUCCESS)
      return failed(code, "cuDeviceTotalMem");
    if (d_.cuDeviceGetPCIBusId(bus, sizeof bus, f.ordinal) != CUDA_SUCCESS) bus[0] = 0;
    const std::string model = clean(name, sizeof name);

    if (attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_COMPUTE_MODE) == CU_COMPUTEMODE_PROHIBITED) {
      why = model + " is in compute mode 'prohibited'";
      return false;
    }
    if (attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING) == 0) {
      why = model + " has no unified addressing";
      return false;
    }
    const int major = attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
              minor = attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    const std::string capability = std::to_string(major) + "." + std::to_string(minor);
    f.architecture = architecture_for(major * 10 + minor, known_);
    if (f.architecture.empty()) {
      why = model + " has compute capability " + capability + ", for which " + compiler_ +
            " does not compile; an older NVRTC may";
      return false;
    }
    f.is_text = f.architecture.starts_with("compute_");
    f.has_pools = attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED) != 0;

    backend::device_info& info = f.info;
    info.dialect = "cuda";
    info.fast_spellings = true;
    info.description = model + " (CUDA, compute capability " + capability +
                       (bus[0] != 0 ? ", " + clean(bus, sizeof bus) : std::string()) + ")";
    info.fingerprint = "cuda|" + model + "|" + uuid(f.ordinal) + "|driver " + version_text(version_) + "|" +
                       compiler_ + "|" + f.architecture;
    info.compute_units =
        std::clamp(attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT), 1, 1 << 16);
    // Kernels of an integrated GPU read the host's pages where they lie; a discrete one would fetch them
    // over its link again and again.
    info.shares_host_memory = attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_INTEGRATED) != 0 &&
                              attribute(f.ordinal, CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS) != 0;
    constexpr std::uint64_t least = std::uint64_t{16} << 20, most = std::uint64_t{1} << 46;
    info.capacity = std::clamp<std::uint64_t>(bytes, least, most);
    if (info.shares_host_memory) info.capacity = std::min(info.capacity, std::max(least, host_bytes()));
    return true;
  }

 private:
  [[nodiscard]] int attribute(CUdevice device, CUdevice_attribute which) const {
    int value = 0;
    return d_.cuDeviceGetAttribute(&value, which, device) == CUDA_SUCCESS && value >= 0 ? value : 0;
  }

  [[nodiscard]] std::string uuid(CUdevice device) const {
    CUuuid id{};
    if (d_.cuDeviceGetUuid_v2(&id, device) != CUDA_SUCCESS) return "no uuid";
    std::string text;
    for (const char byte : id.bytes) {
      char hex[3];
      std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      text += hex;
    }
    return text;
  }

  const driver& d_;
  int version_;
  std::vector<int> known_;
  std::string compiler_;
};

}  // namespace

std::string architecture_for(int capability, const std::vector<int>& known) {
  int same_major = 0, below = 0;
  for (const int a : known) {
    if (a <= 0 || a > capability) continue;
    below = std::max(below, a);
    if (a / 10 == capability / 10) same_major = std::max(same_major, a);
  }
  if (same_major != 0) return "sm_" + std::to_string(same_major);
  return below != 0 ? "compute_" + std::to_string(below) : std::string();
}

found_platform find_devices() {
  found_platform p;
  const auto none = [&p](std::string why, const char* remedy) {
    p.devices.clear();
    p.unavailable = std::move(why);
    p.remedy = remedy;
    return std::move(p);
  };
  const driver_search& d = find_driver();
  if (d.table == nullptr) return none(d.problem, driver_remedy);
  p.calls = d.table;
  if (const CUresult code = p.calls->cuInit(0); code == CUDA_ERROR_NO_DEVICE)
    return none("the NVIDIA driver shows this process no GPU", "check nvidia-smi, and CUDA_VISIBLE_DEVICES");
  else if (code != CUDA_SUCCESS)
    return none("cuInit failed with " + words_for(p.calls, code), driver_remedy);
  int version = 0;
  if (const CUresult code = p.calls->cuDriverGetVersion(&version); code != CUDA_SUCCESS)
    return none("cuDriverGetVersion failed with " + words_for(p.calls, code), driver_remedy);
  if (version < least_driver)
    return none("the NVIDIA driver is too old: it offers CUDA " + version_text(version) + ", and " +
                    version_text(least_driver) + " is needed",
                driver_remedy);
  const nvrtc_search& n = find_nvrtc(version);
  if (n.table == nullptr) return none(n.problem, nvrtc_remedy);
  p.compiler = n.table;

  int count = 0;
  if (const CUresult code = p.calls->cuDeviceGetCount(&count); code != CUDA_SUCCESS)
    return none("cuDeviceGetCount failed with " + words_for(p.calls, code), driver_remedy);
  const survey s(*p.calls, *p.compiler, version);
  for (int i = 0; i < std::min(count, devices_limit); ++i) {
    found_device f;
    std::string why;
    if (s.describe(i, f, why)) {
      f.info.name = "cuda:" + std::to_string(p.devices.size());
      p.devices.push_back(std::move(f));
    } else {
      p.skipped.push_back("device " + std::to_string(i) + " is not used: " + why);
    }
  }
  if (p.devices.empty()) {
    std::string why = "the NVIDIA driver shows this process no usable GPU";
    for (const std::string& each : p.skipped) why += "; " + each;
    return none(why, "check nvidia-smi, and CUDA_VISIBLE_DEVICES");
  }
  return p;
}

}  // namespace busfare::cuda
