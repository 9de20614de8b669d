//===- Partition.h - Which operations make up which kernel ------*- C++ -*-===//
//
// The decision alone, apart from the building of kernels and buffers.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_PARTITION_H
#define POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_PARTITION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

#include <vector>

namespace polytile::program {

/// Operations that are computed together, in program order.
struct Kernel {
  enum class Kind {
    Elementwise, ///< elementwise operations of one shape
    Contraction, ///< one contraction, then elementwise operations of its shape
    Structural,  ///< one gather, scatter or the like
  };
  Kind kind;
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<mlir::Operation *> members;
};

/// Kernels in an order in which they can run: each reads only what kernels
/// before it write.
struct Partition {
  std::vector<Kernel> kernels;
  /// The kernel that computes an operation. Constants and reshapes have none,
  /// and neither has a tile.index that every reader repeats.
  llvm::DenseMap<mlir::Operation *, unsigned> kernelOf;
};

/// True for operations that a kernel repeats rather than reads: constants with
/// one value, and tile.index.
bool isRepeated(mlir::Operation *op);

/// True where `reader` repeats the operation that gives `operand` instead of
/// reading a buffer: elementwise operations and contractions do.
bool repeats(mlir::Operation *reader, mlir::Value operand);

/// The value whose memory `value` shows: looks through reshapes.
mlir::Value getStorage(mlir::Value value);

/// Partitions the body of `function`, static tile IR. Emits an error at an
/// operation that no kernel can hold.
mlir::FailureOr<Partition> partition(mlir::func::FuncOp function,
                                     unsigned maxKernelOperations);

/// Joins kernels that work on the rows of one space, of at most `maxColumns`
/// elements, into kernels of at most `maxOperations` operations
/// (RowChains.cpp).
void joinRowChains(Partition &partition, int64_t maxColumns,
                   unsigned maxOperations);

/// Cuts kernels that read and write more than `maxTensors` tensors together,
/// where their operations allow it (KernelSplits.cpp).
void splitKernels(Partition &partition, unsigned maxTensors);

} // namespace polytile::program

#endif // POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_PARTITION_H
