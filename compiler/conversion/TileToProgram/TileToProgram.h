//===- TileToProgram.h - From the tile dialect to the program dialect -----===//
//
// The pass is documented in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_TILETOPROGRAM_H
#define POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_TILETOPROGRAM_H

#include "dialects/program/IR/ProgramOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace polytile::program {

/// Removes the names of the source from a tile operation: the statement's,
/// which its location keeps, and those of index variables. They matter to
/// messages alone, and keep equal operations from being seen as equal.
void dropNames(mlir::Operation *op);

#define GEN_PASS_DECL
#include "compiler/conversion/TileToProgram/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/conversion/TileToProgram/Passes.h.inc"

} // namespace polytile::program

#endif // POLYTILE_COMPILER_CONVERSION_TILETOPROGRAM_TILETOPROGRAM_H
