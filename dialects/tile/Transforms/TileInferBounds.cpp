//===- TileInferBounds.cpp - Exact ranges of index variables --------------===//
//
// Attaches to each contraction what its lowerings, and the interpreter, need to
// know about its iteration domain, and refuses domains without an end and
// assignments that write an element twice. The reasoning stands in
// Analysis/IterationDomain.h.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Transforms/Passes.h"

#include "dialects/tile/Analysis/IterationDomain.h"
#include "dialects/tile/IR/TileOps.h"

#include "llvm/ADT/StringExtras.h"

namespace polytile::tile {
#define GEN_PASS_DEF_TILEINFERBOUNDS
#include "dialects/tile/Transforms/Passes.h.inc"
} // namespace polytile::tile

#define DEBUG_TYPE "tile-infer-bounds"

using namespace mlir;
using namespace polytile::tile;

/// Says that `=` writes an element more than once, and names the index
/// variables that the output does not mention.
static LogicalResult reportSecondWrite(ContractOp op,
                                       const IndexRanges &ranges) {
  SmallVector<std::string> unused;
  for (unsigned i = 0, e = op.getNumIndices(); i != e; ++i)
    if (ranges.lower[i] != ranges.upper[i] &&
        !op.getOutputMap().isFunctionOfDim(i))
      unused.push_back(("'" + op.getIndexName(i) + "'").str());
  InFlightDiagnostic error = op.emitError("'=' may write an element of ");
  if (auto name = op->getAttrOfType<StringAttr>("tile.name"))
    error << "'" << name.getValue() << "' more than once";
  else
    error << "the result more than once";
  if (!unused.empty())
    error << ": " << llvm::join(unused, " and ")
          << (unused.size() == 1 ? " does" : " do")
          << " not occur in its indices; use an aggregation, such as '+' or "
             "'>', or bound the variable to a single value";
  else
    error << ": different index values lead to one element; use an "
             "aggregation, such as '+' or '>', or a constraint that leaves "
             "one of them";
  return error;
}

static LogicalResult inferBounds(ContractOp op) {
  auto isStatic = [](Value value) {
    return cast<RankedTensorType>(value.getType()).hasStaticShape();
  };
  if (!op.isSpecialized() || !llvm::all_of(op.getInputs(), isStatic))
    return op.emitError("bounds need sizes that are numbers; run "
                        "tile-specialize before tile-infer-bounds");
  IterationDomain domain = IterationDomain::get(op);
  FailureOr<IndexRanges> ranges = domain.computeRanges();
  if (failed(ranges))
    return failure();
  if (op.getAggregation() == Aggregation::assign && !domain.writesOnce())
    return reportSecondWrite(op, *ranges);
  op.setLowerBounds(ranges->lower);
  op.setUpperBounds(ranges->upper);
  op.setCovers(domain.coversOutput());
  return success();
}

namespace {
struct TileInferBounds
    : public polytile::tile::impl::TileInferBoundsBase<TileInferBounds> {
  void runOnOperation() override {
    // Every contraction is looked at, so that all errors appear in one run.
    bool good = true;
    getOperation().walk(
        [&](ContractOp op) { good &= succeeded(inferBounds(op)); });
    if (!good)
      signalPassFailure();
  }
};
} // namespace
