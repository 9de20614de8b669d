//===- KernelEmitter.h - One kernel's loops ---------------------*- C++ -*-===//
//
// What the emitters of elementwise and contraction loops share: the lowered
// function, its buffers, the workspace, and how output elements are grouped
// into work items.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_KERNELEMITTER_H
#define POLYTILE_COMPILER_TARGET_CPU_KERNELEMITTER_H

#include "compiler/target/common/ElementEvaluator.h"
#include "compiler/target/common/IndexMath.h"
#include "compiler/target/common/LinearDomain.h"
#include "compiler/target/cpu/CpuScalars.h"

#include <functional>

namespace polytile::cpu {

using namespace codegen;

/// How the elements of an output are split into work items: rows of the
/// innermost dimension, cut into chunks.
struct ItemGrid {
  llvm::SmallVector<int64_t> outer;
  int64_t inner = 1;
  int64_t chunk = 1;
  int64_t items = 0;
  int64_t grain = 1;
};

/// A grid over `shape`, whose elements cost `nanoseconds` each; chunks have
/// `minChunk` to `maxChunk` elements where the innermost dimension allows.
ItemGrid planItems(llvm::ArrayRef<int64_t> shape, double nanoseconds,
                   int64_t minChunk, int64_t maxChunk);

/// Where a computed tensor goes: the value whose elements are stored, and its
/// flat buffer.
struct Store {
  mlir::Value tensor;
  mlir::Value buffer;
};

/// Emits loops into the body of a lowered kernel.
class KernelEmitter {
public:
  KernelEmitter(mlir::OpBuilder &builder, mlir::ModuleOp module,
                ScalarFeatures features, mlir::Value workspace)
      : builder(builder), scalars(builder, module, features),
        evaluator(builder, scalars,
                  [this](tile::ConstantOp op) { return placeConstant(op); }),
        workspace(workspace), module(module) {}

  /// A 64-byte aligned flat buffer in the workspace.
  mlir::Value allocate(mlir::Location loc, int64_t count,
                       mlir::Type memoryElement);

  /// Emits loops over items [begin, end) of `grid`; `body` gets the outer
  /// indices and the range of the inner one.
  llvm::LogicalResult
  forItems(mlir::Location loc, const ItemGrid &grid, mlir::Value begin,
           mlir::Value end,
           llvm::function_ref<llvm::LogicalResult(
               mlir::ValueRange outer, mlir::Value lower, mlir::Value upper)>
               body);

  /// One scf.for from `lower` to `upper`, nothing carried.
  llvm::LogicalResult
  forRange(mlir::Location loc, mlir::Value lower, mlir::Value upper,
           llvm::function_ref<llvm::LogicalResult(mlir::Value)> body);

  mlir::OpBuilder &builder;
  CpuScalars scalars;
  ElementEvaluator evaluator;
  mlir::Value workspace;
  int64_t workspaceBytes = 0;

private:
  /// Constants with more than one value become data of the module.
  mlir::FailureOr<mlir::Value> placeConstant(tile::ConstantOp op);

  mlir::ModuleOp module;
};

/// A sweep over output elements: how it is split, and the code for a range of
/// its items.
struct Sweep {
  ItemGrid grid;
  std::function<llvm::LogicalResult(mlir::Value begin, mlir::Value end)> emit;
};

/// Stores elementwise values of one shape.
Sweep makeElementwiseSweep(KernelEmitter &emitter,
                           llvm::ArrayRef<Store> stores);

/// Computes `contract` and stores the values of its shape that follow from it,
/// itself included where asked for.
mlir::FailureOr<Sweep> makeContractSweep(KernelEmitter &emitter,
                                         tile::ContractOp contract,
                                         llvm::ArrayRef<Store> stores);

/// Estimated nanoseconds for one evaluation of the operations that `tensor`
/// depends on.
double elementCost(mlir::Value tensor);

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_KERNELEMITTER_H
