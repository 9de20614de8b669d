// The Vulkan loader and an instance made through it; where there is none, the
// reason why, in words for the user.
//
// POLYTILE_VULKAN_LIBRARY names another loader than libvulkan.so.1.
// POLYTILE_VULKAN_VALIDATION=1 turns on the validation layer, whose errors go
// to stderr and fail the run that they happen in; =sync also checks barriers.
#pragma once

#include "runtime/core/Status.h"
#include "runtime/device/vulkan/VulkanApi.h"

#include <mutex>
#include <vector>

namespace polytile::runtime {

/// The words for a result, "VK_ERROR_DEVICE_LOST".
std::string vulkanResultText(VkResult result);

/// One instance, shared by everything that is open. Any thread.
class VulkanInstance {
public:
  /// Hands out the open instance or makes one. UNSUPPORTED says what is
  /// missing.
  static Status open(std::shared_ptr<VulkanInstance> &instance);
  ~VulkanInstance();
  VulkanInstance(const VulkanInstance &) = delete;
  VulkanInstance &operator=(const VulkanInstance &) = delete;

  VkInstance handle() const { return instance; }
  const VulkanInstanceFunctions &functions() const { return vk; }
  bool isValidating() const { return messenger != VK_NULL_HANDLE; }
  /// INTERNAL with the first error that the validation layer reported since
  /// the last call.
  Status takeValidationError();

private:
  VulkanInstance() = default;
  Status load();
  Status create();
  Status chooseLayers(std::vector<const char *> &layers);
  Status loadFunctions();
  static VKAPI_ATTR VkBool32 VKAPI_CALL
  report(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
         VkDebugUtilsMessageTypeFlagsEXT types,
         const VkDebugUtilsMessengerCallbackDataEXT *data, void *user);

  VulkanGlobalFunctions global;
  VulkanInstanceFunctions vk;
  VkInstance instance = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
  std::mutex messagesMutex;
  uint64_t errors = 0;
  std::string firstError;
};

/// The physical devices in an order that doesn't change from run to run:
/// discrete GPUs first, software last, each kind by its place on the bus.
Status enumerateVulkanDevices(const VulkanInstance &instance,
                              std::vector<VkPhysicalDevice> &devices);

} // namespace polytile::runtime
