//===- ScalarOps.cpp - One element's arithmetic ---------------------------===//
//
// The families stand in the order of ElementwiseOps.td. Integer division is
// guarded by selects rather than branches, so that loops still vectorise.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/ScalarOps.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace polytile::codegen {

using arith::CmpFPredicate;
using arith::CmpIPredicate;
using arith::FastMathFlags;
using tile::Aggregation;
using tile::Predicate;

static bool isUnsigned(Type element) {
  return tile::isUnsignedElement(element);
}

static Value intConstant(OpBuilder &b, Location loc, Type type,
                         const APInt &value) {
  return b.create<arith::ConstantOp>(loc, b.getIntegerAttr(type, value));
}

static Value intConstant(OpBuilder &b, Location loc, Type type, int64_t value) {
  return intConstant(b, loc, type,
                     APInt(type.getIntOrFloatBitWidth(), value, true));
}

static Value compare(OpBuilder &b, Location loc, CmpIPredicate predicate,
                     Value lhs, Value rhs) {
  return b.create<arith::CmpIOp>(loc, predicate, lhs, rhs);
}

ScalarEmitter::~ScalarEmitter() = default;

Value ScalarEmitter::round(Location loc, Value value, Type element) {
  return isNarrowFloat(element) ? roundToNarrow(loc, value, element) : value;
}

Value ScalarEmitter::constant(Location loc, Attribute value, Type element) {
  Type type = registerType(element);
  if (auto number = dyn_cast<FloatAttr>(value)) {
    APFloat converted = number.getValue();
    bool inexact;
    converted.convert(llvm::cast<FloatType>(type).getFloatSemantics(),
                      APFloat::rmNearestTiesToEven, &inexact);
    return builder.create<arith::ConstantOp>(loc,
                                             FloatAttr::get(type, converted));
  }
  APInt bits = isa<BoolAttr>(value)
                   ? APInt(1, llvm::cast<BoolAttr>(value).getValue())
                   : llvm::cast<IntegerAttr>(value).getValue();
  return intConstant(builder, loc, type, bits);
}

