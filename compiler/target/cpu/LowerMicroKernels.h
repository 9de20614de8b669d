//===- LowerMicroKernels.h - What is tagged for vector code -----*- C++ -*-===//
//
// The attributes by which the emission of dense contractions says what the pass
// cpu-lower-micro-kernels is to make of its linalg operations.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_LOWERMICROKERNELS_H
#define POLYTILE_COMPILER_TARGET_CPU_LOWERMICROKERNELS_H

#include "llvm/ADT/StringRef.h"

namespace polytile::cpu {

/// On a linalg.generic `C[m, n] += A[m, k...] * B[k..., n]` of static strided
/// memrefs, n being contiguous in B and C; a linalg.fill of C right before it
/// makes the tile start from zero. An integer: the bits of a vector. Operands
/// are results of memref.reinterpret_cast of flat static memrefs.
inline constexpr llvm::StringLiteral kMicroKernelAttr = "polytile.micro_kernel";

/// On a linalg.generic that copies a static strided memref into one that is
/// contiguous in its last dimension; the rest as above.
inline constexpr llvm::StringLiteral kPackAttr = "polytile.pack";

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_LOWERMICROKERNELS_H
