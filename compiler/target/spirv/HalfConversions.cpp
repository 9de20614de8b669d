//===- HalfConversions.cpp - Halves by integer operations -----------------===//
//
// Exact on every device, whatever it does to subnormals and however it rounds:
// functions of the module, emitted when a kernel first asks for them.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/ModuleEmitter.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

namespace {
/// Operations on 32-bit integers, or vectors of them, in one function.
class BitBuilder {
public:
  BitBuilder(spirv::FuncOp function, unsigned lanes)
      : builder(function.getContext()), loc(function.getLoc()), lanes(lanes),
        bits(getVector(builder.getI32Type(), lanes)),
        boolean(getVector(builder.getI1Type(), lanes)) {
    builder.setInsertionPointToEnd(function.addEntryBlock());
  }

  Value number(uint32_t value) {
    IntegerAttr attribute =
        builder.getI32IntegerAttr(static_cast<int32_t>(value));
    if (auto vector = dyn_cast<VectorType>(bits))
      return create<spirv::ConstantOp>(
          bits, DenseElementsAttr::get(vector, Attribute(attribute)));
    return create<spirv::ConstantOp>(bits, attribute);
  }
  template <typename Op, typename... Args> Value create(Args &&...arguments) {
    return builder.create<Op>(loc, std::forward<Args>(arguments)...);
  }
  template <typename Op> Value make(Value left, Value right) {
    return create<Op>(left.getType(), left, right);
  }
  template <typename Op> Value compare(Value left, Value right) {
    return create<Op>(boolean, left, right);
  }
  Value choose(Value condition, Value first, Value second) {
    return create<spirv::SelectOp>(condition, first, second);
  }
  Value bitAnd(Value left, uint32_t mask) {
    return make<spirv::BitwiseAndOp>(left, number(mask));
  }
  Value bitOr(Value left, Value right) {
    return make<spirv::BitwiseOrOp>(left, right);
  }
  Value add(Value left, Value right) {
    return make<spirv::IAddOp>(left, right);
  }
  Value left(Value value, uint32_t amount) {
    return make<spirv::ShiftLeftLogicalOp>(value, number(amount));
  }
  Value right(Value value, uint32_t amount) {
    return make<spirv::ShiftRightLogicalOp>(value, number(amount));
  }
  Value bitcast(Type type, Value value) {
    return create<spirv::BitcastOp>(type, value);
  }
  void finish(Value result) {
    builder.create<spirv::ReturnValueOp>(loc, result);
  }

  OpBuilder builder;
  Location loc;
  unsigned lanes;
  Type bits, boolean;
};
} // namespace

static std::string getName(llvm::StringRef stem, unsigned lanes) {
  return lanes == 1 ? stem.str() : (stem + "_x" + llvm::Twine(lanes)).str();
}

/// Three cases of the eleven exponents and mantissas of a half: a subnormal
/// m * 2^-24 is a product that f32 holds exactly; infinity and NaN keep their
/// mantissa; else the exponent's bias grows from 15 to 127.
spirv::FuncOp ModuleEmitter::getHalfToFloat(unsigned lanes) {
  spirv::FuncOp &function = conversions[{false, lanes}];
  if (function)
    return function;
  Builder attributes(kernel.getContext());
  Type floats = getVector(attributes.getF32Type(), lanes);
  Type integers = getVector(attributes.getI32Type(), lanes);
  function = addFunction(getFreshName(getName("half_to_float", lanes)),
                         attributes.getFunctionType({integers}, {floats}));
  BitBuilder b(function, lanes);
  Value half = function.getArgument(0);
  Value sign = b.left(b.bitAnd(half, 0x8000), 16);
  Value magnitude = b.bitAnd(half, 0x7fff);
  Value shifted = b.left(magnitude, 13);
  Value normal = b.add(shifted, b.number(0x38000000));
  Value special = b.bitOr(shifted, b.number(0x7f800000));
  Value scale = b.bitcast(floats, b.number(0x33800000)); // 2^-24
  Value count = b.create<spirv::ConvertUToFOp>(floats, magnitude);
  Value product = b.make<spirv::FMulOp>(count, scale);
  product.getDefiningOp()->setAttr("no_contraction", b.builder.getUnitAttr());
  Value subnormal = b.bitcast(integers, product);
  Value result = b.choose(
      b.compare<spirv::ULessThanOp>(magnitude, b.number(0x0400)), subnormal,
      b.choose(b.compare<spirv::ULessThanOp>(magnitude, b.number(0x7c00)),
               normal, special));
  b.finish(b.bitcast(floats, b.bitOr(sign, result)));
  return function;
}

/// With a the bits of |x|: NaN stays a quiet NaN with the upper mantissa; from
/// 65520 on it is infinity; normal halves lose 13 bits of the mantissa, rounded
/// to even by adding 0xfff and the last kept bit; below 2^-14 the mantissa with
/// its leading one is shifted right by 126 - e (at most 25: nothing is left),
/// rounded in the same way.
///
/// 0x3f801000 (1 + 2^-11, a tie): 0x3f801000 - 0x38000000 = 0x07801000; plus
/// 0xfff plus bit 13, which is 0, is 0x07801fff; >> 13 is 0x3c00, which is 1.
spirv::FuncOp ModuleEmitter::getFloatToHalf(unsigned lanes) {
  spirv::FuncOp &function = conversions[{true, lanes}];
  if (function)
    return function;
  Builder attributes(kernel.getContext());
  Type floats = getVector(attributes.getF32Type(), lanes);
  Type integers = getVector(attributes.getI32Type(), lanes);
  function = addFunction(getFreshName(getName("float_to_half", lanes)),
                         attributes.getFunctionType({floats}, {integers}));
  BitBuilder b(function, lanes);
  Value word = b.bitcast(integers, function.getArgument(0));
  Value sign = b.bitAnd(b.right(word, 16), 0x8000);
  Value a = b.bitAnd(word, 0x7fffffff);

  Value odd = b.bitAnd(b.right(a, 13), 1);
  Value rebased = b.add(a, b.number(0xc8000fff)); // - 0x38000000 + 0xfff
  Value normal = b.right(b.add(rebased, odd), 13);

  Value mantissa = b.bitOr(b.bitAnd(a, 0x7fffff), b.number(0x800000));
  Value wanted = b.make<spirv::ISubOp>(b.number(126), b.right(a, 23));
  Value amount = b.choose(b.compare<spirv::ULessThanOp>(wanted, b.number(25)),
                          wanted, b.number(25));
  Value kept =
      b.bitAnd(b.make<spirv::ShiftRightLogicalOp>(mantissa, amount), 1);
  Value half = b.make<spirv::ShiftLeftLogicalOp>(
      b.number(1), b.make<spirv::ISubOp>(amount, b.number(1)));
  Value rounded =
      b.add(b.add(mantissa, half), b.make<spirv::ISubOp>(kept, b.number(1)));
  Value subnormal = b.make<spirv::ShiftRightLogicalOp>(rounded, amount);

  Value payload = b.bitAnd(b.right(a, 13), 0x1ff);
  Value special =
      b.choose(b.compare<spirv::UGreaterThanOp>(a, b.number(0x7f800000)),
               b.bitOr(payload, b.number(0x7e00)), b.number(0x7c00));
  Value finite =
      b.choose(b.compare<spirv::ULessThanOp>(a, b.number(0x38800000)),
               subnormal, normal);
  Value result = b.choose(
      b.compare<spirv::ULessThanOp>(a, b.number(0x477ff000)), finite, special);
  b.finish(b.bitOr(sign, result));
  return function;
}
