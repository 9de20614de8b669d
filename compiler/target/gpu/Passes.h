//===- Passes.h - Passes that GPU targets share -----------------*- C++ -*-===//
//
// Their documentation stands in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_PASSES_H
#define POLYTILE_COMPILER_TARGET_GPU_PASSES_H

#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace polytile::gpu {

#define GEN_PASS_DECL
#include "compiler/target/gpu/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/target/gpu/Passes.h.inc"

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_PASSES_H
