//===- Token.h - The words of the language ----------------------*- C++ -*-===//
//
// Shared by the lexer and the parser only.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_TOKEN_H
#define POLYTILE_LANG_TILE_TOKEN_H

#include "lang/tile/Source.h"

#include <string_view>

namespace polytile::lang {

enum class TokenKind : uint8_t {
  EndOfFile,
  Invalid, ///< reported by the lexer; the parser only recovers
  Identifier,
  Integer,
  Float,
  String, ///< only after `import`
#define TOKEN_KEYWORD(ID, TEXT) ID,
#define TOKEN_PUNCTUATION(ID, TEXT) ID,
#include "lang/tile/Tokens.def"
};

struct Token {
  TokenKind kind = TokenKind::EndOfFile;
  SourceRange range;
  /// The token's characters; of a name without its `#` or `$`.
  std::string_view text;

  bool is(TokenKind other) const { return kind == other; }
};

/// "';'", "a name", "end of file": for messages.
std::string_view describe(TokenKind kind);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_TOKEN_H
