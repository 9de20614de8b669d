//===- IntegerOperations.cpp - Integers, booleans and comparisons ---------===//
//
// Everything is unsigned, where overflow wraps; what minds the sign goes
// through casts. C computes in int what is shorter than int, so such results
// are cut back to their type. Of vectors, C knows no promotion and no casts:
// as_ and convert_ take their place.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/FunctionPrinter.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

namespace {

Expression number(const Twine &text) {
  Expression result;
  result.text = text.str();
  return result;
}

bool isVector(Type type) { return isa<VectorType>(type); }

bool isAllOnes(Value value) {
  DenseElementsAttr lanes;
  APInt constant;
  if (matchPattern(value, m_Constant(&lanes)))
    return lanes.isSplat() && lanes.getSplatValue<APInt>().isAllOnes();
  return matchPattern(value, m_ConstantInt(&constant)) && constant.isAllOnes();
}

bool isBool(Type type) { return getElementTypeOrSelf(type).isInteger(1); }

} // namespace

//===----------------------------------------------------------------------===//
// Signs and widths
//===----------------------------------------------------------------------===//

Expression FunctionPrinter::asSigned(const Expression &value, Type type) const {
  std::string name = types.name(type, Sign::Signed);
  if (isVector(type))
    return makeCall("as_" + name, {value});
  Expression operand = value;
  if (!value.signedOperand.empty())
    operand.text = value.signedOperand;
  return makeUnary("(" + name + ")", operand);
}

Expression FunctionPrinter::fromSigned(const Expression &value,
                                       Type type) const {
  if (isVector(type))
    return makeCall("as_" + types.name(type), {value});
  std::string cast = "(" + types.name(type) + ")";
  Expression result = makeUnary(cast, value);
  result.signedOperand = result.text.substr(cast.size());
  return result;
}

Expression FunctionPrinter::useSigned(Value value) {
  APInt constant;
  Type type = value.getType();
  if (isVector(type) || !matchPattern(value, m_ConstantInt(&constant)))
    return asSigned(use(value), type);
  const unsigned width = types.bits(type);
  constant = constant.sextOrTrunc(width);
  if (constant.isMinSignedValue() || width < 32)
    return asSigned(use(value), type);
  Expression literal = number(llvm::toString(constant, 10, /*Signed=*/true) +
                              (width == 64 ? "l" : ""));
  if (constant.isNegative())
    literal.level = Level::Unary;
  return literal;
}

Expression FunctionPrinter::narrowed(const Expression &value, Type type) const {
  if (isVector(type) || !isa<IntegerType>(type) || isBool(type) ||
      types.bits(type) >= 32)
    return value;
  return makeUnary("(" + types.name(type) + ")", value);
}

Expression FunctionPrinter::maskOf(const Expression &comparison,
                                   Type operands) const {
  if (!isVector(operands) || types.bits(operands) == 32)
    return comparison;
  unsigned lanes = cast<VectorType>(operands).getNumElements();
  return makeCall("convert_int" + Twine(lanes), {comparison});
}

Expression FunctionPrinter::convertInteger(const Expression &value, Type from,
                                           Type to, Sign sign) const {
  if (types.name(from) == types.name(to))
    return value;
  if (isBool(to)) {
    Expression bit = makeBinary("&", Level::BitAnd, value,
                                number(isVector(from) ? "1" : "1u"));
    return maskOf(makeBinary("!=", Level::Equality, bit, number("0")), from);
  }
  if (isBool(from) && !isVector(from))
    return sign == Sign::Unsigned
               ? makeUnary("(" + types.name(to) + ")", value)
               : makeUnary("(" + types.name(to) + ")",
                           makeConditional(value, number("-1"), number("0")));
  if (isBool(from)) {
    Expression lanes = sign == Sign::Unsigned
                           ? makeBinary("&", Level::BitAnd, value, number("1"))
                           : value;
    std::string name = types.name(to, Sign::Signed);
    return fromSigned(
        types.bits(to) == 32 ? lanes : makeCall("convert_" + name, {lanes}),
        to);
  }
  const bool widens = types.bits(to) > types.bits(from);
  if (sign == Sign::Unsigned || !widens)
    return isVector(to) ? makeCall("convert_" + types.name(to), {value})
                        : makeUnary("(" + types.name(to) + ")", value);
  Expression signedValue = asSigned(value, from);
  if (isVector(to))
    signedValue =
        makeCall("convert_" + types.name(to, Sign::Signed), {signedValue});
  return fromSigned(signedValue, to);
}

