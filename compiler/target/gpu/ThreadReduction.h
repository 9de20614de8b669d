//===- ThreadReduction.h - One value from those of many threads -*- C++ -*-===//
//
// Reductions end with a value in each thread. Threads of a subgroup exchange
// theirs by shuffles where the device has them, others through workgroup
// memory; either way every thread gets the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_THREADREDUCTION_H
#define POLYTILE_COMPILER_TARGET_GPU_THREADREDUCTION_H

#include "compiler/target/gpu/Schedule.h"

namespace polytile::gpu {

/// The subgroup size that kernels may rely on, with shuffles; 0 for none.
int64_t shuffleSize(const schedule::DeviceDescription &device);

/// Teams of threads in a workgroup; the threads of each reduce together.
struct ThreadTeams {
  int64_t threads = 1; ///< of a team, a power of two
  int64_t teams = 1;   ///< of a workgroup
  /// The size of subgroup that the kernel relies on; 0: workgroup memory only.
  int64_t subgroup = 0;
  mlir::Value team, thread; ///< of this thread, as index values
};

/// Numbers the threads of the kernel's workgroup, of teams * threads threads.
/// With a `subgroup`, notes on the kernel that it needs it.
ThreadTeams makeTeams(KernelEmitter &emitter, int64_t threads, int64_t teams,
                      int64_t subgroup);

/// The bytes of workgroup memory that a reduction of values of `type` takes.
int64_t reductionBytes(int64_t threads, int64_t teams, mlir::Type type);

/// `combine`s the values of all threads of the team. All threads of the
/// workgroup must come here together.
mlir::Value
reduceTeam(KernelEmitter &emitter, const ThreadTeams &teams, mlir::Value value,
           llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

/// `combine`s neighbours, then the results, and so on: the fewest steps one
/// after the other.
mlir::Value
combineAll(llvm::SmallVector<mlir::Value> values,
           llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_THREADREDUCTION_H
