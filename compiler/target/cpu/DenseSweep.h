//===- DenseSweep.h - Dense contractions as sweeps of kernels ---*- C++ -*-===//
//
// Connects the fast path (DenseContraction.h) to the lowering of kernels: finds
// the buffers, and computes what follows from the contraction while its values
// are in the cache.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_DENSESWEEP_H
#define POLYTILE_COMPILER_TARGET_CPU_DENSESWEEP_H

#include "compiler/target/cpu/KernelEmitter.h"

namespace polytile::cpu {

/// Computes `contract` and stores the values of its shape that follow from it,
/// as makeContractSweep does. Fails, without a message, when there is no dense
/// plan for vectors of `vectorBits` bits, an operand isn't in memory, or no
/// stored value has the type to hold sums.
mlir::FailureOr<Sweep> makeDenseSweep(KernelEmitter &emitter,
                                      tile::ContractOp contract,
                                      llvm::ArrayRef<Store> stores,
                                      unsigned vectorBits);

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_DENSESWEEP_H
