// Allocates Vulkan memory and cuts blocks of it, first fit.
#include "runtime/device/vulkan/VulkanHeap.h"

#include <algorithm>
#include <iterator>

namespace polytile::runtime {
namespace {

std::atomic<uint64_t> lastAllocationId{0};

uint64_t roundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

constexpr VkMemoryPropertyFlags kOnDevice = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags kMappable =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;

} // namespace

VulkanMemory::~VulkanMemory() { heap.giveBack(allocation, begin, size()); }

VulkanHeap::VulkanHeap(VulkanContext &context) : context(context) {
  const VkPhysicalDeviceLimits &limits = context.probe().properties.limits;
  constexpr uint64_t atLeast = 256;
  alignment = std::max({atLeast, limits.minStorageBufferOffsetAlignment,
                        limits.optimalBufferCopyOffsetAlignment});
  constexpr uint64_t usual = uint64_t(64) << 20;
  sharedSize = std::min(usual, context.probe().memoryBytes() / 16);
  sharedSize = std::min(sharedSize, context.probe().largestAllocation);
  sharedSize = sharedSize / alignment * alignment;
}

VulkanHeap::~VulkanHeap() {
  for (Shared &each : shared)
    destroy(each.allocation);
  for (VulkanAllocation &each : own)
    destroy(each);
}

Status VulkanHeap::checkLimits(uint64_t bytes) const {
  const VulkanProbe &probe = context.probe();
  uint64_t largest = std::min(probe.largestAllocation, probe.largestBuffer);
  if (bytes > largest)
    return fail(PTL_STATUS_OUT_OF_MEMORY, bytes,
                " bytes were asked for; a buffer on ", probe.name,
                " has at most ", largest);
  if (bytes > probe.memoryBytes() ||
      allocatedBytes > probe.memoryBytes() - bytes)
    return fail(PTL_STATUS_OUT_OF_MEMORY, bytes, " bytes were asked for, ",
                allocatedBytes, " are in use, and ", probe.name, " has ",
                probe.memoryBytes());
  uint32_t most = probe.properties.limits.maxMemoryAllocationCount;
  if (allocationCount >= most)
    return fail(PTL_STATUS_OUT_OF_MEMORY, probe.name, " has ", allocationCount,
                " allocations, and ", most, " are the most that it allows");
  return {};
}

bool VulkanHeap::chooseType(uint32_t allowed, VulkanMemoryUse use,
                            uint32_t &type) const {
  const VulkanProbe &probe = context.probe();
  std::vector<VkMemoryPropertyFlags> wishes;
  if (use == VulkanMemoryUse::Staging)
    wishes = {kMappable | kCached, kMappable};
  else if (probe.sharesMemory())
    wishes = {kOnDevice | kMappable | kCached, kOnDevice | kMappable,
              kOnDevice};
  else
    wishes = {kOnDevice, 0};
  for (VkMemoryPropertyFlags wish : wishes)
    for (uint32_t i = 0; i < probe.memory.memoryTypeCount; ++i) {
      const VkMemoryType &candidate = probe.memory.memoryTypes[i];
      bool isUsable = allowed & (uint32_t(1) << i);
      // The small window into a GPU's memory isn't for buffers.
      bool isLargest = use == VulkanMemoryUse::Staging || !(wish & kOnDevice) ||
                       probe.memory.memoryHeaps[candidate.heapIndex].size ==
                           probe.memoryBytes();
      if (!isUsable || !isLargest || (candidate.propertyFlags & wish) != wish)
        continue;
      type = i;
      return true;
    }
  return false;
}

Status VulkanHeap::bindMemory(VulkanMemoryUse use,
                              VulkanAllocation &allocation) {
  const VulkanDeviceFunctions &vk = context.functions();
  VkDevice device = context.handle();
  VkMemoryRequirements needs{};
  vk.GetBufferMemoryRequirements(device, allocation.buffer, &needs);
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  info.allocationSize = needs.size;
  if (!chooseType(needs.memoryTypeBits, use, info.memoryTypeIndex))
    return fail(PTL_STATUS_UNSUPPORTED, context.probe().name,
                " has no type of memory for ",
                use == VulkanMemoryUse::Staging ? "transfers" : "buffers");
  PTL_TRY(
      context
          .check(vk.AllocateMemory(device, &info, nullptr, &allocation.memory),
                 "vkAllocateMemory")
          .within(std::to_string(needs.size) + " bytes, with " +
                  std::to_string(allocatedBytes) + " in use"));
  PTL_TRY(context.check(
      vk.BindBufferMemory(device, allocation.buffer, allocation.memory, 0),
      "vkBindBufferMemory"));
  VkMemoryPropertyFlags flags =
      context.probe().memory.memoryTypes[info.memoryTypeIndex].propertyFlags;
  bool isMapped =
      use == VulkanMemoryUse::Staging || context.probe().sharesMemory();
  if (!isMapped || (flags & kMappable) != kMappable)
    return {};
  void *begin = nullptr;
  PTL_TRY(context.check(
      vk.MapMemory(device, allocation.memory, 0, VK_WHOLE_SIZE, 0, &begin),
      "vkMapMemory"));
  allocation.mapped = static_cast<unsigned char *>(begin);
  return {};
}

Status VulkanHeap::makeAllocation(uint64_t bytes, VulkanMemoryUse use,
                                  VulkanAllocation &allocation) {
  PTL_TRY(checkLimits(bytes));
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.size = bytes;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
               VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  info.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  VulkanAllocation made;
  made.id = ++lastAllocationId;
  made.size = bytes;
  Status status =
      context.check(context.functions().CreateBuffer(context.handle(), &info,
                                                     nullptr, &made.buffer),
                    "vkCreateBuffer");
  if (status.ok())
    status = bindMemory(use, made);
  allocatedBytes += bytes;
  ++allocationCount;
  if (!status.ok()) {
    destroy(made);
    return status;
  }
  allocation = made;
  return {};
}

void VulkanHeap::destroy(VulkanAllocation &allocation) {
  const VulkanDeviceFunctions &vk = context.functions();
  if (allocation.buffer)
    vk.DestroyBuffer(context.handle(), allocation.buffer, nullptr);
  if (allocation.memory)
    vk.FreeMemory(context.handle(), allocation.memory, nullptr);
  allocatedBytes -= allocation.size;
  --allocationCount;
}

Status VulkanHeap::allocateStaging(uint64_t bytes,
                                   VulkanAllocation &allocation) {
  std::lock_guard lock(mutex);
  return makeAllocation(bytes, VulkanMemoryUse::Staging, allocation);
}

void VulkanHeap::release(VulkanAllocation &allocation) {
  std::lock_guard lock(mutex);
  destroy(allocation);
}

/// First fit: blocks of one executable end up side by side.
bool VulkanHeap::cut(Shared &from, uint64_t bytes,
                     std::unique_ptr<DeviceMemory> &made) {
  for (auto gap = from.free.begin(); gap != from.free.end(); ++gap) {
    auto [offset, size] = *gap;
    if (size < bytes)
      continue;
    made =
        std::make_unique<VulkanMemory>(*this, from.allocation, offset, bytes);
    uint64_t taken = std::min(size, roundUp(bytes, alignment));
    from.free.erase(gap);
    if (taken < size)
      from.free.emplace(offset + taken, size - taken);
    return true;
  }
  return false;
}

Status VulkanHeap::allocate(uint64_t bytes,
                            std::unique_ptr<DeviceMemory> &memory) {
  std::lock_guard lock(mutex);
  if (bytes >= sharedSize / 4) {
    VulkanAllocation made;
    PTL_TRY(makeAllocation(bytes, VulkanMemoryUse::Device, made));
    own.push_back(made);
    memory = std::make_unique<VulkanMemory>(*this, own.back(), 0, bytes);
    return {};
  }
  for (Shared &each : shared)
    if (cut(each, bytes, memory))
      return {};
  Shared made;
  Status status =
      makeAllocation(sharedSize, VulkanMemoryUse::Device, made.allocation);
  // Where a whole one doesn't fit any more the block itself may.
  if (!status.ok())
    PTL_TRY(makeAllocation(roundUp(bytes, alignment), VulkanMemoryUse::Device,
                           made.allocation));
  made.free.emplace(0, made.allocation.size);
  shared.push_back(std::move(made));
  cut(shared.back(), bytes, memory);
  return {};
}

void VulkanHeap::giveBack(const VulkanAllocation &allocation, uint64_t offset,
                          uint64_t bytes) {
  std::lock_guard lock(mutex);
  auto isThis = [&](const auto &each) { return &each == &allocation; };
  auto large = std::find_if(own.begin(), own.end(), isThis);
  if (large != own.end()) {
    destroy(*large);
    own.erase(large);
    return;
  }
  auto home =
      std::find_if(shared.begin(), shared.end(),
                   [&](const Shared &each) { return isThis(each.allocation); });
  uint64_t size = std::min(roundUp(bytes, alignment), allocation.size - offset);
  auto next = home->free.lower_bound(offset);
  if (next != home->free.end() && offset + size == next->first) {
    size += next->second;
    next = home->free.erase(next);
  }
  if (next != home->free.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == offset) {
      before->second += size;
      size = 0;
    }
  }
  if (size)
    home->free.emplace(offset, size);
  // One that is empty stays for the next block.
  auto isEmpty = [](const Shared &each) { return each.isEmpty(); };
  if (home->isEmpty() &&
      std::count_if(shared.begin(), shared.end(), isEmpty) > 1) {
    destroy(home->allocation);
    shared.erase(home);
  }
}

} // namespace polytile::runtime
