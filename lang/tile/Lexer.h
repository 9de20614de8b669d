//===- Lexer.h - Source text to tokens --------------------------*- C++ -*-===//
//
// Hand-written, one token at a time, one pass over the text.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_LEXER_H
#define POLYTILE_LANG_TILE_LEXER_H

#include "lang/tile/Diagnostics.h"
#include "lang/tile/Token.h"

namespace polytile::lang {

/// Splits the source of `diagnostics` into tokens. Spaces and comments
/// separate tokens and are dropped; what belongs to no token is reported.
class Lexer {
public:
  explicit Lexer(DiagnosticEngine &diagnostics);

  /// The next token; at the end, EndOfFile again and again.
  Token next();

private:
  void skipSpaceAndComments();
  Token make(TokenKind kind, size_t begin);
  Token lexIdentifier(size_t begin);
  Token lexNumber();
  Token lexString();
  Token lexPunctuation();
  Token lexUnexpected();
  char at(size_t offset) const {
    return offset < text.size() ? text[offset] : '\0';
  }

  DiagnosticEngine &diagnostics;
  std::string_view text;
  size_t position = 0;
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_LEXER_H
