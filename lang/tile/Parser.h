//===- Parser.h - From source text to the syntax tree -----------*- C++ -*-===//
//
// A hand-written recursive-descent parser: it takes linear time, limits its
// own depth, and recovers at the end of a statement or function, so that one
// run reports several errors.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_PARSER_H
#define POLYTILE_LANG_TILE_PARSER_H

#include "lang/tile/AST.h"
#include "lang/tile/Diagnostics.h"

#include <memory>

namespace polytile::lang {

/// Parses the source of `diagnostics`. Returns the program also after errors,
/// without the statements that could not be read; ask
/// `diagnostics.hasErrors()`. Never null. Files of more than `largestFile`
/// bytes are an error: ranges count bytes in 32 bits.
std::unique_ptr<Program> parse(DiagnosticEngine &diagnostics,
                               size_t largestFile = size_t(1) << 31);

/// Parses and, when that gave no error, checks. The program may be imported
/// if and only if the engine has no errors.
std::unique_ptr<Program> parseAndCheck(DiagnosticEngine &diagnostics);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_PARSER_H
