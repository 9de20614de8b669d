//===- TileOps.td - All operations of the tile dialect --------------------===//
//
// The one file that tablegen reads.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_IR_TILEOPS
#define POLYTILE_DIALECTS_TILE_IR_TILEOPS

include "dialects/tile/IR/ContractOp.td"
include "dialects/tile/IR/ElementwiseOps.td"
include "dialects/tile/IR/StructuralOps.td"

#endif // POLYTILE_DIALECTS_TILE_IR_TILEOPS
