//===- Operations.cpp - Calls, memory and vectors as expressions ----------===//
//
// Finds the family of an operation, and holds the families that are short.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/FunctionPrinter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

Expression FunctionPrinter::literalOf(TypedAttr value) const {
  Expression expression;
  expression.text = types.literal(value);
  if (expression.text.front() == '-' || expression.text.front() == '(')
    expression.level = Level::Unary;
  return expression;
}

FailureOr<Expression> FunctionPrinter::expressionOf(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return callOf(call);
  if (auto shuffle = dyn_cast<gpu::ShuffleOp>(op))
    return shuffleOf(shuffle);
  if (auto comparison = dyn_cast<arith::CmpIOp>(op))
    return integerComparisonOf(comparison);
  if (auto comparison = dyn_cast<arith::CmpFOp>(op))
    return comparisonOf(comparison);
  if (auto selection = dyn_cast<arith::SelectOp>(op))
    return selectionOf(selection);
  if (isa<memref::LoadOp, kernel::HalfToFloatOp, kernel::FloatToHalfOp>(op))
    return memoryOf(op);
  if (isa<vector::VectorDialect>(op->getDialect()))
    return vectorOf(op);
  if (isa<arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp, arith::FPToUIOp,
          arith::ExtFOp, arith::TruncFOp, arith::BitcastOp>(op))
    return conversionOf(op);
  if (isa<arith::ExtSIOp, arith::ExtUIOp, arith::TruncIOp, arith::IndexCastOp,
          arith::IndexCastUIOp>(op))
    return integerConversionOf(op);
  if (isa<arith::ArithDialect, math::MathDialect>(op->getDialect()))
    return isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()))
               ? floatOf(op)
               : integerOf(op);
  return refuse(op, "'" + op->getName().getStringRef() + "'");
}

FailureOr<Expression> FunctionPrinter::callOf(func::CallOp call) {
  SmallVector<Expression> arguments;
  for (Value operand : call.getOperands())
    arguments.push_back(use(operand));
  return makeCall(call.getCallee(), arguments);
}

FailureOr<Expression> FunctionPrinter::memoryOf(Operation *op) {
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    Expression index = use(load.getIndices().front());
    return makeElement(use(load.getMemRef()), index);
  }
  std::string function =
      isa<kernel::HalfToFloatOp>(op) ? "float_from_half" : "half_from_float";
  if (auto vector = dyn_cast<VectorType>(op->getResult(0).getType()))
    function += std::to_string(vector.getNumElements());
  return makeCall(function, {use(op->getOperand(0))});
}

FailureOr<Expression> FunctionPrinter::shuffleOf(gpu::ShuffleOp shuffle) {
  if (!shuffle.getValid().use_empty())
    return refuse(shuffle, "the validity of a shuffle");
  Expression value = use(shuffle.getValue());
  if (shuffle.getMode() == gpu::ShuffleMode::XOR)
    return makeCall("sub_group_shuffle_xor", {value, use(shuffle.getOffset())});
  if (shuffle.getMode() == gpu::ShuffleMode::IDX)
    return makeCall("sub_group_shuffle", {value, use(shuffle.getOffset())});
  Expression lane;
  lane.text = "get_sub_group_local_id()";
  bool isUp = shuffle.getMode() == gpu::ShuffleMode::UP;
  return makeCall("sub_group_shuffle",
                  {value, makeBinary(isUp ? "-" : "+", Level::Sum, lane,
                                     use(shuffle.getOffset()))});
}

FailureOr<Expression> FunctionPrinter::vectorOf(Operation *op) {
  Type type = op->getResult(0).getType();
  bool isMask =
      isa<VectorType>(type) && getElementTypeOrSelf(type).isInteger(1);
  if (auto extract = dyn_cast<vector::ExtractOp>(op)) {
    if (extract.getStaticPosition().size() != 1 || extract.hasDynamicPosition())
      return refuse(op, "a lane whose position isn't a number");
    Expression lane =
        makePostfix(use(extract.getVector()),
                    Twine(".") + Twine("xyzw"[extract.getStaticPosition()[0]]));
    if (!type.isInteger(1))
      return lane;
    Expression zero;
    zero.text = "0";
    return makeBinary("!=", Level::Equality, lane, zero);
  }
  if (isa<vector::BitCastOp>(op))
    return makeCall("as_" + types.name(type), {use(op->getOperand(0))});
  if (!isa<vector::FromElementsOp, vector::SplatOp, vector::BroadcastOp>(op))
    return refuse(op, "'" + op->getName().getStringRef() + "'");
  SmallVector<Expression> lanes;
  for (Value operand : op->getOperands()) {
    if (isa<VectorType>(operand.getType())) {
      if (operand.getType() != type)
        return refuse(op, "a broadcast of a vector");
      return use(operand);
    }
    Expression lane = use(operand);
    if (isMask) {
      Expression yes, no;
      yes.text = "-1";
      no.text = "0";
      lane = makeConditional(lane, yes, no);
    }
    lanes.push_back(lane);
  }
  Expression result = makeCall("(" + types.name(type) + ")", lanes);
  result.level = Level::Unary;
  return result;
}

} // namespace polytile::opencl
