//===- PackageBuilder.h - The program dialect to package bytes --*- C++ -*-===//
//
// The last phase: for each target a planned entry and its compiled kernels
// become a variant in the bytes of a .ptl file.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_PACKAGEBUILDER_H
#define POLYTILE_COMPILER_PIPELINE_PACKAGEBUILDER_H

#include "compiler/pipeline/TargetCode.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace polytile::pipeline {

class PackageBuilder {
public:
  /// Adds a variant to each entry of `program`, which holds no kernels any
  /// more. Every program has the same entries with the same tensors.
  void addTarget(mlir::ModuleOp program, TargetCode code);

  /// The bytes of the package.
  std::string write() const;

private:
  package::PackageDesc desc;
};

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_PACKAGEBUILDER_H
