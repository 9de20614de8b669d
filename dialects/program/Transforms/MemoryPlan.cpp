//===- MemoryPlan.cpp - Intervals of life to offsets in an arena ----------===//
//
// Finding the smallest arena is NP-hard (dynamic storage allocation). Two
// greedy orders are good in practice:
//
//   largest first   each block takes the lowest place that is free during its
//                   whole life. Best where sizes differ much.
//   in time         as an allocator would do it at run time: the tightest free
//                   gap at the block's first step. Best where sizes repeat.
//
// Worked example, sizes in units of the alignment, lives in steps:
//
//   a: 2 units [0, 1]   b: 1 unit [1, 2]   c: 2 units [2, 3]
//   a at 0, c at 0 (a has ended), b at 2; the arena has 3 units, as many as
//   live together in step 1.
//
//===----------------------------------------------------------------------===//

#include "dialects/program/Transforms/MemoryPlan.h"

#include <algorithm>
#include <map>
#include <numeric>

using namespace polytile::program;

namespace {

struct Block {
  int64_t begin, end;
};

/// The lowest offset at which `bytes` fit between `occupied`, which is sorted
/// by begin.
int64_t findGap(const std::vector<Block> &occupied, int64_t bytes,
                bool tightest) {
  int64_t best = -1, bestSize = 0, free = 0;
  for (const Block &block : occupied) {
    int64_t size = block.begin - free;
    if (size >= bytes && (best < 0 || size < bestSize)) {
      best = free;
      bestSize = size;
      if (!tightest)
        break;
    }
    free = std::max(free, block.end);
  }
  return best < 0 ? free : best;
}

/// The blocks that are placed already, by the step in which they begin to live;
/// buckets of steps keep the search local.
class Placed {
public:
  Placed(const std::vector<LiveRange> &ranges, int64_t steps) : ranges(ranges) {
    while (steps > (int64_t(1) << shift) * bucketCount)
      ++shift;
    buckets.resize(bucketCount + 1);
  }

  void add(size_t index) {
    for (int64_t b = ranges[index].first >> shift;
         b <= ranges[index].last >> shift; ++b)
      buckets[b].push_back(index);
  }

  /// The memory that is taken at any time of the life of `index`, sorted by
  /// begin.
  std::vector<Block> conflicts(size_t index,
                               const std::vector<int64_t> &offsets) {
    std::vector<Block> blocks;
    const LiveRange &range = ranges[index];
    for (int64_t b = range.first >> shift; b <= range.last >> shift; ++b)
      for (size_t other : buckets[b]) {
        const LiveRange &live = ranges[other];
        bool isFirstBucket = b == std::max(range.first, live.first) >> shift;
        if (isFirstBucket && live.first <= range.last &&
            range.first <= live.last)
          blocks.push_back({offsets[other], offsets[other] + live.bytes});
      }
    std::sort(blocks.begin(), blocks.end(),
              [](Block a, Block b) { return a.begin < b.begin; });
    return blocks;
  }

private:
  static constexpr int64_t bucketCount = 1024;
  const std::vector<LiveRange> &ranges;
  int shift = 0;
  std::vector<std::vector<size_t>> buckets;
};

MemoryPlan placeInOrder(const std::vector<LiveRange> &ranges,
                        const std::vector<size_t> &order, int64_t steps,
                        bool tightest) {
  MemoryPlan plan;
  plan.offsets.assign(ranges.size(), 0);
  Placed placed(ranges, steps);
  for (size_t index : order) {
    if (ranges[index].bytes == 0)
      continue;
    plan.offsets[index] = findGap(placed.conflicts(index, plan.offsets),
                                  ranges[index].bytes, tightest);
    plan.arenaBytes =
        std::max(plan.arenaBytes, plan.offsets[index] + ranges[index].bytes);
    placed.add(index);
  }
  return plan;
}

int64_t largestLiveSet(const std::vector<LiveRange> &ranges) {
  std::map<int64_t, int64_t> change;
  for (const LiveRange &range : ranges) {
    change[range.first] += range.bytes;
    change[range.last + 1] -= range.bytes;
  }
  int64_t live = 0, largest = 0;
  for (auto [step, bytes] : change)
    largest = std::max(largest, live += bytes);
  return largest;
}

} // namespace

MemoryPlan polytile::program::planMemory(const std::vector<LiveRange> &ranges,
                                         int64_t alignment) {
  std::vector<LiveRange> rounded = ranges;
  int64_t steps = 1;
  for (LiveRange &range : rounded) {
    range.bytes = (range.bytes + alignment - 1) / alignment * alignment;
    steps = std::max(steps, range.last + 1);
  }
  std::vector<size_t> inTime(ranges.size());
  std::iota(inTime.begin(), inTime.end(), size_t(0));
  std::stable_sort(inTime.begin(), inTime.end(), [&](size_t a, size_t b) {
    return rounded[a].first < rounded[b].first;
  });
  std::vector<size_t> largestFirst = inTime;
  std::stable_sort(
      largestFirst.begin(), largestFirst.end(),
      [&](size_t a, size_t b) { return rounded[a].bytes > rounded[b].bytes; });

  MemoryPlan plan =
      placeInOrder(rounded, largestFirst, steps, /*tightest=*/false);
  plan.liveBytes = largestLiveSet(rounded);
  if (plan.arenaBytes > plan.liveBytes) {
    MemoryPlan other = placeInOrder(rounded, inTime, steps, /*tightest=*/true);
    if (other.arenaBytes < plan.arenaBytes) {
      other.liveBytes = plan.liveBytes;
      return other;
    }
  }
  return plan;
}
