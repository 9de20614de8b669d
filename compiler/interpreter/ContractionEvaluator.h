//===- ContractionEvaluator.h - A contraction from its definition -*- C++
//-*-===//
//
// Private to the interpreter.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_INTERPRETER_CONTRACTIONEVALUATOR_H
#define POLYTILE_COMPILER_INTERPRETER_CONTRACTIONEVALUATOR_H

#include "compiler/interpreter/Element.h"
#include "dialects/tile/IR/TileOps.h"

#include <vector>

namespace polytile::interpreter {

/// The elements of a tensor in row-major order.
using Elements = std::vector<Element>;

/// Evaluates `op` on the elements of its inputs; `fallback` holds those of the
/// default tensor, or is null. Emits an error where the body holds an operation
/// that is none of the dialect's.
mlir::FailureOr<Elements>
evaluateContraction(tile::ContractOp op,
                    llvm::ArrayRef<const Elements *> inputs,
                    const Elements *fallback);

} // namespace polytile::interpreter

#endif // POLYTILE_COMPILER_INTERPRETER_CONTRACTIONEVALUATOR_H
