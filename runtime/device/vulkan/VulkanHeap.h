// Memory of a Vulkan device: few large allocations, of which blocks are cut.
//
// An allocation costs 150 microseconds and more, and a device may allow only
// 4096 of them, so blocks up to a certain size share allocations of 64 MiB;
// each allocation carries one buffer over all of it, and a block is a range of
// that buffer.
#pragma once

#include "runtime/core/GpuDevice.h"
#include "runtime/device/vulkan/VulkanContext.h"

#include <list>

namespace polytile::runtime {

/// One allocation with its buffer.
struct VulkanAllocation {
  uint64_t id = 0; ///< never used again in this process
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkBuffer buffer = VK_NULL_HANDLE;
  uint64_t size = 0;
  unsigned char *mapped = nullptr; ///< null where the host can't see it
};

enum class VulkanMemoryUse : uint8_t {
  Device, ///< for kernels; mapped where the device's memory is the host's
  Staging ///< mapped, for transfers
};

class VulkanHeap;

/// A block: [offset, offset + size()) of a buffer.
class VulkanMemory final : public DeviceMemory {
public:
  VulkanMemory(VulkanHeap &heap, const VulkanAllocation &allocation,
               uint64_t offset, uint64_t bytes)
      : DeviceMemory(bytes), heap(heap), allocation(allocation), begin(offset) {
  }
  ~VulkanMemory() override;

  VkBuffer buffer() const { return allocation.buffer; }
  uint64_t offset() const { return begin; }
  uint64_t allocationId() const { return allocation.id; }
  /// Null where the host can't see it.
  unsigned char *mapped() const {
    return allocation.mapped ? allocation.mapped + begin : nullptr;
  }

private:
  VulkanHeap &heap;
  const VulkanAllocation &allocation;
  uint64_t begin;
};

/// Thread-safe.
class VulkanHeap {
public:
  explicit VulkanHeap(VulkanContext &context);
  ~VulkanHeap();
  VulkanHeap(const VulkanHeap &) = delete;
  VulkanHeap &operator=(const VulkanHeap &) = delete;

  /// A block of device memory. OUT_OF_MEMORY gives what was asked for, what is
  /// in use, and the limit that it passes.
  Status allocate(uint64_t bytes, std::unique_ptr<DeviceMemory> &memory);
  /// An allocation of its own for transfers; give it back to release().
  Status allocateStaging(uint64_t bytes, VulkanAllocation &allocation);
  void release(VulkanAllocation &allocation);

private:
  friend class VulkanMemory;
  struct Shared {
    VulkanAllocation allocation;
    std::map<uint64_t, uint64_t> free; ///< size by offset
    bool isEmpty() const {
      return free.size() == 1 && free.begin()->second == allocation.size;
    }
  };
  Status checkLimits(uint64_t bytes) const;
  Status makeAllocation(uint64_t bytes, VulkanMemoryUse use,
                        VulkanAllocation &allocation);
  Status bindMemory(VulkanMemoryUse use, VulkanAllocation &allocation);
  bool chooseType(uint32_t allowed, VulkanMemoryUse use, uint32_t &type) const;
  void destroy(VulkanAllocation &allocation);
  bool cut(Shared &shared, uint64_t bytes, std::unique_ptr<DeviceMemory> &made);
  void giveBack(const VulkanAllocation &allocation, uint64_t offset,
                uint64_t bytes);

  VulkanContext &context;
  uint64_t alignment, sharedSize;
  mutable std::mutex mutex;
  std::list<Shared> shared;
  std::list<VulkanAllocation> own; ///< of large blocks
  uint64_t allocatedBytes = 0;
  uint32_t allocationCount = 0;
};

} // namespace polytile::runtime
