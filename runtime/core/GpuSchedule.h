// Turns the schedule of a variant into the plain list of commands that a GPU
// driver records: loops are gone, bindings are ranges of storages, and a
// barrier stands only where data flows.
//
// Storages are numbered: 0 is the arena, then come the variant's constants,
// then the distinct buffers among a run's arguments:
//
//   0  arena   1  constant 0   2  constant 1   3  input 0   4  input 1 = output
//   0
//
// Devices want a binding's offset to be a multiple of some number of bytes. A
// range that begins elsewhere (a row of 40 bytes in a loop) is copied to the
// end of the arena, used there, and copied back when it was written.
#pragma once

#include "runtime/core/Device.h"

#include <functional>

namespace polytile::runtime {

/// [offset, offset + size) of a storage.
struct GpuRange {
  uint32_t storage = 0;
  Access access = Access::Read;
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct GpuCommand {
  enum class Kind : uint8_t { Dispatch, Fill, Copy };
  Kind kind = Kind::Dispatch;
  /// It must wait for every command since the last barrier: it reads what one
  /// of them writes, or the like.
  bool barrier = false;
  uint32_t kernel = 0;                   ///< dispatch
  std::array<uint32_t, 3> grid{1, 1, 1}; ///< dispatch: workgroups
  /// dispatch: of its bindings, in order; sizes are rounded up to 16 and at
  /// least that. fill: what to fill. copy: source, destination (exact sizes,
  /// never 0).
  std::span<const GpuRange> ranges;
  std::span<const unsigned char> pattern; ///< fill: 1, 2, 4 or 8 bytes
};

/// Which storage each argument of a run is.
struct GpuArguments {
  std::vector<uint32_t> inputs, outputs;
  /// One of each: storage first + i is buffers[i].
  std::vector<std::shared_ptr<Buffer>> buffers;
  std::vector<bool> isRead, isWritten; ///< of each of buffers
};

/// Thread-safe; the variant must outlive it.
class GpuSchedule {
public:
  /// Bindings are to begin at multiples of `alignment`, a power of two.
  GpuSchedule(const Variant &variant, uint64_t alignment);

  static constexpr uint32_t kArena = 0;
  uint32_t constantStorage(size_t constant) const {
    return static_cast<uint32_t>(1 + constant);
  }
  uint32_t firstArgument() const {
    return static_cast<uint32_t>(1 + variant.constants.size());
  }
  /// What the arena takes, with the room for ranges that are realigned; at
  /// least 64.
  uint64_t arenaBytes() const { return arenaSize; }
  /// Numbers a run's arguments.
  GpuArguments resolve(BufferSpan inputs, BufferSpan outputs) const;

  using Visitor = std::function<Status(const GpuCommand &)>;
  /// Calls visitor with each command, in order; stops at a failure. Ranges and
  /// patterns live only during the call.
  /// A driver whose queue keeps commands in order needs no barriers, and asks
  /// for none to be looked for.
  Status walk(const GpuArguments &arguments, const Visitor &visitor,
              bool findBarriers = true) const;

private:
  friend class GpuWalk;
  uint64_t realignedBytes(const std::vector<Step> &steps) const;
  bool mayBeMisaligned(const Binding &binding) const;

  const Variant &variant;
  uint64_t alignment;
  uint64_t realignAt = 0; ///< where the room for realigned ranges begins
  uint64_t arenaSize = 0;
};

} // namespace polytile::runtime
