//===- GemmStaging.h - Blocks of a factor in workgroup memory ---*- C++ -*-===//
//
// Emits how the threads of a workgroup bring a block of one factor of a matrix
// product from global to workgroup memory: what a thread reads, where each
// element comes from, what is 0, and where it goes.
//
// In workgroup memory a block is stored with M or N innermost, whatever the
// order in global memory: element (own, k) lies at k * width + own. Blocks that
// are read along K are transposed on the way, and so that the threads of a
// subgroup, which then write a column, meet different banks, `own` is replaced
// by own ^ mask(k).
//
// Blocks of halves for cooperative matrices keep the order in which they are
// read, eight halves in a vector<4xi32>, with rows padded by 8 halves: without
// that the rows of a matrix would share their banks.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_GEMMSTAGING_H
#define POLYTILE_COMPILER_TARGET_GPU_GEMMSTAGING_H

#include "compiler/target/gpu/GemmPlan.h"
#include "compiler/target/gpu/Schedule.h"

namespace polytile::gpu {

/// Splits flat `index` over `indices`, outermost first; each part is below its
/// extent if the whole is.
llvm::SmallVector<mlir::Value> splitIndex(codegen::IndexMath math,
                                          mlir::Value index,
                                          llvm::ArrayRef<GemmIndex> indices);

/// `index` + `offset`, which doesn't wrap: a position inside of an array that
/// holds `index` as well. Printers may make it a constant offset of an address.
mlir::Value addWithin(KernelEmitter &emitter, mlir::Value index,
                      int64_t offset);

/// The extents of a block: along M or N, along K; and the threads that move it.
struct GemmBlock {
  int64_t width, depth, threads;
};

/// The extents of a whole factor: along M or N, and along K.
struct GemmExtents {
  int64_t own, k;
};

/// One factor's blocks, as one workgroup reads them.
class GemmStaging {
public:
  /// `first` is where the block starts along M or N, `batch` the flat batch
  /// index. An operand with 8 lanes is read as halves.
  GemmStaging(KernelEmitter &emitter, tile::ContractOp op,
              const GemmOperand &operand, GemmBlock block, GemmExtents extents,
              mlir::Value first, mlir::Value batch);

  /// Workgroup memory that one block takes: numbers, or vectors of 8 halves.
  int64_t blockElements() const;

  /// Of a block of halves: the vectors from one row to the next.
  int64_t halfRow() const;

  /// Reads what this thread has to of the block that starts at `firstK`, in the
  /// accumulation's register type: scalars or vectors of 4; or vectors of 8
  /// halves.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> load(mlir::Value firstK);

  /// Writes what load() gave to copy number `copy` of the block in `memory`.
  void store(mlir::ValueRange values, mlir::Value memory, mlir::Value copy);

  /// Where the 4 numbers from 4 * `own` on in row `k` of a copy lie, in vectors
  /// of 4.
  mlir::Value position(mlir::Value copy, mlir::Value own, int64_t k);

private:
  /// What is the same for all blocks: the part of the position, and of each
  /// bound, that M or N gives.
  struct Part {
    mlir::Value position;
    llvm::SmallVector<mlir::Value> bounds;
  };
  bool isAlongK() const { return operand.order == StagingOrder::AlongK; }
  bool isHalves() const { return operand.lanes == 8; }
  Part partOf(llvm::ArrayRef<mlir::Value> split,
              llvm::ArrayRef<GemmIndex> indices);
  Part add(const Part &a, const Part &b);
  Part reductionPart(mlir::Value firstK, mlir::Value k);
  mlir::Value isInside(const Part &part, mlir::Value k);
  mlir::FailureOr<mlir::Value> loadOne(const Part &part, mlir::Value inside);
  mlir::FailureOr<mlir::Value> convert(mlir::Value raw);
  mlir::FailureOr<mlir::Value> convertOne(mlir::Value element);
  void storeColumn(mlir::Value value, mlir::Value along, mlir::Value memory,
                   mlir::Value copy);
  /// Rows of K that share a mask, and by how much the masks differ.
  int64_t rowsPerMask() const;
  int64_t maskStep() const;

  KernelEmitter &emitter;
  tile::ContractOp op;
  const GemmOperand &operand;
  codegen::IndexMath math;
  GemmBlock block;
  int64_t totalK;
  mlir::Type element; ///< of the factor's tensor
  mlir::Value view;   ///< the binding, as vectors where they are read
  /// Threads side by side along the fast direction, and each thread's place.
  int64_t fastThreads, slowStep, slots;
  mlir::Value fast, slow;
  llvm::SmallVector<Part> ownParts; ///< one, or one a slot when along K
};

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_GEMMSTAGING_H
