// Which OpenCL devices there are, in an order that doesn't change, and what
// each can do.
//
// What a device can do is tried, not read off its name: NVIDIA's compiler takes
// `half` without saying so. The trials need a context and cost up to a second;
// their results are kept in the disk cache.
#pragma once

#include "runtime/core/GpuCapabilities.h"
#include "runtime/core/ListedDevice.h"
#include "runtime/device/opencl/OpenCLApi.h"

namespace polytile::runtime {

/// One device of a platform.
struct OpenCLCandidate {
  cl_platform_id platform = nullptr;
  cl_device_id device = nullptr;
  std::string platformName, hardware;
  cl_device_type type = 0;
  size_t order = 0;    ///< among the devices as the loader gives them
  std::string refusal; ///< why it can't be used; empty when it can
};

/// All devices of all platforms: GPUs first, then accelerators, then CPUs; then
/// by platform and hardware name; the unusable ones among them. NOT_FOUND when
/// there is no platform.
Status enumerateOpenCL(const OpenCLApi &api,
                       std::vector<OpenCLCandidate> &candidates,
                       std::vector<ListedDevice> &broken);

/// Everything known of a usable device. `name` is what it is called here.
struct OpenCLProbe {
  GpuCapabilities capabilities;
  std::string cacheKey;          ///< names the device and its driver's version
  bool hasUnifiedMemory = false; ///< transfers need no pinned memory
};
Status probeOpenCL(const OpenCLApi &api, const OpenCLCandidate &candidate,
                   const std::string &name, OpenCLProbe &probe);

/// A context for one device.
Status openOpenCLContext(const OpenCLApi &api, const OpenCLCandidate &candidate,
                         OpenCLHandle<cl_context> &context);

} // namespace polytile::runtime
