//===- GpuScalars.cpp - Scalar arithmetic of GPU kernels ------------------===//
//
// bf16 is rounded by integer arithmetic; integers become narrow floats without
// f64, which not every device has.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GpuScalars.h"

#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/gpu/math/MathLibrary.h"
#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace polytile::gpu {

using arith::CmpFPredicate;
using arith::CmpIPredicate;

Value GpuScalars::integer(Location loc, Type type, int64_t value) {
  APInt bits(type.getIntOrFloatBitWidth(), value, true);
  return builder.create<arith::ConstantOp>(loc,
                                           builder.getIntegerAttr(type, bits));
}

Value GpuScalars::call(Location loc, StringRef name, ValueRange operands) {
  func::FuncOp callee = getOrCreateMathFunction(module, name);
  if (!callee)
    return {};
  return builder.create<func::CallOp>(loc, callee, operands).getResult(0);
}

//===----------------------------------------------------------------------===//
// Memory forms and rounding
//===----------------------------------------------------------------------===//

/// bf16: the upper half of the f32, rounded to even by adding half of the last
/// place less one, and one more where the last place is odd. A NaN is only
/// made quiet: the sum could carry into infinity.
Value GpuScalars::narrowBits(Location loc, Value value, Type element) {
  if (auto [bits, type] = narrowOrigins.lookup(value); bits && type == element)
    return bits;
  OpBuilder &b = builder;
  if (element.isF16())
    return b.create<kernel::FloatToHalfOp>(loc, b.getI16Type(), value);
  Type type = b.getI32Type();
  Value bits = b.create<arith::BitcastOp>(loc, type, value);
  Value sixteen = integer(loc, type, 16);
  Value upper = b.create<arith::ShRUIOp>(loc, bits, sixteen);
  Value odd = b.create<arith::AndIOp>(loc, upper, integer(loc, type, 1));
  Value sum = b.create<arith::AddIOp>(
      loc, b.create<arith::AddIOp>(loc, bits, integer(loc, type, 0x7fff)), odd);
  Value rounded = b.create<arith::ShRUIOp>(loc, sum, sixteen);
  Value magnitude =
      b.create<arith::AndIOp>(loc, bits, integer(loc, type, 0x7fffffff));
  Value isNaN = b.create<arith::CmpIOp>(loc, CmpIPredicate::ugt, magnitude,
                                        integer(loc, type, 0x7f800000));
  Value quiet = b.create<arith::OrIOp>(loc, upper, integer(loc, type, 0x40));
  return b.create<arith::TruncIOp>(
      loc, b.getI16Type(),
      b.create<arith::SelectOp>(loc, isNaN, quiet, rounded));
}

Value GpuScalars::toMemory(Location loc, Value value, Type element) {
  if (element.isInteger(1))
    return builder.create<arith::ExtUIOp>(loc, builder.getI8Type(), value);
  return codegen::isNarrowFloat(element) ? narrowBits(loc, value, element)
                                         : value;
}

Value GpuScalars::fromMemory(Location loc, Value value, Type element) {
  if (element.isInteger(1))
    return builder.create<arith::CmpIOp>(loc, CmpIPredicate::ne, value,
                                         integer(loc, value.getType(), 0));
  if (!codegen::isNarrowFloat(element))
    return value;
  Type single = builder.getF32Type(), bits = builder.getI32Type();
  Value result;
  if (element.isF16()) {
    result = builder.create<kernel::HalfToFloatOp>(loc, single, value);
  } else {
    Value wide = builder.create<arith::ExtUIOp>(loc, bits, value);
    result = builder.create<arith::BitcastOp>(
        loc, single,
        builder.create<arith::ShLIOp>(loc, wide, integer(loc, bits, 16)));
  }
  narrowOrigins[result] = {value, element};
  return result;
}

