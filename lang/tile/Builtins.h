//===- Builtins.h - The table of built-in functions -------------*- C++ -*-===//
//
// One table (Builtins.def) gives names, numbers of arguments, kinds and
// documentation; the checker, the importer and docs/language.md follow it.
//
// This header is also included by C++17 code (the importer).
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_BUILTINS_H
#define POLYTILE_LANG_TILE_BUILTINS_H

#include <cstdint>
#include <string_view>

namespace polytile::lang {

/// How a built-in function treats its arguments.
enum class BuiltinKind : uint8_t {
  Elementwise, ///< element by element, with broadcasting; allowed inside a
               ///< contraction's operand
  Conversion,  ///< as Elementwise; an optional last argument is a size: the
               ///< width in bits
  Structural,  ///< moves, measures or groups whole tensors; later arguments may
               ///< be sizes
  Composite,   ///< a short program of other operations (softmax)
  Random,      ///< the generator of PlaidML v0
};

enum class Builtin : uint8_t {
  None, ///< not a built-in function
#define BUILTIN(ID, NAME, MIN, MAX, KIND, DOC) ID,
#include "lang/tile/Builtins.def"
};

struct BuiltinInfo {
  Builtin id;
  std::string_view name;
  unsigned minArguments;
  unsigned maxArguments; ///< `anyNumber` for no limit
  BuiltinKind kind;
  std::string_view documentation; ///< one line
};

inline constexpr unsigned anyNumber = ~0u;

/// The row of a built-in function; `id` must not be None.
const BuiltinInfo &builtinInfo(Builtin id);

/// The function of that name, or None.
Builtin builtinByName(std::string_view name);

/// The table, in the order of Builtins.def.
const BuiltinInfo *builtinsBegin();
const BuiltinInfo *builtinsEnd();

/// True for functions that give a size when every argument is one: add, sub,
/// mul, div, neg, abs, min, max, mod, floordiv, ident.
bool givesSizes(Builtin id);

/// True where argument `position` has to be a size (an integer known when
/// shapes are): dimensions of reshape, the axis of index, widths in bits...
bool wantsSize(Builtin id, unsigned position);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_BUILTINS_H
