//===- Targets.h - What a request compiles for ------------------*- C++ -*-===//
//
// Names and descriptions as callers give them, checked and completed before
// anything is compiled.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_TARGETS_H
#define POLYTILE_COMPILER_PIPELINE_TARGETS_H

#include "compiler/pipeline/Pipeline.h"
#include "compiler/schedule/DeviceDescription.h"

#include "mlir/IR/BuiltinOps.h"

namespace polytile::pipeline {

struct Target {
  std::string kind;     ///< one of schedule::kind
  std::string cpuLevel; ///< of the CPU
  /// Of other targets. A generic one is granted what a program can't do
  /// without: the package then requires it of the device that runs it.
  schedule::DeviceDescription device;
  bool isGeneric = false;
  std::vector<std::string> granted; ///< the features that it was granted

  bool isCpu() const { return kind == schedule::kind::Cpu; }
  /// For messages: "the cpu", "vulkan:0 (NVIDIA H200)".
  std::string describe() const {
    return isCpu() ? "the cpu" : device.describe();
  }
};

/// The targets that the request's stop is for. None, with one line in
/// `problem`, when a name or description is wrong or no target fits the stop.
std::optional<std::vector<Target>> resolveTargets(const Request &request,
                                                  std::string &problem);

/// True when something of `module`, analysed tile IR, is beyond the target: an
/// operation that has no kernel yet, or an element type that the device lacks.
/// Reported where it stands. Grants a generic target what it needs.
bool refuse(mlir::ModuleOp module, Target &target);

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_TARGETS_H