FailureOr<Expression> FunctionPrinter::integerConversionOf(Operation *op) {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  Sign sign = isa<arith::ExtSIOp, arith::IndexCastOp>(op) ? Sign::Signed
                                                          : Sign::Unsigned;
  return convertInteger(use(op->getOperand(0)), from, to, sign);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

FailureOr<Expression> FunctionPrinter::divisionOf(Operation *op) {
  Type type = op->getResult(0).getType();
  if (isa<arith::DivUIOp, arith::RemUIOp>(op)) {
    Expression left = use(op->getOperand(0));
    return narrowed(makeBinary(isa<arith::DivUIOp>(op) ? "/" : "%",
                               Level::Product, left, use(op->getOperand(1))),
                    type);
  }
  if (isa<arith::DivSIOp, arith::RemSIOp>(op)) {
    Expression left = useSigned(op->getOperand(0));
    return fromSigned(makeBinary(isa<arith::DivSIOp>(op) ? "/" : "%",
                                 Level::Product, left,
                                 useSigned(op->getOperand(1))),
                      type);
  }
  if (isVector(type))
    return refuse(op, "'" + op->getName().getStringRef() + "' of vectors");
  useName(op->getOperand(0));
  useName(op->getOperand(1));
  auto correct = [&](StringRef sign, const Expression &left,
                     const Expression &right, StringRef relation) {
    Expression rest =
        makeBinary("!=", Level::Equality,
                   makeBinary("%", Level::Product, left, right), number("0"));
    if (!relation.empty())
      rest = makeBinary("&&", Level::And, rest,
                        makeBinary(relation, Level::Relation,
                                   makeBinary("^", Level::BitXor, left, right),
                                   number("0")));
    return makeBinary(sign, Level::Sum,
                      makeBinary("/", Level::Product, left, right), rest);
  };
  if (isa<arith::CeilDivUIOp>(op))
    return narrowed(
        correct("+", use(op->getOperand(0)), use(op->getOperand(1)), ""), type);
  bool isFloor = isa<arith::FloorDivSIOp>(op);
  return fromSigned(correct(isFloor ? "-" : "+", useSigned(op->getOperand(0)),
                            useSigned(op->getOperand(1)), isFloor ? "<" : ">="),
                    type);
}

Expression FunctionPrinter::notOf(const Expression &operand, Type type) const {
  return makeUnary(isVector(type) || !isBool(type) ? "~" : "!", operand);
}

FailureOr<Expression> FunctionPrinter::logicOf(Operation *op) {
  Type type = op->getResult(0).getType();
  const bool isScalarBool = isBool(type) && !isVector(type);
  Expression left = use(op->getOperand(0));
  if (isa<arith::XOrIOp>(op) && isAllOnes(op->getOperand(1)))
    return narrowed(notOf(left, type), type);
  Expression right = use(op->getOperand(1));
  auto make = [&](StringRef word, Level wordLevel, StringRef sign,
                  Level signLevel) {
    return isScalarBool
               ? makeBinary(word, wordLevel, left, right)
               : narrowed(makeBinary(sign, signLevel, left, right), type);
  };
  // A sum of bits is their difference, a product both; the largest of them as
  // signed numbers, 0 and -1, is both, too.
  if (isa<arith::AndIOp, arith::MulIOp, arith::MinUIOp, arith::MaxSIOp>(op))
    return make("&&", Level::And, "&", Level::BitAnd);
  if (isa<arith::OrIOp, arith::MaxUIOp, arith::MinSIOp>(op))
    return make("||", Level::Or, "|", Level::BitOr);
  if (isa<arith::XOrIOp, arith::AddIOp, arith::SubIOp>(op))
    return make("!=", Level::Equality, "^", Level::BitXor);
  return refuse(op, "'" + op->getName().getStringRef() + "' of i1");
}

/// A sum; one with a negative number is written as a difference.
Expression FunctionPrinter::sumOf(Operation *op) {
  Type type = op->getResult(0).getType();
  Expression left = use(op->getOperand(0));
  APInt constant;
  StringRef sign = "+";
  Expression right;
  if (!isVector(type) &&
      matchPattern(op->getOperand(1), m_ConstantInt(&constant)) &&
      constant.isNegative() && !constant.isMinSignedValue()) {
    sign = "-";
    right = literalOf(IntegerAttr::get(type, -constant));
  } else {
    right = use(op->getOperand(1));
  }
  Expression sum = narrowed(makeBinary(sign, Level::Sum, left, right), type);
  auto add = dyn_cast<arith::AddIOp>(op);
  if (add && type.isIndex() && sign == "+" && left.level >= Level::Sum &&
      bitEnumContainsAll(add.getOverflowFlags(),
                         arith::IntegerOverflowFlags::nuw) &&
      matchPattern(op->getOperand(1), m_Constant())) {
    sum.base = left.text;
    sum.offset = right.text;
  }
  return sum;
}

FailureOr<Expression> FunctionPrinter::integerOf(Operation *op) {
  Type type = op->getResult(0).getType();
  if (isBool(type) || isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op))
    return logicOf(op);
  if (isa<arith::DivUIOp, arith::DivSIOp, arith::RemUIOp, arith::RemSIOp,
          arith::CeilDivUIOp, arith::CeilDivSIOp, arith::FloorDivSIOp>(op))
    return divisionOf(op);
  const bool isNarrow = !isVector(type) && types.bits(type) < 32;
  auto binary = [&](StringRef sign, Level level, bool widen = false) {
    Expression left = use(op->getOperand(0));
    // A product of two ushort overflows int.
    if (widen && isNarrow)
      left = makeUnary("(uint)", left);
    return narrowed(makeBinary(sign, level, left, use(op->getOperand(1))),
                    type);
  };
  auto extreme = [&](StringRef function, bool isSigned) {
    if (!isSigned) {
      Expression left = use(op->getOperand(0));
      return makeCall(function, {left, use(op->getOperand(1))});
    }
    Expression left = useSigned(op->getOperand(0));
    return fromSigned(makeCall(function, {left, useSigned(op->getOperand(1))}),
                      type);
  };
  return llvm::TypeSwitch<Operation *, FailureOr<Expression>>(op)
      .Case([&](arith::AddIOp) { return sumOf(op); })
      .Case([&](arith::SubIOp) { return binary("-", Level::Sum); })
      .Case([&](arith::MulIOp) { return binary("*", Level::Product, true); })
      .Case([&](arith::ShLIOp) { return binary("<<", Level::Shift, true); })
      .Case([&](arith::ShRUIOp) { return binary(">>", Level::Shift); })
      .Case([&](arith::ShRSIOp) {
        Expression left = useSigned(op->getOperand(0));
        return fromSigned(
            makeBinary(">>", Level::Shift, left, use(op->getOperand(1))), type);
      })
      .Case([&](arith::MinUIOp) { return extreme("min", false); })
      .Case([&](arith::MaxUIOp) { return extreme("max", false); })
      .Case([&](arith::MinSIOp) { return extreme("min", true); })
      .Case([&](arith::MaxSIOp) { return extreme("max", true); })
      .Default([&](Operation *) {
        return FailureOr<Expression>(
            refuse(op, "'" + op->getName().getStringRef() + "'"));
      });
}

