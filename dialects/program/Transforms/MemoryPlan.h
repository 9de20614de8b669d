//===- MemoryPlan.h - Intervals of life to offsets in an arena --*- C++ -*-===//
//
// The algorithm of program-plan-memory, apart from any IR, so that unit tests
// can try it on many random programs.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_MEMORYPLAN_H
#define POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_MEMORYPLAN_H

#include <cstdint>
#include <vector>

namespace polytile::program {

/// A block of memory that is needed in the steps from `first` to `last`, both
/// included.
struct LiveRange {
  int64_t bytes = 0;
  int64_t first = 0;
  int64_t last = 0;
};

struct MemoryPlan {
  std::vector<int64_t>
      offsets; ///< one for each range, multiples of the alignment
  int64_t arenaBytes =
      0; ///< where the last block ends, rounded up to the alignment
  int64_t liveBytes = 0; ///< of the largest set that lives at one step: a lower
                         ///< bound for any plan
};

/// Places the ranges so that no two that share a step share a byte. Sizes are
/// rounded up to `alignment`; a block of 0 bytes takes no memory. Takes O(n log
/// n + n * b) time, where b is the number of blocks that live together with
/// one.
MemoryPlan planMemory(const std::vector<LiveRange> &ranges, int64_t alignment);

} // namespace polytile::program

#endif // POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_MEMORYPLAN_H
