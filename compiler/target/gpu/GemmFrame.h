//===- GemmFrame.h - What all matrix-product kernels share ------*- C++ -*-===//
//
// Where a workgroup's block of the output lies, how rows and columns become
// subscripts, and how finished sums are stored.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_GEMMFRAME_H
#define POLYTILE_COMPILER_TARGET_GPU_GEMMFRAME_H

#include "compiler/target/gpu/GemmPlan.h"
#include "compiler/target/gpu/Schedule.h"

namespace polytile::gpu {

/// The frame of a kernel that computes blocks of plan.tile.m x plan.tile.n.
class GemmFrame {
public:
  GemmFrame(KernelEmitter &emitter, tile::ContractOp op, const GemmPlan &plan)
      : emitter(emitter), builder(emitter.builder), loc(emitter.loc),
        math(emitter.math()), op(op), plan(plan) {}

  /// How many workgroups the kernel has.
  static int64_t countGroups(const GemmPlan &plan);

  /// Finds the workgroup's place: sets batch, groupM and groupN.
  void placeGroup();

  /// The output's subscripts of row `m` and column `n` of this batch.
  llvm::SmallVector<mlir::Value> outputIndices(mlir::Value m, mlir::Value n);

  /// Emits `body` for an element inside of the output only.
  mlir::LogicalResult inBounds(mlir::Value m, mlir::Value n,
                               llvm::function_ref<mlir::LogicalResult()> body);

  /// Stores the results whose sums at row `m`, columns `n` to `n` + 3 are
  /// `sums`, scalars of the accumulation's type; columns beyond the output are
  /// dropped.
  mlir::LogicalResult storeFour(mlir::Value m, mlir::Value n,
                                llvm::ArrayRef<mlir::Value> sums);

  /// Whether one of the four numbers of a vector is NaN.
  mlir::Value hasNaN(mlir::Value four);

  /// Emits: where `suspect` is true, computes rows `rows(i)` and columns
  /// `columns(j)`, i < numRows, j < numColumns, again point by point.
  mlir::LogicalResult
  recompute(mlir::Value suspect, int64_t numRows, int64_t numColumns,
            llvm::function_ref<mlir::Value(mlir::Value)> rows,
            llvm::function_ref<mlir::Value(mlir::Value)> columns);

  KernelEmitter &emitter;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  codegen::IndexMath math;
  tile::ContractOp op;
  const GemmPlan &plan;
  /// The flat batch, and the first row and column of the workgroup's block.
  mlir::Value batch, groupM, groupN;

private:
  void scatterIndices(mlir::Value index, llvm::ArrayRef<unsigned> variables,
                      llvm::SmallVectorImpl<mlir::Value> &indices);
  mlir::FailureOr<mlir::Value> resultAt(const Store &store, mlir::Value m,
                                        mlir::Value n, mlir::Value sum);
  bool isWide(const Store &store);
  mlir::LogicalResult storeVectors(mlir::Value m, mlir::Value n,
                                   llvm::ArrayRef<mlir::Value> sums);
};

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_GEMMFRAME_H
