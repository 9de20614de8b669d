//===- Requirements.h - What kernels need of a device -----------*- C++ -*-===//
//
// Compares a kernel with the description of a device before any text is
// printed, so that a limit shows as a message with numbers rather than as a
// failure of a driver.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_OPENCL_REQUIREMENTS_H
#define POLYTILE_COMPILER_TARGET_OPENCL_REQUIREMENTS_H

#include "compiler/schedule/DeviceDescription.h"
#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace polytile::opencl {

/// Which parts of OpenCL C beyond the core a module uses.
struct Usage {
  bool doubles = false;
  bool halves = false;
  bool shuffles = false;
  bool subgroups = false; ///< shuffles, or ids within a subgroup
};

Usage findUsage(mlir::ModuleOp module);

/// Emits a located error, with the numbers, for the first thing that `kernel`
/// needs and `device` lacks.
llvm::LogicalResult
checkRequirements(kernel::FuncOp kernel,
                  const schedule::DeviceDescription &device);

} // namespace polytile::opencl

#endif // POLYTILE_COMPILER_TARGET_OPENCL_REQUIREMENTS_H
