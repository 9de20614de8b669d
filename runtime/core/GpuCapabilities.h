// What a GPU driver found out about its device, in one form for all of them:
// the device description, which requirements of variants hold, and which
// kernels fit.
//
// Limits are checked here before a launch: several drivers take a kernel that
// passes them and then lose the device.
#pragma once

#include "runtime/core/PackageModel.h"

namespace polytile::runtime {

/// A product of matrices that a subgroup computes at once: types are "f16",
/// "bf16", "f32", "s8", ...
struct CooperativeMatrix {
  uint32_t m = 0, n = 0, k = 0;
  std::string a, b, c, result;
};

/// A device that runs kernels in workgroups.
struct GpuCapabilities {
  std::string name;       ///< "opencl:0"
  std::string kind;       ///< "opencl" or "vulkan": the target of its variants
  std::string hardware;   ///< "NVIDIA H200"
  std::string driver;     ///< with its version
  std::string api;        ///< "OpenCL 3.0"
  std::string deviceType; ///< "gpu", "integrated", "cpu" or "other"
  std::vector<std::string> features; ///< "f16", "f64", "i64", ...

  // Limits.
  uint64_t workgroupSize = 0; ///< items in all
  std::array<uint64_t, 3> workgroupSizes{0, 0, 0};
  std::array<uint64_t, 3> grid{0, 0, 0}; ///< workgroups
  uint64_t workgroupMemoryBytes = 0;
  uint64_t bindingBytes = 0;
  uint64_t bindings = 0; ///< of one kernel
  uint64_t bufferBytes = 0;
  uint64_t memoryBytes = 0;
  uint64_t offsetAlignment = 64; ///< of a binding in its buffer
  uint64_t computeUnits = 0;

  /// Work items that run in step; 0: not known. Kernels may use what subgroups
  /// can do where a feature says so.
  uint32_t subgroupSize = 0, subgroupMin = 0, subgroupMax = 0;
  std::vector<CooperativeMatrix> cooperativeMatrices;

  bool has(std::string_view feature) const;
  /// A feature, or "limit>=number", or "subgroup_size=number" (the device's
  /// size, or one that it can be asked for). False for what isn't known.
  bool satisfies(std::string_view requirement) const;
  /// The device description, JSON.
  std::string describe() const;
  /// UNSUPPORTED names the kernel, what it needs and what there is.
  Status checkFits(const Variant &variant) const;
  Status checkKernel(const Kernel &kernel) const;
  Status checkDispatch(const Kernel &kernel, const Dispatch &dispatch) const;

private:
  /// The number that a requirement calls `limit`; null when there is none.
  const uint64_t *limitCalled(std::string_view limit) const;
  Status checkSteps(const Variant &variant,
                    const std::vector<Step> &steps) const;
};

} // namespace polytile::runtime
