//===- Numbers.h - A bare number as an element of a tensor ------*- C++ -*-===//
//
// The command line and the C API take scalars as text: a number with a '.', an
// 'e', inf or nan is f32, another one i32, and either takes the declared type
// of its parameter where that can hold it. The command line tool includes this
// without LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_NUMBERS_H
#define POLYTILE_LANG_TILE_NUMBERS_H

#include "lang/tile/AST.h"

#include <optional>
#include <string>
#include <string_view>

namespace polytile::lang {

/// True for text that is a number as a whole: "2", "-3", "2.5", "1e-3", "inf",
/// "-nan", "0x1f".
bool isNumber(std::string_view text);

/// The type of a number whose parameter declares none.
ElementType naturalType(std::string_view number);

/// The bytes of `number` as one element of `type`, or nothing where that can't
/// hold it: an integer is kept exactly in any type, a number with a fraction
/// goes to a float, rounded to nearest; to an integer only when it is whole.
std::optional<std::string> encodeNumber(std::string_view number,
                                        ElementType type);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_NUMBERS_H
