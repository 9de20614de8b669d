//===- PrinterTest.cpp - Tile text from the tree --------------------------===//
//
// Printed text must parse to the same tree, with as few parentheses as the
// grammar needs.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

using namespace polytile::lang;
using namespace polytile::lang::test;

namespace {

void checkRoundTrip(const std::string &text) {
  INFO(text);
  Compiled first = parseOnly(text);
  REQUIRE(first.messages() == "");
  std::string printed = printSource(*first.program);
  INFO(printed);
  Compiled second = parseOnly(printed);
  REQUIRE(second.messages() == "");
  CHECK(printTree(*second.program) == printTree(*first.program));
  CHECK(printSource(*second.program) == printed);
}

/// A random expression as fully parenthesised text.
std::string randomExpr(std::mt19937 &random, int depth) {
  static const char *const binary[] = {
      "+", "-", "*", "/",  "%",  "<<", ">>", "&",
      "^", "|", "<", ">=", "==", "!=", "&&", "||"};
  static const char *const unary[] = {"-", "!", "~"};
  static const char *const leaves[] = {"A", "1", "2.5", "f(A, B)", "x'"};
  unsigned kind = depth == 0 ? 0 : random() % 8;
  auto sub = [&] { return "(" + randomExpr(random, depth - 1) + ")"; };
  if (kind == 0)
    return leaves[random() % 5];
  if (kind == 1)
    return unary[random() % 3] + sub();
  if (kind == 2)
    return sub() + " ? " + sub() + " : " + sub();
  std::string left = sub();
  return left + " " + binary[random() % 16] + " " + sub();
}

} // namespace

TEST_CASE("one layout for every program") {
  std::string text = "[[hot]]function f(A:f32[M,3],s)->(O,P){[[pid(x)]]O[m,n:M,"
                     "2*N]=+((A[m,n+1]==2k?s)),0<=m-n<3,m==1 default A "
                     "no_defract;P,Q=f((A+1)*-2,1e-5);R[]=>(A[i,j]);}function "
                     "(A)->(B){B=A;}";
  Compiled compiled = parseOnly(text);
  CHECK(compiled.messages().find("expected ':'") != std::string::npos);

  text = "[[hot]]function f(A:f32[M,3],s)->(O,P){[[pid(x)]]O[m,n:M,2*N]=+("
         "A[m,n+1]==2k?s),0<=m-n<3,m==1 default A no_defract;P,Q=f((A+1)*-2,"
         "1e-5);R[]=>(A[i,j]);}function (A)->(B){B=A;}";
  compiled = parseOnly(text);
  CHECK(compiled.messages() == "");
  CHECK(printSource(*compiled.program) ==
        "[[hot]] function f(A: f32[M, 3], s) -> (O, P) {\n"
        "  [[pid(x)]] O[m, n : M, 2 * N] = +(A[m, n + 1] == 2 * k ? s), "
        "0 <= m - n < 3, m == 1 default A no_defract;\n"
        "  P, Q = f((A + 1) * -2, 1e-5);\n"
        "  R[] = >(A[i, j]);\n"
        "}\n"
        "\n"
        "function (A) -> (B) {\n"
        "  B = A;\n"
        "}\n");
}

TEST_CASE("parentheses only where they are needed") {
  auto print = [](const std::string &text) {
    Compiled compiled = parseOnly("function f(A) -> (O) { O = " + text + "; }");
    REQUIRE(compiled.messages() == "");
    return printSource(*compiled.assignment().value);
  };
  CHECK(print("((A) + (B * C))") == "A + B * C");
  CHECK(print("A - (B - C)") == "A - (B - C)");
  CHECK(print("(A - B) - C") == "A - B - C");
  CHECK(print("-(-A)") == "--A");
  CHECK(print("(A < B) < C") == "(A < B) < C");
  CHECK(print("(A ? B : C) ? (A ? B : C) : (A ? B : C)") ==
        "(A ? B : C) ? A ? B : C : A ? B : C");
}

TEST_CASE("random expressions survive printing") {
  std::mt19937 random(20261124);
  for (int i = 0; i < 500; ++i)
    checkRoundTrip("function f(A) -> (O) { O = " + randomExpr(random, 5) +
                   "; P[i] = +((" + randomExpr(random, 3) + ") ? (" +
                   randomExpr(random, 3) + ")); }");
}

TEST_CASE("the programs of the diagnostics tests survive printing") {
  unsigned count = 0;
  for (const auto &entry :
       std::filesystem::directory_iterator("test/diagnostics")) {
    if (entry.path().extension() != ".tile")
      continue;
    std::ifstream stream(entry.path());
    std::ostringstream text;
    text << stream.rdbuf();
    if (parseOnly(text.str()).diagnostics->hasErrors())
      continue;
    checkRoundTrip(text.str());
    ++count;
  }
  CHECK(count > 20);
}
