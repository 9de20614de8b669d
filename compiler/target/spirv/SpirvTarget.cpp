//===- SpirvTarget.cpp - Kernels to SPIR-V for Vulkan ---------------------===//
//
// Emits each kernel's module, serializes it and checks the words.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/SpirvTarget.h"

#include "compiler/target/spirv/ModuleEmitter.h"
#include "compiler/target/spirv/StructuralCheck.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Target/SPIRV/Serialization.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

static FailureOr<SpirvKernel>
compileKernel(kernel::FuncOp kernel,
              const schedule::DeviceDescription &device) {
  ModuleEmitter emitter(kernel, device);
  FailureOr<OwningOpRef<spirv::ModuleOp>> module = emitter.emit();
  if (failed(module))
    return failure();
  SmallVector<uint32_t> words;
  if (failed(spirv::serialize(**module, words)))
    return failure();
  if (std::optional<std::string> problem = checkStructure(words))
    return kernel.emitError("the SPIR-V of kernel '")
           << kernel.getSymName() << "' is malformed: " << *problem;
  return SpirvKernel{kernel.getSymName().str(),
                     {words.begin(), words.end()},
                     emitter.getNeeds().getFeatures()};
}

FailureOr<std::vector<SpirvKernel>> polytile::spirv_target::compileSpirv(
    ModuleOp module, const schedule::DeviceDescription &device) {
  module->getContext()->getOrLoadDialect<spirv::SPIRVDialect>();
  std::vector<SpirvKernel> kernels;
  for (auto kernel : module.getOps<kernel::FuncOp>()) {
    FailureOr<SpirvKernel> compiled = compileKernel(kernel, device);
    if (failed(compiled))
      return failure();
    kernels.push_back(std::move(*compiled));
  }
  return kernels;
}

LogicalResult
polytile::spirv_target::printSpirv(ModuleOp module,
                                   const schedule::DeviceDescription &device,
                                   llvm::raw_ostream &stream) {
  module->getContext()->getOrLoadDialect<spirv::SPIRVDialect>();
  for (auto kernel : module.getOps<kernel::FuncOp>()) {
    ModuleEmitter emitter(kernel, device);
    FailureOr<OwningOpRef<spirv::ModuleOp>> text = emitter.emit();
    if (failed(text))
      return failure();
    (*text)->print(stream);
    stream << "\n";
  }
  return success();
}
