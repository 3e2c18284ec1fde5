// The vendor's own objects behind the seam, which code of the user may share.
#pragma once

#include <string_view>

namespace busfare::backend {

/// Whose objects a device is made of. All belong to the device and live as long as it does.
struct native_ids {
  std::string_view api;     ///< static text, "cuda", "opencl"; empty: the device has nothing to share
  void* context = nullptr;  ///< CUcontext, cl_context
  void* device = nullptr;   ///< cl_device_id; null where devices are numbers
  int ordinal = -1;         ///< CUdevice; -1 where devices are no numbers
};

}  // namespace busfare::backend
