//===- ScalarOps.h - One element's arithmetic -------------------*- C++ -*-===//
//
// Lowers an elementwise operation of the tile dialect on one element to arith
// and LLVM operations with exactly its meaning: nothing traps, nothing is
// undefined, each result is rounded to its element type.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_SCALAROPS_H
#define POLYTILE_COMPILER_TARGET_CPU_SCALAROPS_H

#include "dialects/tile/IR/TileOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace polytile::cpu {

/// What the machine converts by itself; the rest is done by the support
/// functions.
struct ScalarFeatures {
  bool f16Conversions = true; // F16C
  bool rounding = true;       // SSE4.1 roundps
};

/// Emits the arithmetic of single elements at the insertion point of a builder.
/// Operands and results have register types (KernelTypes.h); the tile element
/// type beside them tells sign and precision.
class ScalarEmitter {
public:
  ScalarEmitter(mlir::OpBuilder &builder, mlir::ModuleOp module,
                ScalarFeatures features)
      : builder(builder), module(module), features(features) {}

  /// The result of the elementwise `op` on `operands`, or null when `op` is
  /// none. `fast` goes on additions and multiplications of floats.
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
  mlir::Value fromMemory(mlir::Location loc, mlir::Value value,
                         mlir::Type element);
  mlir::Value toMemory(mlir::Location loc, mlir::Value value,
                       mlir::Type element);

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
  /// Rounds an f32 value to the narrow float `element`; other types pass
  /// through.
  mlir::Value round(mlir::Location loc, mlir::Value value, mlir::Type element);
  mlir::Value narrowBits(mlir::Location loc, mlir::Value value,
                         mlir::Type element);
  /// Calls support function `name`, declared on first use.
  mlir::Value call(mlir::Location loc, llvm::StringRef name, mlir::Type result,
                   mlir::ValueRange operands);
  mlir::Value intrinsic(mlir::Location loc, const llvm::Twine &name,
                        mlir::Type result, mlir::ValueRange operands);

  mlir::OpBuilder &builder;
  mlir::ModuleOp module;
  ScalarFeatures features;
};

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_SCALAROPS_H
