//===- MicroKernel.h - Tagged linalg operations to vector code --*- C++ -*-===//
//
// The last step of dense contractions, `cpu-lower-micro-kernels`: register
// tiles become functions whose accumulators are vectors in registers, packing
// becomes vector copies and transpositions.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_MICROKERNEL_H
#define POLYTILE_COMPILER_TARGET_CPU_MICROKERNEL_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace polytile::cpu {

/// Attribute of a linalg.generic `C[m, n] += A[m, k...] * B[k..., n]` on
/// static strided memrefs, n contiguous in B and C; a linalg.fill of C right
/// before it makes the tile start from zero. An integer holds the vector bits.
inline constexpr llvm::StringLiteral kMicroKernelAttr = "polytile.micro_kernel";

/// Attribute of a linalg.generic that copies a static strided memref into one
/// that is contiguous in its last dimension. An integer holds the vector bits.
inline constexpr llvm::StringLiteral kPackAttr = "polytile.pack";

/// Lowers all tagged operations of `module`. Needs the dialects linalg, func,
/// scf, vector, memref, arith and llvm.
llvm::LogicalResult lowerMicroKernels(mlir::ModuleOp module);

/// The pass `cpu-lower-micro-kernels` around it.
std::unique_ptr<mlir::Pass> createLowerMicroKernelsPass();

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_MICROKERNEL_H
