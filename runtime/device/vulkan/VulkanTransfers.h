// Moves bytes between the host and a Vulkan device's memory.
//
// Memory that the host sees is copied directly. Other memory goes through two
// mapped pieces of staging memory in turns, so that the processor fills one
// while the device empties the other:
//
//   host    fill 0 | fill 1 | wait 0, fill 0 | ...
//   device         | copy 0 | copy 1         | copy 0 ...
#pragma once

#include "runtime/device/vulkan/VulkanHeap.h"

namespace polytile::runtime {

/// Thread-safe; each call returns when the transfer is done.
class VulkanTransfers {
public:
  VulkanTransfers(VulkanContext &context, VulkanHeap &heap)
      : context(context), heap(heap) {}
  ~VulkanTransfers();

  Status upload(VulkanMemory &to, uint64_t offset, const void *data,
                uint64_t bytes);
  Status download(const VulkanMemory &from, uint64_t offset, void *data,
                  uint64_t bytes);
  /// Sets [0, bytes) to zero; bytes is a multiple of 4.
  Status clear(VulkanMemory &memory, uint64_t bytes);

private:
  static constexpr uint64_t kPiece = uint64_t(4) << 20;
  /// A piece of staging memory, and the copy that is under way in it.
  struct Piece {
    VulkanAllocation memory;
    VkCommandPool pool = VK_NULL_HANDLE;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkFence fence = VK_NULL_HANDLE;
    bool isPending = false;
    unsigned char *target = nullptr; ///< of a download, where it goes
    uint64_t bytes = 0;
  };
  struct Lane {
    Piece pieces[2];
  };
  Status makePiece(Piece &piece, uint64_t bytes);
  Status takeLane(bool needsStaging, uint64_t bytes,
                  std::unique_ptr<Lane> &lane);
  Status giveBack(std::unique_ptr<Lane> lane, Status status);
  void destroy(Lane &lane);
  Status begin(Piece &piece);
  Status submit(Piece &piece, bool forHost);
  Status finish(Piece &piece);
  Status uploadPieces(Lane &lane, VulkanMemory &to, uint64_t offset,
                      const unsigned char *data, uint64_t bytes);
  Status downloadPieces(Lane &lane, const VulkanMemory &from, uint64_t offset,
                        unsigned char *data, uint64_t bytes);

  VulkanContext &context;
  VulkanHeap &heap;
  std::mutex mutex;
  std::vector<std::unique_ptr<Lane>> idle;
};

} // namespace polytile::runtime
