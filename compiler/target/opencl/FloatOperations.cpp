//===- FloatOperations.cpp - Arithmetic and conversions of floats ---------===//
//
// Contraction is off in the program, so a product and a sum are fused exactly
// where both allow it: there fma() is written.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/FunctionPrinter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

namespace {

bool mayContract(Operation *op) {
  auto math = dyn_cast<arith::ArithFastMathInterface>(op);
  return math &&
         arith::bitEnumContainsAll(math.getFastMathFlagsAttr().getValue(),
                                   arith::FastMathFlags::contract);
}

/// The OpenCL C function of the same meaning, or "".
StringRef functionOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, StringRef>(op)
      .Case([](arith::RemFOp) { return "fmod"; })
      .Case([](math::AbsFOp) { return "fabs"; })
      .Case([](math::CeilOp) { return "ceil"; })
      .Case([](math::FloorOp) { return "floor"; })
      .Case([](math::FmaOp) { return "fma"; })
      .Case([](math::RoundEvenOp) { return "rint"; })
      .Case([](math::SqrtOp) { return "sqrt"; })
      .Default([](Operation *) { return ""; });
}

/// The comparison that is true where an ordered one, negated, is: its operator,
/// or "".
StringRef negatedOperator(arith::CmpFPredicate predicate) {
  switch (predicate) {
  case arith::CmpFPredicate::UGT:
    return "<=";
  case arith::CmpFPredicate::UGE:
    return "<";
  case arith::CmpFPredicate::ULT:
    return ">=";
  case arith::CmpFPredicate::ULE:
    return ">";
  default:
    return "";
  }
}

StringRef plainOperator(arith::CmpFPredicate predicate) {
  switch (predicate) {
  case arith::CmpFPredicate::OEQ:
    return "==";
  case arith::CmpFPredicate::UNE:
    return "!=";
  case arith::CmpFPredicate::OGT:
    return ">";
  case arith::CmpFPredicate::OGE:
    return ">=";
  case arith::CmpFPredicate::OLT:
    return "<";
  case arith::CmpFPredicate::OLE:
    return "<=";
  default:
    return "";
  }
}

Level levelOf(StringRef comparison) {
  return comparison == "==" || comparison == "!=" ? Level::Equality
                                                  : Level::Relation;
}

} // namespace

//===----------------------------------------------------------------------===//
// Fusing
//===----------------------------------------------------------------------===//

arith::MulFOp FunctionPrinter::fusedProduct(Operation *op) const {
  if (!isa<arith::AddFOp, arith::SubFOp>(op) || !mayContract(op))
    return {};
  for (Value operand : op->getOperands()) {
    auto product = operand.getDefiningOp<arith::MulFOp>();
    if (product && mayContract(product) && product.getResult().hasOneUse() &&
        product->getBlock() == op->getBlock())
      return product;
  }
  return {};
}

bool FunctionPrinter::isFused(arith::MulFOp product) const {
  return product.getResult().hasOneUse() &&
         fusedProduct(*product.getResult().getUsers().begin()) == product;
}

