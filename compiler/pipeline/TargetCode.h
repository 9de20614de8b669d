//===- TargetCode.h - Kernels of tile IR to code for one target -*- C++ -*-===//
//
// What all targets have in common, so that the package builder and the pipeline
// know none of them: modules, and what the schedule has to know of each kernel.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_TARGETCODE_H
#define POLYTILE_COMPILER_PIPELINE_TARGETCODE_H

#include "compiler/pipeline/PhaseDumps.h"
#include "compiler/pipeline/Targets.h"
#include "lang/tile/Source.h"
#include "runtime/package/PackageWriter.h"

#include "mlir/IR/BuiltinOps.h"

namespace polytile::pipeline {

/// A binding of a kernel that shows a part of a tensor.
struct BindingWindow {
  uint32_t tensor = 0; ///< of the dispatch: what it reads, then what it writes
  uint64_t offset = 0; ///< bytes
  uint64_t size = 0;
};

/// One kernel, and one dispatch of it: shapes are static, so all are alike.
struct KernelCode {
  package::KernelDesc desc; ///< its `module` is an index into the target's code
  uint64_t items = 0;
  uint64_t grain = 0;
  std::vector<uint32_t> grid; ///< empty for the CPU
  /// One for each binding; empty where each binding shows a whole tensor.
  std::vector<BindingWindow> windows;
};

struct TargetCode {
  std::string target;
  std::vector<std::string> requirements; ///< all that its kernels need
  std::vector<package::ModuleDesc> modules;
  std::vector<KernelCode> kernels;
};

/// Adds what code for the target is made of.
void registerTargetDialects(const Target &target,
                            mlir::DialectRegistry &registry);

/// Compiles every kernel of `module`, which is consumed; see CpuTarget.h for
/// what a kernel is. Emits located diagnostics for what it refuses.
mlir::FailureOr<TargetCode> compileTarget(mlir::ModuleOp module,
                                          const Target &target,
                                          const lang::SourceFile &source,
                                          PhaseDumps &dumps);

/// Lowers as compileTarget does, stops where `stop` says and gives what is
/// there: text, or SPIR-V modules back to back.
mlir::FailureOr<std::string> emitTarget(mlir::ModuleOp module,
                                        const Target &target, Stop stop,
                                        const lang::SourceFile &source,
                                        PhaseDumps &dumps);

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_TARGETCODE_H
