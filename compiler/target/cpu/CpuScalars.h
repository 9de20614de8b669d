//===- CpuScalars.h - Scalar arithmetic of the CPU --------------*- C++ -*-===//
//
// The leaves of ScalarEmitter on a CPU: LLVM's intrinsics where the machine has
// the instruction, else calls of the support functions.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_CPUSCALARS_H
#define POLYTILE_COMPILER_TARGET_CPU_CPUSCALARS_H

#include "compiler/target/common/ScalarOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace polytile::cpu {

/// What the machine converts by itself; the rest is done by the support
/// functions.
struct ScalarFeatures {
  bool f16Conversions = true; // F16C
  bool rounding = true;       // SSE4.1 roundps
};

/// Emits for a CPU with `features`; support functions are declared in `module`.
class CpuScalars : public codegen::ScalarEmitter {
public:
  CpuScalars(mlir::OpBuilder &builder, mlir::ModuleOp module,
             ScalarFeatures features)
      : ScalarEmitter(builder), module(module), features(features) {}

  mlir::Value fromMemory(mlir::Location loc, mlir::Value value,
                         mlir::Type element) override;
  mlir::Value toMemory(mlir::Location loc, mlir::Value value,
                       mlir::Type element) override;
  mlir::IntegerType indexInteger() override { return builder.getI64Type(); }

protected:
  mlir::Value roundToNarrow(mlir::Location loc, mlir::Value value,
                            mlir::Type element) override;
  mlir::Value doubleToNarrow(mlir::Location loc, mlir::Value value,
                             mlir::Type element) override;
  mlir::Value integerToNarrow(mlir::Location loc, mlir::Value value,
                              mlir::Type from, mlir::Type element) override;
  mlir::Value floatToInteger(mlir::Location loc, mlir::Value value,
                             mlir::Type element) override;
  mlir::Value floatMaxMin(mlir::Location loc, bool isMax, mlir::Value lhs,
                          mlir::Value rhs) override;
  mlir::Value function(mlir::Location loc, llvm::StringRef name,
                       mlir::ValueRange operands) override;
  mlir::Value integerPower(mlir::Location loc, mlir::Value base,
                           mlir::Value exponent, mlir::Type element) override;

private:
  mlir::Value narrowBits(mlir::Location loc, mlir::Value value,
                         mlir::Type element);
  /// Calls support function `name`, declared on first use.
  mlir::Value call(mlir::Location loc, llvm::StringRef name, mlir::Type result,
                   mlir::ValueRange operands);
  mlir::Value intrinsic(mlir::Location loc, llvm::StringRef name,
                        mlir::Type result, mlir::ValueRange operands);

  mlir::ModuleOp module;
  ScalarFeatures features;
};

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_CPUSCALARS_H
