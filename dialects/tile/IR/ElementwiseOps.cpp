//===- ElementwiseOps.cpp - Verifiers and folders of the elementwise family
//===//
//
// Type inference is generated (see Tile_ElementwiseOp); what stands here is
// what single operations add to it. Also includes the generated op classes.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace polytile::tile;

#define GET_OP_CLASSES
#include "dialects/tile/IR/TileOps.cpp.inc"

LogicalResult CastOp::verify() {
  if (cloneWithElementType(getOperand().getType(),
                           getElementTypeOrSelf(getType())) != getType())
    return emitOpError("must keep the shape: ")
           << getOperand().getType() << " to " << getType();
  return success();
}
