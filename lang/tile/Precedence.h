//===- Precedence.h - How tightly operators bind ----------------*- C++ -*-===//
//
// Private to lang/tile: the parser reads by these levels, and the printer puts
// parentheses where they ask for it.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_PRECEDENCE_H
#define POLYTILE_LANG_TILE_PRECEDENCE_H

namespace polytile::lang {

/// From the loosest to the tightest.
enum Precedence : unsigned {
  SelectLevel,
  LogicalOrLevel,
  LogicalAndLevel,
  BitOrLevel,
  BitXorLevel,
  BitAndLevel,
  EqualityLevel,
  RelationLevel,
  ShiftLevel,
  SumLevel,
  ProductLevel,
  UnaryLevel,
  PrimaryLevel,
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_PRECEDENCE_H
