//===- RowKernel.h - How rows are shared out to threads ---------*- C++ -*-===//
//
// The decision, apart from the emission of the kernel.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_ROWKERNEL_H
#define POLYTILE_COMPILER_TARGET_GPU_ROWKERNEL_H

#include "compiler/schedule/DeviceDescription.h"
#include "dialects/tile/Analysis/RowSpace.h"

namespace polytile::gpu {

/// Elements of a row are loaded in chunks of `lanes`; thread t of a row has the
/// chunks t, t + threads, t + 2 threads, ...
struct RowPlan {
  int64_t rows = 0;
  int64_t lanes = 1;
  int64_t chunks = 0;    ///< of a row
  int64_t threads = 1;   ///< for a row, a power of two
  int64_t teams = 1;     ///< rows of a workgroup
  int64_t perThread = 1; ///< chunks of a thread that are in registers at once
  int64_t iterations = 1;
  int64_t subgroup = 0; ///< of the device, where its shuffles are used
};

/// A plan for rows of `space`. With `isHeld` the whole row must be in registers
/// at once. `maxLanes` is what the element types allow. None where the rows are
/// too long for that.
std::optional<RowPlan> planRows(const tile::RowSpace &space, int64_t maxLanes,
                                bool isHeld,
                                const schedule::DeviceDescription &device);

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_ROWKERNEL_H
