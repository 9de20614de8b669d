//===- Printer.h - The tree as text -----------------------------*- C++ -*-===//
//
// Two ways to look at a program: the tree (`--emit=ast`), and Tile again in
// one fixed layout.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_PRINTER_H
#define POLYTILE_LANG_TILE_PRINTER_H

#include "lang/tile/AST.h"

#include <string>

namespace polytile::lang {

/// The tree as indented S-expressions, one statement a line. After the checker
/// has run, each name says what it stands for: `n:index`, `N:size`, `A:param`,
/// `T:value`.
std::string printTree(const Program &program);

/// The program as Tile text that parses to the same tree. Comments are not
/// part of the tree and are lost.
std::string printSource(const Program &program);

/// One expression, function or statement as Tile text.
std::string printSource(const Expr &expr);
std::string printSource(const Statement &statement);
std::string printSource(const Function &function);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_PRINTER_H
