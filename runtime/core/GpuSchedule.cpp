// Walks a variant's schedule: numbers storages, unrolls loops, realigns ranges,
// finds the places for barriers.
#include "runtime/core/GpuSchedule.h"

#include <algorithm>
#include <unordered_map>

namespace polytile::runtime {
namespace {

/// What a vectorised access may touch beyond a binding's end is in the range.
constexpr uint64_t kRangeUnit = 16;

uint64_t roundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// False for steps without a dispatch or a byte to move: a loop of 2^48 of them
/// is no work.
bool doesAnything(const std::vector<Step> &steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step &step) {
    if (const auto *loop = std::get_if<Loop>(&step.operation))
      return loop->tripCount > 0 && doesAnything(loop->body);
    if (const auto *fill = std::get_if<Fill>(&step.operation))
      return fill->dst.size > 0;
    if (const auto *copy = std::get_if<Copy>(&step.operation))
      return copy->src.size > 0;
    return true;
  });
}

bool isWritten(Access access) { return access != Access::Read; }

} // namespace

GpuSchedule::GpuSchedule(const Variant &variant, uint64_t alignment)
    : variant(variant), alignment(alignment) {
  realignAt = roundUp(variant.arenaBytes, alignment);
  arenaSize = std::max<uint64_t>(realignAt + realignedBytes(variant.steps),
                                 Memory::kAlignment);
}

bool GpuSchedule::mayBeMisaligned(const Binding &binding) const {
  const BufferSlot &slot = variant.buffers[binding.buffer];
  uint64_t bits = static_cast<uint64_t>(binding.offset);
  if (slot.kind == BufferKind::Temporary)
    bits |= slot.arenaOffset;
  for (int64_t stride : binding.strides)
    bits |= static_cast<uint64_t>(stride);
  return binding.size && bits & (alignment - 1);
}

/// The most that one dispatch realigns.
uint64_t GpuSchedule::realignedBytes(const std::vector<Step> &steps) const {
  uint64_t most = 0;
  for (const Step &step : steps) {
    if (const auto *loop = std::get_if<Loop>(&step.operation)) {
      most = std::max(most, realignedBytes(loop->body));
    } else if (const auto *dispatch = std::get_if<Dispatch>(&step.operation)) {
      uint64_t sum = 0;
      for (const Binding &binding : dispatch->bindings)
        if (mayBeMisaligned(binding))
          sum += roundUp(static_cast<uint64_t>(binding.size),
                         std::max(alignment, kRangeUnit));
      most = std::max(most, sum);
    }
  }
  return most;
}

GpuArguments GpuSchedule::resolve(BufferSpan inputs, BufferSpan outputs) const {
  GpuArguments result;
  std::unordered_map<const Buffer *, uint32_t> known;
  auto number = [&](const std::shared_ptr<Buffer> &buffer, bool written) {
    auto [entry, isNew] = known.try_emplace(
        buffer.get(), static_cast<uint32_t>(result.buffers.size()));
    if (isNew) {
      result.buffers.push_back(buffer);
      result.isRead.push_back(false);
      result.isWritten.push_back(false);
    }
    (written ? result.isWritten : result.isRead)[entry->second] = true;
    return firstArgument() + entry->second;
  };
  for (const std::shared_ptr<Buffer> &buffer : inputs)
    result.inputs.push_back(number(buffer, false));
  for (const std::shared_ptr<Buffer> &buffer : outputs)
    result.outputs.push_back(number(buffer, true));
  return result;
}

/// One walk: where its loops are, and what was touched since the last barrier.
class GpuWalk {
public:
  GpuWalk(const GpuSchedule &schedule, const GpuArguments &arguments,
          const GpuSchedule::Visitor &visitor, bool findBarriers)
      : schedule(schedule), arguments(arguments), visitor(visitor),
        findBarriers(findBarriers) {}

  Status visit(const std::vector<Step> &steps) {
    for (const Step &step : steps)
      PTL_TRY(
          std::visit([&](const auto &operation) { return visit(operation); },
                     step.operation));
    return {};
  }

private:
  GpuRange rangeOf(const Binding &binding) const {
    const BufferSlot &slot = schedule.variant.buffers[binding.buffer];
    int64_t offset = binding.offset;
    for (size_t loop = 0; loop < binding.strides.size(); ++loop)
      offset += binding.strides[loop] * iterations[loop];
    GpuRange range{GpuSchedule::kArena, binding.access,
                   static_cast<uint64_t>(offset),
                   static_cast<uint64_t>(binding.size)};
    switch (slot.kind) {
    case BufferKind::Input:
      range.storage = arguments.inputs[slot.index];
      break;
    case BufferKind::Output:
      range.storage = arguments.outputs[slot.index];
      break;
    case BufferKind::Constant:
      range.storage = schedule.constantStorage(slot.index);
      break;
    case BufferKind::Temporary:
      range.offset += slot.arenaOffset;
      break;
    }
    return range;
  }

