//===- Import.h - From a checked Tile program to the tile dialect -*- C++
//-*-===//
//
// The border between the language, which knows neither LLVM nor MLIR, and the
// compiler. Calls to functions of the program are inlined here.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_IMPORT_IMPORT_H
#define POLYTILE_LANG_IMPORT_IMPORT_H

#include "lang/tile/AST.h"
#include "lang/tile/Diagnostics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace polytile::lang {

/// What the importer needs to know of an argument: sizes stay symbolic.
struct ArgumentType {
  ElementType elementType;
  unsigned rank;
};

/// Imports `function`, which must belong to the checked `program`, for
/// arguments of the given types (one for each parameter).
///
/// The module holds one `func.func @name` (an anonymous function is named
/// "main"); arguments and results have the attribute `tile.name`, arguments
/// have dynamic sizes, and every operation has the range of its source as its
/// location. Errors go to `diagnostics`, and then the result is a failure. Not
/// thread-safe in `context`.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importFunction(mlir::MLIRContext &context, const Program &program,
               const Function &function, llvm::ArrayRef<ArgumentType> arguments,
               DiagnosticEngine &diagnostics);

/// The MLIR type of an element type of the language (see Tile_Dialect for the
/// signs of integers).
mlir::Type convertElementType(mlir::MLIRContext &context, ElementType type);

} // namespace polytile::lang

#endif // POLYTILE_LANG_IMPORT_IMPORT_H