LogicalResult FunctionPrinter::printExtended(Operation *op) {
  Value low = op->getResult(0), high = op->getResult(1);
  Type type = low.getType();
  if (isBool(type))
    return refuse(op, "'" + op->getName().getStringRef() + "' of i1");
  Expression left = useName(op->getOperand(0));
  Expression right = useName(op->getOperand(1));
  if (isa<arith::AddUIExtendedOp>(op)) {
    declare(low, narrowed(makeBinary("+", Level::Sum, left, right), type));
    Expression carry =
        makeBinary("<", Level::Relation, values.lookup(low), left);
    define(high, maskOf(carry, type));
    return success();
  }
  if (isa<arith::MulUIExtendedOp>(op))
    define(high, makeCall("mul_hi", {left, right}));
  else
    define(high, fromSigned(makeCall("mul_hi", {useSigned(op->getOperand(0)),
                                                useSigned(op->getOperand(1))}),
                            type));
  if (!isVector(type) && types.bits(type) < 32)
    left = makeUnary("(uint)", left);
  define(low, narrowed(makeBinary("*", Level::Product, left, right), type));
  return success();
}

//===----------------------------------------------------------------------===//
// Comparison and selection
//===----------------------------------------------------------------------===//

FailureOr<Expression>
FunctionPrinter::integerComparisonOf(arith::CmpIOp comparison) {
  Type type = comparison.getLhs().getType();
  struct Operator {
    StringRef text;
    bool isSigned;
  };
  constexpr Operator operators[] = {
      {"==", false}, {"!=", false}, {"<", true},   {"<=", true}, {">", true},
      {">=", true},  {"<", false},  {"<=", false}, {">", false}, {">=", false}};
  Operator used = operators[static_cast<unsigned>(comparison.getPredicate())];
  const bool casts = used.isSigned && !isBool(type);
  Expression left =
      casts ? useSigned(comparison.getLhs()) : use(comparison.getLhs());
  Expression right =
      casts ? useSigned(comparison.getRhs()) : use(comparison.getRhs());
  // A bool is 0 or 1 in C, and 0 or -1 in vectors: one of them in each order.
  if (isBool(type) && used.isSigned != isVector(type))
    std::swap(left, right);
  Level level = used.text == "==" || used.text == "!=" ? Level::Equality
                                                       : Level::Relation;
  return maskOf(makeBinary(used.text, level, left, right), type);
}

Expression FunctionPrinter::selectionOf(arith::SelectOp selection) {
  Expression condition = use(selection.getCondition());
  Expression yes = use(selection.getTrueValue());
  Expression no = use(selection.getFalseValue());
  Type type = selection.getType();
  if (!isVector(selection.getCondition().getType()))
    return narrowed(makeConditional(condition, yes, no), type);
  constexpr StringLiteral conversions[] = {"convert_char", "convert_short", "",
                                           "convert_long"};
  unsigned width = types.bits(type);
  StringRef conversion = conversions[llvm::Log2_32(width / 8)];
  if (!conversion.empty())
    condition = makeCall(
        conversion + Twine(cast<VectorType>(type).getNumElements()), condition);
  return makeCall("select", {no, yes, condition});
}

} // namespace polytile::opencl
