//===- GpuCode.h - Kernels of tile IR to OpenCL C and SPIR-V ----*- C++ -*-===//
//
// The part of TargetCode that OpenCL and Vulkan share: both read the kernel
// dialect.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_GPUCODE_H
#define POLYTILE_COMPILER_PIPELINE_GPUCODE_H

#include "compiler/pipeline/TargetCode.h"

#include "llvm/ADT/StringMap.h"

namespace polytile::pipeline {

/// Where a kernel comes from, for profiles and messages; taken before kernels
/// are lowered.
struct KernelOrigin {
  std::string source;
  std::string file;
  unsigned line = 0;
  /// The names of its bindings, "" where the source gives none.
  std::vector<std::string> bindings;
};

/// By symbol.
using KernelOrigins = llvm::StringMap<KernelOrigin>;

/// A kernel of that origin, without code.
KernelCode makeKernel(llvm::StringRef symbol, const KernelOrigins &origins);

package::ModuleDesc makeModule(const char *format, const void *bytes,
                               size_t size);

mlir::FailureOr<TargetCode> compileForGpu(mlir::ModuleOp module,
                                          const Target &target,
                                          const KernelOrigins &origins,
                                          PhaseDumps &dumps);

mlir::FailureOr<std::string> emitForGpu(mlir::ModuleOp module,
                                        const Target &target, Stop stop,
                                        const KernelOrigins &origins,
                                        PhaseDumps &dumps);

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_GPUCODE_H
