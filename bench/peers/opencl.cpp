// The contests on every OpenCL device that the library finds.
#include <algorithm>

#include <busfare/runtime.hpp>

#include "opencl_host.hpp"
#include "peers.hpp"

namespace busfare::peers {

std::vector<std::string> opencl_contests(std::uint64_t n, const std::function<void(const contest&)>& run) {
  n = std::max<std::uint64_t>(4096, n / 4096 * 4096);
  std::vector<std::string> skipped;
  bool any = false;
  for (const device_description& d : devices()) {
    if (d.name.rfind("opencl", 0) != 0) continue;
    any = true;
    if (!d.unavailable.empty()) {
      skipped.push_back(d.name + ": " + d.unavailable);
      continue;
    }
    const cl_host_ptr host = std::make_shared<const cl_host>(d.name);
    // One at a time: each holds its arrays.
    for (const auto& list : {opencl_streaming(), opencl_sums(), opencl_compute()})
      for (const auto make : list) run(make(host, n));
  }
  if (!any) skipped.push_back("opencl: the library was built without it");
  return skipped;
}

}  // namespace busfare::peers
