//===- KernelCosts.h - What a kernel does, in numbers -----------*- C++ -*-===//
//
// Arithmetic and traffic as the definitions say it, whatever a target makes of
// them: what benchmarks and tuners compare measured times with.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_KERNELCOSTS_H
#define POLYTILE_COMPILER_TARGET_COMMON_KERNELCOSTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace polytile::codegen {

/// Of a whole dispatch.
struct KernelCosts {
  /// One for each operation at each point of a contraction, its aggregation
  /// included, and for each element of an elementwise operation.
  int64_t flops = 0;
  /// Of all arguments and results, each once.
  int64_t bytes = 0;
};

/// Counts in `kernel`, a function of static tile IR with inferred bounds.
KernelCosts countCosts(mlir::func::FuncOp kernel);

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_KERNELCOSTS_H
