//===- Passes.h - Passes of the CPU target ----------------------*- C++ -*-===//
//
// Their documentation stands in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_PASSES_H
#define POLYTILE_COMPILER_TARGET_CPU_PASSES_H

#include "compiler/target/cpu/CpuScalars.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace polytile::cpu {

/// The dictionary attribute of a lowered kernel: items, grain, workspace_bytes,
/// flops, bytes.
inline constexpr llvm::StringLiteral kernelAttrName = "cpu.kernel";

/// What the loops depend on.
struct LowerKernelsConfig {
  ScalarFeatures features;
  /// Of the widest vector: 128, 256 or 512.
  unsigned vectorBits = 256;
};

/// The configuration for a concrete level.
LowerKernelsConfig configFor(llvm::StringRef level);

#define GEN_PASS_DECL
#include "compiler/target/cpu/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/target/cpu/Passes.h.inc"

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_PASSES_H
