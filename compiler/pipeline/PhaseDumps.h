//===- PhaseDumps.h - The IR after each phase, in numbered files -*- C++
//-*-===//
//
// For people who debug a lowering: `--dump-phases DIR` writes
// 01-import.mlir, 02-tile-specialize.mlir, ... For several targets their own
// phases are 04-opencl-tile-to-program.mlir, and so on.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_PHASEDUMPS_H
#define POLYTILE_COMPILER_PIPELINE_PHASEDUMPS_H

#include "mlir/IR/Operation.h"
#include "mlir/Pass/PassManager.h"

#include <memory>
#include <string>

namespace polytile::pipeline {

/// Numbers the files of one compilation. Without a directory it writes nothing.
class PhaseDumps {
public:
  explicit PhaseDumps(std::string directory)
      : directory(std::move(directory)) {}

  /// Writes the module that holds `op` as the next file. A file that cannot be
  /// written is skipped.
  void dump(llvm::StringRef phase, mlir::Operation *op);

  /// Of several targets, the one that the next files are about.
  void setTarget(std::string name) { target = std::move(name); }

  /// Dumps after each pass of `manager`; this object must outlive its run.
  void attach(mlir::PassManager &manager);

private:
  std::string directory;
  std::string target;
  unsigned number = 0;
};

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_PHASEDUMPS_H
