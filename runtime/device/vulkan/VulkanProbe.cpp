// Asks a physical device for its limits and features.
#include "runtime/device/vulkan/VulkanProbe.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace polytile::runtime {
namespace {

/// Links a structure in front of a chain.
template <typename Structure> void link(void *&chain, Structure &structure) {
  structure.pNext = chain;
  chain = &structure;
}

void linkFeatures(const VulkanProbe &probe, VulkanFeatures &features) {
  void *chain = nullptr;
  link(chain, features.storage16);
  if (probe.hasSince(VK_API_VERSION_1_2, VK_KHR_8BIT_STORAGE_EXTENSION_NAME))
    link(chain, features.storage8);
  if (probe.hasSince(VK_API_VERSION_1_2,
                     VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME))
    link(chain, features.float16Int8);
  if (probe.hasSince(VK_API_VERSION_1_2,
                     VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME))
    link(chain, features.memoryModel);
  if (probe.hasSince(VK_API_VERSION_1_2,
                     VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME))
    link(chain, features.timeline);
  if (probe.hasSince(VK_API_VERSION_1_3,
                     VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME))
    link(chain, features.sizeControl);
  if (probe.hasSince(VK_API_VERSION_1_3, VK_KHR_MAINTENANCE_4_EXTENSION_NAME))
    link(chain, features.maintenance4);
  if (probe.hasExtension(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME))
    link(chain, features.cooperativeMatrix);
  features.base.pNext = chain;
}

/// Drops what no kernel uses: features can cost speed (robustBufferAccess).
void keepWanted(VulkanFeatures &features) {
  VkPhysicalDeviceFeatures wanted{};
  wanted.shaderFloat64 = features.base.features.shaderFloat64;
  wanted.shaderInt64 = features.base.features.shaderInt64;
  wanted.shaderInt16 = features.base.features.shaderInt16;
  features.base.features = wanted;
  features.storage16.storagePushConstant16 = VK_FALSE;
  features.storage16.storageInputOutput16 = VK_FALSE;
  features.storage8.storagePushConstant8 = VK_FALSE;
  features.cooperativeMatrix.cooperativeMatrixRobustBufferAccess = VK_FALSE;
}

void readExtensions(const VulkanInstanceFunctions &vk, VulkanProbe &probe) {
  uint32_t count = 0;
  vk.EnumerateDeviceExtensionProperties(probe.handle, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> found(count);
  if (vk.EnumerateDeviceExtensionProperties(probe.handle, nullptr, &count,
                                            found.data()) < 0)
    count = 0;
  for (uint32_t i = 0; i < count; ++i)
    probe.extensions.push_back(found[i].extensionName);
}

std::string driverText(const VulkanProbe &probe,
                       const VkPhysicalDeviceDriverProperties &driver) {
  if (driver.driverName[0])
    return std::string(driver.driverName) + (driver.driverInfo[0] ? " " : "") +
           driver.driverInfo;
  uint32_t version = probe.properties.driverVersion;
  return "driver " + std::to_string(VK_API_VERSION_MAJOR(version)) + "." +
         std::to_string(VK_API_VERSION_MINOR(version)) + "." +
         std::to_string(VK_API_VERSION_PATCH(version));
}

/// The properties that extensions of the core structure carry.
struct ExtraProperties {
  VkPhysicalDeviceIDProperties id{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
  VkPhysicalDeviceMaintenance3Properties maintenance3{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES};
  VkPhysicalDeviceSubgroupProperties subgroup{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
  VkPhysicalDeviceDriverProperties driver{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
  VkPhysicalDeviceFloatControlsProperties floats{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FLOAT_CONTROLS_PROPERTIES};
  VkPhysicalDeviceSubgroupSizeControlProperties sizes{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
  VkPhysicalDeviceMaintenance4Properties maintenance4{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES};
  VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nvidia{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV};
  VkPhysicalDeviceShaderCorePropertiesAMD amd{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD};
};

void *linkProperties(const VulkanProbe &probe, ExtraProperties &extra) {
  void *chain = nullptr;
  link(chain, extra.id);
  link(chain, extra.maintenance3);
  link(chain, extra.subgroup);
  if (probe.hasSince(VK_API_VERSION_1_2,
                     VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
    link(chain, extra.driver);
  if (probe.hasSince(VK_API_VERSION_1_2,
                     VK_KHR_SHADER_FLOAT_CONTROLS_EXTENSION_NAME))
    link(chain, extra.floats);
  if (probe.hasSince(VK_API_VERSION_1_3,
                     VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME))
    link(chain, extra.sizes);
  if (probe.hasSince(VK_API_VERSION_1_3, VK_KHR_MAINTENANCE_4_EXTENSION_NAME))
    link(chain, extra.maintenance4);
  if (probe.hasExtension(VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME))
    link(chain, extra.nvidia);
  if (probe.hasExtension(VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME))
    link(chain, extra.amd);
  return chain;
}

void readSubgroups(VulkanProbe &probe, const ExtraProperties &extra) {
  const VkPhysicalDeviceSubgroupProperties &subgroup = extra.subgroup;
  bool inCompute = subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT;
  constexpr VkSubgroupFeatureFlags wanted =
      VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT |
      VK_SUBGROUP_FEATURE_SHUFFLE_RELATIVE_BIT;
  probe.subgroupSize = subgroup.subgroupSize;
  probe.hasShuffle =
      inCompute && (subgroup.supportedOperations & wanted) == wanted;
  probe.subgroupMin = probe.subgroupMax = probe.subgroupSize;
  if (!probe.features.sizeControl.subgroupSizeControl ||
      !extra.sizes.maxSubgroupSize)
    return;
  probe.hasSizeControl =
      extra.sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT;
  probe.subgroupMin = extra.sizes.minSubgroupSize;
  probe.subgroupMax = extra.sizes.maxSubgroupSize;
}

void readProperties(const VulkanInstanceFunctions &vk, VulkanProbe &probe) {
  ExtraProperties extra;
  VkPhysicalDeviceProperties2 all{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  all.pNext = linkProperties(probe, extra);
  vk.GetPhysicalDeviceProperties2(probe.handle, &all);
  std::copy(std::begin(extra.id.deviceUUID), std::end(extra.id.deviceUUID),
            probe.uuid.begin());
  probe.driver = driverText(probe, extra.driver);
  probe.floats = extra.floats;
  probe.largestAllocation = extra.maintenance3.maxMemoryAllocationSize;
  if (!probe.largestAllocation)
    probe.largestAllocation = uint64_t(1) << 30;
  probe.largestBuffer = extra.maintenance4.maxBufferSize
                            ? extra.maintenance4.maxBufferSize
                            : probe.largestAllocation;
  probe.computeUnits = extra.nvidia.shaderSMCount
                           ? extra.nvidia.shaderSMCount
                           : extra.amd.shaderEngineCount *
                                 extra.amd.shaderArraysPerEngineCount *
                                 extra.amd.computeUnitsPerShaderArray;
  readSubgroups(probe, extra);
}

std::string componentName(VkComponentTypeKHR type) {
  constexpr uint32_t bfloat16 = 1000141000; // VK_COMPONENT_TYPE_BFLOAT16_KHR
  constexpr const char *names[] = {"f16", "f32", "f64", "i8",  "i16", "i32",
                                   "i64", "u8",  "u16", "u32", "u64"};
  if (type < std::size(names))
    return names[type];
  return type == bfloat16 ? "bf16" : "";
}

void readMatrices(const VulkanInstanceFunctions &vk, VulkanProbe &probe) {
  auto ask = vk.GetPhysicalDeviceCooperativeMatrixPropertiesKHR;
  if (!probe.features.cooperativeMatrix.cooperativeMatrix || !ask)
    return;
  uint32_t count = 0;
  if (ask(probe.handle, &count, nullptr) != VK_SUCCESS)
    return;
  VkCooperativeMatrixPropertiesKHR empty{};
  empty.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  std::vector<VkCooperativeMatrixPropertiesKHR> found(count, empty);
  if (ask(probe.handle, &count, found.data()) < 0)
    return;
  for (uint32_t i = 0; i < count; ++i) {
    const VkCooperativeMatrixPropertiesKHR &shape = found[i];
    CooperativeMatrix made{shape.MSize,
                           shape.NSize,
                           shape.KSize,
                           componentName(shape.AType),
                           componentName(shape.BType),
                           componentName(shape.CType),
                           componentName(shape.ResultType)};
    bool isKnown = !made.a.empty() && !made.b.empty() && !made.c.empty() &&
                   !made.result.empty();
    if (isKnown && shape.scope == VK_SCOPE_SUBGROUP_KHR &&
        !shape.saturatingAccumulation)
      probe.matrices.push_back(made);
  }
}

/// A queue for compute alone is asked first: it stays clear of what a desktop
/// draws.
Status chooseQueue(const VulkanInstanceFunctions &vk, VulkanProbe &probe) {
  uint32_t count = 0;
  vk.GetPhysicalDeviceQueueFamilyProperties(probe.handle, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vk.GetPhysicalDeviceQueueFamilyProperties(probe.handle, &count,
                                            families.data());
  int best = -1;
  for (uint32_t i = 0; i < count; ++i) {
    VkQueueFlags flags = families[i].queueFlags;
    if (!(flags & VK_QUEUE_COMPUTE_BIT) || !families[i].queueCount)
      continue;
    int rank = (flags & VK_QUEUE_GRAPHICS_BIT ? 0 : 1) +
               (families[i].timestampValidBits ? 2 : 0);
    if (rank <= best)
      continue;
    best = rank;
    probe.queueFamily = i;
    probe.timestampBits = families[i].timestampValidBits;
  }
  if (best < 0)
    return fail(PTL_STATUS_UNSUPPORTED, "none of its ", count,
                " queue families computes");
  return {};
}

} // namespace

bool VulkanProbe::hasExtension(std::string_view extension) const {
  return std::find(extensions.begin(), extensions.end(), extension) !=
         extensions.end();
}

bool VulkanProbe::hasSince(uint32_t since, std::string_view extension) const {
  return version >= since || hasExtension(extension);
}

uint32_t VulkanProbe::mostBindings() const {
  const VkPhysicalDeviceLimits &limits = properties.limits;
  constexpr uint32_t sensible = 1024;
  return std::min({limits.maxPerStageDescriptorStorageBuffers,
                   limits.maxDescriptorSetStorageBuffers,
                   limits.maxPerStageResources, sensible});
}

uint64_t VulkanProbe::memoryBytes() const {
  uint64_t largest = 0;
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      largest = std::max<uint64_t>(largest, memory.memoryHeaps[i].size);
  return largest;
}

bool VulkanProbe::sharesMemory() const {
  return properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU ||
         properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
}

std::vector<const char *> VulkanProbe::wantedExtensions() const {
  std::vector<const char *> wanted;
  auto want = [&](const char *extension, uint32_t since) {
    if (version < since && hasExtension(extension))
      wanted.push_back(extension);
  };
  constexpr uint32_t never = ~uint32_t(0);
  want(VK_KHR_8BIT_STORAGE_EXTENSION_NAME, VK_API_VERSION_1_2);
  want(VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME, VK_API_VERSION_1_2);
  want(VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME, VK_API_VERSION_1_2);
  want(VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME, VK_API_VERSION_1_2);
  want(VK_KHR_SHADER_FLOAT_CONTROLS_EXTENSION_NAME, VK_API_VERSION_1_2);
  if (hasExtension(VK_KHR_SHADER_FLOAT_CONTROLS_EXTENSION_NAME))
    want(VK_KHR_SPIRV_1_4_EXTENSION_NAME, VK_API_VERSION_1_2);
  want(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, VK_API_VERSION_1_3);
  want(VK_KHR_MAINTENANCE_4_EXTENSION_NAME, VK_API_VERSION_1_3);
  want(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME, never);
  want("VK_KHR_portability_subset", never);
  return wanted;
}

Status probeVulkanDevice(const VulkanInstance &instance,
                         VkPhysicalDevice handle, uint32_t index,
                         VulkanProbe &probe) {
  const VulkanInstanceFunctions &vk = instance.functions();
  probe.handle = handle;
  probe.name = "vulkan:" + std::to_string(index);
  vk.GetPhysicalDeviceProperties(handle, &probe.properties);
  probe.hardware = probe.properties.deviceName;
  probe.version = probe.properties.apiVersion;
  if (probe.version < VK_API_VERSION_1_1)
    return fail(PTL_STATUS_UNSUPPORTED, "it has Vulkan ",
                VK_API_VERSION_MAJOR(probe.version), ".",
                VK_API_VERSION_MINOR(probe.version), "; 1.1 is needed");
  vk.GetPhysicalDeviceMemoryProperties(handle, &probe.memory);
  readExtensions(vk, probe);
  linkFeatures(probe, probe.features);
  vk.GetPhysicalDeviceFeatures2(handle, &probe.features.base);
  keepWanted(probe.features);
  readProperties(vk, probe);
  readMatrices(vk, probe);
  if (!probe.memoryBytes())
    return fail(PTL_STATUS_UNSUPPORTED,
                "it has no memory: nothing can run there");
  return chooseQueue(vk, probe);
}

} // namespace polytile::runtime
