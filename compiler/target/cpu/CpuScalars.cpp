//===- CpuScalars.cpp - Scalar arithmetic of the CPU ----------------------===//
//
// Support functions are named "ptl_", the tile operation, and the type.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/CpuScalars.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace polytile::cpu {

Value CpuScalars::call(Location loc, StringRef name, Type result,
                       ValueRange operands) {
  auto callee = module.lookupSymbol<func::FuncOp>(name);
  if (!callee) {
    OpBuilder atStart = OpBuilder::atBlockBegin(module.getBody());
    callee = atStart.create<func::FuncOp>(
        module.getLoc(), name,
        builder.getFunctionType(operands.getTypes(), {result}));
    callee.setPrivate();
  }
  return builder.create<func::CallOp>(loc, callee, operands).getResult(0);
}

Value CpuScalars::intrinsic(Location loc, StringRef name, Type result,
                            ValueRange operands) {
  return builder.create<LLVM::CallIntrinsicOp>(loc, result, name, operands)
      .getResults();
}

Value CpuScalars::narrowBits(Location loc, Value value, Type element) {
  StringRef name = element.isBF16()          ? "ptl_f32_to_bf16"
                   : features.f16Conversions ? "ptl_f32_to_f16_native"
                                             : "ptl_f32_to_f16";
  return call(loc, name, builder.getI16Type(), value);
}

Value CpuScalars::toMemory(Location loc, Value value, Type element) {
  if (element.isInteger(1))
    return builder.create<arith::ExtUIOp>(loc, codegen::memoryType(element),
                                          value);
  if (codegen::isNarrowFloat(element))
    return builder.create<arith::BitcastOp>(loc, element,
                                            narrowBits(loc, value, element));
  return value;
}

Value CpuScalars::fromMemory(Location loc, Value value, Type element) {
  if (element.isInteger(1)) {
    Value none = builder.create<arith::ConstantOp>(
        loc, builder.getZeroAttr(value.getType()));
    return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ne, value,
                                         none);
  }
  if (!codegen::isNarrowFloat(element))
    return value;
  StringRef name = element.isBF16()          ? "ptl_bf16_to_f32"
                   : features.f16Conversions ? "ptl_f16_to_f32_native"
                                             : "ptl_f16_to_f32";
  Value bits =
      builder.create<arith::BitcastOp>(loc, builder.getI16Type(), value);
  return call(loc, name, builder.getF32Type(), bits);
}

Value CpuScalars::roundToNarrow(Location loc, Value value, Type element) {
  Value bits = builder.create<arith::BitcastOp>(
      loc, element, narrowBits(loc, value, element));
  return fromMemory(loc, bits, element);
}

/// The detour over f32 keeps the lost bits by rounding to odd.
Value CpuScalars::doubleToNarrow(Location loc, Value value, Type element) {
  return roundToNarrow(
      loc, call(loc, "ptl_f64_to_f32_odd", builder.getF32Type(), value),
      element);
}

Value CpuScalars::integerToNarrow(Location loc, Value value, Type from,
                                  Type element) {
  Type wide = builder.getF64Type();
  value = tile::isUnsignedElement(from)
              ? builder.create<arith::UIToFPOp>(loc, wide, value).getResult()
              : builder.create<arith::SIToFPOp>(loc, wide, value).getResult();
  return doubleToNarrow(loc, value, element);
}

Value CpuScalars::floatToInteger(Location loc, Value value, Type element) {
  return intrinsic(loc,
                   tile::isUnsignedElement(element) ? "llvm.fptoui.sat"
                                                    : "llvm.fptosi.sat",
                   codegen::registerType(element), value);
}

Value CpuScalars::floatMaxMin(Location loc, bool isMax, Value lhs, Value rhs) {
  return isMax ? builder.create<arith::MaximumFOp>(loc, lhs, rhs).getResult()
               : builder.create<arith::MinimumFOp>(loc, lhs, rhs).getResult();
}

Value CpuScalars::function(Location loc, StringRef name, ValueRange operands) {
  Type type = operands[0].getType();
  if (name == "div")
    return builder.create<arith::DivFOp>(loc, operands[0], operands[1]);
  StringRef always = llvm::StringSwitch<StringRef>(name)
                         .Case("abs", "llvm.fabs")
                         .Case("sqrt", "llvm.sqrt")
                         .Default("");
  StringRef rounding = llvm::StringSwitch<StringRef>(name)
                           .Case("ceil", "llvm.ceil")
                           .Case("floor", "llvm.floor")
                           .Case("round", "llvm.roundeven")
                           .Default("");
  if (!always.empty())
    return intrinsic(loc, always, type, operands);
  if (features.rounding && !rounding.empty())
    return intrinsic(loc, rounding, type, operands);
  return call(loc, ("ptl_" + name + (type.isF64() ? "_f64" : "_f32")).str(),
              type, operands);
}

Value CpuScalars::integerPower(Location loc, Value base, Value exponent,
                               Type element) {
  Type wide = builder.getI64Type();
  Value power = call(
      loc, tile::isUnsignedElement(element) ? "ptl_pow_u64" : "ptl_pow_i64",
      wide,
      {resizeInteger(loc, base, element, wide),
       resizeInteger(loc, exponent, element, wide)});
  return resizeInteger(loc, power, element, base.getType());
}

} // namespace polytile::cpu