  /// Whether a range touches what must be finished before it, in which case all
  /// is forgotten that the barrier waits for.
  bool needsBarrier(std::span<const GpuRange> ranges) const {
    for (const GpuRange &range : ranges)
      for (const GpuRange &other : touched)
        if (range.storage == other.storage &&
            (isWritten(range.access) || isWritten(other.access)) &&
            range.offset < other.offset + other.size &&
            other.offset < range.offset + range.size)
          return true;
    return false;
  }

  /// A barrier of 2 microseconds costs less than comparing with ever more
  /// ranges.
  static constexpr size_t kMostTouched = 128;

  void markBarrier(GpuCommand &command) {
    command.barrier =
        touched.size() > kMostTouched || needsBarrier(command.ranges);
    if (command.barrier)
      touched.clear();
    for (const GpuRange &range : command.ranges)
      if (range.size)
        touched.push_back(range);
  }

  Status emit(GpuCommand command) {
    if (findBarriers)
      markBarrier(command);
    if (command.kind != GpuCommand::Kind::Dispatch)
      return visitor(command);
    rounded.assign(command.ranges.begin(), command.ranges.end());
    for (GpuRange &range : rounded)
      range.size = std::max(roundUp(range.size, kRangeUnit), kRangeUnit);
    command.ranges = rounded;
    return visitor(command);
  }

  Status copy(GpuRange from, GpuRange to) {
    if (from.size == 0 ||
        (from.storage == to.storage && from.offset == to.offset))
      return {};
    from.access = Access::Read;
    to.access = Access::Write;
    GpuRange ranges[] = {from, to};
    GpuCommand command;
    command.kind = GpuCommand::Kind::Copy;
    command.ranges = ranges;
    return emit(command);
  }

  Status visit(const Dispatch &dispatch) {
    ranges.clear();
    std::vector<std::pair<GpuRange, GpuRange>> back; // from, to
    uint64_t room = schedule.realignAt;
    for (const Binding &binding : dispatch.bindings) {
      GpuRange range = rangeOf(binding);
      if (range.size == 0) {
        range = {GpuSchedule::kArena, Access::Read, 0, 0};
      } else if (range.offset & (schedule.alignment - 1)) {
        GpuRange aligned{GpuSchedule::kArena, range.access, room, range.size};
        room += roundUp(range.size, std::max(schedule.alignment, kRangeUnit));
        // What is only written is brought along as well: a kernel need not
        // write all of its range.
        PTL_TRY(copy(range, aligned));
        if (isWritten(range.access))
          back.emplace_back(aligned, range);
        range = aligned;
      }
      ranges.push_back(range);
    }
    GpuCommand command;
    command.kernel = dispatch.kernel;
    command.grid = dispatch.grid;
    command.ranges = ranges;
    PTL_TRY(emit(command));
    for (const auto &[from, to] : back)
      PTL_TRY(copy(from, to));
    return {};
  }

  Status visit(const Fill &fill) {
    GpuRange range = rangeOf(fill.dst);
    if (range.size == 0)
      return {};
    GpuCommand command;
    command.kind = GpuCommand::Kind::Fill;
    command.ranges = {&range, 1};
    command.pattern = fill.pattern;
    return emit(command);
  }

  Status visit(const Copy &step) {
    return copy(rangeOf(step.src), rangeOf(step.dst));
  }

  Status visit(const Loop &loop) {
    if (!doesAnything(loop.body))
      return {};
    int64_t &iteration = iterations[depth++];
    for (iteration = 0; iteration < loop.tripCount; ++iteration)
      PTL_TRY(visit(loop.body));
    --depth;
    return {};
  }

  const GpuSchedule &schedule;
  const GpuArguments &arguments;
  const GpuSchedule::Visitor &visitor;
  const bool findBarriers;
  std::vector<GpuRange> ranges, rounded; ///< of the dispatch at hand
  int64_t iterations[8] = {};
  int depth = 0;
  std::vector<GpuRange> touched;
};

Status GpuSchedule::walk(const GpuArguments &arguments, const Visitor &visitor,
                         bool findBarriers) const {
  return GpuWalk(*this, arguments, visitor, findBarriers).visit(variant.steps);
}

} // namespace polytile::runtime
