//===- DenseBoxes.h - Cuts an output where its windows leave --*- C++ -*-===//
//
// "Same" padding is written as reads outside an input, which contribute
// nothing. Only the outer rim of the output has such reads: cut off, the rim
// and the middle each have a dense box of points, and no loop needs a test.
//
//   O[y] = +(I[y + r - 1]), r < 3, 8 elements    constraints 0 <= y + r - 1 < 8
//   ==> y = 0: r in [1, 2]; y in [1, 6]: r in [0, 2]; y = 7: r in [0, 1]
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_DENSEBOXES_H
#define POLYTILE_COMPILER_TARGET_CPU_DENSEBOXES_H

#include "compiler/target/common/LinearDomain.h"

namespace polytile::cpu {

using namespace codegen;

/// A range for each variable of a domain.
using VariableBox = llvm::SmallVector<Range>;

/// Boxes of which each output element belongs to exactly one, and whose points
/// are exactly those of `domain`; none is empty. Fails when there are no such
/// boxes, or more than `limit`.
mlir::FailureOr<llvm::SmallVector<VariableBox, 0>>
splitIntoBoxes(const LinearDomain &domain, unsigned limit = 128);

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_DENSEBOXES_H
