//===- RulesTest.cpp - The rules of docs/language.md that text decides ----===//
//
// One test for each rule that is marked "unit" there, and tests of the page
// itself: its examples compile, and its rules name their tests.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include "lang/tile/Builtins.h"

#include <catch2/catch.hpp>

#include <fstream>
#include <regex>
#include <sstream>

using namespace polytile::lang;
using namespace polytile::lang::test;

namespace {

std::string readFile(const std::string &path) {
  std::ifstream stream(path);
  REQUIRE(stream.good());
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool accepts(const std::string &text) { return compile(text).messages() == ""; }

bool refuses(const std::string &text, DiagnosticId id) {
  Compiled compiled = compile(text);
  for (const Diagnostic &diagnostic : compiled.diagnostics->diagnostics())
    if (diagnostic.id == id)
      return true;
  return false;
}

/// A function with tensors A[N], B[M, N] around statements.
std::string inside(const std::string &statements) {
  return "function f(A[N], B[M, N]) -> (O) { " + statements + " }";
}

/// The examples with a mark after the three quotes, as in "```tile".
std::vector<std::string> examples(const std::string &page,
                                  const std::string &mark) {
  std::vector<std::string> result;
  std::string fence = "\n```" + mark + "\n";
  for (size_t at = page.find(fence); at != std::string::npos;
       at = page.find(fence, at)) {
    at += fence.size();
    result.push_back(page.substr(at, page.find("```", at) - at));
  }
  return result;
}

} // namespace

TEST_CASE("rule-01-source-text") {
  CHECK(accepts("/* a */ function// b\nf(A)->(O){O=A;}\r\n\t//c"));
  CHECK(refuses("/* /* */ */ function f(A) -> (O) { O = A; }",
                DiagnosticId::ExpectedFunction));
  CHECK(
      refuses(inside("O = A \xC3\x97 2;"), DiagnosticId::UnexpectedCharacter));
}

TEST_CASE("rule-02-names") {
  CHECK(accepts("function _f1(#A, $b'', a) -> (O) { O = A + b'' + a; }"));
  CHECK(accepts("function f(A) -> (O) { O = #A + $A; }"));
  CHECK(refuses("function f(a) -> (O) { O = A; }", DiagnosticId::UnknownName));
  for (std::string word :
       {"function", "default", "no_defract", "import", "scan"}) {
    INFO(word);
    CHECK(compile("function f(" + word + ") -> (O) { O = 1; }")
              .diagnostics->hasErrors());
  }
}

TEST_CASE("rule-03-numbers") {
  CHECK(accepts(inside("O = A + 18446744073709551615 + 0xFFFFFFFFFFFFFFFF;")));
  CHECK(refuses(inside("O = A + 18446744073709551616;"),
                DiagnosticId::IntegerTooLarge));
  CHECK(accepts(inside("e = 3; O = A + 2e + 2e3 + 1.e + .5e1;")));
  Compiled compiled = parseOnly(inside("O = 8/2A; P = 2e; Q = 1e-5;"));
  CHECK(printSource(*compiled.assignment(0).value) == "8 / (2 * A)");
  CHECK(printSource(*compiled.assignment(1).value) == "2 * e");
  CHECK(cast<FloatLiteral>(compiled.assignment(2).value)->value == 1e-5);
  CHECK(refuses(inside("O = 1f32;"), DiagnosticId::UnknownName));
}

TEST_CASE("rule-04-functions") {
  CHECK(accepts("function (A) -> (O, A) { O = A; } function (B) -> (B) { }"));
  CHECK(refuses("function f(A) -> () { O = A; }", DiagnosticId::NoOutputs));
  CHECK(refuses("function f(A) -> (O) { P = A; }",
                DiagnosticId::OutputNotDefined));
  CHECK(accepts("function f() -> (O) { O = 1; }"));
}

TEST_CASE("rule-06-scope") {
  CHECK(accepts(inside("[[pid(Square)]] T = A * A; [[a, b(1)]] O = T;")));
  CHECK(refuses(inside("O = T; T = A;"), DiagnosticId::UsedBeforeDefinition));
  CHECK(refuses(inside("O = A; O = A;"), DiagnosticId::DefinedTwice));
  CHECK(refuses(inside("A = B; O = A;"), DiagnosticId::DefinedTwice));
  CHECK(refuses(inside("N = 3; O = A;"), DiagnosticId::DefinedTwice));
  CHECK(accepts(inside("P[n : N] = =(A[n]); O[n : N] = =(P[n]);")));
  // Each function has a scope of its own.
  CHECK(accepts("function f(A) -> (O) { O = A; } "
                "function g(A) -> (O) { O = A; }"));
  CHECK(refuses("function f(A[N]) -> (O) { O = A; } "
                "function g(A) -> (O) { O = A * N; }",
                DiagnosticId::UnknownName));
}

TEST_CASE("rule-08-reserved-forms") {
  std::string f = " function f(A) -> (O) { O = A; }";
  CHECK(refuses("import \"a.tile\";" + f, DiagnosticId::NotYetImport));
  CHECK(refuses(inside("scan O = A;"), DiagnosticId::NotYetScan));
  CHECK(refuses("function g(A[..., N]) -> (O) { O = A; }",
                DiagnosticId::NotYetRankPolymorphic));
  CHECK(refuses("function g<n>(A) -> (O) { O = A; }",
                DiagnosticId::NotYetAngleParameters));
}

TEST_CASE("rule-10-index-names") {
  CHECK(accepts("function f(A[n, m]) -> (O) { k = n - 1; O[i : k] = +(A[i + k "
                "- k, j]), j < m; }"));
  CHECK(refuses(inside("O[n : N] = +(A[n + X]);"), DiagnosticId::UnknownSize));
  CHECK(
      refuses(inside("O[n : N] = +(A[n]), n < X;"), DiagnosticId::UnknownSize));
  CHECK(
      refuses(inside("O[n : N] = +(A[n + A]);"), DiagnosticId::TensorInIndex));
  CHECK(refuses(inside("O[n : x] = +(A[n]);"), DiagnosticId::UnknownSize));
  CHECK(refuses(inside("O[n : n] = +(A[n]);"),
                DiagnosticId::IndexVariableInSize));
  CHECK(accepts(inside("O[_n : N] = +(A[_n + _x2]), _x2 < 3;")));
}

TEST_CASE("rule-11-affine-indices") {
  CHECK(accepts(inside("O[n : N] = +(A[(2 * n + M * N * k - 3) / (M + 1)]), "
                       "k < 3;")));
  CHECK(refuses(inside("O[n : N] = +(A[n * n]);"),
                DiagnosticId::NotAffineProduct));
  CHECK(refuses(inside("O[n : N] = +(A[M / n]);"),
                DiagnosticId::NotAffineDivisor));
  CHECK(refuses(inside("O[n : N] = +(A[mod(3, n)]);"),
                DiagnosticId::NotAffineDivisor));
  CHECK(refuses(inside("O[n : N] = +(A[abs(n)]);"),
                DiagnosticId::NotAffineOperation));
  CHECK(refuses(inside("O[n : N] = +(A[n]), n * k < 3;"),
                DiagnosticId::NotAffineProduct));
}

TEST_CASE("rule-23-window-warning") {
  auto warns = [](const std::string &text) {
    return refuses(inside(text), DiagnosticId::WindowWidens);
  };
  CHECK(warns("O[n : N] = +(A[n + i]);"));
  CHECK(warns("O[n : N] = +(B[m, 2 * n + 3 * i] * A[m]);"));
  CHECK_FALSE(warns("O[n : N] = +(A[n + i]), i < 3;"));
  CHECK_FALSE(warns("O[n : N] = +(A[n + i] * B[i, n]);"));
  CHECK_FALSE(warns("O[n : N] = +(A[k]);"));
  CHECK_FALSE(warns("O[n + i : N] = +(A[n - i]);"));
}

TEST_CASE("rule-27-operators") {
  auto same = [](const std::string &a, const std::string &b) {
    std::string head = "function f(a, b, c, d) -> (O) { O = ";
    return printTree(*compile(head + a + "; }").program) ==
           printTree(*compile(head + b + "; }").program);
  };
  CHECK(same("a || b && c | d ^ a & b == c < d << a + b * -c",
             "a || (b && (c | (d ^ (a & (b == (c < (d << (a + (b * "
             "(-c))))))))))"));
  CHECK(same("a - b + c", "(a - b) + c"));
  CHECK(same("a / b % c * d", "((a / b) % c) * d"));
  CHECK(same("a >> b << c", "(a >> b) << c"));
  CHECK(same("a ? b : c ? d : a", "a ? b : (c ? d : a)"));
  CHECK(same("!a < -b", "(!a) < (-b)"));
  CHECK(same("-2a", "-(2 * a)"));
  CHECK(refuses(inside("O = 0 < A < 1;"), DiagnosticId::ChainedComparison));
  CHECK(refuses(inside("O = A == 1 == 1;"), DiagnosticId::ChainedComparison));
  CHECK(accepts(inside("O = A < 1 == A > 0;")));
}

//===----------------------------------------------------------------------===//
// The page
//===----------------------------------------------------------------------===//

TEST_CASE("the examples of docs/language.md compile") {
  std::string page = readFile("docs/language.md");
  std::vector<std::string> good = examples(page, "tile");
  CHECK(good.size() > 40);
  for (const std::string &example : good) {
    INFO(example);
    CHECK(compile(example).messages() == "");
  }
  for (const std::string &example : examples(page, "tile-warning")) {
    INFO(example);
    Compiled compiled = compile(example);
    CHECK_FALSE(compiled.diagnostics->hasErrors());
    CHECK(compiled.diagnostics->warningCount() == 1);
  }
  for (const std::string &example : examples(page, "tile-error")) {
    INFO(example);
    CHECK(compile(example).diagnostics->hasErrors());
  }
}

TEST_CASE("each rule of docs/language.md has an example and a test") {
  std::string page = readFile("docs/language.md");
  std::string here = readFile("test/unit/lang/RulesTest.cpp");
  std::regex heading("\n### R(\\d+)\\. ");
  std::regex test("\nTest: `(rule-(\\d+)-[a-z0-9-]+)` \\((unit|e2e)\\)");
  auto end = std::sregex_iterator();
  int number = 0;
  for (auto rule = std::sregex_iterator(page.begin(), page.end(), heading);
       rule != end; ++rule) {
    ++number;
    INFO("R" << number);
    CHECK(std::stoi((*rule)[1]) == number);
    auto begin = static_cast<size_t>(rule->position());
    std::string text =
        page.substr(begin, page.find("\n### ", begin + 1) - begin);
    CHECK(text.find("\n```tile") != std::string::npos);
    std::smatch found;
    REQUIRE(std::regex_search(text, found, test));
    CHECK(std::stoi(found[2]) == number);
    if (found[3] == "unit")
      CHECK(here.find("TEST_CASE(\"" + found[1].str() + "\")") !=
            std::string::npos);
  }
  CHECK(number >= 44);
}

TEST_CASE("docs/language.md lists every built-in function") {
  std::string page = readFile("docs/language.md");
  for (const BuiltinInfo *info = builtinsBegin(); info != builtinsEnd();
       ++info) {
    INFO(info->name);
    size_t row = page.find("\n| `" + std::string(info->name) + "` | ");
    REQUIRE(row != std::string::npos);
    std::string line = page.substr(row + 1, page.find('\n', row + 1) - row - 1);
    CHECK(line.find(info->documentation) != std::string::npos);
  }
}
