//===- GpuTarget.h - Kernels of tile IR for GPU-like devices ----*- C++ -*-===//
//
// The interface of what OpenCL and Vulkan share: each kernel function of tile
// IR becomes one kernel of the kernel dialect, with its workgroups and its
// grid. The printers of both targets start from there.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_GPUTARGET_H
#define POLYTILE_COMPILER_TARGET_GPU_GPUTARGET_H

#include "compiler/schedule/DeviceDescription.h"
#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace polytile::gpu {

/// What the host schedule and the package have to know of one kernel.
struct CompiledKernel {
  /// The kernel's name. Its bindings are the function's arguments in order,
  /// then its results in order.
  std::string symbol;
  std::array<uint32_t, 3> workgroupSize = {1, 1, 1};
  /// Workgroups of a dispatch.
  std::array<uint32_t, 3> grid = {1, 1, 1};
  uint64_t workgroupMemoryBytes = 0;
  /// Estimated arithmetic operations, and bytes read and written, of a whole
  /// dispatch.
  uint64_t flops = 0;
  uint64_t bytes = 0;
  /// The only size of subgroup that the kernel works with; 0: any.
  uint32_t subgroupSize = 0;
  /// Features that a device must have to run it, beside room for the sizes
  /// above.
  std::vector<std::string> requirements;
};

/// Adds the dialects that the lowering produces to `registry`.
void registerGpuDialects(mlir::DialectRegistry &registry);

/// Registers the passes for polytile-opt.
void registerGpuPasses();

/// Lowers every kernel function of `module` in place for `device`. Emits
/// located diagnostics for what the device can't compute.
llvm::LogicalResult lowerKernels(mlir::ModuleOp module,
                                 const schedule::DeviceDescription &device);

/// The most elements of a row that a kernel for `device` holds in registers:
/// chains of reductions of such rows may be one kernel.
int64_t maxHeldRow(const schedule::DeviceDescription &device);

/// Reads off what lowerKernels left on `kernel`.
CompiledKernel describeKernel(kernel::FuncOp kernel);

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_GPUTARGET_H
