//===- RowSpace.h - Operations that work row by row -------------*- C++ -*-===//
//
// Softmax, layer norm and their like are chains of reductions of rows and
// elementwise operations between them. Which operations can be computed for one
// row after the other is decided here, for the partition that puts such a chain
// into one kernel and for the schedule that computes it:
//
//   X : 8x4x32, rows of 32:  outer = 8x4, inner = 32
//     8x4x32   full
//     8x4x1    one value a row
//     8x4      the same, short: it must not be broadcast against 8x4x32
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_ANALYSIS_ROWSPACE_H
#define POLYTILE_DIALECTS_TILE_ANALYSIS_ROWSPACE_H

#include "dialects/tile/IR/TileOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>

namespace polytile::tile {

/// How the shape of a value lies in a row space.
enum class RowShape { Full, Row, ShortRow, Other };

/// Rows along `outer`, each of the elements `inner`.
struct RowSpace {
  llvm::SmallVector<int64_t> outer, inner;

  int64_t rows() const;
  int64_t columns() const;
  RowShape classify(mlir::Value value) const;
  bool operator==(const RowSpace &other) const {
    return outer == other.outer && inner == other.inner;
  }
};

/// The index variables that the results of `map` are, if they are all the
/// variables, each once.
std::optional<llvm::SmallVector<unsigned>> permutationOf(mlir::AffineMap map);

/// True when the points are the whole box in which variable `order[i]` has
/// `sizes[i]` values, and each contributes to the result.
bool isWholeBox(ContractOp contract, llvm::ArrayRef<unsigned> order,
                llvm::ArrayRef<int64_t> sizes);

/// The space of a contraction that reduces whole rows of an input of full shape
/// to one value each, without constraints; none for other contractions.
std::optional<RowSpace> rowSpaceOf(ContractOp contract);

/// True when `contract`, whose space is `space`, reads input `number` at the
/// very point: as a full value in the order of the space.
bool readsFull(ContractOp contract, unsigned number, const RowSpace &space);

/// True when `op` can be computed row by row: it is elementwise or a reduction
/// of rows, and reads the values for which `isOwn` holds (those that the same
/// kernel computes) at its own row and, where they are full, its own column.
bool isRowwise(mlir::Operation *op, const RowSpace &space,
               llvm::function_ref<bool(mlir::Value)> isOwn);

} // namespace polytile::tile

#endif // POLYTILE_DIALECTS_TILE_ANALYSIS_ROWSPACE_H
