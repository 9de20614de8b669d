//===- Matmul.h - Blocked sums of products ----------------------*- C++ -*-===//
//
// The fast way of contractions that are a sum of products of two operands: a
// register-tiled micro-kernel over packed panels.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_MATMUL_H
#define POLYTILE_COMPILER_TARGET_CPU_MATMUL_H

#include "compiler/target/cpu/KernelEmitter.h"
#include "compiler/target/cpu/Passes.h"

namespace polytile::cpu {

/// The sweep of `contract` through the micro-kernel; fails, without a message, when it has no such form.
mlir::FailureOr<Sweep> matchMatmul(KernelEmitter &emitter, tile::ContractOp contract, llvm::ArrayRef<Store> stores,
                                   const LowerKernelsConfig &config);

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_MATMUL_H
