//===- PrintPass.cpp - The pass opencl-print ------------------------------===//
//
// Lets polytile-opt print kernels, so that tests of the printer need nothing
// but IR.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/OpenCLTarget.h"

#include "mlir/Pass/Pass.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace polytile::opencl {

#define GEN_PASS_DECL
#define GEN_PASS_DEF_OPENCLPRINT
#define GEN_PASS_REGISTRATION
#include "compiler/target/opencl/Passes.h.inc"

namespace {

struct OpenCLPrint : impl::OpenCLPrintBase<OpenCLPrint> {
  using OpenCLPrintBase::OpenCLPrintBase;

  std::optional<schedule::DeviceDescription>
  describe(std::string &problem) const {
    if (device == "generic")
      return schedule::DeviceDescription::generic(schedule::kind::OpenCL);
    auto file = llvm::MemoryBuffer::getFile(device);
    if (file)
      return schedule::DeviceDescription::parse((*file)->getBuffer(), problem);
    problem = device + ": " + file.getError().message();
    return std::nullopt;
  }

  void runOnOperation() override {
    std::string problem;
    auto description = describe(problem);
    if (!description) {
      getOperation().emitError("device: ") << problem;
      return signalPassFailure();
    }
    FailureOr<std::string> text = printOpenCL(getOperation(), *description);
    if (failed(text))
      return signalPassFailure();
    llvm::outs() << *text;
    markAllAnalysesPreserved();
  }
};

} // namespace

} // namespace polytile::opencl

void polytile::opencl::registerOpenCLPasses() { registerOpenCLTargetPasses(); }
