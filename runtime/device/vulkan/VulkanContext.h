// An open Vulkan device: its functions, its queue, and the objects that all
// kernels share.
//
// Vulkan's results become statuses here. Submissions are ordered by a mutex, as
// Vulkan asks; waiting polls the fence first, because a wait through the kernel
// costs more than a short run.
#pragma once

#include "runtime/device/vulkan/VulkanProbe.h"

#include <map>
#include <span>

namespace polytile::runtime {

/// A layout of storage buffers 0 to n - 1 in set 0.
struct VulkanLayout {
  VkDescriptorSetLayout set = VK_NULL_HANDLE;
  VkPipelineLayout pipeline = VK_NULL_HANDLE;
};

/// Thread-safe.
class VulkanContext {
public:
  static Status open(std::shared_ptr<VulkanInstance> instance,
                     std::shared_ptr<const VulkanProbe> probe,
                     std::unique_ptr<VulkanContext> &context);
  ~VulkanContext();
  VulkanContext(const VulkanContext &) = delete;
  VulkanContext &operator=(const VulkanContext &) = delete;

  VkDevice handle() const { return device; }
  const VulkanDeviceFunctions &functions() const { return vk; }
  const VulkanProbe &probe() const { return *physical; }
  VulkanInstance &instance() { return *owner; }

  /// A failure of the function `what` as a status: OUT_OF_MEMORY, DEVICE_LOST
  /// or INTERNAL.
  Status check(VkResult result, const char *what) const;
  /// Submits in order; the fence is set when all of them are done.
  Status submit(std::span<const VkCommandBuffer> commands, VkFence fence);
  /// Waits for a fence that was submitted.
  Status await(VkFence fence);
  /// Made on first use, kept until the end.
  Status layout(uint32_t bindings, VulkanLayout &layout);
  Status makeFence(VkFence &fence);
  /// A pool of command buffers for this device's queue.
  Status makeCommandPool(VkCommandPool &pool);
  Status makeCommandBuffer(VkCommandPool pool, VkCommandBuffer &commands);
  Status begin(VkCommandBuffer commands, VkCommandBufferUsageFlags flags);
  /// Orders and shows all memory accesses before to all after, on the device.
  void barrier(VkCommandBuffer commands) const;
  /// The same, from dispatches to dispatches alone.
  void dispatchBarrier(VkCommandBuffer commands) const;
  /// Shows what the device wrote to the host, once the fence is reached.
  void showToHost(VkCommandBuffer commands) const;

private:
  VulkanContext(std::shared_ptr<VulkanInstance> instance,
                std::shared_ptr<const VulkanProbe> probe)
      : owner(std::move(instance)), physical(std::move(probe)) {}
  Status create();
  Status loadFunctions();

  std::shared_ptr<VulkanInstance> owner;
  std::shared_ptr<const VulkanProbe> physical;
  VkDevice device = VK_NULL_HANDLE;
  VulkanDeviceFunctions vk;
  std::mutex queueMutex;
  VkQueue queue = VK_NULL_HANDLE;
  bool hasSubmitted = false;
  std::mutex layoutsMutex;
  std::map<uint32_t, VulkanLayout> layouts;
};

} // namespace polytile::runtime
