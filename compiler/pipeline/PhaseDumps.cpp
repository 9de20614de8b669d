//===- PhaseDumps.cpp - The IR after each phase, in numbered files --------===//
//
// A pass instrumentation of our own: MLIR's can print a tree of files, but not
// in the order of the phases.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/PhaseDumps.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace polytile::pipeline;

namespace {

struct DumpAfterPass : PassInstrumentation {
  explicit DumpAfterPass(PhaseDumps &dumps) : dumps(dumps) {}

  void runAfterPass(Pass *pass, Operation *op) override {
    if (!pass->getArgument().empty())
      dumps.dump(pass->getArgument(), op);
  }

  PhaseDumps &dumps;
};

} // namespace

void PhaseDumps::dump(llvm::StringRef phase, Operation *op) {
  if (directory.empty())
    return;
  while (op->getParentOp())
    op = op->getParentOp();
  std::string prefix = target.empty() ? "" : target + "-";
  std::string name = llvm::formatv("{0}/{1,0+2}-{2}{3}.mlir", directory,
                                   ++number, prefix, phase);
  std::error_code error;
  llvm::raw_fd_ostream file(name, error);
  if (!error)
    op->print(file, OpPrintingFlags().useLocalScope());
}

void PhaseDumps::attach(PassManager &manager) {
  if (!directory.empty())
    manager.addInstrumentation(std::make_unique<DumpAfterPass>(*this));
}