Expression FunctionPrinter::fusedOf(Operation *op, arith::MulFOp product) {
  Expression left = use(product.getLhs());
  Expression right = use(product.getRhs());
  bool isFirst = op->getOperand(0) == product.getResult();
  Expression addend = use(op->getOperand(isFirst ? 1 : 0));
  if (isa<arith::SubFOp>(op)) {
    if (isFirst)
      addend = makeUnary("-", addend);
    else
      left = makeUnary("-", left);
  }
  return makeCall("fma", {left, right, addend});
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

FailureOr<Expression> FunctionPrinter::floatOf(Operation *op) {
  if (arith::MulFOp product = fusedProduct(op))
    return fusedOf(op, product);
  if (StringRef function = functionOf(op); !function.empty()) {
    SmallVector<Expression> operands;
    for (Value operand : op->getOperands())
      operands.push_back(use(operand));
    return makeCall(function, operands);
  }
  auto binary = [&](StringRef sign, Level level) {
    Expression left = use(op->getOperand(0));
    return makeBinary(sign, level, left, use(op->getOperand(1)));
  };
  return llvm::TypeSwitch<Operation *, FailureOr<Expression>>(op)
      .Case([&](arith::AddFOp) { return binary("+", Level::Sum); })
      .Case([&](arith::SubFOp) { return binary("-", Level::Sum); })
      .Case([&](arith::MulFOp) { return binary("*", Level::Product); })
      .Case([&](arith::DivFOp) { return binary("/", Level::Product); })
      .Case(
          [&](arith::NegFOp) { return makeUnary("-", use(op->getOperand(0))); })
      .Default([&](Operation *) {
        return FailureOr<Expression>(
            refuse(op, "'" + op->getName().getStringRef() + "'"));
      });
}

Expression FunctionPrinter::comparisonOf(arith::CmpFOp comparison) {
  Type type = comparison.getLhs().getType();
  const bool isVector = isa<VectorType>(type);
  const arith::CmpFPredicate predicate = comparison.getPredicate();
  using P = arith::CmpFPredicate;
  if (predicate == P::AlwaysFalse || predicate == P::AlwaysTrue) {
    Builder builder(comparison.getContext());
    bool isTrue = predicate == P::AlwaysTrue;
    if (auto mask = dyn_cast<VectorType>(comparison.getType()))
      return literalOf(DenseElementsAttr::get(mask, isTrue));
    return literalOf(builder.getBoolAttr(isTrue));
  }
  if (predicate == P::ORD || predicate == P::UNO) {
    Expression result;
    if (comparison.getLhs() == comparison.getRhs())
      result = makeCall("isnan", {useName(comparison.getLhs())});
    else
      result = makeCall("isunordered",
                        {use(comparison.getLhs()), use(comparison.getRhs())});
    result = maskOf(result, type);
    return predicate == P::UNO ? result : notOf(result, comparison.getType());
  }
  if (predicate == P::ONE || predicate == P::UEQ) {
    Expression left = useName(comparison.getLhs());
    Expression right = useName(comparison.getRhs());
    Expression result =
        makeBinary(isVector ? "|" : "||", isVector ? Level::BitOr : Level::Or,
                   makeBinary("<", Level::Relation, left, right),
                   makeBinary(">", Level::Relation, left, right));
    result = maskOf(result, type);
    return predicate == P::ONE ? result : notOf(result, comparison.getType());
  }
  StringRef negated = negatedOperator(predicate);
  StringRef sign = negated.empty() ? plainOperator(predicate) : negated;
  Expression left = use(comparison.getLhs());
  Expression result = maskOf(
      makeBinary(sign, levelOf(sign), left, use(comparison.getRhs())), type);
  return negated.empty() ? result : notOf(result, comparison.getType());
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

FailureOr<Expression> FunctionPrinter::conversionOf(Operation *op) {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  const bool isVector = isa<VectorType>(to);
  Expression operand = use(op->getOperand(0));
  auto convert = [&](const std::string &type, const Expression &value) {
    return isVector ? makeCall("convert_" + type, {value})
                    : makeUnary("(" + type + ")", value);
  };
  if (isa<arith::BitcastOp>(op)) {
    if (from == to)
      return operand;
    return makeCall("as_" + types.name(to), {operand});
  }
  if (isa<arith::FPToUIOp>(op))
    return convert(types.name(to), operand);
  if (isa<arith::FPToSIOp>(op))
    return fromSigned(convert(types.name(to, Sign::Signed), operand), to);
  if (getElementTypeOrSelf(from).isInteger(1)) {
    if (!isVector) {
      Expression one, zero;
      one.text = isa<arith::SIToFPOp>(op) ? "-1.0f" : "1.0f";
      zero.text = "0.0f";
      return makeConditional(operand, one, zero);
    }
    Expression one;
    one.text = "1";
    return convert(types.name(to),
                   isa<arith::SIToFPOp>(op)
                       ? operand
                       : makeBinary("&", Level::BitAnd, operand, one));
  }
  if (isa<arith::SIToFPOp>(op))
    return convert(types.name(to), asSigned(operand, from));
  return convert(types.name(to), operand);
}

} // namespace polytile::opencl
