//===- PackageBuilder.h - The program dialect to package bytes --*- C++ -*-===//
//
// The last phase: a planned entry and its compiled kernels become the bytes of
// a .ptl file.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_PACKAGEBUILDER_H
#define POLYTILE_COMPILER_PIPELINE_PACKAGEBUILDER_H

#include "compiler/target/cpu/CpuTarget.h"
#include "lang/tile/Source.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace polytile::pipeline {

/// Where a kernel comes from, for profiles and messages; taken before the
/// kernels are lowered.
struct KernelOrigin {
  std::string source;
  std::string file;
  unsigned line = 0;
};

/// The statement that each kernel function of `module` computes, in order.
std::vector<KernelOrigin> findOrigins(mlir::ModuleOp module,
                                      const lang::SourceFile &source);

/// The package of all entries in `module`, which holds no kernels any more.
std::string buildPackage(mlir::ModuleOp module,
                         const cpu::CompiledModule &compiled,
                         const std::vector<KernelOrigin> &origins);

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_PACKAGEBUILDER_H