Value GpuScalars::roundToNarrow(Location loc, Value value, Type element) {
  return fromMemory(loc, narrowBits(loc, value, element), element);
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// The detour over f32 keeps the lost bits by rounding to odd.
Value GpuScalars::doubleToNarrow(Location loc, Value value, Type element) {
  return roundToNarrow(loc, call(loc, "ptl_f64_to_f32_odd", value), element);
}

/// An integer that has more bits than f32 holds would be rounded twice. What
/// f32 can't hold is far above all of f16; for bf16, with its 8 bits, the bits
/// from some place on are replaced by one that says whether any was set:
///
///   0x1234'5001 (29 bits) -> 0x1234'6000: low 12 bits cleared, bit 12 set
Value GpuScalars::integerToNarrow(Location loc, Value value, Type from,
                                  Type element) {
  OpBuilder &b = builder;
  bool isUnsigned = tile::isUnsignedElement(from);
  unsigned width = value.getType().getIntOrFloatBitWidth();
  Type type = b.getIntegerType(std::max(width, 32u));
  Type single = b.getF32Type();
  Value number = resizeInteger(loc, value, from, type);
  if (element.isF16() || width < 32) {
    Value converted =
        isUnsigned ? b.create<arith::UIToFPOp>(loc, single, number).getResult()
                   : b.create<arith::SIToFPOp>(loc, single, number).getResult();
    return roundToNarrow(loc, converted, element);
  }
  Value none = integer(loc, type, 0), negative;
  if (!isUnsigned) {
    negative = b.create<arith::CmpIOp>(loc, CmpIPredicate::slt, number, none);
    number = b.create<arith::SelectOp>(
        loc, negative, b.create<arith::SubIOp>(loc, none, number), number);
  }
  for (unsigned from = 24; from < width; from += 12) {
    int64_t first = int64_t(1) << (from - 12);
    Value low =
        b.create<arith::AndIOp>(loc, number, integer(loc, type, first - 1));
    Value high =
        b.create<arith::AndIOp>(loc, number, integer(loc, type, -first));
    Value lost = b.create<arith::CmpIOp>(loc, CmpIPredicate::ne, low, none);
    Value marked = b.create<arith::OrIOp>(loc, high, integer(loc, type, first));
    Value isLong =
        b.create<arith::CmpIOp>(loc, CmpIPredicate::uge, number,
                                integer(loc, type, int64_t(1) << from));
    Value replaced = b.create<arith::AndIOp>(loc, isLong, lost);
    number = b.create<arith::SelectOp>(loc, replaced, marked, number);
  }
  Value converted = b.create<arith::UIToFPOp>(loc, single, number);
  if (negative)
    converted = b.create<arith::SelectOp>(
        loc, negative, b.create<arith::NegFOp>(loc, converted), converted);
  return roundToNarrow(loc, converted, element);
}

/// The conversion only ever sees what fits; numbers of fewer than 32 bits go
/// through i32.
Value GpuScalars::floatToInteger(Location loc, Value value, Type element) {
  OpBuilder &b = builder;
  bool isUnsigned = tile::isUnsignedElement(element);
  auto result = llvm::cast<IntegerType>(codegen::registerType(element));
  unsigned width = result.getWidth();
  auto type = b.getIntegerType(std::max(width, 32u));
  auto number = [&](double constant) -> Value {
    return b.create<arith::ConstantOp>(
        loc, b.getFloatAttr(value.getType(), constant));
  };
  double limit = std::ldexp(1.0, isUnsigned ? width : width - 1);
  Value lowest = number(isUnsigned ? 0 : -limit), beyond = number(limit);
  Value isHigh =
      b.create<arith::CmpFOp>(loc, CmpFPredicate::OGE, value, beyond);
  Value isLow = b.create<arith::CmpFOp>(loc, CmpFPredicate::OLT, value, lowest);
  Value fits = b.create<arith::AndIOp>(
      loc, b.create<arith::CmpFOp>(loc, CmpFPredicate::OLT, value, beyond),
      b.create<arith::CmpFOp>(loc, CmpFPredicate::OGE, value, lowest));
  Value safe = b.create<arith::SelectOp>(loc, fits, value, number(0));
  Value whole = isUnsigned
                    ? b.create<arith::FPToUIOp>(loc, type, safe).getResult()
                    : b.create<arith::FPToSIOp>(loc, type, safe).getResult();
  APInt most = isUnsigned
                   ? APInt::getMaxValue(width).zext(type.getWidth())
                   : APInt::getSignedMaxValue(width).sext(type.getWidth());
  Value greatest =
      b.create<arith::ConstantOp>(loc, b.getIntegerAttr(type, most));
  whole = b.create<arith::SelectOp>(loc, isHigh, greatest, whole);
  if (!isUnsigned)
    whole = b.create<arith::SelectOp>(
        loc, isLow,
        integer(loc, type, APInt::getSignedMinValue(width).getSExtValue()),
        whole);
  return type == result
             ? whole
             : b.create<arith::TruncIOp>(loc, result, whole).getResult();
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

Value GpuScalars::function(Location loc, StringRef name, ValueRange operands) {
  OpBuilder &b = builder;
  Value x = operands[0];
  bool isDouble = x.getType().isF64();
  bool isExact = isDouble || device.has(schedule::feature::ExactDivision);
  if (name == "div" && isExact)
    return b.create<arith::DivFOp>(loc, x, operands[1]);
  if (name == "sqrt" && isExact)
    return b.create<mlir::math::SqrtOp>(loc, x);
  if (name == "abs")
    return b.create<mlir::math::AbsFOp>(loc, x);
  if (name == "ceil")
    return b.create<mlir::math::CeilOp>(loc, x);
  if (name == "floor")
    return b.create<mlir::math::FloorOp>(loc, x);
  if (name == "round")
    return b.create<mlir::math::RoundEvenOp>(loc, x);
  // Vulkan leaves open whether a software device fuses math.fma.
  bool fuses = device.kind != schedule::kind::Vulkan ||
               device.deviceType == "gpu" || device.deviceType == "integrated";
  if (name == "div" && !fuses)
    return call(loc, "ptl_div_portable_f32", operands);
  return call(loc, ("ptl_" + name + (isDouble ? "_f64" : "_f32")).str(),
              operands);
}

Value GpuScalars::integerPower(Location loc, Value base, Value exponent,
                               Type element) {
  bool isLong = base.getType().getIntOrFloatBitWidth() > 32;
  Type type = builder.getIntegerType(isLong ? 64 : 32);
  bool isUnsigned = tile::isUnsignedElement(element);
  std::string name = std::string("ptl_pow_") + (isUnsigned ? "u" : "i") +
                     (isLong ? "64" : "32");
  Value power = call(loc, name,
                     {resizeInteger(loc, base, element, type),
                      resizeInteger(loc, exponent, element, type)});
  return power ? resizeInteger(loc, power, element, base.getType()) : Value();
}

} // namespace polytile::gpu
