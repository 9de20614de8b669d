//===- EmitArith.cpp - Arithmetic, comparisons and selection --------------===//
//
// Where the rules of Vulkan differ from those of arith:
// - OpSRem is undefined for negative operands: a - (a / b) * b.
// - Integers of 1 bit are booleans, with operations of their own.
// - Sums and products of floats may not be fused or reassociated unless they
//   carry fastmath<contract>: NoContraction.
// - OpOrdered needs the Kernel capability: two tests for NaN.
// - Drivers that promise to keep signed zeros, infinities and NaN still drop a
//   constant 0 from sums, take products with it for 0 and x - x for 0 (Mesa's
//   llvmpipe): these are written as what they are.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/FunctionEmitter.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

static bool isBoolean(Value value) {
  return getElementTypeOrSelf(value).isInteger(1);
}

template <typename Target>
LogicalResult FunctionEmitter::emitBinary(Operation *op, Extension extension) {
  Value left = get(op->getOperand(0), extension);
  Value right = get(op->getOperand(1), extension);
  set(op->getResult(0), create<Target>(left.getType(), left, right));
  return success();
}

template <typename Target>
LogicalResult FunctionEmitter::emitUnary(Operation *op) {
  Value operand = get(op->getOperand(0));
  set(op->getResult(0), create<Target>(operand.getType(), operand));
  return success();
}

template <typename Compare>
Value FunctionEmitter::compare(Value left, Value right) {
  Type type = getVector(builder.getI1Type(), getLanes(left.getType()));
  return create<Compare>(type, left, right);
}

template <typename Compare>
LogicalResult FunctionEmitter::emitExtremum(Operation *op,
                                            Extension extension) {
  Value left = get(op->getOperand(0), extension);
  Value right = get(op->getOperand(1), extension);
  set(op->getResult(0),
      create<spirv::SelectOp>(compare<Compare>(left, right), left, right));
  return success();
}

/// The low and the high word of a product, or a sum and its carry.
template <typename Target>
LogicalResult FunctionEmitter::emitExtended(Operation *op) {
  if (isNarrow(op->getOperand(0).getType()))
    return refuse(op, "narrow integers have no extended form");
  Value both = create<Target>(get(op->getOperand(0)), get(op->getOperand(1)));
  for (int32_t part = 0; part < 2; ++part) {
    Value word =
        create<spirv::CompositeExtractOp>(both, ArrayRef<int32_t>{part});
    if (isBoolean(op->getResult(part)))
      word = compare<spirv::INotEqualOp>(word, getInteger(0, word.getType()));
    set(op->getResult(part), word);
  }
  return success();
}

/// The remainder with the dividend's sign.
LogicalResult FunctionEmitter::emitRemainder(Operation *op) {
  Value left = get(op->getOperand(0), Extension::Signed);
  Value right = get(op->getOperand(1), Extension::Signed);
  Value quotient = create<spirv::SDivOp>(left, right);
  Value product = create<spirv::IMulOp>(quotient, right);
  set(op->getResult(0), create<spirv::ISubOp>(left, product));
  return success();
}

/// A signed quotient rounded down, or up: the truncated one, and one less
/// (more) where something remains and the signs differ (agree).
LogicalResult FunctionEmitter::emitRoundedDivision(Operation *op, bool up) {
  Value left = get(op->getOperand(0), Extension::Signed);
  Value right = get(op->getOperand(1), Extension::Signed);
  Type type = left.getType();
  Value zero = getInteger(0, type);
  Value quotient = create<spirv::SDivOp>(left, right);
  Value product = create<spirv::IMulOp>(quotient, right);
  Value remains = compare<spirv::INotEqualOp>(product, left);
  Value signs = create<spirv::BitwiseXorOp>(left, right);
  Value differ = compare<spirv::SLessThanOp>(signs, zero);
  if (up)
    differ = create<spirv::LogicalNotOp>(differ.getType(), differ);
  Value moves = create<spirv::LogicalAndOp>(remains.getType(), remains, differ);
  Value step =
      create<spirv::SelectOp>(moves, getInteger(up ? 1 : -1, type), zero);
  set(op->getResult(0), create<spirv::IAddOp>(quotient, step));
  return success();
}

