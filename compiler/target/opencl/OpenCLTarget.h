//===- OpenCLTarget.h - Kernels as OpenCL C text ----------------*- C++ -*-===//
//
// The whole interface of the OpenCL target: a module of the kernel dialect
// becomes one OpenCL C 1.2 program that a person can read and that every
// vendor's compiler takes. What a kernel may hold is checked here, against the
// list of operations and against the limits of the device.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_OPENCL_OPENCLTARGET_H
#define POLYTILE_COMPILER_TARGET_OPENCL_OPENCLTARGET_H

#include "compiler/schedule/DeviceDescription.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <string>

namespace polytile::opencl {

/// The OpenCL C program with every `kernel.func` of `module`, under their own
/// names, and the helper functions that they call. Emits a located error and
/// fails when a kernel needs more than `device` has (features, threads,
/// workgroup memory, bindings), or holds what no kernel may hold. Does not
/// change the module.
mlir::FailureOr<std::string>
printOpenCL(mlir::ModuleOp module, const schedule::DeviceDescription &device);

/// The options that the program is built with on `device`.
std::string buildOptions(const schedule::DeviceDescription &device);

/// Registers the pass `opencl-print` for polytile-opt.
void registerOpenCLPasses();

} // namespace polytile::opencl

#endif // POLYTILE_COMPILER_TARGET_OPENCL_OPENCLTARGET_H
