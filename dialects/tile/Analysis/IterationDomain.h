//===- IterationDomain.h - The valid points of a contraction ----*- C++ -*-===//
//
// What tile-specialize, tile-infer-bounds and the lowerings ask about a
// contraction whose sizes are numbers: the range of each index variable,
// whether every element of the result is written, and whether `assign` writes
// one twice. All answers are exact or on the safe side.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_ANALYSIS_ITERATIONDOMAIN_H
#define POLYTILE_DIALECTS_TILE_ANALYSIS_ITERATIONDOMAIN_H

#include "dialects/tile/Analysis/LinearSystem.h"
#include "dialects/tile/IR/TileOps.h"

namespace polytile::tile {

/// The exact inclusive range of each index variable over the valid points. An
/// empty domain has 0 and -1 throughout.
struct IndexRanges {
  llvm::SmallVector<int64_t> lower, upper;
  bool isEmpty = false;
};

/// The polyhedron of a contraction's valid points: its `domain`, every read
/// inside its input, the written element inside the result. The condition of
/// the yield, which depends on data, is no part of it.
///
/// The first `getNumIndices()` variables are the contraction's; what follows
/// stands for the quotients of `floordiv` and `mod` in its maps.
class IterationDomain {
public:
  enum class Result { Included, Excluded };

  /// Gathers the constraints of `op`, whose maps must have no symbols and whose
  /// inputs must be static; so must be the result, if it is included.
  /// `op` is only read.
  static IterationDomain get(ContractOp op, Result result = Result::Included);

  /// The constraints, solved.
  const LinearSystem &getSystem() const { return system; }

  /// One form for each dimension of the result.
  llvm::ArrayRef<Row> getOutputRows() const { return outputRows; }

  /// Finds the exact ranges. Emits an error at the contraction that names the
  /// index variable when one is not bounded.
  mlir::FailureOr<IndexRanges> computeRanges() const;

  /// True when every element of the result is proven to be the output of at
  /// least one valid point; all ranges must be bounded. A contraction whose
  /// yield has a condition never covers.
  bool coversOutput() const;

  /// True when no two valid points write one element. Exact; all ranges must
  /// be bounded.
  bool writesOnce() const;

  /// The greatest value of each index expression of the output over the
  /// points at which no output index is negative, plus 1; 0 when there are
  /// none. Emits an error when a value has no bound or does not fit 64 bits.
  mlir::FailureOr<llvm::SmallVector<int64_t>> computeOutputSizes() const;

private:
  IterationDomain(ContractOp op, unsigned numVariables)
      : op(op), system(numVariables) {}

  mlir::LogicalResult reportUnbounded(llvm::ArrayRef<DynamicAPInt> row) const;
  bool componentCovers(llvm::ArrayRef<unsigned> component,
                       llvm::ArrayRef<unsigned> dimensions) const;
  bool componentWritesOnce(llvm::ArrayRef<unsigned> component) const;

  /// Kept to read its attributes, which is not const in MLIR.
  mutable ContractOp op;
  LinearSystem system;
  llvm::SmallVector<Row> outputRows;
};

/// The sizes of the result of a contraction that leaves them out
/// (`infer_sizes`): maps without symbols and static inputs, but a result that
/// is still dynamic. Emits an error at `op` where a size has no bound.
mlir::FailureOr<llvm::SmallVector<int64_t>> inferOutputSizes(ContractOp op);

} // namespace polytile::tile

#endif // POLYTILE_DIALECTS_TILE_ANALYSIS_ITERATIONDOMAIN_H
