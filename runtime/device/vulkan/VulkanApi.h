// Vulkan's types, and the functions that the driver calls, as tables that are
// filled at run time: nothing links against a Vulkan library.
//
// Source: the Vulkan specification, https://registry.khronos.org/vulkan/. The
// headers of Debian 12 (1.3.239) are enough; what is newer stands in
// VulkanExtensions.h.
#pragma once

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "runtime/device/vulkan/VulkanExtensions.h"

// Vulkan's structures are made to be filled from the front: the type first, the
// rest zero.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace polytile::runtime {

#define PTL_VULKAN_GLOBAL_FUNCTIONS(X)                                         \
  X(CreateInstance)                                                            \
  X(EnumerateInstanceVersion)                                                  \
  X(EnumerateInstanceExtensionProperties)                                      \
  X(EnumerateInstanceLayerProperties)

#define PTL_VULKAN_INSTANCE_FUNCTIONS(X)                                       \
  X(CreateDevice)                                                              \
  X(DestroyInstance)                                                           \
  X(EnumerateDeviceExtensionProperties)                                        \
  X(EnumeratePhysicalDevices)                                                  \
  X(GetDeviceProcAddr)                                                         \
  X(GetPhysicalDeviceFeatures2)                                                \
  X(GetPhysicalDeviceMemoryProperties)                                         \
  X(GetPhysicalDeviceProperties)                                               \
  X(GetPhysicalDeviceProperties2)                                              \
  X(GetPhysicalDeviceQueueFamilyProperties)

#define PTL_VULKAN_DEVICE_FUNCTIONS(X)                                         \
  X(AllocateCommandBuffers)                                                    \
  X(AllocateDescriptorSets)                                                    \
  X(AllocateMemory)                                                            \
  X(BeginCommandBuffer)                                                        \
  X(BindBufferMemory)                                                          \
  X(CmdBindDescriptorSets)                                                     \
  X(CmdBindPipeline)                                                           \
  X(CmdCopyBuffer)                                                             \
  X(CmdDispatch)                                                               \
  X(CmdFillBuffer)                                                             \
  X(CmdPipelineBarrier)                                                        \
  X(CmdResetQueryPool)                                                         \
  X(CmdWriteTimestamp)                                                         \
  X(CreateBuffer)                                                              \
  X(CreateCommandPool)                                                         \
  X(CreateComputePipelines)                                                    \
  X(CreateDescriptorPool)                                                      \
  X(CreateDescriptorSetLayout)                                                 \
  X(CreateFence)                                                               \
  X(CreatePipelineCache)                                                       \
  X(CreatePipelineLayout)                                                      \
  X(CreateQueryPool)                                                           \
  X(CreateShaderModule)                                                        \
  X(DestroyBuffer)                                                             \
  X(DestroyCommandPool)                                                        \
  X(DestroyDescriptorPool)                                                     \
  X(DestroyDescriptorSetLayout)                                                \
  X(DestroyDevice)                                                             \
  X(DestroyFence)                                                              \
  X(DestroyPipeline)                                                           \
  X(DestroyPipelineCache)                                                      \
  X(DestroyPipelineLayout)                                                     \
  X(DestroyQueryPool)                                                          \
  X(DestroyShaderModule)                                                       \
  X(DeviceWaitIdle)                                                            \
  X(EndCommandBuffer)                                                          \
  X(FreeMemory)                                                                \
  X(GetBufferMemoryRequirements)                                               \
  X(GetDeviceQueue)                                                            \
  X(GetFenceStatus)                                                            \
  X(GetPipelineCacheData)                                                      \
  X(GetQueryPoolResults)                                                       \
  X(MapMemory)                                                                 \
  X(QueueSubmit)                                                               \
  X(ResetCommandPool)                                                          \
  X(ResetDescriptorPool)                                                       \
  X(ResetFences)                                                               \
  X(UpdateDescriptorSets)                                                      \
  X(WaitForFences)

#define PTL_VULKAN_MEMBER(name) PFN_vk##name name = nullptr;

/// Functions that need no instance.
struct VulkanGlobalFunctions {
  PFN_vkGetInstanceProcAddr GetInstanceProcAddr = nullptr;
  PTL_VULKAN_GLOBAL_FUNCTIONS(PTL_VULKAN_MEMBER)
};

struct VulkanInstanceFunctions {
  PTL_VULKAN_INSTANCE_FUNCTIONS(PTL_VULKAN_MEMBER)
  // Null where the extension isn't there.
  PFN_vkCreateDebugUtilsMessengerEXT CreateDebugUtilsMessengerEXT = nullptr;
  PFN_vkDestroyDebugUtilsMessengerEXT DestroyDebugUtilsMessengerEXT = nullptr;
  PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR
      GetPhysicalDeviceCooperativeMatrixPropertiesKHR = nullptr;
};

struct VulkanDeviceFunctions {
  PTL_VULKAN_DEVICE_FUNCTIONS(PTL_VULKAN_MEMBER)
};

#undef PTL_VULKAN_MEMBER

} // namespace polytile::runtime
