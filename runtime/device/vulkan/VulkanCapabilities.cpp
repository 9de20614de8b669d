// A Vulkan device in the words that all GPU drivers share: features by name,
// limits as numbers.
#include "runtime/core/ThreadPool.h"
#include "runtime/device/vulkan/VulkanProbe.h"

#include <algorithm>
#include <iterator>

namespace polytile::runtime {
namespace {

const char *deviceTypeName(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return "gpu";
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return "integrated";
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return "cpu";
  default:
    return "other";
  }
}

std::string versionText(uint32_t version) {
  return "Vulkan " + std::to_string(VK_API_VERSION_MAJOR(version)) + "." +
         std::to_string(VK_API_VERSION_MINOR(version)) + "." +
         std::to_string(VK_API_VERSION_PATCH(version));
}

/// A float control of the widths 16, 32, 64, as far as a kernel may ask for all
/// that is listed at once.
void addFloatControl(std::vector<std::string> &features,
                     const std::string &name, const VkBool32 (&widths)[3],
                     VkShaderFloatControlsIndependence independence) {
  bool f16 = widths[0], f32 = widths[1], f64 = widths[2];
  if (independence == VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE)
    f16 = f32 = f64 = f16 && f32 && f64;
  if (independence == VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_32_BIT_ONLY)
    f16 = f64 = f16 && f64;
  if (f16)
    features.push_back(name + "16");
  if (f32)
    features.push_back(name + "32");
  if (f64)
    features.push_back(name + "64");
}

void addFloatControls(const VulkanProbe &probe,
                      std::vector<std::string> &features) {
  const auto &floats = probe.floats;
  addFloatControl(features, "nan_preserve_f",
                  {floats.shaderSignedZeroInfNanPreserveFloat16,
                   floats.shaderSignedZeroInfNanPreserveFloat32,
                   floats.shaderSignedZeroInfNanPreserveFloat64},
                  VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_ALL);
  addFloatControl(features, "denorm_preserve_f",
                  {floats.shaderDenormPreserveFloat16,
                   floats.shaderDenormPreserveFloat32,
                   floats.shaderDenormPreserveFloat64},
                  floats.denormBehaviorIndependence);
  addFloatControl(features, "rounding_rte_f",
                  {floats.shaderRoundingModeRTEFloat16,
                   floats.shaderRoundingModeRTEFloat32,
                   floats.shaderRoundingModeRTEFloat64},
                  floats.roundingModeIndependence);
}

std::vector<std::string> featureNames(const VulkanProbe &probe) {
  const VulkanFeatures &features = probe.features;
  const std::pair<const char *, bool> list[] = {
      {"f16", features.float16Int8.shaderFloat16},
      {"f64", features.base.features.shaderFloat64},
      {"i8", features.float16Int8.shaderInt8},
      {"i16", features.base.features.shaderInt16},
      {"i64", features.base.features.shaderInt64},
      {"storage8", features.storage8.storageBuffer8BitAccess},
      {"storage16", features.storage16.storageBuffer16BitAccess},
      {"subgroup_shuffle", probe.hasShuffle},
      {"subgroup_size_control", probe.hasSizeControl},
      {"vulkan_memory_model", features.memoryModel.vulkanMemoryModel},
      {"cooperative_matrix", !probe.matrices.empty()},
      {"timeline_semaphore", features.timeline.timelineSemaphore},
  };
  std::vector<std::string> names;
  for (const auto &[name, isThere] : list)
    if (isThere)
      names.push_back(name);
  addFloatControls(probe, names);
  return names;
}

} // namespace

GpuCapabilities VulkanProbe::capabilities() const {
  const VkPhysicalDeviceLimits &limits = properties.limits;
  GpuCapabilities made;
  made.name = name;
  made.kind = "vulkan";
  made.hardware = hardware;
  made.driver = driver;
  made.api = versionText(version);
  made.deviceType = deviceTypeName(properties.deviceType);
  made.features = featureNames(*this);
  made.workgroupSize = limits.maxComputeWorkGroupInvocations;
  std::copy(std::begin(limits.maxComputeWorkGroupSize),
            std::end(limits.maxComputeWorkGroupSize),
            made.workgroupSizes.begin());
  std::copy(std::begin(limits.maxComputeWorkGroupCount),
            std::end(limits.maxComputeWorkGroupCount), made.grid.begin());
  made.workgroupMemoryBytes = limits.maxComputeSharedMemorySize;
  made.bindingBytes = limits.maxStorageBufferRange;
  made.bindings = mostBindings();
  made.bufferBytes =
      std::min({largestAllocation, largestBuffer, memoryBytes()});
  made.memoryBytes = memoryBytes();
  made.offsetAlignment = limits.minStorageBufferOffsetAlignment;
  bool isCpu = properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  made.computeUnits = isCpu ? usableCoreCount() : computeUnits;
  made.subgroupSize = subgroupSize;
  made.subgroupMin = subgroupMin;
  made.subgroupMax = subgroupMax;
  made.cooperativeMatrices = matrices;
  return made;
}

} // namespace polytile::runtime
