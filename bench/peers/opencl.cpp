// The contests on every OpenCL device that the library finds.
#include <algorithm>

#include <busfare/runtime.hpp>

#include "opencl_host.hpp"
#include "peers.hpp"

namespace busfare::peers {

std::vector<planned_contest> opencl_contests(std::uint64_t n, std::vector<std::string>& skipped) {
  n = std::max<std::uint64_t>(4096, n / 4096 * 4096);
  std::vector<planned_contest> all;
  bool any = false;
  for (const device_description& d : devices()) {
    if (d.name.rfind("opencl", 0) != 0) continue;
    any = true;
    if (!d.unavailable.empty()) {
      skipped.push_back(d.name + ": " + d.unavailable);
      continue;
    }
    const cl_host_ptr host = std::make_shared<const cl_host>(d.name);
    for (const auto& list : {opencl_streaming(), opencl_sums(), opencl_compute()})
      for (const opencl_contest& each : list)
        all.push_back({each.op, d.name, [host, n, prepare = each.prepare] { return prepare(host, n); }});
  }
  if (!any) skipped.push_back("opencl: the library was built without it");
  return all;
}

}  // namespace busfare::peers
