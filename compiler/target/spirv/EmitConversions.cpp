//===- EmitConversions.cpp - Between types --------------------------------===//
//
// Widths, kinds of numbers and bits. Halves have their own paths: the device's
// conversion where it is exact, else functions of integer operations
// (HalfConversions.cpp).
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/FunctionEmitter.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

Value FunctionEmitter::resize(Value value, Type type, bool isSigned) {
  if (value.getType() == type)
    return value;
  if (isSigned)
    return create<spirv::SConvertOp>(type, value);
  return create<spirv::UConvertOp>(type, value);
}

/// From a boolean to any number: 0, or 1, or -1 where it is signed.
LogicalResult FunctionEmitter::emitFromBoolean(Operation *op) {
  Type type = getType(op->getResult(0));
  bool isSigned = isa<arith::ExtSIOp, arith::SIToFPOp, arith::IndexCastOp>(op);
  auto getNumber = [&](int64_t value) {
    return isa<FloatType>(getElementTypeOrSelf(type))
               ? getFloat(static_cast<double>(value), type)
               : getInteger(value, type);
  };
  set(op->getResult(0),
      create<spirv::SelectOp>(get(op->getOperand(0)),
                              getNumber(isSigned ? -1 : 1), getNumber(0)));
  return success();
}

LogicalResult FunctionEmitter::emitConversion(Operation *op) {
  if (op->getNumOperands() != 1)
    return refuse(op, "the operation isn't one of a kernel's");
  Type type = getType(op->getResult(0));
  bool fromBoolean = getElementTypeOrSelf(op->getOperand(0)).isInteger(1);
  bool toBoolean = getElementTypeOrSelf(type).isInteger(1);
  if (fromBoolean && !toBoolean)
    return emitFromBoolean(op);
  auto convert = [&](auto target, Extension extension) {
    using Target = decltype(target);
    set(op->getResult(0),
        create<Target>(type, get(op->getOperand(0), extension)));
    return success();
  };
  auto change = [&](Extension extension) {
    Value value = get(op->getOperand(0), extension);
    set(op->getResult(0), resize(value, type, extension == Extension::Signed));
    return success();
  };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<arith::ExtSIOp, arith::IndexCastOp>(
          [&](Operation *) { return change(Extension::Signed); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>(
          [&](Operation *) { return change(Extension::Unsigned); })
      .Case<arith::TruncIOp>([&](Operation *) -> LogicalResult {
        if (!toBoolean)
          return change(Extension::None);
        Value value = get(op->getOperand(0));
        Value low =
            create<spirv::BitwiseAndOp>(value, getInteger(1, value.getType()));
        set(op->getResult(0), create<spirv::INotEqualOp>(
                                  type, low, getInteger(0, value.getType())));
        return success();
      })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](Operation *) {
        return convert(spirv::FConvertOp(), Extension::None);
      })
      .Case<arith::SIToFPOp>([&](Operation *) {
        return convert(spirv::ConvertSToFOp(), Extension::Signed);
      })
      .Case<arith::UIToFPOp>([&](Operation *) {
        return convert(spirv::ConvertUToFOp(), Extension::Unsigned);
      })
      .Case<arith::FPToSIOp>([&](Operation *) {
        return convert(spirv::ConvertFToSOp(), Extension::None);
      })
      .Case<arith::FPToUIOp>([&](Operation *) {
        return convert(spirv::ConvertFToUOp(), Extension::None);
      })
      .Case<arith::BitcastOp>([&](Operation *) { return emitBitcast(op); })
      .Default([&](Operation *) {
        return refuse(op, "the operation isn't one of a kernel's");
      });
}

/// The bits of a value as 32-bit integers, the first lane in the lowest bits. A
/// value of fewer bits makes one word whose upper bits are garbage.
void FunctionEmitter::getWords(Value source, SmallVectorImpl<Value> &words) {
  Type type = source.getType(), i32 = builder.getI32Type();
  unsigned lanes = getLanes(type);
  unsigned width = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  Value value = get(source, width < 32 ? Extension::Unsigned : Extension::None);
  for (unsigned lane = 0; lane < lanes; ++lane) {
    Value element = getElement(value, lane);
    if (width == 64) {
      Value both = create<spirv::BitcastOp>(getVector(i32, 2), element);
      words.push_back(getElement(both, 0));
      words.push_back(getElement(both, 1));
      continue;
    }
    if (element.getType() != i32)
      element = create<spirv::BitcastOp>(i32, element);
    unsigned shift = lane * width % 32;
    if (shift == 0) {
      words.push_back(element);
      continue;
    }
    Value moved =
        create<spirv::ShiftLeftLogicalOp>(i32, element, getI32(shift));
    words.back() = create<spirv::BitwiseOrOp>(words.back(), moved);
  }
}

