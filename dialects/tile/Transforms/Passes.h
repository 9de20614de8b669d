//===- Passes.h - Passes from the tile dialect to itself --------*- C++ -*-===//
//
// Their documentation stands in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_TRANSFORMS_PASSES_H
#define POLYTILE_DIALECTS_TILE_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace polytile::tile {

#define GEN_PASS_DECL
#include "dialects/tile/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dialects/tile/Transforms/Passes.h.inc"

} // namespace polytile::tile

#endif // POLYTILE_DIALECTS_TILE_TRANSFORMS_PASSES_H
