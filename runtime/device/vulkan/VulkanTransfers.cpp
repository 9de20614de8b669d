// Transfers through staging memory, in pieces.
#include "runtime/device/vulkan/VulkanTransfers.h"

#include <algorithm>
#include <cstring>

namespace polytile::runtime {

VulkanTransfers::~VulkanTransfers() {
  for (std::unique_ptr<Lane> &lane : idle)
    destroy(*lane);
}

void VulkanTransfers::destroy(Lane &lane) {
  const VulkanDeviceFunctions &vk = context.functions();
  for (Piece &piece : lane.pieces) {
    if (piece.fence)
      vk.DestroyFence(context.handle(), piece.fence, nullptr);
    if (piece.pool)
      vk.DestroyCommandPool(context.handle(), piece.pool, nullptr);
    if (piece.memory.buffer)
      heap.release(piece.memory);
    piece = Piece();
  }
}

/// Staging memory is made when it is first needed.
Status VulkanTransfers::makePiece(Piece &piece, uint64_t bytes) {
  if (!piece.pool) {
    PTL_TRY(context.makeCommandPool(piece.pool));
    PTL_TRY(context.makeCommandBuffer(piece.pool, piece.commands));
    PTL_TRY(context.makeFence(piece.fence));
  }
  if (piece.memory.size >= bytes)
    return {};
  if (piece.memory.buffer)
    heap.release(piece.memory);
  piece.memory = VulkanAllocation();
  return heap.allocateStaging(bytes, piece.memory);
}

/// The second piece is only for what doesn't fit into one.
Status VulkanTransfers::takeLane(bool needsStaging, uint64_t bytes,
                                 std::unique_ptr<Lane> &lane) {
  {
    std::lock_guard lock(mutex);
    if (!idle.empty()) {
      lane = std::move(idle.back());
      idle.pop_back();
    }
  }
  if (!lane)
    lane = std::make_unique<Lane>();
  constexpr uint64_t smallPiece = uint64_t(64) << 10;
  uint64_t size = bytes <= smallPiece ? smallPiece : kPiece;
  Status status = makePiece(lane->pieces[0], needsStaging ? size : 0);
  if (status.ok() && needsStaging && bytes > kPiece)
    status = makePiece(lane->pieces[1], kPiece);
  if (!status.ok())
    destroy(*lane);
  return status;
}

/// After a failure the device may still use the lane's memory.
Status VulkanTransfers::giveBack(std::unique_ptr<Lane> lane, Status status) {
  if (!status.ok()) {
    for (Piece &piece : lane->pieces)
      if (piece.isPending)
        (void)context.await(piece.fence).ok();
    destroy(*lane);
    return status;
  }
  std::lock_guard lock(mutex);
  idle.push_back(std::move(lane));
  return status;
}

Status VulkanTransfers::begin(Piece &piece) {
  PTL_TRY(context.check(
      context.functions().ResetCommandPool(context.handle(), piece.pool, 0),
      "vkResetCommandPool"));
  PTL_TRY(context.begin(piece.commands,
                        VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT));
  context.barrier(piece.commands);
  return {};
}

Status VulkanTransfers::submit(Piece &piece, bool forHost) {
  if (forHost)
    context.showToHost(piece.commands);
  PTL_TRY(context.check(context.functions().EndCommandBuffer(piece.commands),
                        "vkEndCommandBuffer"));
  PTL_TRY(context.check(
      context.functions().ResetFences(context.handle(), 1, &piece.fence),
      "vkResetFences"));
  PTL_TRY(context.submit({&piece.commands, 1}, piece.fence));
  piece.isPending = true;
  return {};
}

/// Waits for the piece's copy, if there is one, and hands a download on.
Status VulkanTransfers::finish(Piece &piece) {
  if (!piece.isPending)
    return {};
  PTL_TRY(context.await(piece.fence));
  piece.isPending = false;
  if (piece.target)
    std::memcpy(piece.target, piece.memory.mapped, piece.bytes);
  piece.target = nullptr;
  return {};
}

Status VulkanTransfers::uploadPieces(Lane &lane, VulkanMemory &to,
                                     uint64_t offset, const unsigned char *data,
                                     uint64_t bytes) {
  int turn = 0;
  for (uint64_t done = 0; done < bytes; turn ^= 1) {
    Piece &piece = lane.pieces[turn];
    PTL_TRY(finish(piece));
    uint64_t length = std::min(bytes - done, piece.memory.size);
    std::memcpy(piece.memory.mapped, data + done, length);
    PTL_TRY(begin(piece));
    VkBufferCopy region{0, to.offset() + offset + done, length};
    context.functions().CmdCopyBuffer(piece.commands, piece.memory.buffer,
                                      to.buffer(), 1, &region);
    PTL_TRY(submit(piece, /*forHost=*/false));
    done += length;
  }
  for (Piece &piece : lane.pieces)
    PTL_TRY(finish(piece));
  return {};
}

Status VulkanTransfers::downloadPieces(Lane &lane, const VulkanMemory &from,
                                       uint64_t offset, unsigned char *data,
                                       uint64_t bytes) {
  int turn = 0;
  for (uint64_t done = 0; done < bytes; turn ^= 1) {
    Piece &piece = lane.pieces[turn];
    PTL_TRY(finish(piece));
    piece.bytes = std::min(bytes - done, piece.memory.size);
    piece.target = data + done;
    PTL_TRY(begin(piece));
    VkBufferCopy region{from.offset() + offset + done, 0, piece.bytes};
    context.functions().CmdCopyBuffer(piece.commands, from.buffer(),
                                      piece.memory.buffer, 1, &region);
    PTL_TRY(submit(piece, /*forHost=*/true));
    done += piece.bytes;
  }
  for (int i = 0; i < 2; ++i, turn ^= 1)
    PTL_TRY(finish(lane.pieces[turn]));
  return {};
}

Status VulkanTransfers::upload(VulkanMemory &to, uint64_t offset,
                               const void *data, uint64_t bytes) {
  if (!bytes)
    return {};
  if (to.mapped()) {
    std::memcpy(to.mapped() + offset, data, bytes);
    return {};
  }
  std::unique_ptr<Lane> lane;
  PTL_TRY(takeLane(/*needsStaging=*/true, bytes, lane));
  Status status = uploadPieces(*lane, to, offset,
                               static_cast<const unsigned char *>(data), bytes);
  return giveBack(std::move(lane), std::move(status));
}

Status VulkanTransfers::download(const VulkanMemory &from, uint64_t offset,
                                 void *data, uint64_t bytes) {
  if (!bytes)
    return {};
  if (from.mapped()) {
    std::memcpy(data, from.mapped() + offset, bytes);
    return {};
  }
  std::unique_ptr<Lane> lane;
  PTL_TRY(takeLane(/*needsStaging=*/true, bytes, lane));
  Status status = downloadPieces(*lane, from, offset,
                                 static_cast<unsigned char *>(data), bytes);
  return giveBack(std::move(lane), std::move(status));
}

Status VulkanTransfers::clear(VulkanMemory &memory, uint64_t bytes) {
  if (!bytes)
    return {};
  if (memory.mapped()) {
    std::memset(memory.mapped(), 0, bytes);
    return {};
  }
  std::unique_ptr<Lane> lane;
  PTL_TRY(takeLane(/*needsStaging=*/false, 0, lane));
  Piece &piece = lane->pieces[0];
  Status status = begin(piece);
  if (status.ok()) {
    context.functions().CmdFillBuffer(piece.commands, memory.buffer(),
                                      memory.offset(), bytes, 0);
    status = submit(piece, /*forHost=*/false);
  }
  if (status.ok())
    status = finish(piece);
  return giveBack(std::move(lane), std::move(status));
}

} // namespace polytile::runtime