/// The inverse of `getWords`, for a type of the kernel.
Value FunctionEmitter::fromWords(ArrayRef<Value> words, Type type) {
  Type target = types.getRegister(type), element = getElementTypeOrSelf(target);
  Type i32 = builder.getI32Type();
  unsigned width = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  SmallVector<Value> lanes;
  for (unsigned lane = 0; lane < getLanes(type); ++lane) {
    if (width == 64) {
      Value both =
          construct(getVector(i32, 2), {words[lane * 2], words[lane * 2 + 1]});
      lanes.push_back(create<spirv::BitcastOp>(element, both));
      continue;
    }
    Value word = words[lane * width / 32];
    if (unsigned shift = lane * width % 32)
      word = create<spirv::ShiftRightLogicalOp>(i32, word, getI32(shift));
    if (element != i32)
      word = create<spirv::BitcastOp>(element, word);
    lanes.push_back(word);
  }
  return construct(target, lanes);
}

/// A value of f16 is held as one, its bits in an integer of 32 bits.
LogicalResult FunctionEmitter::emitBitcast(Operation *op) {
  Value source = op->getOperand(0), result = op->getResult(0);
  Type from = getType(source), to = getType(result);
  bool fromHalf = getElementTypeOrSelf(from).isF16();
  bool toHalf = getElementTypeOrSelf(to).isF16();
  if (fromHalf || toHalf) {
    if (getLanes(from) != 1 || getLanes(to) != 1 || fromHalf == toHalf)
      return refuse(op, "only single f16 can be taken as bits");
    Type pair = getVector(builder.getF16Type(), 2);
    Value value = get(source);
    set(result, toHalf ? getElement(create<spirv::BitcastOp>(pair, value), 0)
                       : create<spirv::BitcastOp>(
                             to, construct(pair, {value, getFloat(0, from)})));
    return success();
  }
  if (isNarrow(source.getType()) || isNarrow(result.getType())) {
    if (source.getType() == result.getType()) {
      set(result, get(source));
      return success();
    }
    SmallVector<Value> words;
    getWords(source, words);
    set(result, fromWords(words, result.getType()));
    return success();
  }
  Value value = get(source);
  set(result, from == to ? value : create<spirv::BitcastOp>(to, value));
  return success();
}

/// Whether the device converts halves exactly: subnormals kept, and rounding to
/// nearest even on the way to halves. Notes what that needs.
bool FunctionEmitter::usesNativeHalves(bool narrowing) {
  namespace feature = schedule::feature;
  if (!needs.has(feature::F16) ||
      !needs.has((feature::DenormPreserve + "16").str()) ||
      (narrowing && !needs.has((feature::RoundingRte + "16").str())))
    return false;
  return needs.use(feature::F16);
}

LogicalResult FunctionEmitter::emitHalfToFloat(kernel::HalfToFloatOp op) {
  Value bits = get(op.getBits());
  Type type = getType(op.getResult());
  if (!usesNativeHalves(/*narrowing=*/false)) {
    spirv::FuncOp convert = module.getHalfToFloat(getLanes(type));
    set(op.getResult(), create<spirv::FunctionCallOp>(
                            type, convert.getSymName(), ValueRange{bits})
                            .getResult(0));
    return success();
  }
  Type pair = getVector(builder.getF16Type(), 2);
  SmallVector<Value> lanes;
  for (unsigned lane = 0; lane < getLanes(type); ++lane) {
    Value both = create<spirv::BitcastOp>(pair, getElement(bits, lane));
    lanes.push_back(
        create<spirv::FConvertOp>(builder.getF32Type(), getElement(both, 0)));
  }
  set(op.getResult(), construct(type, lanes));
  return success();
}

/// A value that is rounded to a half and computed with again. Drivers that see
/// native conversions there compute in halves and fuse a rounded product with
/// the sum that takes it (NVIDIA's does): one rounding is lost.
static bool isComputedWith(kernel::FloatToHalfOp op) {
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    return isa<kernel::HalfToFloatOp>(user);
  });
}

LogicalResult FunctionEmitter::emitFloatToHalf(kernel::FloatToHalfOp op) {
  Value value = get(op.getValue());
  Type type = getType(op.getResult());
  if (isComputedWith(op) || !usesNativeHalves(/*narrowing=*/true)) {
    spirv::FuncOp convert = module.getFloatToHalf(getLanes(type));
    Value result = create<spirv::FunctionCallOp>(type, convert.getSymName(),
                                                 ValueRange{value})
                       .getResult(0);
    extended[result] = Extension::Unsigned;
    set(op.getResult(), result);
    return success();
  }
  Type half = builder.getF16Type(), pair = getVector(half, 2);
  SmallVector<Value> lanes;
  for (unsigned lane = 0; lane < getLanes(type); ++lane) {
    Value narrow = create<spirv::FConvertOp>(half, getElement(value, lane));
    Value both = construct(pair, {narrow, getFloat(0, half)});
    lanes.push_back(create<spirv::BitcastOp>(builder.getI32Type(), both));
  }
  Value result = construct(type, lanes);
  extended[result] = Extension::Unsigned;
  set(op.getResult(), result);
  return success();
}
