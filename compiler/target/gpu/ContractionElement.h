//===- ContractionElement.h - One element by one thread ---------*- C++ -*-===//
//
// The plain way to compute an element of a contraction, for the schedule that
// does nothing else and for others where their own way isn't exact.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_CONTRACTIONELEMENT_H
#define POLYTILE_COMPILER_TARGET_GPU_CONTRACTIONELEMENT_H

#include "compiler/target/common/LinearDomain.h"
#include "compiler/target/gpu/Schedule.h"

namespace polytile::gpu {

/// Emits loops over the points of the element of `op` at `outputs`, and stores
/// what follows from it.
llvm::LogicalResult emitContractionElement(KernelEmitter &emitter,
                                           tile::ContractOp op,
                                           const codegen::LinearDomain &domain,
                                           llvm::ArrayRef<mlir::Value> outputs);

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_CONTRACTIONELEMENT_H
