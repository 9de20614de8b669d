//===- LinearDomain.h - A contraction as linear constraints -----*- C++ -*-===//
//
// Rewrites a contraction's iteration domain so that loops can scan it output
// element by output element:
//
//   - the first variables are the positions o0, o1, ... of the output; an index
//     variable that is a whole output subscript becomes that position;
//   - other subscripts become equalities: O[i + j] gives o0 == i + j;
//   - floordiv and mod become fresh variables q with 0 <= e - c*q < c;
//   - equalities with a unit coefficient are solved: j = o0 - i is no loop;
//   - constraints that hold over the whole box are dropped.
//
// Example: O[n] = +(I[n + r - 1]), r < 3, with 8 elements: variables o0, r; one
// access o0 + r - 1; constraints o0 + r - 1 >= 0 and 8 - o0 - r >= 0. Scanned
// in the order o0, r, they are bounds of the loop over r: max(0, 1 - o0) to
// min(2, 8 - o0).
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_LINEARDOMAIN_H
#define POLYTILE_COMPILER_TARGET_COMMON_LINEARDOMAIN_H

#include "dialects/tile/IR/TileOps.h"
#include "llvm/ADT/SmallVector.h"

namespace polytile::codegen {

/// A linear expression over the domain's variables; the last entry is the
/// constant.
using LinearExpr = llvm::SmallVector<int64_t, 8>;

/// `expr >= 0`, or `expr == 0`.
struct LinearConstraint {
  LinearExpr expr;
  bool isEquality = false;
};

/// Inclusive range of a variable or an expression.
struct Range {
  int64_t lower = 0, upper = -1;
  int64_t size() const { return upper < lower ? 0 : upper - lower + 1; }
};

/// The points of a contraction, ready to be scanned.
struct LinearDomain {
  /// The output's shape has this many dimensions: the first variables.
  unsigned numOutputs = 0;
  /// Ranges of all variables; outputs have the whole dimension.
  llvm::SmallVector<Range> ranges;
  /// Variables that are left to loop over after the outputs, in the order of
  /// the source.
  llvm::SmallVector<unsigned> reductions;
  /// What isn't implied by the ranges.
  llvm::SmallVector<LinearConstraint> constraints;
  /// For each input of the contraction, its subscripts.
  llvm::SmallVector<llvm::SmallVector<LinearExpr>> accesses;
  /// True when there is no point at all.
  bool isEmpty = false;

  unsigned numVariables() const { return ranges.size(); }
  /// The values that `expr` can take over the ranges.
  Range rangeOf(llvm::ArrayRef<int64_t> expr) const;
  /// True when signed numbers of so many bits (fewer than 64) hold all
  /// constraints and subscripts.
  bool fitsBits(unsigned bits) const;
  /// How many points there are for one output element, at most.
  int64_t reductionPoints() const;
};

/// The domain of a specialised contraction with inferred bounds; fails with a
/// diagnostic when bounds are missing.
mlir::FailureOr<LinearDomain> buildLinearDomain(tile::ContractOp op);

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_LINEARDOMAIN_H
