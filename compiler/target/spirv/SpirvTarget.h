//===- SpirvTarget.h - Kernels to SPIR-V for Vulkan -----------------------===//
//
// The target "vulkan": kernels of the kernel dialect become SPIR-V modules,
// one for each kernel, through MLIR's spirv dialect and its serializer. The
// baseline is Vulkan 1.1 (SPIR-V 1.3); what a device has beyond it is used when
// its description says so, and then recorded.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_SPIRVTARGET_H
#define POLYTILE_COMPILER_TARGET_SPIRV_SPIRVTARGET_H

#include "compiler/schedule/DeviceDescription.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdint>
#include <string>
#include <vector>

namespace polytile::spirv_target {

/// One kernel as a SPIR-V module of its own.
struct SpirvKernel {
  std::string symbol; ///< the name of the kernel and of the entry point
  std::vector<uint32_t> words;
  /// Features of the device (names of schedule::feature) that the module uses
  /// beyond the baseline, sorted; they come on top of what the schedule itself
  /// requires.
  std::vector<std::string> requirements;
};

/// Compiles every kernel of `module` (of the kernel dialect, with the helper
/// functions that they call) for the device, in order. Each module has the
/// entry point of its kernel's name and passes the structural check. What the
/// device lacks (64-bit integers, f64, ...) is a located diagnostic that names
/// the kernel and the device. `module` stays as it is.
mlir::FailureOr<std::vector<SpirvKernel>>
compileSpirv(mlir::ModuleOp module, const schedule::DeviceDescription &device);

/// Prints what `compileSpirv` would serialize, as text of the spirv dialect:
/// one `spirv.module` for each kernel.
mlir::LogicalResult printSpirv(mlir::ModuleOp module,
                               const schedule::DeviceDescription &device,
                               llvm::raw_ostream &stream);

/// Registers the pass `spirv-print` for polytile-opt.
void registerSpirvPasses();

} // namespace polytile::spirv_target

#endif // POLYTILE_COMPILER_TARGET_SPIRV_SPIRVTARGET_H