LogicalResult FunctionEmitter::emitCeilDivUnsigned(Operation *op) {
  Value left = get(op->getOperand(0), Extension::Unsigned);
  Value right = get(op->getOperand(1), Extension::Unsigned);
  Type type = left.getType();
  Value quotient = create<spirv::UDivOp>(left, right);
  Value product = create<spirv::IMulOp>(quotient, right);
  Value remains = compare<spirv::INotEqualOp>(product, left);
  Value step = create<spirv::SelectOp>(remains, getInteger(1, type),
                                       getInteger(0, type));
  set(op->getResult(0), create<spirv::IAddOp>(quotient, step));
  return success();
}

/// Integers of one bit: true is 1 where they are unsigned and -1 where they are
/// signed.
LogicalResult FunctionEmitter::emitBoolean(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<arith::AndIOp, arith::MulIOp, arith::MinUIOp, arith::MaxSIOp>(
          [&](Operation *) {
            return emitBinary<spirv::LogicalAndOp>(op, Extension::None);
          })
      .Case<arith::OrIOp, arith::MaxUIOp, arith::MinSIOp>([&](Operation *) {
        return emitBinary<spirv::LogicalOrOp>(op, Extension::None);
      })
      .Case<arith::XOrIOp, arith::AddIOp, arith::SubIOp>([&](Operation *) {
        return emitBinary<spirv::LogicalNotEqualOp>(op, Extension::None);
      })
      .Default([&](Operation *) {
        return refuse(op, "the operation isn't defined on booleans");
      });
}

template <typename Target>
LogicalResult FunctionEmitter::emitFloatBinary(Operation *op) {
  Value left = get(op->getOperand(0)), right = get(op->getOperand(1));
  auto result = create<Target>(left.getType(), left, right);
  auto flags = cast<arith::ArithFastMathInterface>(op).getFastMathFlagsAttr();
  if (!arith::bitEnumContainsAny(flags.getValue(),
                                 arith::FastMathFlags::contract))
    result->setAttr("no_contraction", builder.getUnitAttr());
  set(op->getResult(0), result);
  return success();
}

/// The number that a constant holds, a vector of equal ones included.
static std::optional<APFloat> getConstantFloat(Value value) {
  auto constant = value.getDefiningOp<spirv::ConstantOp>();
  if (!constant)
    return std::nullopt;
  Attribute number = constant.getValue();
  if (auto elements = dyn_cast<DenseElementsAttr>(number)) {
    if (!elements.isSplat())
      return std::nullopt;
    number = elements.getSplatValue<Attribute>();
  }
  if (auto single = dyn_cast<FloatAttr>(number))
    return single.getValue();
  return std::nullopt;
}

static bool isZero(const std::optional<APFloat> &value) {
  return value && value->isZero();
}

/// `ifFinite`, and NaN where `value` is none or infinite.
Value FunctionEmitter::orNan(Value value, Value ifFinite) {
  Type type = value.getType();
  Value magnitude = create<spirv::GLFAbsOp>(type, value);
  Value isFinite = compare<spirv::FOrdLessThanOp>(
      magnitude, getFloat(std::numeric_limits<double>::infinity(), type));
  Value nan = getFloat(std::numeric_limits<double>::quiet_NaN(), type);
  return create<spirv::SelectOp>(isFinite, ifFinite, nan);
}

/// The sum, difference or product of a value with a constant zero, or of a
/// value with itself: null where it is none of those.
Value FunctionEmitter::emitWithZero(Operation *op) {
  Value left = get(op->getOperand(0)), right = get(op->getOperand(1));
  bool isDifference = isa<arith::SubFOp>(op);
  Type type = left.getType();
  if (isDifference && left == right)
    return orNan(left, getFloat(0, type));
  if (!isDifference && isZero(getConstantFloat(left)))
    std::swap(left, right);
  std::optional<APFloat> constant = getConstantFloat(right);
  if (!isZero(constant) || getConstantFloat(left))
    return Value();
  if (isa<arith::MulFOp>(op)) {
    if (!getElementTypeOrSelf(type).isF32())
      return Value();
    Type bits = getVector(builder.getI32Type(), getLanes(type));
    Value sign = create<spirv::BitwiseAndOp>(
        bits, create<spirv::BitcastOp>(bits, left), getInteger(1u << 31, bits));
    if (constant->isNegative())
      sign =
          create<spirv::BitwiseXorOp>(bits, sign, getInteger(1u << 31, bits));
    return orNan(left, create<spirv::BitcastOp>(type, sign));
  }
  // x + -0 is x; x + 0 is, too, but where x is a zero of either sign.
  if (constant->isNegative() != isDifference)
    return left;
  Value zero = getFloat(0, type);
  return create<spirv::SelectOp>(compare<spirv::FOrdEqualOp>(left, zero), zero,
                                 left);
}

