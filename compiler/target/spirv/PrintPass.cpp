//===- PrintPass.cpp - The pass spirv-print -------------------------------===//
//
// Lets polytile-opt write kernels as SPIR-V, so that tests of the target need
// nothing but IR.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/SpirvTarget.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace polytile::spirv_target {

#define GEN_PASS_DECL
#define GEN_PASS_DEF_SPIRVPRINT
#define GEN_PASS_REGISTRATION
#include "compiler/target/spirv/Passes.h.inc"

namespace {

struct SpirvPrint : impl::SpirvPrintBase<SpirvPrint> {
  using SpirvPrintBase::SpirvPrintBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<spirv::SPIRVDialect>();
  }

  std::optional<schedule::DeviceDescription>
  describe(std::string &problem) const {
    if (device == "generic")
      return schedule::DeviceDescription::generic(schedule::kind::Vulkan);
    auto file = llvm::MemoryBuffer::getFile(device);
    if (file)
      return schedule::DeviceDescription::parse((*file)->getBuffer(), problem);
    problem = device + ": " + file.getError().message();
    return std::nullopt;
  }

  LogicalResult write(const SpirvKernel &kernel) {
    SmallString<128> path(binaries.getValue());
    llvm::sys::path::append(path, kernel.symbol + ".spv");
    std::error_code error;
    llvm::raw_fd_ostream file(path, error);
    file.write(reinterpret_cast<const char *>(kernel.words.data()),
               kernel.words.size() * sizeof(uint32_t));
    file.close();
    if (error || file.has_error())
      return getOperation().emitError("can't write ") << path;
    return success();
  }

  void runOnOperation() override {
    std::string problem;
    auto description = describe(problem);
    if (!description) {
      getOperation().emitError("device: ") << problem;
      return signalPassFailure();
    }
    auto kernels = compileSpirv(getOperation(), *description);
    if (failed(kernels) ||
        failed(printSpirv(getOperation(), *description, llvm::outs())))
      return signalPassFailure();
    for (const SpirvKernel &kernel : *kernels) {
      llvm::outs() << "// " << kernel.symbol
                   << " requires: " << llvm::join(kernel.requirements, " ")
                   << "\n";
      if (!binaries.empty() && failed(write(kernel)))
        return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};

} // namespace

} // namespace polytile::spirv_target

void polytile::spirv_target::registerSpirvPasses() {
  registerSpirvTargetPasses();
}
