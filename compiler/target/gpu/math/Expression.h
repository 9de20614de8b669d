//===- Expression.h - Writing IR as one writes formulas ---------*- C++ -*-===//
//
// Values with operators that build arith operations, so that the functions of
// the library read like the mathematics that they are.
//
//   Float p = mulAdd(x, 0.25, 1.0);       // may be fused: never more exact,
//   Float y = select(x < 0, -p, x * p);   // and never needed to be
//
// `+ - * /` round once each and are never fused: sequences that are exact by
// construction are written with them.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_MATH_EXPRESSION_H
#define POLYTILE_COMPILER_TARGET_GPU_MATH_EXPRESSION_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

#include <initializer_list>

namespace polytile::gpu::math {

/// Where operations go.
struct Emitter {
  mlir::OpBuilder builder;
  mlir::Location loc;

  template <typename Op, typename... Args> mlir::Value make(Args &&...args) {
    return builder.create<Op>(loc, std::forward<Args>(args)...)->getResult(0);
  }
};

/// A value and where the operations on it go.
struct Expression {
  Emitter *emitter = nullptr;
  mlir::Value value;

  mlir::Type type() const { return value.getType(); }
  unsigned width() const { return type().getIntOrFloatBitWidth(); }
};

/// An i1.
struct Bool : Expression {};

/// An i32 or i64. Arithmetic wraps; comparisons and `>>` are unsigned.
struct Int : Expression {
  Int constant(int64_t number) const {
    return {{emitter, emitter->make<mlir::arith::ConstantOp>(
                          emitter->builder.getIntegerAttr(type(), number))}};
  }
};

/// An f32 or f64.
struct Float : Expression {
  Float constant(double number) const {
    return {{emitter, emitter->make<mlir::arith::ConstantOp>(
                          emitter->builder.getFloatAttr(type(), number))}};
  }
  bool isDouble() const { return type().isF64(); }
};

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

#define PTL_BINARY(CLASS, NUMBER, NAME, OP)                                    \
  inline CLASS NAME(CLASS a, CLASS b) {                                        \
    return {{a.emitter, a.emitter->make<mlir::arith::OP>(a.value, b.value)}};  \
  }                                                                            \
  inline CLASS NAME(CLASS a, NUMBER b) { return NAME(a, a.constant(b)); }      \
  inline CLASS NAME(NUMBER a, CLASS b) { return NAME(b.constant(a), b); }

PTL_BINARY(Float, double, operator+, AddFOp)
PTL_BINARY(Float, double, operator-, SubFOp)
PTL_BINARY(Float, double, operator*, MulFOp)
PTL_BINARY(Float, double, operator/, DivFOp)
PTL_BINARY(Int, int64_t, operator+, AddIOp)
PTL_BINARY(Int, int64_t, operator-, SubIOp)
PTL_BINARY(Int, int64_t, operator*, MulIOp)
PTL_BINARY(Int, int64_t, operator&, AndIOp)
PTL_BINARY(Int, int64_t, operator|, OrIOp)
PTL_BINARY(Int, int64_t, operator^, XOrIOp)
PTL_BINARY(Int, int64_t, operator<<, ShLIOp)
PTL_BINARY(Int, int64_t, operator>>, ShRUIOp)
PTL_BINARY(Int, int64_t, operator%, RemUIOp)
/// The arithmetic shift to the right.
PTL_BINARY(Int, int64_t, shiftSigned, ShRSIOp)
#undef PTL_BINARY

#define PTL_COMPARE_FLOATS(NAME, PREDICATE)                                    \
  inline Bool NAME(Float a, Float b) {                                         \
    return {{a.emitter,                                                        \
             a.emitter->make<mlir::arith::CmpFOp>(                             \
                 mlir::arith::CmpFPredicate::PREDICATE, a.value, b.value)}};   \
  }                                                                            \
  inline Bool NAME(Float a, double b) { return NAME(a, a.constant(b)); }
#define PTL_COMPARE_INTS(NAME, PREDICATE)                                      \
  inline Bool NAME(Int a, Int b) {                                             \
    return {{a.emitter,                                                        \
             a.emitter->make<mlir::arith::CmpIOp>(                             \
                 mlir::arith::CmpIPredicate::PREDICATE, a.value, b.value)}};   \
  }                                                                            \
  inline Bool NAME(Int a, int64_t b) { return NAME(a, a.constant(b)); }

PTL_COMPARE_FLOATS(operator<, OLT)
PTL_COMPARE_FLOATS(operator<=, OLE)
PTL_COMPARE_FLOATS(operator>, OGT)
PTL_COMPARE_FLOATS(operator>=, OGE)
PTL_COMPARE_FLOATS(operator==, OEQ)
PTL_COMPARE_FLOATS(operator!=, UNE)
PTL_COMPARE_INTS(operator<, ult)
PTL_COMPARE_INTS(operator<=, ule)
PTL_COMPARE_INTS(operator>, ugt)
PTL_COMPARE_INTS(operator>=, uge)
PTL_COMPARE_INTS(operator==, eq)
PTL_COMPARE_INTS(operator!=, ne)
PTL_COMPARE_INTS(lessSigned, slt)
#undef PTL_COMPARE_FLOATS
#undef PTL_COMPARE_INTS

inline Float operator-(Float a) {
  return {{a.emitter, a.emitter->make<mlir::arith::NegFOp>(a.value)}};
}
inline Int operator-(Int a) { return a.constant(0) - a; }
inline Bool operator&&(Bool a, Bool b) {
  return {{a.emitter, a.emitter->make<mlir::arith::AndIOp>(a.value, b.value)}};
}
inline Bool operator||(Bool a, Bool b) {
  return {{a.emitter, a.emitter->make<mlir::arith::OrIOp>(a.value, b.value)}};
}
inline Bool operator==(Bool a, Bool b) {
  return {{a.emitter, a.emitter->make<mlir::arith::CmpIOp>(
                          mlir::arith::CmpIPredicate::eq, a.value, b.value)}};
}
inline Bool operator!(Bool a) {
  mlir::Value one = a.emitter->make<mlir::arith::ConstantOp>(
      a.emitter->builder.getBoolAttr(true));
  return {{a.emitter, a.emitter->make<mlir::arith::XOrIOp>(a.value, one)}};
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// a * b + c, rounded once or twice: as the device likes it.
inline Float mulAdd(Float a, Float b, Float c) {
  auto contract = mlir::arith::FastMathFlags::contract;
  mlir::Value product =
      a.emitter->make<mlir::arith::MulFOp>(a.value, b.value, contract);
  return {{a.emitter,
           a.emitter->make<mlir::arith::AddFOp>(product, c.value, contract)}};
}
inline Float mulAdd(Float a, double b, Float c) {
  return mulAdd(a, a.constant(b), c);
}
inline Float mulAdd(Float a, Float b, double c) {
  return mulAdd(a, b, a.constant(c));
}
inline Float mulAdd(Float a, double b, double c) {
  return mulAdd(a, a.constant(b), a.constant(c));
}

/// a * b + c, rounded once where the device has the operation.
inline Float fused(Float a, Float b, Float c) {
  return {{a.emitter,
           a.emitter->make<mlir::math::FmaOp>(a.value, b.value, c.value)}};
}

/// c0 + c1 x + c2 x^2 + ...; the first of `coefficients` belongs to the
/// greatest power.
inline Float polynomial(Float x, std::initializer_list<double> coefficients) {
  auto next = coefficients.begin();
  Float sum = x.constant(*next++);
  for (; next != coefficients.end(); ++next)
    sum = mulAdd(sum, x, *next);
  return sum;
}

inline Float squareRoot(Float a) {
  return {{a.emitter, a.emitter->make<mlir::math::SqrtOp>(a.value)}};
}

inline Int bits(Float a) {
  mlir::Type type = a.emitter->builder.getIntegerType(a.width());
  return {{a.emitter, a.emitter->make<mlir::arith::BitcastOp>(type, a.value)}};
}
inline mlir::Type floatOfWidth(Int a) {
  return a.width() == 64 ? mlir::Type(a.emitter->builder.getF64Type())
                         : a.emitter->builder.getF32Type();
}
inline Float fromBits(Int a) {
  return {{a.emitter,
           a.emitter->make<mlir::arith::BitcastOp>(floatOfWidth(a), a.value)}};
}
/// Of a signed integer, rounded.
inline Float toFloat(Int a) {
  return {{a.emitter,
           a.emitter->make<mlir::arith::SIToFPOp>(floatOfWidth(a), a.value)}};
}
/// Towards zero; the result must be in range.
inline Int toInt(Float a) {
  mlir::Type type = a.emitter->builder.getIntegerType(a.width());
  return {{a.emitter, a.emitter->make<mlir::arith::FPToSIOp>(type, a.value)}};
}

template <typename T> T select(Bool condition, T a, T b) {
  return {{a.emitter, a.emitter->template make<mlir::arith::SelectOp>(
                          condition.value, a.value, b.value)}};
}
inline Float select(Bool condition, double a, Float b) {
  return select(condition, b.constant(a), b);
}
inline Float select(Bool condition, Float a, double b) {
  return select(condition, a, a.constant(b));
}
inline Int select(Bool condition, int64_t a, Int b) {
  return select(condition, b.constant(a), b);
}
inline Int select(Bool condition, Int a, int64_t b) {
  return select(condition, a, a.constant(b));
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

/// Calls `callback` with each value of a result of branches and loops. Other
/// structures overload it.
template <typename Callback> void visit(Float &x, Callback callback) {
  callback(x);
}
template <typename Callback> void visit(Int &x, Callback callback) {
  callback(x);
}

template <typename T> llvm::SmallVector<mlir::Value> valuesOf(T x) {
  llvm::SmallVector<mlir::Value> values;
  visit(x, [&](Expression &part) { values.push_back(part.value); });
  return values;
}

template <typename T> T withValues(T x, mlir::ValueRange values) {
  unsigned next = 0;
  visit(x, [&](Expression &part) { part.value = values[next++]; });
  return x;
}

/// `then()` where the condition holds, else `otherwise()`: only one of them is
/// computed.
template <typename Then, typename Else>
auto branch(Bool condition, Then then, Else otherwise) {
  mlir::OpBuilder &builder = condition.emitter->builder;
  mlir::Location loc = condition.emitter->loc;
  auto place = builder.saveInsertionPoint();
  // The types of the results are known when the branches are.
  mlir::Region regions[2];
  auto fill = [&](mlir::Region &region, auto callback) {
    builder.createBlock(&region);
    auto result = callback();
    builder.create<mlir::scf::YieldOp>(loc, valuesOf(result));
    return result;
  };
  auto result = fill(regions[0], then);
  fill(regions[1], otherwise);
  builder.restoreInsertionPoint(place);
  llvm::SmallVector<mlir::Value> values = valuesOf(result);
  auto op = builder.create<mlir::scf::IfOp>(
      loc, mlir::ValueRange(values).getTypes(), condition.value,
      /*addThenBlock=*/false, /*addElseBlock=*/false);
  op.getThenRegion().takeBody(regions[0]);
  op.getElseRegion().takeBody(regions[1]);
  return withValues(result, op.getResults());
}

/// Repeats `state = body(state)` as long as `condition(state)` holds.
template <typename T, typename Condition, typename Body>
T loop(Emitter *emitter, T state, Condition condition, Body body) {
  mlir::OpBuilder &builder = emitter->builder;
  mlir::OpBuilder::InsertionGuard restore(builder);
  llvm::SmallVector<mlir::Value> values = valuesOf(state);
  auto before = [&](mlir::OpBuilder &, mlir::Location loc,
                    mlir::ValueRange arguments) {
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(arguments.front().getParentBlock());
    Bool holds = condition(withValues(state, arguments));
    builder.create<mlir::scf::ConditionOp>(loc, holds.value, arguments);
  };
  auto after = [&](mlir::OpBuilder &, mlir::Location loc,
                   mlir::ValueRange arguments) {
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(arguments.front().getParentBlock());
    T next = body(withValues(state, arguments));
    builder.create<mlir::scf::YieldOp>(loc, valuesOf(next));
  };
  auto op = builder.create<mlir::scf::WhileOp>(
      emitter->loc, mlir::ValueRange(values).getTypes(), values, before, after);
  return withValues(state, op.getResults());
}

} // namespace polytile::gpu::math

#endif // POLYTILE_COMPILER_TARGET_GPU_MATH_EXPRESSION_H