LogicalResult FunctionEmitter::emitFloat(Operation *op) {
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op))
    if (Value result = emitWithZero(op)) {
      set(op->getResult(0), result);
      return success();
    }
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<arith::AddFOp>(
          [&](Operation *) { return emitFloatBinary<spirv::FAddOp>(op); })
      .Case<arith::SubFOp>(
          [&](Operation *) { return emitFloatBinary<spirv::FSubOp>(op); })
      .Case<arith::MulFOp>(
          [&](Operation *) { return emitFloatBinary<spirv::FMulOp>(op); })
      .Case<arith::DivFOp>(
          [&](Operation *) { return emitFloatBinary<spirv::FDivOp>(op); })
      .Case<arith::RemFOp>(
          [&](Operation *) { return emitFloatBinary<spirv::FRemOp>(op); })
      .Case<arith::NegFOp>(
          [&](Operation *) { return emitUnary<spirv::FNegateOp>(op); })
      .Case<arith::CmpFOp>([&](auto compare) { return emitCompare(compare); })
      .Default([&](Operation *) { return emitConversion(op); });
}

LogicalResult FunctionEmitter::emitArith(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return emitConstant(constant);
  if (auto select = dyn_cast<arith::SelectOp>(op))
    return emitSelect(select);
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return emitCompare(compare);
  if (op->getNumOperands() == 2 && isBoolean(op->getOperand(0)))
    return emitBoolean(op);
  using E = Extension;
#define BINARY(SOURCE, TARGET, EXTENSION)                                      \
  Case<arith::SOURCE>(                                                         \
      [&](Operation *) { return emitBinary<spirv::TARGET>(op, EXTENSION); })
#define EXTREMUM(SOURCE, COMPARE, EXTENSION)                                   \
  Case<arith::SOURCE>([&](Operation *) {                                       \
    return emitExtremum<spirv::COMPARE>(op, EXTENSION);                        \
  })
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .BINARY(AddIOp, IAddOp, E::None)
      .BINARY(SubIOp, ISubOp, E::None)
      .BINARY(MulIOp, IMulOp, E::None)
      .BINARY(AndIOp, BitwiseAndOp, E::None)
      .BINARY(OrIOp, BitwiseOrOp, E::None)
      .BINARY(XOrIOp, BitwiseXorOp, E::None)
      .BINARY(DivUIOp, UDivOp, E::Unsigned)
      .BINARY(RemUIOp, UModOp, E::Unsigned)
      .BINARY(DivSIOp, SDivOp, E::Signed)
      .BINARY(ShRUIOp, ShiftRightLogicalOp, E::Unsigned)
      .EXTREMUM(MinSIOp, SLessThanOp, E::Signed)
      .EXTREMUM(MaxSIOp, SGreaterThanOp, E::Signed)
      .EXTREMUM(MinUIOp, ULessThanOp, E::Unsigned)
      .EXTREMUM(MaxUIOp, UGreaterThanOp, E::Unsigned)
      .Case<arith::ShLIOp, arith::ShRSIOp>([&](Operation *) {
        // The amount is unsigned, whatever the value is.
        bool isLeft = isa<arith::ShLIOp>(op);
        Value value = get(op->getOperand(0), isLeft ? E::None : E::Signed);
        Value amount = get(op->getOperand(1), E::Unsigned);
        set(op->getResult(0), isLeft ? Value(create<spirv::ShiftLeftLogicalOp>(
                                           value.getType(), value, amount))
                                     : create<spirv::ShiftRightArithmeticOp>(
                                           value.getType(), value, amount));
        return success();
      })
      .Case<arith::RemSIOp>([&](Operation *) { return emitRemainder(op); })
      .Case<arith::FloorDivSIOp>(
          [&](Operation *) { return emitRoundedDivision(op, /*up=*/false); })
      .Case<arith::CeilDivSIOp>(
          [&](Operation *) { return emitRoundedDivision(op, /*up=*/true); })
      .Case<arith::CeilDivUIOp>(
          [&](Operation *) { return emitCeilDivUnsigned(op); })
      .Case<arith::MulUIExtendedOp>(
          [&](Operation *) { return emitExtended<spirv::UMulExtendedOp>(op); })
      .Case<arith::MulSIExtendedOp>(
          [&](Operation *) { return emitExtended<spirv::SMulExtendedOp>(op); })
      .Case<arith::AddUIExtendedOp>(
          [&](Operation *) { return emitExtended<spirv::IAddCarryOp>(op); })
      .Default([&](Operation *) { return emitFloat(op); });
#undef BINARY
#undef EXTREMUM
}

