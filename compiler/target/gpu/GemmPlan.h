//===- GemmPlan.h - A contraction as a matrix product -----------*- C++ -*-===//
//
// Products of two tensors that are summed, matrix products and convolutions
// alike, are one matrix product of matrices that are never built:
//
//   M, N      the output's variables that only the first, only the second
//             operand depends on; batch: those that both or none depend on
//   K         the reduction's variables
//   A[m, k], B[k, n]   an operand's element at a linear position, or 0 where
//             one of its bounds doesn't hold
//
// Example, a 3x3 convolution with padding, 8x8 pixels, 4 channels to 16:
//   O[y, x, co] = +(I[y + r - 1, x + s - 1, ci] * F[r, s, ci, co])
//   M = (y, x), N = (co), K = (r, s, ci)
//   A position 32 y + 4 x + 32 r + 4 s + ci - 36, bounds 0 <= y + r - 1 <= 7
//   and 0 <= x + s - 1 <= 7; B position 192 r + 64 s + 16 ci + co = 16 k + co
//
// The first steps of implicit GEMM as in Chetlur et al., "cuDNN: Efficient
// Primitives for Deep Learning", 2014.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_GEMMPLAN_H
#define POLYTILE_COMPILER_TARGET_GPU_GEMMPLAN_H

#include "compiler/schedule/DeviceDescription.h"
#include "compiler/target/common/LinearDomain.h"

namespace polytile::gpu {

/// Consecutive variables that are flattened into one index, and what one step
/// of that index adds to the position and to each bound of an operand.
struct GemmIndex {
  int64_t extent = 1;
  int64_t stride = 0;
  llvm::SmallVector<int64_t> boundSteps;
};

/// 0 <= constant + ... <= upper, where the indices' boundSteps give the rest.
struct GemmBound {
  int64_t constant = 0;
  int64_t upper = 0;
};

/// How an operand's elements go from global to workgroup memory.
enum class StagingOrder {
  AlongK,  ///< neighbouring threads read neighbours along K
  AlongOwn ///< along M or N
};

/// One of the two factors.
struct GemmOperand {
  unsigned input = 0; ///< of the contraction
  /// Outermost first; each list is the operand's own grouping of the variables,
  /// as coarse as its strides and bounds allow.
  llvm::SmallVector<GemmIndex> batch, own, reduction;
  int64_t offset = 0;
  llvm::SmallVector<GemmBound> bounds;
  StagingOrder order = StagingOrder::AlongK;
  /// Elements that are read at once: 1 or 4, or 8 halves for cooperative
  /// matrices.
  int64_t lanes = 1;
  /// The casts in the contraction's body that the element goes through.
  llvm::SmallVector<mlir::Operation *, 2> casts;
};

/// The blocks of a schedule. A workgroup computes `m` x `n` elements and goes
/// along K in steps of `k`; each 32 of its threads compute `warpM` x `warpN` of
/// them, a thread `threadM` x `threadN`. With cooperative matrices it is each
/// subgroup that computes `warpM` x `warpN`, and threads have no share.
struct GemmTile {
  int64_t m = 0, n = 0, k = 0;
  int64_t warpM = 0, warpN = 0, threadM = 0, threadN = 0;
  int64_t threads() const { return m / warpM * (n / warpN) * 32; }
  int64_t threadsAlongM() const { return warpM / threadM; }
  int64_t threadsAlongN() const { return warpN / threadN; }
};

struct GemmPlan {
  codegen::LinearDomain domain;
  /// Variables of the output; together they are all of them.
  llvm::SmallVector<unsigned> batchVariables, mVariables, nVariables;
  int64_t batch = 1, m = 1, n = 1, k = 1;
  GemmOperand a, b;
  /// A bound that depends on M or N as well as on K replaces a factor by 0,
  /// which is wrong where the other one is infinite or NaN: then the sum is NaN
  /// and has to be computed again, point by point.
  bool checksNaN = false;
  GemmTile tile;
};

/// Recognises `op` as a matrix product that is worth blocks; fails without a
/// message where it is none.
mlir::FailureOr<GemmPlan> planGemm(tile::ContractOp op,
                                   const schedule::DeviceDescription &device);

/// The same for halves that are multiplied by cooperative matrices of 16 x 16 x
/// 16: both factors are f16 in memory, the sums f32, and eight neighbours of
/// each factor can be read at once, of A along K, of B along N.
mlir::FailureOr<GemmPlan>
planCooperativeGemm(tile::ContractOp op,
                    const schedule::DeviceDescription &device);

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_GEMMPLAN_H
