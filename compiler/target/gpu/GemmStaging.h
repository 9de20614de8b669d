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

/// One factor's blocks, as one workgroup reads them.
class GemmStaging {
public:
  /// `width` is the block's extent along M or N, `depth` that along K; `total`
  /// and `totalK` are those of the whole factor; `first` is where the block
  /// starts along M or N, `batch` the flat batch index.
  GemmStaging(KernelEmitter &emitter, tile::ContractOp op,
              const GemmOperand &operand, int64_t width, int64_t depth,
              int64_t threads, int64_t total, int64_t totalK, mlir::Value first,
              mlir::Value batch);

  /// Workgroup memory that one block takes, in elements.
  int64_t blockElements() const { return width * depth; }

  /// Reads what this thread has to of the block that starts at `firstK`, in the
  /// accumulation's register type: scalars or vectors of 4.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> load(mlir::Value firstK);

  /// Writes what load() gave to `memory`, from element `base` on.
  void store(mlir::ValueRange values, mlir::Value memory, mlir::Value base);

  /// The position in a block of the 4 elements from `own` (a multiple of 4) on
  /// in row `k`.
  mlir::Value position(mlir::Value own, int64_t k);

private:
  /// What is the same for all blocks: the part of the position, and of each
  /// bound, that M or N gives.
  struct Part {
    mlir::Value position;
    llvm::SmallVector<mlir::Value> bounds;
  };
  bool isAlongK() const { return operand.order == StagingOrder::AlongK; }
  Part partOf(llvm::ArrayRef<mlir::Value> split,
              llvm::ArrayRef<GemmIndex> indices);
  Part add(const Part &a, const Part &b);
  Part reductionPart(mlir::Value firstK, mlir::Value k);
  mlir::Value isInside(const Part &part, mlir::Value k);
  mlir::FailureOr<mlir::Value> loadOne(const Part &part, mlir::Value inside);
  mlir::FailureOr<mlir::Value> convert(mlir::Value element);
  /// Rows of K that share a mask, and by how much the masks differ.
  int64_t rowsPerMask() const;
  int64_t maskStep() const;

  KernelEmitter &emitter;
  tile::ContractOp op;
  const GemmOperand &operand;
  codegen::IndexMath math;
  int64_t width, depth, totalK;
  mlir::Type element; ///< of the factor's tensor
  mlir::Value view;   ///< the binding, as vectors where they are read
  /// Threads side by side along the fast direction, and each thread's place.
  int64_t fastThreads, slowStep, slots;
  mlir::Value fast, slow;
  llvm::SmallVector<Part> ownParts; ///< one, or one a slot when along K
};

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_GEMMSTAGING_H
