//===- ContractOp.cpp - The contraction's verifier ------------------------===//
//
// Checks what the operation can know by itself; whether its index variables
// are bounded, and whether `assign` writes an element once, is decided by
// tile-infer-bounds, when sizes are numbers.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace polytile::tile;

YieldOp ContractOp::getYield() {
  return cast<YieldOp>(getBody().front().getTerminator());
}

Type ContractOp::getAccumulatorType() {
  return getYield().getValue().getType();
}

static LogicalResult verifyMap(ContractOp op, AffineMap map,
                               RankedTensorType tensor, StringRef what) {
  if (map.getNumDims() != op.getNumIndices() ||
      map.getNumSymbols() != op.getSymbols().size())
    return op.emitOpError() << what
                            << " must have a dimension for each index variable "
                               "and a symbol for each of 'symbols'";
  if (map.getNumResults() != static_cast<unsigned>(tensor.getRank()))
    return op.emitOpError()
           << what << " has " << map.getNumResults()
           << " results for a tensor of rank " << tensor.getRank();
  return success();
}

static LogicalResult verifyBody(ContractOp op) {
  Block &body = op.getBody().front();
  if (body.empty() || !isa<YieldOp>(body.back()))
    return op.emitOpError("body must end in 'tile.yield'");
  if (body.getNumArguments() != op.getInputs().size())
    return op.emitOpError("body must have an argument for each input");
  for (auto [argument, input] : llvm::zip(body.getArguments(), op.getInputs()))
    if (argument.getType() != getElementTypeOrSelf(input.getType()))
      return op.emitOpError()
             << "body argument of type " << argument.getType()
             << " stands for an element of " << input.getType();
  return success();
}

/// Invariants: one map an input and one argument an input, of its element type;
/// maps and set agree on dimensions and symbols; sizes match the result's
/// dynamic dimensions, or are left out with `infer_sizes`; the default tensor
/// has the result's element type and rank; bounds, when there, name every index
/// variable.
LogicalResult ContractOp::verify() {
  if (getInputMaps().size() != getInputs().size())
    return emitOpError("must have a map for each input");
  for (unsigned i = 0, e = getInputs().size(); i != e; ++i)
    if (failed(verifyMap(*this, getInputMap(i),
                         cast<RankedTensorType>(getInputs()[i].getType()),
                         "an input map")))
      return failure();
  if (failed(
          verifyMap(*this, getOutputMap(), getResultType(), "the output map")))
    return failure();
  IntegerSet domain = getDomainSet();
  if (domain.getNumDims() != getNumIndices() ||
      domain.getNumSymbols() != getSymbols().size())
    return emitOpError("domain must have a dimension for each index variable "
                       "and a symbol for each of 'symbols'");
  size_t expectedSizes =
      getInferSizes() ? 0 : getResultType().getNumDynamicDims();
  if (getSizes().size() != expectedSizes)
    return emitOpError() << "has " << getSizes().size() << " sizes, but "
                         << expectedSizes << " are to be given";
  if (Value fallback = getDefaultValue()) {
    auto type = cast<RankedTensorType>(fallback.getType());
    if (type.getElementType() != getResultType().getElementType() ||
        type.getRank() != getResultType().getRank())
      return emitOpError(
          "default must have the rank and element type of the result");
  }
  for (auto bounds : {getLowerBounds(), getUpperBounds()})
    if (bounds && bounds->size() != getNumIndices())
      return emitOpError("bounds must be given for every index variable");
  return verifyBody(*this);
}
