//===- Lexer.cpp - Source text to tokens ----------------------------------===//
//
// The one unusual rule is that of numbers: the longest valid number wins, and
// what follows it directly is a new token. So `2x` is a product (the parser
// joins the two), `2e3` and `0x1f` are numbers, and `2e` is 2 times e.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Lexer.h"

#include <array>
#include <fmt/format.h>
#include <utility>

using namespace polytile::lang;

namespace {

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isHexDigit(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool isContinuationByte(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

constexpr std::pair<TokenKind, std::string_view> punctuation[] = {
#define TOKEN_PUNCTUATION(ID, TEXT) {TokenKind::ID, TEXT},
#include "lang/tile/Tokens.def"
};

/// The punctuation that is one character long, by that character.
constexpr std::array<TokenKind, 256> singleCharacters = [] {
  std::array<TokenKind, 256> result{};
  result.fill(TokenKind::Invalid);
  for (const auto &[kind, spelling] : punctuation)
    if (spelling.size() == 1)
      result[static_cast<unsigned char>(spelling[0])] = kind;
  return result;
}();

bool beginsLongerToken(char c) {
  return std::string_view(".-=!<>&|").find(c) != std::string_view::npos;
}

TokenKind keywordOrIdentifier(std::string_view text) {
#define TOKEN_KEYWORD(ID, TEXT)                                                \
  if (text == TEXT)                                                            \
    return TokenKind::ID;
#include "lang/tile/Tokens.def"
  return TokenKind::Identifier;
}

} // namespace

std::string_view polytile::lang::describe(TokenKind kind) {
  switch (kind) {
  case TokenKind::EndOfFile:
    return "the end of the file";
  case TokenKind::Invalid:
    return "an unknown character";
  case TokenKind::Identifier:
    return "a name";
  case TokenKind::Integer:
    return "an integer";
  case TokenKind::Float:
    return "a number";
  case TokenKind::String:
    return "a text in quotes";
#define TOKEN_KEYWORD(ID, TEXT)                                                \
  case TokenKind::ID:                                                          \
    return "'" TEXT "'";
#define TOKEN_PUNCTUATION(ID, TEXT)                                            \
  case TokenKind::ID:                                                          \
    return "'" TEXT "'";
#include "lang/tile/Tokens.def"
  }
  return "";
}

Lexer::Lexer(DiagnosticEngine &diagnostics)
    : diagnostics(diagnostics), text(diagnostics.source().text()) {
  // A byte order mark says nothing in UTF-8.
  if (text.substr(0, 3) == "\xEF\xBB\xBF")
    position = 3;
}

Token Lexer::make(TokenKind kind, size_t begin) {
  Token token;
  token.kind = kind;
  token.range = {static_cast<uint32_t>(begin), static_cast<uint32_t>(position)};
  token.text = text.substr(begin, position - begin);
  return token;
}

void Lexer::skipSpaceAndComments() {
  while (position < text.size()) {
    char c = text[position];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' ||
        c == '\v') {
      ++position;
    } else if (c == '/' && at(position + 1) == '/') {
      size_t end = text.find('\n', position);
      position = end == std::string_view::npos ? text.size() : end;
    } else if (c == '/' && at(position + 1) == '*') {
      size_t end = text.find("*/", position + 2);
      if (end == std::string_view::npos) {
        auto begin = static_cast<uint32_t>(position);
        diagnostics.report(DiagnosticId::UnterminatedComment,
                           {begin, begin + 2});
        position = text.size();
        return;
      }
      position = end + 2;
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skipSpaceAndComments();
  size_t begin = position;
  if (begin >= text.size())
    return make(TokenKind::EndOfFile, begin);
  char c = text[begin];
  if (isLetter(c))
    return lexIdentifier(begin);
  if (isDigit(c) || (c == '.' && isDigit(at(begin + 1))))
    return lexNumber();
  if ((c == '#' || c == '$') && isLetter(at(begin + 1))) {
    ++position;
    Token token = lexIdentifier(begin);
    token.text.remove_prefix(1);
    token.kind = TokenKind::Identifier;
    return token;
  }
  if (c == '"')
    return lexString();
  return lexPunctuation();
}

Token Lexer::lexIdentifier(size_t begin) {
  while (position < text.size() &&
         (isLetter(text[position]) || isDigit(text[position])))
    ++position;
  while (at(position) == '\'')
    ++position;
  Token token = make(TokenKind::Identifier, begin);
  token.kind = keywordOrIdentifier(token.text);
  return token;
}

Token Lexer::lexNumber() {
  size_t begin = position;
  if (text[begin] == '0' && (at(begin + 1) == 'x' || at(begin + 1) == 'X') &&
      isHexDigit(at(begin + 2))) {
    position = begin + 2;
    while (isHexDigit(at(position)))
      ++position;
    return make(TokenKind::Integer, begin);
  }
  TokenKind kind = TokenKind::Integer;
  while (isDigit(at(position)))
    ++position;
  // `1...` is an integer and an ellipsis.
  if (at(position) == '.' && at(position + 1) != '.') {
    kind = TokenKind::Float;
    ++position;
    while (isDigit(at(position)))
      ++position;
  }
  if (at(position) == 'e' || at(position) == 'E') {
    size_t digits = position + 1;
    if (at(digits) == '+' || at(digits) == '-')
      ++digits;
    if (isDigit(at(digits))) {
      kind = TokenKind::Float;
      position = digits;
      while (isDigit(at(position)))
        ++position;
    }
  }
  return make(kind, begin);
}

Token Lexer::lexString() {
  size_t begin = position++;
  while (position < text.size() && text[position] != '"' &&
         text[position] != '\n')
    ++position;
  if (at(position) != '"') {
    Token token = make(TokenKind::Invalid, begin);
    diagnostics.report(DiagnosticId::UnterminatedString, token.range);
    return token;
  }
  ++position;
  return make(TokenKind::String, begin);
}

Token Lexer::lexPunctuation() {
  size_t begin = position;
  TokenKind best = singleCharacters[static_cast<unsigned char>(text[begin])];
  size_t length = best == TokenKind::Invalid ? 0 : 1;
  if (beginsLongerToken(text[begin])) {
    std::string_view rest = text.substr(begin, 3);
    for (const auto &[kind, spelling] : punctuation)
      if (spelling.size() > length &&
          rest.substr(0, spelling.size()) == spelling) {
        best = kind;
        length = spelling.size();
      }
  }
  if (best == TokenKind::Invalid)
    return lexUnexpected();
  position += length;
  return make(best, begin);
}

Token Lexer::lexUnexpected() {
  size_t begin = position++;
  unsigned char first = static_cast<unsigned char>(text[begin]);
  while (first >= 0xC0 && position < text.size() &&
         isContinuationByte(text[position]))
    ++position;
  Token token = make(TokenKind::Invalid, begin);
  bool printable = first >= 0x20 && first < 0x7F;
  std::string shown = printable || first >= 0xC0
                          ? std::string(token.text)
                          : fmt::format("\\x{:02x}", first);
  diagnostics.report(DiagnosticId::UnexpectedCharacter, token.range, {shown});
  return token;
}
