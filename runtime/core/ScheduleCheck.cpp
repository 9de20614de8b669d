// Proves that a schedule stays inside its buffers: bounds, alignment of affine
// offsets, access rules, overlaps.
//
// The offset of a binding is affine in the enclosing loops' iterations, so its
// extremes are reached at the ends of each loop independently. Example: offset
// 64, strides [1024, -64], loops of 3 and 2 iterations:
//
//   lowest   64 + min(0, 1024 * 2) + min(0, -64 * 1) = 0
//   highest  64 + max(0, 1024 * 2) + max(0, -64 * 1) = 2112
//
// and with size 64 the binding needs a buffer of 2176 bytes.
#include "runtime/core/PackageLoader.h"

#include <algorithm>

namespace polytile::runtime {
namespace {

/// Lowest and highest offset over all iterations.
struct Range {
  int64_t low = 0, high = 0;
};

/// False on overflow.
bool addProduct(int64_t &sum, int64_t stride, int64_t last) {
  int64_t product;
  return !__builtin_mul_overflow(stride, last, &product) &&
         !__builtin_add_overflow(sum, product, &sum);
}

int64_t strideAt(const Binding &binding, size_t loop) {
  return loop < binding.strides.size() ? binding.strides[loop] : 0;
}

class ScheduleChecker {
public:
  ScheduleChecker(const Variant &variant) : variant(variant) {}

  Status check(const std::vector<Step> &steps) {
    for (const Step &step : steps)
      PTL_TRY(
          std::visit([&](const auto &operation) { return check(operation); },
                     step.operation));
    return {};
  }

private:
  Status check(const Dispatch &dispatch) {
    if (dispatch.kernel >= variant.kernels.size())
      return fail(PTL_STATUS_CORRUPT, "a dispatch names kernel ",
                  dispatch.kernel, "; there are ", variant.kernels.size());
    for (const Binding &binding : dispatch.bindings)
      PTL_TRY(checkBinding(binding));
    for (size_t i = 0; i < dispatch.bindings.size(); ++i)
      for (size_t j = 0; j < dispatch.bindings.size(); ++j)
        if (i != j && dispatch.bindings[i].access != Access::Read)
          PTL_TRY(checkDisjoint(dispatch.bindings[i], dispatch.bindings[j],
                                dispatch.bindings[i].mayAlias));
    return {};
  }

  Status check(const Fill &fill) {
    PTL_TRY(checkBinding(fill.dst));
    if (fill.dst.access != Access::Write)
      return fail(PTL_STATUS_CORRUPT,
                  "a fill's destination is not declared as written");
    return {};
  }

  Status check(const Copy &copy) {
    PTL_TRY(checkBinding(copy.src));
    PTL_TRY(checkBinding(copy.dst));
    if (copy.src.access != Access::Read || copy.dst.access != Access::Write)
      return fail(PTL_STATUS_CORRUPT,
                  "a copy must read its source and write its destination");
    if (copy.src.size != copy.dst.size)
      return fail(PTL_STATUS_CORRUPT, "a copy of ", copy.src.size,
                  " bytes goes to ", copy.dst.size, " bytes");
    return checkDisjoint(copy.dst, copy.src, false);
  }

  Status check(const Loop &loop) {
    constexpr size_t deepest = 8;
    if (trips.size() == deepest)
      return fail(PTL_STATUS_CORRUPT, "loops are nested more than ", deepest,
                  " deep");
    trips.push_back(loop.tripCount);
    PTL_TRY(check(loop.body));
    trips.pop_back();
    return {};
  }

  /// A body that never runs has no extremes.
  bool unreachable() const {
    return std::find(trips.begin(), trips.end(), 0) != trips.end();
  }

  /// The range of first's offset minus second's (or first's alone), over all
  /// iterations. False on overflow.
  bool rangeOf(const Binding &first, const Binding *second, int64_t base,
               Range &range) const {
    range = {base, base};
    for (size_t loop = 0; loop < trips.size(); ++loop) {
      int64_t stride = strideAt(first, loop);
      if (second &&
          __builtin_sub_overflow(stride, strideAt(*second, loop), &stride))
        return false;
      if (!addProduct(stride < 0 ? range.low : range.high, stride,
                      trips[loop] - 1))
        return false;
    }
    return true;
  }

  Status checkBinding(const Binding &binding) const {
    if (binding.buffer >= variant.buffers.size())
      return fail(PTL_STATUS_CORRUPT, "a binding names buffer ", binding.buffer,
                  "; there are ", variant.buffers.size());
    const BufferSlot &buffer = variant.buffers[binding.buffer];
    if (binding.access != Access::Read && (buffer.kind == BufferKind::Input ||
                                           buffer.kind == BufferKind::Constant))
      return fail(PTL_STATUS_CORRUPT, "buffer ", binding.buffer,
                  " is written, but it is an input or a constant");
    if (binding.strides.size() > trips.size())
      return fail(PTL_STATUS_CORRUPT, "a binding has ", binding.strides.size(),
                  " loop strides inside ", trips.size(), " loops");
    if (unreachable())
      return {};
    Range range;
    int64_t end;
    if (!rangeOf(binding, nullptr, binding.offset, range) || range.low < 0 ||
        __builtin_add_overflow(range.high, binding.size, &end) ||
        static_cast<uint64_t>(end) > buffer.size)
      return fail(PTL_STATUS_CORRUPT, "a binding of ", binding.size,
                  " bytes at offset ", binding.offset, " leaves its buffer ",
                  binding.buffer, " of ", buffer.size, " bytes");
    return {};
  }

  /// Where two bindings can touch at all: the same storage, and the distance
  /// between their starts.
  bool sameStorage(const Binding &a, const Binding &b,
                   int64_t &distance) const {
    const BufferSlot &first = variant.buffers[a.buffer],
                     &second = variant.buffers[b.buffer];
    distance = a.offset - b.offset;
    if (a.buffer == b.buffer)
      return true;
    if (first.kind != second.kind)
      return false;
    if (first.kind == BufferKind::Temporary) {
      distance += static_cast<int64_t>(first.arenaOffset) -
                  static_cast<int64_t>(second.arenaOffset);
      return true;
    }
    return first.index == second.index;
  }

  /// `written` touches `other` in no iteration, or, where that is allowed, is
  /// the same range in every one.
  Status checkDisjoint(const Binding &written, const Binding &other,
                       bool mayCoincide) const {
    int64_t distance;
    if (!written.size || !other.size || unreachable() ||
        !sameStorage(written, other, distance))
      return {};
    Range range;
    if (!rangeOf(written, &other, distance, range))
      return fail(PTL_STATUS_CORRUPT, "the distance of two bindings overflows");
    // written begins `range` after other: apart when it ends before other
    // begins, or begins after other ends.
    if (range.high <= -written.size || range.low >= other.size)
      return {};
    if ((mayCoincide || other.mayAlias) && range.low == 0 && range.high == 0 &&
        written.size == other.size)
      return {};
    return fail(PTL_STATUS_CORRUPT,
                "two bindings of one step overlap in buffers ", written.buffer,
                " and ", other.buffer, ", and one of them is written");
  }

  const Variant &variant;
  std::vector<int64_t> trips;
};

} // namespace

Status checkSchedule(const Variant &variant, const std::string &where) {
  return ScheduleChecker(variant).check(variant.steps).within(where);
}

} // namespace polytile::runtime
