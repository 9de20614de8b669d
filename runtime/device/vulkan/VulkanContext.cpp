// Opens a Vulkan device and its queue; submits and waits.
#include "runtime/device/vulkan/VulkanContext.h"

#include <chrono>

namespace polytile::runtime {

Status VulkanContext::open(std::shared_ptr<VulkanInstance> instance,
                           std::shared_ptr<const VulkanProbe> probe,
                           std::unique_ptr<VulkanContext> &context) {
  std::unique_ptr<VulkanContext> made(
      new VulkanContext(std::move(instance), std::move(probe)));
  PTL_TRY(made->create());
  PTL_TRY(made->loadFunctions());
  made->vk.GetDeviceQueue(made->device, made->physical->queueFamily, 0,
                          &made->queue);
  context = std::move(made);
  return {};
}

VulkanContext::~VulkanContext() {
  if (!device || !vk.DestroyDevice)
    return;
  if (hasSubmitted) // a driver that never worked may not know how to wait
    vk.DeviceWaitIdle(device);
  for (const auto &[bindings, layout] : layouts) {
    vk.DestroyPipelineLayout(device, layout.pipeline, nullptr);
    vk.DestroyDescriptorSetLayout(device, layout.set, nullptr);
  }
  vk.DestroyDevice(device, nullptr);
}

Status VulkanContext::create() {
  const float priority = 1;
  VkDeviceQueueCreateInfo queueInfo{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queueInfo.queueFamilyIndex = physical->queueFamily;
  queueInfo.queueCount = 1;
  queueInfo.pQueuePriorities = &priority;
  std::vector<const char *> extensions = physical->wantedExtensions();
  VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
  info.pNext = &physical->features.base;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queueInfo;
  info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  VkResult result = owner->functions().CreateDevice(physical->handle, &info,
                                                    nullptr, &device);
  if (result == VK_SUCCESS)
    return {};
  device = VK_NULL_HANDLE;
  return check(result, "vkCreateDevice");
}

Status VulkanContext::loadFunctions() {
  const char *missing = nullptr;
  auto find = owner->functions().GetDeviceProcAddr;
#define PTL_VULKAN_LOAD(name)                                                  \
  vk.name = reinterpret_cast<PFN_vk##name>(find(device, "vk" #name));          \
  if (!vk.name)                                                                \
    missing = "vk" #name;
  PTL_VULKAN_DEVICE_FUNCTIONS(PTL_VULKAN_LOAD)
#undef PTL_VULKAN_LOAD
  if (missing)
    return fail(PTL_STATUS_UNSUPPORTED, physical->name, " lacks ", missing);
  return {};
}

Status VulkanContext::check(VkResult result, const char *what) const {
  switch (result) {
  case VK_SUCCESS:
    return {};
  case VK_ERROR_OUT_OF_HOST_MEMORY:
  case VK_ERROR_OUT_OF_DEVICE_MEMORY:
  case VK_ERROR_OUT_OF_POOL_MEMORY:
  case VK_ERROR_FRAGMENTATION:
  case VK_ERROR_TOO_MANY_OBJECTS:
  case VK_ERROR_MEMORY_MAP_FAILED:
    return fail(PTL_STATUS_OUT_OF_MEMORY, what, " on ", physical->name,
                " gave ", vulkanResultText(result));
  case VK_ERROR_DEVICE_LOST:
    return fail(PTL_STATUS_DEVICE_LOST, what, " on ", physical->name, " gave ",
                vulkanResultText(result));
  default:
    return fail(PTL_STATUS_INTERNAL, what, " on ", physical->name, " gave ",
                vulkanResultText(result));
  }
}

Status VulkanContext::submit(std::span<const VkCommandBuffer> commands,
                             VkFence fence) {
  VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  info.commandBufferCount = static_cast<uint32_t>(commands.size());
  info.pCommandBuffers = commands.data();
  std::lock_guard lock(queueMutex);
  hasSubmitted = true;
  return check(vk.QueueSubmit(queue, 1, &info, fence), "vkQueueSubmit");
}

Status VulkanContext::await(VkFence fence) {
  using Clock = std::chrono::steady_clock;
  // Where the device is this processor, polling takes time from the work.
  bool isCpu = physical->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  Clock::time_point until =
      Clock::now() + std::chrono::microseconds(isCpu ? 10 : 100);
  VkResult result;
  do {
    result = vk.GetFenceStatus(device, fence);
    if (result != VK_NOT_READY)
      return check(result, "vkGetFenceStatus");
  } while (Clock::now() < until);
  do
    result = vk.WaitForFences(device, 1, &fence, VK_TRUE, UINT64_MAX);
  while (result == VK_TIMEOUT);
  return check(result, "vkWaitForFences");
}

Status VulkanContext::layout(uint32_t bindings, VulkanLayout &layout) {
  std::lock_guard lock(layoutsMutex);
  auto known = layouts.find(bindings);
  if (known != layouts.end()) {
    layout = known->second;
    return {};
  }
  std::vector<VkDescriptorSetLayoutBinding> list(bindings);
  for (uint32_t i = 0; i < bindings; ++i) {
    list[i].binding = i;
    list[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    list[i].descriptorCount = 1;
    list[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
  }
  VkDescriptorSetLayoutCreateInfo setInfo{
      VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  setInfo.bindingCount = bindings;
  setInfo.pBindings = list.data();
  VulkanLayout made;
  PTL_TRY(
      check(vk.CreateDescriptorSetLayout(device, &setInfo, nullptr, &made.set),
            "vkCreateDescriptorSetLayout"));
  VkPipelineLayoutCreateInfo info{
      VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  info.setLayoutCount = 1;
  info.pSetLayouts = &made.set;
  VkResult result =
      vk.CreatePipelineLayout(device, &info, nullptr, &made.pipeline);
  if (result != VK_SUCCESS) {
    vk.DestroyDescriptorSetLayout(device, made.set, nullptr);
    return check(result, "vkCreatePipelineLayout");
  }
  layouts.emplace(bindings, made);
  layout = made;
  return {};
}

Status VulkanContext::makeFence(VkFence &fence) {
  VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
  return check(vk.CreateFence(device, &info, nullptr, &fence), "vkCreateFence");
}

Status VulkanContext::makeCommandPool(VkCommandPool &pool) {
  VkCommandPoolCreateInfo info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  info.queueFamilyIndex = physical->queueFamily;
  return check(vk.CreateCommandPool(device, &info, nullptr, &pool),
               "vkCreateCommandPool");
}

Status VulkanContext::makeCommandBuffer(VkCommandPool pool,
                                        VkCommandBuffer &commands) {
  VkCommandBufferAllocateInfo info{
      VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  info.commandPool = pool;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  return check(vk.AllocateCommandBuffers(device, &info, &commands),
               "vkAllocateCommandBuffers");
}

Status VulkanContext::begin(VkCommandBuffer commands,
                            VkCommandBufferUsageFlags flags) {
  VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  info.flags = flags;
  return check(vk.BeginCommandBuffer(commands, &info), "vkBeginCommandBuffer");
}

namespace {

constexpr VkPipelineStageFlags kWork =
    VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
constexpr VkAccessFlags kWrites =
    VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
constexpr VkAccessFlags kReads =
    VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT;

} // namespace

void VulkanContext::barrier(VkCommandBuffer commands) const {
  VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
  memory.srcAccessMask = kWrites;
  memory.dstAccessMask = kReads | kWrites;
  vk.CmdPipelineBarrier(commands, kWork, kWork, 0, 1, &memory, 0, nullptr, 0,
                        nullptr);
}

void VulkanContext::dispatchBarrier(VkCommandBuffer commands) const {
  VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
  memory.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
  memory.dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
  vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &memory, 0,
                        nullptr, 0, nullptr);
}

void VulkanContext::showToHost(VkCommandBuffer commands) const {
  VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
  memory.srcAccessMask = kWrites;
  memory.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
  vk.CmdPipelineBarrier(commands, kWork, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                        &memory, 0, nullptr, 0, nullptr);
}

} // namespace polytile::runtime
