//===- DenseContraction.h - Sums of products at full speed ------*- C++ -*-===//
//
// The fast path for what linear algebra and convolutional networks consist of:
// a sum of products of two inputs. Outputs are cut into dense boxes, so that
// windows which leave an input ("same" padding) need no test inside; each box
// is a matrix product with strided axes:
//
//   C[m, n : M, N] = +(X[m, d] * Y[n, d])         one box: row m, column n,
//                                                 depth d
//   O[y, x, f : H, W, F] = +(I[y+r-1, x+s-1, c] * K[r, s, c, f])
//                                                 nine boxes: row x, outer y,
//                                                 column f, depth r, (s, c)
//
// The emission is scf loops over cache blocks around two kinds of tagged
// linalg.generic: `polytile.pack` (a copy into the workspace) and
// `polytile.micro_kernel` (a register tile), which LowerMicroKernels.h
// explains.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_DENSECONTRACTION_H
#define POLYTILE_COMPILER_TARGET_CPU_DENSECONTRACTION_H

#include "dialects/tile/IR/TileOps.h"
#include "mlir/IR/Builders.h"

#include <functional>

namespace polytile::cpu {

/// One loop of a box: how many steps, and how far a step moves in the row-major
/// elements of A (broadcast along columns), B (broadcast along rows) and C.
struct DenseAxis {
  int64_t size = 1, a = 0, b = 0, c = 0;
};

/// How a box is computed.
struct DenseSchedule {
  /// Rows of the larger register tile; tiles are balanced: 40 rows in tiles
  /// of at most 13 are 4 tiles of 10.
  int64_t tileRows = 1;
  /// Columns of a register tile (a panel), a multiple of the vector length.
  int64_t panel = 1;
  /// Register tiles that share a packed block of A.
  int64_t blockTiles = 1;
  /// Columns of an item; a multiple of `panel`.
  int64_t blockColumns = 1;
  /// Blocks of `blockTiles` tiles of rows in an item, counted over all row
  /// axes.
  int64_t blocksPerItem = 1;
  /// The axis of `depth` that is cut in blocks of `blockDepth` steps; axes
  /// before it are stepped singly, axes after it belong to every block.
  unsigned splitDepth = 0;
  int64_t blockDepth = 1;
  bool packA = false, packB = false;
};

/// A part of the output whose points are a box of the iteration space.
struct DenseBox {
  /// Positions of the first element.
  int64_t aBase = 0, bBase = 0, cBase = 0;
  /// Outputs that select the matrices: batches, and columns beside the vector.
  llvm::SmallVector<DenseAxis> outer;
  /// Outputs along which B stays; the last is the rows of register tiles.
  llvm::SmallVector<DenseAxis> rows;
  /// The output along which A stays and C is contiguous.
  DenseAxis columns;
  /// What is summed over, outermost first; at least one.
  llvm::SmallVector<DenseAxis> depth;
  DenseSchedule schedule;
  int64_t items = 0;

  int64_t tiles() const;
  int64_t rowCombinations() const;
  int64_t depthPoints() const;
  /// Depth of a full block.
  int64_t blockPoints() const;
  /// How many blocks the depth is computed in.
  int64_t depthBlocks() const;
  /// Elements between rows of packed A: 64 bytes more than the row or so, so
  /// that rows fall on different cache sets.
  int64_t packedRow() const { return (blockPoints() + 15) / 16 * 16 + 16; }
  /// Elements of packed A and B in the workspace; B comes first.
  int64_t packedA() const;
  int64_t packedB() const;
};

/// A schedule as data, and what the dispatch has to know.
struct DensePlan {
  /// f32 or f64.
  mlir::Type element;
  /// 128, 256 or 512.
  unsigned vectorBits = 256;
  /// Which of the two inputs is A and which is B.
  unsigned aInput = 0, bInput = 1;
  llvm::SmallVector<DenseBox, 0> boxes;

  int64_t items = 0;
  /// The fewest consecutive items that are worth a call.
  int64_t grain = 1;
  /// Elements of packed B, then of packed A, in the workspace.
  int64_t packedA = 0, packedB = 0;
  /// Scratch of a call.
  int64_t workspaceBytes = 0;
};

/// Plans `op`, a contraction with static shapes and inferred bounds, for
/// vectors of `vectorBits` bits. With `mergeColumns` the columns of a tile may
/// run over several dimensions of the output. Fails, without a message, for
/// whatever isn't a sum of products of two f32 or two f64 inputs over dense
/// boxes, or writes only a part of the output: those are left to guarded loops.
mlir::FailureOr<DensePlan> planDenseContraction(tile::ContractOp op,
                                                unsigned vectorBits,
                                                bool mergeColumns = true);

/// Emits what is to be done with `width` finished elements of the output (an
/// index value), from row-major `position` on.
using DenseFinish =
    std::function<llvm::LogicalResult(mlir::Value position, mlir::Value width)>;

/// Emits the computation of items [begin, end) at the builder. `inputs` are the
/// operands of the planned operation and `output` its result, as memrefs of
/// their static shapes or flat, with identity layout; `begin` and `end` are of
/// index type; `workspace` is a memref of i8 of at least plan.workspaceBytes
/// bytes, aligned to 64 and private to the call (not read when that is 0).
/// `finish` is called once for each loop over finished rows, inside it.
llvm::LogicalResult
emitDenseContraction(mlir::OpBuilder &builder, mlir::Location loc,
                     const DensePlan &plan, mlir::ValueRange inputs,
                     mlir::Value output, mlir::Value begin, mlir::Value end,
                     mlir::Value workspace, const DenseFinish &finish = {});

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_DENSECONTRACTION_H
