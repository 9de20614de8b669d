//===- IndexMath.h - Index arithmetic that folds as it is built -*- C++ -*-===//
//
// Kernels compute many indices from constants; folding them at once keeps the
// loops readable and spares the optimiser work.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_INDEXMATH_H
#define POLYTILE_COMPILER_TARGET_COMMON_INDEXMATH_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Builders.h"

#include <optional>

namespace polytile::codegen {

/// Builds arith operations on `index` values at the builder's insertion point.
class IndexMath {
public:
  IndexMath(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::Value constant(int64_t value) {
    return builder.create<mlir::arith::ConstantIndexOp>(loc, value);
  }
  static std::optional<int64_t> isConstant(mlir::Value value) {
    return mlir::getConstantIntValue(value);
  }

  mlir::Value add(mlir::Value a, mlir::Value b) {
    auto x = isConstant(a), y = isConstant(b);
    if (x && y)
      return constant(*x + *y);
    if (x && *x == 0)
      return b;
    if (y && *y == 0)
      return a;
    return builder.create<mlir::arith::AddIOp>(loc, a, b);
  }
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, constant(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b) {
    auto x = isConstant(a), y = isConstant(b);
    if (x && y)
      return constant(*x - *y);
    if (y && *y == 0)
      return a;
    return builder.create<mlir::arith::SubIOp>(loc, a, b);
  }
  mlir::Value mul(mlir::Value a, int64_t b) {
    auto x = isConstant(a);
    if (x || b == 0)
      return constant(x ? *x * b : 0);
    return b == 1 ? a
                  : builder.create<mlir::arith::MulIOp>(loc, a, constant(b))
                        .getResult();
  }
  /// a / b and a mod b for a >= 0 and b > 0.
  mlir::Value div(mlir::Value a, int64_t b) {
    auto x = isConstant(a);
    if (x)
      return constant(*x / b);
    return b == 1 ? a
                  : builder.create<mlir::arith::DivUIOp>(loc, a, constant(b))
                        .getResult();
  }
  mlir::Value mod(mlir::Value a, int64_t b) {
    auto x = isConstant(a);
    if (x || b == 1)
      return constant(x ? *x % b : 0);
    return builder.create<mlir::arith::RemUIOp>(loc, a, constant(b));
  }
  /// The greatest whole number not above a / b, for any a and b > 0.
  mlir::Value floorDiv(mlir::Value a, int64_t b) {
    if (b == 1)
      return a;
    mlir::Value divisor = constant(b);
    mlir::Value quotient =
        builder.create<mlir::arith::DivSIOp>(loc, a, divisor);
    mlir::Value remainder =
        builder.create<mlir::arith::RemSIOp>(loc, a, divisor);
    mlir::Value below = less(remainder, constant(0));
    return builder.create<mlir::arith::SelectOp>(loc, below, add(quotient, -1),
                                                 quotient);
  }
  mlir::Value max(mlir::Value a, mlir::Value b) {
    auto x = isConstant(a), y = isConstant(b);
    if (x && y)
      return constant(std::max(*x, *y));
    return builder.create<mlir::arith::MaxSIOp>(loc, a, b);
  }
  mlir::Value min(mlir::Value a, mlir::Value b) {
    auto x = isConstant(a), y = isConstant(b);
    if (x && y)
      return constant(std::min(*x, *y));
    return builder.create<mlir::arith::MinSIOp>(loc, a, b);
  }
  mlir::Value less(mlir::Value a, mlir::Value b) {
    return builder.create<mlir::arith::CmpIOp>(
        loc, mlir::arith::CmpIPredicate::slt, a, b);
  }
  mlir::Value equal(mlir::Value a, mlir::Value b) {
    return builder.create<mlir::arith::CmpIOp>(
        loc, mlir::arith::CmpIPredicate::eq, a, b);
  }
  mlir::Value both(mlir::Value a, mlir::Value b) {
    if (!a || !b)
      return a ? a : b;
    return builder.create<mlir::arith::AndIOp>(loc, a, b);
  }

  /// Splits a row-major position into the indices of `shape`.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value position,
                                             llvm::ArrayRef<int64_t> shape) {
    llvm::SmallVector<mlir::Value> indices(shape.size());
    for (size_t d = shape.size(); d-- > 0;) {
      // Sizes of 0 are never reached; the outermost index needs no remainder.
      int64_t size = std::max<int64_t>(shape[d], 1);
      indices[d] = d == 0 ? position : mod(position, size);
      position = d == 0 ? position : div(position, size);
    }
    return indices;
  }
  /// The row-major position of `indices` in `shape`.
  mlir::Value linearize(mlir::ValueRange indices,
                        llvm::ArrayRef<int64_t> shape) {
    mlir::Value position = constant(0);
    int64_t stride = 1;
    for (size_t d = shape.size(); d-- > 0;) {
      position = add(mul(indices[d], stride), position);
      stride *= shape[d];
    }
    return position;
  }

private:
  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_INDEXMATH_H
