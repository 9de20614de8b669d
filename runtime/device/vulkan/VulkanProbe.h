// What one physical device can do: asked before anything is opened on it, so
// that listing devices makes none.
//
// The same chain of feature structures that is filled by the query is handed
// back, cut to what kernels use, when the device is opened.
#pragma once

#include "runtime/core/GpuCapabilities.h"
#include "runtime/device/vulkan/VulkanInstance.h"

namespace polytile::runtime {

/// The feature structures that the driver knows, linked as far as the device
/// has them. Not copyable: they point at each other.
struct VulkanFeatures {
  VulkanFeatures() = default;
  VulkanFeatures(const VulkanFeatures &) = delete;
  VulkanFeatures &operator=(const VulkanFeatures &) = delete;

  VkPhysicalDeviceFeatures2 base{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
  VkPhysicalDevice16BitStorageFeatures storage16{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
  VkPhysicalDevice8BitStorageFeatures storage8{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES};
  VkPhysicalDeviceShaderFloat16Int8Features float16Int8{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES};
  VkPhysicalDeviceVulkanMemoryModelFeatures memoryModel{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES};
  VkPhysicalDeviceSubgroupSizeControlFeatures sizeControl{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
  VkPhysicalDeviceTimelineSemaphoreFeatures timeline{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES};
  VkPhysicalDeviceMaintenance4Features maintenance4{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_FEATURES};
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR cooperativeMatrix{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
};

/// One physical device.
struct VulkanProbe {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  std::string name;     ///< "vulkan:0"
  std::string hardware; ///< "NVIDIA H200"
  std::string driver;   ///< "NVIDIA 580.65"
  uint32_t version = 0; ///< of the API
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceMemoryProperties memory{};
  std::array<uint8_t, VK_UUID_SIZE> uuid{};
  std::vector<std::string> extensions;
  VulkanFeatures features; ///< what is there and wanted

  uint32_t queueFamily = 0;
  uint32_t timestampBits = 0;
  uint32_t subgroupSize = 0, subgroupMin = 0, subgroupMax = 0;
  bool hasShuffle = false;
  bool hasSizeControl = false; ///< requiredSubgroupSize in compute
  VkPhysicalDeviceFloatControlsProperties floats{};
  uint64_t largestAllocation = 0, largestBuffer = 0;
  uint32_t computeUnits = 0;
  std::vector<CooperativeMatrix> matrices;

  bool hasExtension(std::string_view extension) const;
  /// At least this version, or the extension that became part of it.
  bool hasSince(uint32_t since, std::string_view extension) const;
  /// Storage buffers of one kernel.
  uint32_t mostBindings() const;
  /// Bytes of the largest heap on the device.
  uint64_t memoryBytes() const;
  /// Whether the memory of the device is the host's: CPUs and integrated GPUs.
  bool sharesMemory() const;
  /// The extensions to open the device with.
  std::vector<const char *> wantedExtensions() const;
  /// What the runtime and, through the description, the compiler know of it.
  GpuCapabilities capabilities() const;
};

/// Fills a probe. UNSUPPORTED says why the driver can't use the device; name
/// and hardware are filled even so.
Status probeVulkanDevice(const VulkanInstance &instance,
                         VkPhysicalDevice handle, uint32_t index,
                         VulkanProbe &probe);

} // namespace polytile::runtime