Value ScalarEmitter::zero(Location loc, Type element) {
  return builder.create<arith::ConstantOp>(
      loc, builder.getZeroAttr(registerType(element)));
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

Value ScalarEmitter::resizeInteger(Location loc, Value value, Type from,
                                   Type result) {
  unsigned width = value.getType().getIntOrFloatBitWidth(),
           wanted = result.getIntOrFloatBitWidth();
  if (width == wanted)
    return value;
  if (width > wanted)
    return builder.create<arith::TruncIOp>(loc, result, value);
  if (isUnsigned(from))
    return builder.create<arith::ExtUIOp>(loc, result, value);
  return builder.create<arith::ExtSIOp>(loc, result, value);
}

Value ScalarEmitter::cast(Location loc, Value value, Type from, Type to) {
  if (from == to)
    return value;
  Type result = registerType(to);
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (to.isInteger(1)) {
    if (fromFloat)
      return builder.create<arith::CmpFOp>(loc, CmpFPredicate::UNE, value,
                                           zero(loc, from));
    return compare(builder, loc, CmpIPredicate::ne, value, zero(loc, from));
  }
  if (!fromFloat && !toFloat)
    return resizeInteger(loc, value, from, result);
  if (fromFloat && !toFloat)
    return floatToInteger(loc, value, to);
  if (!fromFloat && isNarrowFloat(to))
    return integerToNarrow(loc, value, from, to);
  if (!fromFloat)
    return isUnsigned(from)
               ? builder.create<arith::UIToFPOp>(loc, result, value).getResult()
               : builder.create<arith::SIToFPOp>(loc, result, value)
                     .getResult();
  if (value.getType().isF64() && isNarrowFloat(to))
    return doubleToNarrow(loc, value, to);
  if (value.getType().isF64() && result.isF32())
    return builder.create<arith::TruncFOp>(loc, result, value);
  if (value.getType().isF32() && result.isF64())
    return builder.create<arith::ExtFOp>(loc, result, value);
  return round(loc, value, to);
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

/// With a zero divisor, or the quotient that overflows, the machine divides by
/// 1 instead and the result is put right.
Value ScalarEmitter::emitDivMod(Location loc, bool isDiv, Value lhs, Value rhs,
                                Type element) {
  OpBuilder &b = builder;
  Type type = lhs.getType();
  Value none = intConstant(b, loc, type, 0), one = intConstant(b, loc, type, 1);
  Value byZero = compare(b, loc, CmpIPredicate::eq, rhs, none);
  Value quotient, remainder;
  if (isUnsigned(element)) {
    Value divisor = b.create<arith::SelectOp>(loc, byZero, one, rhs);
    quotient = b.create<arith::DivUIOp>(loc, lhs, divisor);
    remainder = b.create<arith::RemUIOp>(loc, lhs, divisor);
  } else {
    Value least = intConstant(
        b, loc, type, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
    Value overflow = b.create<arith::AndIOp>(
        loc, compare(b, loc, CmpIPredicate::eq, lhs, least),
        compare(b, loc, CmpIPredicate::eq, rhs, intConstant(b, loc, type, -1)));
    Value replace = b.create<arith::OrIOp>(loc, byZero, overflow);
    Value divisor = b.create<arith::SelectOp>(loc, replace, one, rhs);
    quotient = b.create<arith::DivSIOp>(loc, lhs, divisor);
    remainder = b.create<arith::SubIOp>(
        loc, lhs, b.create<arith::MulIOp>(loc, quotient, divisor));
    // The machine truncates; one less where the remainder's sign isn't the
    // divisor's.
    Value signs = b.create<arith::XOrIOp>(loc, remainder, divisor);
    Value adjust = b.create<arith::AndIOp>(
        loc, compare(b, loc, CmpIPredicate::ne, remainder, none),
        compare(b, loc, CmpIPredicate::slt, signs, none));
    quotient = b.create<arith::SelectOp>(
        loc, adjust, b.create<arith::SubIOp>(loc, quotient, one), quotient);
    remainder = b.create<arith::SelectOp>(
        loc, adjust, b.create<arith::AddIOp>(loc, remainder, divisor),
        remainder);
  }
  return b.create<arith::SelectOp>(loc, byZero, none,
                                   isDiv ? quotient : remainder);
}

Value ScalarEmitter::emitShift(Location loc, bool left, Value lhs, Value rhs,
                               Type element) {
  OpBuilder &b = builder;
  Type type = lhs.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  Value inside = compare(b, loc, CmpIPredicate::ult, rhs,
                         intConstant(b, loc, type, width));
  Value last = intConstant(b, loc, type, width - 1);
  Value amount = b.create<arith::SelectOp>(loc, inside, rhs, last);
  if (!left && !isUnsigned(element))
    return b.create<arith::ShRSIOp>(loc, lhs, amount);
  Value shifted = left ? b.create<arith::ShLIOp>(loc, lhs, amount).getResult()
                       : b.create<arith::ShRUIOp>(loc, lhs, amount).getResult();
  return b.create<arith::SelectOp>(loc, inside, shifted,
                                   intConstant(b, loc, type, 0));
}

Value ScalarEmitter::compareMaxMin(Location loc, bool isMax, Value lhs,
                                   Value rhs) {
  Value first = builder.create<arith::CmpFOp>(
      loc, isMax ? CmpFPredicate::UGT : CmpFPredicate::ULT, lhs, rhs);
  Value isOrdered =
      builder.create<arith::CmpFOp>(loc, CmpFPredicate::OEQ, rhs, rhs);
  Value takesFirst = builder.create<arith::AndIOp>(loc, first, isOrdered);
  return builder.create<arith::SelectOp>(loc, takesFirst, lhs, rhs);
}

Value ScalarEmitter::emitMaxMin(Location loc, bool isMax, Value lhs, Value rhs,
                                Type element) {
  // LLVM narrows `maximum` of two extended halves to one of halves, and loses
  // NaNs where it expands that.
  if (isNarrowFloat(element))
    return compareMaxMin(loc, isMax, lhs, rhs);
  if (isa<FloatType>(element))
    return floatMaxMin(loc, isMax, lhs, rhs);
  if (element.isInteger(1))
    return isMax ? builder.create<arith::OrIOp>(loc, lhs, rhs).getResult()
                 : builder.create<arith::AndIOp>(loc, lhs, rhs).getResult();
  if (isUnsigned(element))
    return isMax ? builder.create<arith::MaxUIOp>(loc, lhs, rhs).getResult()
                 : builder.create<arith::MinUIOp>(loc, lhs, rhs).getResult();
  return isMax ? builder.create<arith::MaxSIOp>(loc, lhs, rhs).getResult()
               : builder.create<arith::MinSIOp>(loc, lhs, rhs).getResult();
}

Value ScalarEmitter::emitBits(Operation *op, ValueRange v, Type element) {
  Location loc = op->getLoc();
  OpBuilder &b = builder;
  bool isBool = element.isInteger(1);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<tile::AndOp>(
          [&](auto) { return b.create<arith::AndIOp>(loc, v[0], v[1]); })
      .Case<tile::OrOp>(
          [&](auto) { return b.create<arith::OrIOp>(loc, v[0], v[1]); })
      .Case<tile::XorOp>(
          [&](auto) { return b.create<arith::XOrIOp>(loc, v[0], v[1]); })
      .Case<tile::NotOp>([&](auto) {
        return b.create<arith::XOrIOp>(loc, v[0],
                                       intConstant(b, loc, v[0].getType(), -1));
      })
      .Case<tile::ShlOp>(
          [&](auto) { return emitShift(loc, true, v[0], v[1], element); })
      .Case<tile::ShrOp>(
          [&](auto) { return emitShift(loc, false, v[0], v[1], element); })
      .Case<tile::AddOp>([&](auto) {
        return isBool ? b.create<arith::OrIOp>(loc, v[0], v[1]).getResult()
                      : Value();
      })
      .Case<tile::SubOp>([&](auto) {
        return isBool ? b.create<arith::XOrIOp>(loc, v[0], v[1]).getResult()
                      : Value();
      })
      .Case<tile::MulOp>([&](auto) {
        return isBool ? b.create<arith::AndIOp>(loc, v[0], v[1]).getResult()
                      : Value();
      })
      .Default([](auto) { return Value(); });
}

Value ScalarEmitter::emitInteger(Operation *op, ValueRange v, Type element) {
  Location loc = op->getLoc();
  OpBuilder &b = builder;
  if (Value bits = emitBits(op, v, element))
    return bits;
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<tile::AddOp>(
          [&](auto) { return b.create<arith::AddIOp>(loc, v[0], v[1]); })
      .Case<tile::SubOp>(
          [&](auto) { return b.create<arith::SubIOp>(loc, v[0], v[1]); })
      .Case<tile::MulOp>(
          [&](auto) { return b.create<arith::MulIOp>(loc, v[0], v[1]); })
      .Case<tile::DivOp>(
          [&](auto) { return emitDivMod(loc, true, v[0], v[1], element); })
      .Case<tile::ModOp>(
          [&](auto) { return emitDivMod(loc, false, v[0], v[1], element); })
      .Case<tile::PowOp>(
          [&](auto) { return integerPower(loc, v[0], v[1], element); })
      .Case<tile::NegOp>([&](auto) {
        return b.create<arith::SubIOp>(
            loc, intConstant(b, loc, v[0].getType(), 0), v[0]);
      })
      .Case<tile::AbsOp>([&](auto) -> Value {
        if (isUnsigned(element))
          return v[0];
        Value none = intConstant(b, loc, v[0].getType(), 0);
        Value negative = compare(b, loc, CmpIPredicate::slt, v[0], none);
        return b.create<arith::SelectOp>(
            loc, negative, b.create<arith::SubIOp>(loc, none, v[0]), v[0]);
      })
      .Default([](auto) { return Value(); });
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

/// True for operations that are functions of their operands' type.
static bool isFunction(Operation *op) {
  return isa<tile::DivOp, tile::ModOp, tile::PowOp, tile::AbsOp, tile::SqrtOp,
             tile::ExpOp, tile::LogOp, tile::SinOp, tile::CosOp, tile::TanOp,
             tile::AsinOp, tile::AcosOp, tile::AtanOp, tile::SinhOp,
             tile::CoshOp, tile::TanhOp, tile::CeilOp, tile::FloorOp,
             tile::RoundOp>(op);
}

Value ScalarEmitter::emitFloat(Operation *op, ValueRange v, Type element,
                               FastMathFlags fast) {
  Location loc = op->getLoc();
  OpBuilder &b = builder;
  Value result = llvm::TypeSwitch<Operation *, Value>(op)
                     .Case<tile::AddOp>([&](auto) {
                       return b.create<arith::AddFOp>(loc, v[0], v[1], fast);
                     })
                     .Case<tile::SubOp>([&](auto) {
                       return b.create<arith::SubFOp>(loc, v[0], v[1], fast);
                     })
                     .Case<tile::MulOp>([&](auto) {
                       return b.create<arith::MulFOp>(loc, v[0], v[1], fast);
                     })
                     .Case<tile::NegOp>([&](auto) {
                       return b.create<arith::NegFOp>(loc, v[0]);
                     })
                     .Default([](auto) { return Value(); });
  if (!result && isFunction(op))
    result = function(loc, op->getName().stripDialect(), v);
  return result ? round(loc, result, element) : Value();
}

Value ScalarEmitter::emitCompare(tile::CmpOp op, ValueRange v, Type element) {
  static constexpr CmpFPredicate floats[] = {
      CmpFPredicate::OEQ, CmpFPredicate::UNE, CmpFPredicate::OLT,
      CmpFPredicate::OLE, CmpFPredicate::OGT, CmpFPredicate::OGE};
  static constexpr CmpIPredicate signedOnes[] = {
      CmpIPredicate::eq,  CmpIPredicate::ne,  CmpIPredicate::slt,
      CmpIPredicate::sle, CmpIPredicate::sgt, CmpIPredicate::sge};
  static constexpr CmpIPredicate unsignedOnes[] = {
      CmpIPredicate::eq,  CmpIPredicate::ne,  CmpIPredicate::ult,
      CmpIPredicate::ule, CmpIPredicate::ugt, CmpIPredicate::uge};
  auto which = static_cast<unsigned>(op.getPredicate());
  if (isa<FloatType>(element))
    return builder.create<arith::CmpFOp>(op.getLoc(), floats[which], v[0],
                                         v[1]);
  return compare(builder, op.getLoc(),
                 isUnsigned(element) ? unsignedOnes[which] : signedOnes[which],
                 v[0], v[1]);
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

Value ScalarEmitter::emit(Operation *op, ValueRange v, FastMathFlags fast) {
  Location loc = op->getLoc();
  if (auto scalar = dyn_cast<tile::ScalarOp>(op))
    return constant(loc, scalar.getValue(), scalar.getType());
  if (op->getNumOperands() == 0)
    return {};
  Type element = getElementTypeOrSelf(op->getOperand(0).getType());
  if (auto convert = dyn_cast<tile::CastOp>(op))
    return cast(loc, v[0], element, getElementTypeOrSelf(convert.getType()));
  if (isa<tile::SelectOp>(op))
    return builder.create<arith::SelectOp>(loc, v[0], v[1], v[2]);
  if (auto comparison = dyn_cast<tile::CmpOp>(op))
    return emitCompare(comparison, v, element);
  if (isa<tile::MaxOp, tile::MinOp>(op))
    return emitMaxMin(loc, isa<tile::MaxOp>(op), v[0], v[1], element);
  return isa<FloatType>(element) ? emitFloat(op, v, element, fast)
                                 : emitInteger(op, v, element);
}

Value ScalarEmitter::aggregate(Location loc, Aggregation aggregation,
                               Value accumulator, Value value, Type element,
                               FastMathFlags fast) {
  bool isFloat = isa<FloatType>(element), isBool = element.isInteger(1);
  switch (aggregation) {
  case Aggregation::assign:
    return value;
  case Aggregation::sum:
    if (isBool)
      return builder.create<arith::OrIOp>(loc, accumulator, value);
    return isFloat
               ? builder.create<arith::AddFOp>(loc, accumulator, value, fast)
                     .getResult()
               : builder.create<arith::AddIOp>(loc, accumulator, value)
                     .getResult();
  case Aggregation::product:
    if (isBool)
      return builder.create<arith::AndIOp>(loc, accumulator, value);
    return isFloat
               ? builder.create<arith::MulFOp>(loc, accumulator, value, fast)
                     .getResult()
               : builder.create<arith::MulIOp>(loc, accumulator, value)
                     .getResult();
  case Aggregation::max:
    return emitMaxMin(loc, true, accumulator, value, element);
  case Aggregation::min:
    return emitMaxMin(loc, false, accumulator, value, element);
  }
  llvm_unreachable("all aggregations are handled");
}

Value ScalarEmitter::identity(Location loc, Aggregation aggregation,
                              Type element) {
  Type type = registerType(element);
  bool isMax = aggregation == Aggregation::max;
  if (aggregation == Aggregation::assign || aggregation == Aggregation::sum)
    return zero(loc, element);
  if (auto floatType = dyn_cast<FloatType>(type)) {
    APFloat value = aggregation == Aggregation::product
                        ? APFloat(floatType.getFloatSemantics(), 1)
                        : APFloat::getInf(floatType.getFloatSemantics(), isMax);
    return builder.create<arith::ConstantOp>(loc, FloatAttr::get(type, value));
  }
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value(width, 1);
  if (aggregation != Aggregation::product && isUnsigned(element))
    value = isMax ? APInt::getMinValue(width) : APInt::getMaxValue(width);
  else if (aggregation != Aggregation::product)
    value = isMax ? APInt::getSignedMinValue(width)
                  : APInt::getSignedMaxValue(width);
  return intConstant(builder, loc, type, value);
}

} // namespace polytile::codegen
