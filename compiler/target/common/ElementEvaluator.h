//===- ElementEvaluator.h - One element of a tensor value -------*- C++ -*-===//
//
// Answers "what is element [i, j] of %v" with straight-line code: block
// arguments are loaded, elementwise operations recur into their operands with
// NumPy's broadcasting, structural ones with index arithmetic. Fusion of
// elementwise operations into whatever needs their elements is this recursion.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_ELEMENTEVALUATOR_H
#define POLYTILE_COMPILER_TARGET_COMMON_ELEMENTEVALUATOR_H

#include "compiler/target/common/ScalarOps.h"
#include "llvm/ADT/DenseMap.h"

#include <functional>

namespace polytile::codegen {

/// Evaluates elements of a kernel's tensor values at the insertion point of a
/// builder.
class ElementEvaluator {
public:
  /// Puts a constant of several values into memory that the kernel can read,
  /// and gives the flat memref of its elements.
  using ConstantPlacer =
      std::function<mlir::FailureOr<mlir::Value>(tile::ConstantOp)>;

  ElementEvaluator(mlir::OpBuilder &builder, ScalarEmitter &scalars,
                   ConstantPlacer placeConstant)
      : builder(builder), scalars(scalars),
        placeConstant(std::move(placeConstant)) {}

  /// Says that `tensor` lies in `buffer`, a flat memref of its stored elements.
  void bind(mlir::Value tensor, mlir::Value buffer) {
    buffers[tensor] = buffer;
  }
  bool isBound(mlir::Value tensor) const { return buffers.count(tensor); }
  mlir::Value bufferOf(mlir::Value tensor) const {
    return buffers.lookup(tensor);
  }

  /// Says that the next element asked of `tensor` is `element`, whatever its
  /// index.
  void setElement(mlir::Value tensor, mlir::Value element) {
    elements[tensor] = element;
  }

  /// Forgets what was evaluated: to be called whenever the insertion point
  /// leaves the scope of earlier results.
  void startScope() { cache.clear(); }

  /// The element of `tensor` at `indices`, in register form. Fails with a
  /// diagnostic on an operation it doesn't know.
  mlir::FailureOr<mlir::Value> evaluate(mlir::Value tensor,
                                        mlir::ValueRange indices);

  /// The element at row-major position `position`, for values whose inputs all
  /// have as many elements or just one.
  mlir::FailureOr<mlir::Value> evaluateFlat(mlir::Value tensor,
                                            mlir::Value position);

  /// True when evaluateFlat can be used for `tensor`.
  static bool isFlat(mlir::Value tensor, int64_t elements);

  /// Stores `element` at row-major position `position` of `buffer`.
  void store(mlir::Location loc, mlir::Value element, mlir::Value buffer,
             mlir::Value position, mlir::Type type);
  mlir::Value load(mlir::Location loc, mlir::Value buffer, mlir::Value position,
                   mlir::Type type);

private:
  mlir::FailureOr<mlir::Value> evaluateOp(mlir::Operation *op,
                                          mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evaluateConstant(tile::ConstantOp op,
                                                mlir::Value position);
  mlir::FailureOr<mlir::Value> evaluateGather(tile::GatherOp op,
                                              mlir::ValueRange indices);
  mlir::Value gatherPosition(tile::GatherOp op, mlir::Value index, int64_t size,
                             mlir::Value &inside);
  mlir::Value loadBound(mlir::Value tensor, mlir::Value position);

  mlir::OpBuilder &builder;
  ScalarEmitter &scalars;
  ConstantPlacer placeConstant;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  llvm::DenseMap<mlir::Value, mlir::Value> elements;
  /// For each tensor, the indices at which it was evaluated in this scope and
  /// the results.
  llvm::DenseMap<mlir::Value,
                 llvm::SmallVector<
                     std::pair<llvm::SmallVector<mlir::Value>, mlir::Value>, 1>>
      cache;
};

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_ELEMENTEVALUATOR_H
