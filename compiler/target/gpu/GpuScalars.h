//===- GpuScalars.h - Scalar arithmetic of GPU kernels ----------*- C++ -*-===//
//
// The leaves of ScalarEmitter on GPU-like devices: no intrinsics but those that
// every device computes exactly, functions from the math library, conversions
// by operations that can't meet a value they are undefined for.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_GPUSCALARS_H
#define POLYTILE_COMPILER_TARGET_GPU_GPUSCALARS_H

#include "compiler/schedule/DeviceDescription.h"
#include "compiler/target/common/ScalarOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"

namespace polytile::gpu {

/// Emits for `device`; functions that are called get their bodies in `module`.
class GpuScalars : public codegen::ScalarEmitter {
public:
  GpuScalars(mlir::OpBuilder &builder, mlir::ModuleOp module,
             const schedule::DeviceDescription &device, unsigned indexBits)
      : ScalarEmitter(builder), module(module), device(device),
        indexBits(indexBits) {}

  mlir::Value fromMemory(mlir::Location loc, mlir::Value value,
                         mlir::Type element) override;
  mlir::Value toMemory(mlir::Location loc, mlir::Value value,
                       mlir::Type element) override;
  mlir::IntegerType indexInteger() override {
    return builder.getIntegerType(indexBits);
  }

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
                          mlir::Value rhs) override {
    return compareMaxMin(loc, isMax, lhs, rhs);
  }
  mlir::Value function(mlir::Location loc, llvm::StringRef name,
                       mlir::ValueRange operands) override;
  mlir::Value integerPower(mlir::Location loc, mlir::Value base,
                           mlir::Value exponent, mlir::Type element) override;

private:
  /// Calls `name` of the math library; null when it has no such function.
  mlir::Value call(mlir::Location loc, llvm::StringRef name,
                   mlir::ValueRange operands);
  mlir::Value narrowBits(mlir::Location loc, mlir::Value value,
                         mlir::Type element);
  mlir::Value integer(mlir::Location loc, mlir::Type type, int64_t value);

  mlir::ModuleOp module;
  const schedule::DeviceDescription &device;
  unsigned indexBits;
  /// The bits that a narrow float in a register was made from, and its type:
  /// they needn't be computed again to store it.
  llvm::DenseMap<mlir::Value, std::pair<mlir::Value, mlir::Type>> narrowOrigins;
};

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_GPUSCALARS_H
