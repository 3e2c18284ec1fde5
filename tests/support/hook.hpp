// What the conformance suite must be told about a backend: one tiny file per backend in tests/hooks.
#pragma once

#include <string_view>
#include <vector>

namespace conformance {

/// A case that a backend will never support.
struct unsupported {
  std::string_view case_name;
  std::string_view reason;
};

struct hook {
  std::string_view backend;  ///< "opencl"
  /// Devices that must be tested: a name, or a prefix that ends in ':' for all devices of that kind.
  std::vector<std::string_view> devices;
  std::vector<unsupported> never;
  /// Its devices may lack exactness (found by probing); `unavailable` then skips the case and is counted.
  bool may_lack_exactness = false;
};

std::vector<hook>& hooks();
bool add_hook(hook h);

}  // namespace conformance