/// A constant's elements as the register type has them.
static Attribute convertConstant(Attribute value, Type type) {
  Type element = getElementTypeOrSelf(type);
  auto convert = [&](Attribute number) -> Attribute {
    auto integer = dyn_cast<IntegerAttr>(number);
    if (!integer)
      return number;
    if (element.isInteger(1))
      return BoolAttr::get(type.getContext(), !integer.getValue().isZero());
    return IntegerAttr::get(element, integer.getValue().sextOrTrunc(
                                         element.getIntOrFloatBitWidth()));
  };
  auto elements = dyn_cast<DenseElementsAttr>(value);
  if (!elements)
    return convert(value);
  SmallVector<Attribute> numbers;
  for (Attribute number : elements.getValues<Attribute>())
    numbers.push_back(convert(number));
  if (auto vector = dyn_cast<VectorType>(type))
    return DenseElementsAttr::get(vector, numbers);
  return numbers.front();
}

LogicalResult FunctionEmitter::emitConstant(arith::ConstantOp op) {
  Type type = getType(op.getResult());
  if (!isa<IntegerAttr, FloatAttr, DenseElementsAttr>(op.getValue()))
    return refuse(op, "the constant isn't one of numbers");
  set(op.getResult(), getConstant(convertConstant(op.getValue(), type), type));
  return success();
}

LogicalResult FunctionEmitter::emitSelect(arith::SelectOp op) {
  Value condition = get(op.getCondition());
  Value first = get(op.getTrueValue()), second = get(op.getFalseValue());
  // SPIR-V 1.3 selects vectors by vectors only.
  if (unsigned lanes = getLanes(first.getType());
      lanes > getLanes(condition.getType()))
    condition = splat(condition, getVector(builder.getI1Type(), lanes));
  set(op.getResult(), create<spirv::SelectOp>(condition, first, second));
  return success();
}

LogicalResult FunctionEmitter::emitCompare(arith::CmpIOp op) {
  using P = arith::CmpIPredicate;
  P predicate = op.getPredicate();
  bool isSigned = predicate == P::slt || predicate == P::sle ||
                  predicate == P::sgt || predicate == P::sge;
  Extension extension = isSigned ? Extension::Signed : Extension::Unsigned;
  Value left = get(op.getLhs(), extension), right = get(op.getRhs(), extension);
  if (isBoolean(left)) {
    Type type = getVector(builder.getI32Type(), getLanes(left.getType()));
    Value one = getInteger(isSigned ? -1 : 1, type), zero = getInteger(0, type);
    left = create<spirv::SelectOp>(left, one, zero);
    right = create<spirv::SelectOp>(right, one, zero);
  }
  auto choose = [&]() -> Value {
    switch (predicate) {
    case P::eq:
      return compare<spirv::IEqualOp>(left, right);
    case P::ne:
      return compare<spirv::INotEqualOp>(left, right);
    case P::slt:
      return compare<spirv::SLessThanOp>(left, right);
    case P::sle:
      return compare<spirv::SLessThanEqualOp>(left, right);
    case P::sgt:
      return compare<spirv::SGreaterThanOp>(left, right);
    case P::sge:
      return compare<spirv::SGreaterThanEqualOp>(left, right);
    case P::ult:
      return compare<spirv::ULessThanOp>(left, right);
    case P::ule:
      return compare<spirv::ULessThanEqualOp>(left, right);
    case P::ugt:
      return compare<spirv::UGreaterThanOp>(left, right);
    case P::uge:
      return compare<spirv::UGreaterThanEqualOp>(left, right);
    }
    llvm_unreachable("not a predicate");
  };
  set(op.getResult(), choose());
  return success();
}

