//===- ScalarOps.h - One element's arithmetic -------------------*- C++ -*-===//
//
// Lowers an elementwise operation of the tile dialect on one element to arith
// operations with exactly its meaning: nothing traps, nothing is undefined,
// each result is rounded to its element type. What machines do in different
// ways is left to a target's emitter.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_SCALAROPS_H
#define POLYTILE_COMPILER_TARGET_COMMON_SCALAROPS_H

#include "dialects/tile/IR/TileOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace polytile::codegen {

/// Emits the arithmetic of single elements at the insertion point of a builder.
/// Operands and results have register types (KernelTypes.h); the tile element
/// type beside them tells sign and precision.
class ScalarEmitter {
public:
  explicit ScalarEmitter(mlir::OpBuilder &builder) : builder(builder) {}
  virtual ~ScalarEmitter();

  /// The result of the elementwise `op` on `operands`, or null when `op` is
  /// none or the target can't compute it. `fast` goes on additions and
  /// multiplications of floats.
  mlir::Value
  emit(mlir::Operation *op, mlir::ValueRange operands,
       mlir::arith::FastMathFlags fast = mlir::arith::FastMathFlags::none);

  /// tile.cast between two tile element types.
  mlir::Value cast(mlir::Location loc, mlir::Value value, mlir::Type from,
                   mlir::Type to);

  /// Combines two values in the way of `aggregation`; `fast` as in emit().
  mlir::Value aggregate(mlir::Location loc, tile::Aggregation aggregation,
                        mlir::Value accumulator, mlir::Value value,
                        mlir::Type element, mlir::arith::FastMathFlags fast);

  /// The value that `aggregation` starts from.
  mlir::Value identity(mlir::Location loc, tile::Aggregation aggregation,
                       mlir::Type element);

  /// A constant of tile element type `element`, in register form.
  mlir::Value constant(mlir::Location loc, mlir::Attribute value,
                       mlir::Type element);
  mlir::Value zero(mlir::Location loc, mlir::Type element);

  /// Memory form to register form, and back.
  virtual mlir::Value fromMemory(mlir::Location loc, mlir::Value value,
                                 mlir::Type element) = 0;
  virtual mlir::Value toMemory(mlir::Location loc, mlir::Value value,
                               mlir::Type element) = 0;

  /// The integer type that holds every value of `index`.
  virtual mlir::IntegerType indexInteger() = 0;

protected:
  /// Rounds an f32 value to what the narrow float `element` can hold.
  virtual mlir::Value roundToNarrow(mlir::Location loc, mlir::Value value,
                                    mlir::Type element) = 0;
  /// Rounds an f64 value once to what the narrow float `element` can hold, as
  /// f32.
  virtual mlir::Value doubleToNarrow(mlir::Location loc, mlir::Value value,
                                     mlir::Type element) = 0;
  /// The same of an integer of tile type `from`.
  virtual mlir::Value integerToNarrow(mlir::Location loc, mlir::Value value,
                                      mlir::Type from, mlir::Type element) = 0;
  /// The whole part, or the closest value that integer type `element` holds; 0
  /// of a NaN.
  virtual mlir::Value floatToInteger(mlir::Location loc, mlir::Value value,
                                     mlir::Type element) = 0;
  /// Of f32 or f64; NaN where one operand is.
  virtual mlir::Value floatMaxMin(mlir::Location loc, bool isMax,
                                  mlir::Value lhs, mlir::Value rhs) = 0;
  /// A function of f32 or f64 by the name of its tile operation, "div", "sqrt"
  /// and "abs" included; null for what isn't known.
  virtual mlir::Value function(mlir::Location loc, llvm::StringRef name,
                               mlir::ValueRange operands) = 0;
  /// Repeated multiplication in the integer type of `base`.
  virtual mlir::Value integerPower(mlir::Location loc, mlir::Value base,
                                   mlir::Value exponent,
                                   mlir::Type element) = 0;

  /// floatMaxMin() by comparisons.
  mlir::Value compareMaxMin(mlir::Location loc, bool isMax, mlir::Value lhs,
                            mlir::Value rhs);
  /// Extends or truncates `value`, of tile type `from`, to `result`.
  mlir::Value resizeInteger(mlir::Location loc, mlir::Value value,
                            mlir::Type from, mlir::Type result);

  mlir::OpBuilder &builder;

private:
  mlir::Value emitInteger(mlir::Operation *op, mlir::ValueRange operands,
                          mlir::Type element);
  mlir::Value emitFloat(mlir::Operation *op, mlir::ValueRange operands,
                        mlir::Type element, mlir::arith::FastMathFlags fast);
  mlir::Value emitBits(mlir::Operation *op, mlir::ValueRange operands,
                       mlir::Type element);
  mlir::Value emitCompare(tile::CmpOp op, mlir::ValueRange operands,
                          mlir::Type element);
  mlir::Value emitMaxMin(mlir::Location loc, bool isMax, mlir::Value lhs,
                         mlir::Value rhs, mlir::Type element);
  mlir::Value emitDivMod(mlir::Location loc, bool isDiv, mlir::Value lhs,
                         mlir::Value rhs, mlir::Type element);
  mlir::Value emitShift(mlir::Location loc, bool left, mlir::Value lhs,
                        mlir::Value rhs, mlir::Type element);
  /// roundToNarrow() where `element` is narrow, else `value`.
  mlir::Value round(mlir::Location loc, mlir::Value value, mlir::Type element);
};

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_SCALAROPS_H
