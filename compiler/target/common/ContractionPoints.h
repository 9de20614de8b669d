//===- ContractionPoints.h - What a contraction does at a point -*- C++ -*-===//
//
// The values that a contraction adds up, and how: its body at a point of the
// domain, the accumulator with its flag for "something was written", what an
// element has that nothing was written to. Schedules decide which points are
// visited by whom.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_CONTRACTIONPOINTS_H
#define POLYTILE_COMPILER_TARGET_COMMON_CONTRACTIONPOINTS_H

#include "compiler/target/common/ElementEvaluator.h"
#include "compiler/target/common/LinearDomain.h"
#include "compiler/target/common/LoopScanner.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace polytile::codegen {

/// Points of a partial sum: the error of a long sum grows with the number of
/// its parts.
constexpr int64_t sumBlock = 1024;

/// Points of an output element that are written out instead of looped over.
constexpr int64_t maxUnrolledPoints = 32;

/// True when it has to be found out at run time which elements are written:
/// sums of nothing are 0 anyway.
bool tracksWritten(tile::ContractOp op);

/// Emits the points of one contraction. What is carried from point to point is
/// the accumulator, then, where tracksWritten(), the flag.
class ContractionPoints {
public:
  /// `fast` goes on the additions and multiplications of the aggregation.
  ContractionPoints(mlir::OpBuilder &builder, ScalarEmitter &scalars,
                    ElementEvaluator &evaluator, tile::ContractOp op,
                    LinearDomain domain, mlir::arith::FastMathFlags fast);

  /// A scanner of the variables in `order`, where the first output variables
  /// have the values `outputs`.
  LoopScanner makeScanner(mlir::ValueRange outputs,
                          llvm::ArrayRef<unsigned> order);

  /// The body's value at the point of `scanner`, and its condition or null.
  mlir::FailureOr<std::pair<mlir::Value, mlir::Value>>
  evaluate(LoopScanner &scanner);

  /// The same, from the elements of the inputs.
  mlir::FailureOr<std::pair<mlir::Value, mlir::Value>>
  evaluateBody(mlir::ValueRange elements);

  /// What is carried after one more point.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  accumulate(LoopScanner &scanner, mlir::ValueRange carried);

  /// What is carried before the first point of the element at `outputs`.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  start(llvm::ArrayRef<mlir::Value> outputs);

  /// Two carried parts of one element, brought together.
  llvm::SmallVector<mlir::Value>
  combine(mlir::ValueRange first, mlir::ValueRange second,
          mlir::arith::FastMathFlags flags = mlir::arith::FastMathFlags::none);

  /// What is carried after all points of the element at `outputs`, with loops
  /// over the variables of `order`; long sums of floats are sums of partial
  /// sums. `prepare` may leave a part of the points to others.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  scanElement(llvm::ArrayRef<mlir::Value> outputs,
              llvm::ArrayRef<unsigned> order,
              llvm::function_ref<void(LoopScanner &)> prepare = {});

  /// The element of the contraction's result, from what is carried at the end.
  mlir::FailureOr<mlir::Value> result(llvm::ArrayRef<mlir::Value> outputs,
                                      mlir::ValueRange carried);

  tile::ContractOp op;
  LinearDomain domain;
  /// Of each input, the row-major position.
  llvm::SmallVector<LinearExpr> positions;
  /// The type of the accumulator; a schedule may widen it.
  mlir::Type carriedType;

private:
  void findPositions();
  void findCombination();
  mlir::FailureOr<mlir::Value> loadInput(LoopScanner &scanner, unsigned input);
  mlir::FailureOr<mlir::Value> emptyValue(llvm::ArrayRef<mlir::Value> outputs,
                                          mlir::Type element);
  void addBlocks(LoopScanner &scanner, mlir::ValueRange start);
  mlir::Value truth(bool value) {
    return builder.create<mlir::arith::ConstantOp>(loc,
                                                   builder.getBoolAttr(value));
  }

  mlir::OpBuilder &builder;
  ScalarEmitter &scalars;
  ElementEvaluator &evaluator;
  mlir::Location loc;
  mlir::arith::FastMathFlags fast;
  /// The operations of the body that may be reassociated and contracted.
  llvm::SmallPtrSet<mlir::Operation *, 4> combination;
};

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_CONTRACTIONPOINTS_H
