//===- Checker.h - Names, arity and index forms -----------------*- C++ -*-===//
//
// Checks everything that the text alone decides: names, scopes, ranks where
// parameters state them, affine indices, arity, recursion. It resolves every
// name and call, and fills the fields of the tree that are marked "set by the
// checker". What depends on shapes and element types belongs to the importer
// and later phases.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_CHECKER_H
#define POLYTILE_LANG_TILE_CHECKER_H

#include "lang/tile/AST.h"
#include "lang/tile/Diagnostics.h"

namespace polytile::lang {

/// Checks and annotates a parsed program. False when it reported an error;
/// warnings do not count. After true, every NameRef and Call is resolved.
bool check(Program &program, DiagnosticEngine &diagnostics);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_CHECKER_H
