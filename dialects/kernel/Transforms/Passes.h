//===- Passes.h - Passes from the kernel dialect to itself ------*- C++ -*-===//
//
// The passes are documented in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_KERNEL_TRANSFORMS_PASSES_H
#define POLYTILE_DIALECTS_KERNEL_TRANSFORMS_PASSES_H

#include "dialects/kernel/IR/KernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace polytile::kernel {

/// On arguments that kernel-split-bindings has made: the number of the binding
/// before, and where in it the window begins, in bytes.
inline constexpr llvm::StringLiteral bindingAttrName = "kernel.binding";
inline constexpr llvm::StringLiteral offsetAttrName = "kernel.offset";

#define GEN_PASS_DECL
#include "dialects/kernel/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dialects/kernel/Transforms/Passes.h.inc"

} // namespace polytile::kernel

#endif // POLYTILE_DIALECTS_KERNEL_TRANSFORMS_PASSES_H
