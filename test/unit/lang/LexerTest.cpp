//===- LexerTest.cpp - Tokens ---------------------------------------------===//
//
// Names, numbers and where one token ends and the next begins.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Lexer.h"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace polytile::lang;

namespace {

/// The tokens' texts, each with a letter for its kind before it.
std::vector<std::string> lex(std::string text) {
  DiagnosticEngine diagnostics(SourceFile::create("t.tile", std::move(text)));
  Lexer lexer(diagnostics);
  std::vector<std::string> result;
  while (true) {
    Token token = lexer.next();
    std::string letter;
    if (token.is(TokenKind::EndOfFile))
      return result;
    if (token.is(TokenKind::Identifier))
      letter = "n:";
    else if (token.is(TokenKind::Integer))
      letter = "i:";
    else if (token.is(TokenKind::Float))
      letter = "f:";
    else if (token.is(TokenKind::Invalid))
      letter = "?:";
    result.push_back(letter + std::string(token.text));
  }
}

using Strings = std::vector<std::string>;

} // namespace

TEST_CASE("names take letters, digits, underscores and primes") {
  CHECK(lex("A x' X_T3 _X0_1 a''b") ==
        Strings{"n:A", "n:x'", "n:X_T3", "n:_X0_1", "n:a''", "n:b"});
}

TEST_CASE("a # or $ before a name is dropped") {
  CHECK(lex("#A $b_1 #function") == Strings{"n:A", "n:b_1", "n:function"});
}

TEST_CASE("numbers") {
  CHECK(lex("0 12 1.5 1. .5 1e-5 2e3 2E+3 1.5e2 0x1f 0XFF") ==
        Strings{"i:0", "i:12", "f:1.5", "f:1.", "f:.5", "f:1e-5", "f:2e3",
                "f:2E+3", "f:1.5e2", "i:0x1f", "i:0XFF"});
}

TEST_CASE("the longest valid number wins") {
  CHECK(lex("2x 2e 2e+ 0x 0xg 0x1fg 1.x 2e3x") ==
        Strings{"i:2", "n:x", "i:2", "n:e", "i:2", "n:e", "+", "i:0", "n:x",
                "i:0", "n:xg", "i:0x1f", "n:g", "f:1.", "n:x", "f:2e3", "n:x"});
}

TEST_CASE("the longest operator wins") {
  CHECK(lex("a<=b<<c<d->e-f==g=h!=!i&&j&k||l|m>=n>>o>p...") ==
        Strings{"n:a", "<=",  "n:b", "<<",  "n:c", "<",   "n:d", "->",  "n:e",
                "-",   "n:f", "==",  "n:g", "=",   "n:h", "!=",  "!",   "n:i",
                "&&",  "n:j", "&",   "n:k", "||",  "n:l", "|",   "n:m", ">=",
                "n:n", ">>",  "n:o", ">",   "n:p", "..."});
}

TEST_CASE("comments are spaces") {
  CHECK(lex("a // b\nc /* d\n e */ f/**/g // end") ==
        Strings{"n:a", "n:c", "n:f", "n:g"});
}

TEST_CASE("unknown characters are one token each") {
  CHECK(lex("a \xC2\xB7 b \x80 @") ==
        Strings{"n:a", "?:\xC2\xB7", "n:b", "?:\x80", "?:@"});
}

TEST_CASE("a byte order mark is skipped") {
  CHECK(lex("\xEF\xBB\xBF"
            "function") == Strings{"function"});
}

TEST_CASE("token ranges cover the prefix of a name") {
  DiagnosticEngine diagnostics(SourceFile::create("t.tile", " #abc"));
  Token token = Lexer(diagnostics).next();
  CHECK(token.range.begin == 1);
  CHECK(token.range.end == 5);
  CHECK(token.text == "abc");
}