/// A driver that doesn't promise to keep NaN may take OpIsNan to be false, so
/// the bits are tested there.
Value FunctionEmitter::isNan(Value value) {
  unsigned lanes = getLanes(value.getType());
  Type boolean = getVector(builder.getI1Type(), lanes);
  bool isKept = needs.has((schedule::feature::NanPreserve + "32").str());
  if (isKept || !getElementTypeOrSelf(value).isF32())
    return create<spirv::IsNanOp>(boolean, value);
  Type type = getVector(builder.getI32Type(), lanes);
  Value bits = create<spirv::BitcastOp>(type, value);
  Value magnitude =
      create<spirv::BitwiseAndOp>(bits, getInteger(0x7fffffff, type));
  return compare<spirv::UGreaterThanOp>(magnitude,
                                        getInteger(0x7f800000, type));
}

LogicalResult FunctionEmitter::emitCompare(arith::CmpFOp op) {
  using P = arith::CmpFPredicate;
  Value left = get(op.getLhs()), right = get(op.getRhs());
  Type boolean = getVector(builder.getI1Type(), getLanes(left.getType()));
  auto isUnordered = [&]() -> Value {
    Value result = isNan(left);
    if (left == right)
      return result;
    return create<spirv::LogicalOrOp>(boolean, result, isNan(right));
  };
  auto choose = [&]() -> Value {
    switch (op.getPredicate()) {
    case P::AlwaysFalse:
      return getInteger(0, boolean);
    case P::AlwaysTrue:
      return getInteger(1, boolean);
    case P::OEQ:
      return compare<spirv::FOrdEqualOp>(left, right);
    case P::OGT:
      return compare<spirv::FOrdGreaterThanOp>(left, right);
    case P::OGE:
      return compare<spirv::FOrdGreaterThanEqualOp>(left, right);
    case P::OLT:
      return compare<spirv::FOrdLessThanOp>(left, right);
    case P::OLE:
      return compare<spirv::FOrdLessThanEqualOp>(left, right);
    case P::ONE:
      return compare<spirv::FOrdNotEqualOp>(left, right);
    case P::ORD:
      return create<spirv::LogicalNotOp>(boolean, isUnordered());
    case P::UEQ:
      return compare<spirv::FUnordEqualOp>(left, right);
    case P::UGT:
      return compare<spirv::FUnordGreaterThanOp>(left, right);
    case P::UGE:
      return compare<spirv::FUnordGreaterThanEqualOp>(left, right);
    case P::ULT:
      return compare<spirv::FUnordLessThanOp>(left, right);
    case P::ULE:
      return compare<spirv::FUnordLessThanEqualOp>(left, right);
    case P::UNE:
      return compare<spirv::FUnordNotEqualOp>(left, right);
    case P::UNO:
      return isUnordered();
    }
    llvm_unreachable("not a predicate");
  };
  set(op.getResult(), choose());
  return success();
}

LogicalResult FunctionEmitter::emitMath(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<math::AbsFOp>(
          [&](Operation *) { return emitUnary<spirv::GLFAbsOp>(op); })
      .Case<math::CeilOp>(
          [&](Operation *) { return emitUnary<spirv::GLCeilOp>(op); })
      .Case<math::FloorOp>(
          [&](Operation *) { return emitUnary<spirv::GLFloorOp>(op); })
      .Case<math::RoundEvenOp>(
          [&](Operation *) { return emitUnary<spirv::GLRoundEvenOp>(op); })
      .Case<math::SqrtOp>(
          [&](Operation *) { return emitUnary<spirv::GLSqrtOp>(op); })
      .Case<math::FmaOp>([&](auto fma) -> LogicalResult {
        Value a = get(fma.getA());
        set(fma.getResult(),
            create<spirv::GLFmaOp>(a.getType(), a, get(fma.getB()),
                                   get(fma.getC())));
        return success();
      })
      .Default([&](Operation *) {
        return refuse(op, "the function isn't one of a kernel's");
      });
}
