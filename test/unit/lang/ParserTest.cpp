//===- ParserTest.cpp - The grammar ---------------------------------------===//
//
// Each form of the grammar once, precedence, and recovery. The printed tree
// shows what was read.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include <catch2/catch.hpp>

using namespace polytile::lang;
using namespace polytile::lang::test;

namespace {

/// The tree of `O = TEXT;`.
std::string tree(const std::string &text) {
  Compiled compiled =
      parseOnly("function f(A, B, C) -> (O) { O = " + text + "; }");
  if (compiled.diagnostics->hasErrors())
    return compiled.messages();
  std::string whole = printTree(*compiled.program);
  size_t begin = whole.find("(assign O ") + 10;
  return whole.substr(begin, whole.find(")))\n", begin) - begin);
}

/// The tree of a statement.
std::string statement(const std::string &text) {
  Compiled compiled = parseOnly("function f() -> (O) { " + text + " }");
  if (compiled.diagnostics->hasErrors())
    return compiled.messages();
  std::string whole = printTree(*compiled.program);
  size_t begin = whole.find("(output O)") + 15;
  return whole.substr(begin, whole.size() - begin - 3);
}

} // namespace

TEST_CASE("precedence is that of C") {
  CHECK(tree("A + B * C") == "(+ A (* B C))");
  CHECK(tree("A - B - C") == "(- (- A B) C)");
  CHECK(tree("A / B * C % A") == "(% (* (/ A B) C) A)");
  CHECK(tree("A << B + C") == "(<< A (+ B C))");
  CHECK(tree("A < B << C") == "(< A (<< B C))");
  CHECK(tree("A == B < C") == "(== A (< B C))");
  CHECK(tree("A & B == C") == "(& A (== B C))");
  CHECK(tree("A ^ B & C") == "(^ A (& B C))");
  CHECK(tree("A | B ^ C") == "(| A (^ B C))");
  CHECK(tree("A && B | C") == "(&& A (| B C))");
  CHECK(tree("A || B && C") == "(|| A (&& B C))");
  CHECK(tree("A || B ? C : A") == "(? (|| A B) C A)");
  CHECK(tree("A ? B : C ? A : B") == "(? A B (? C A B))");
  CHECK(tree("A ? B ? C : A : B") == "(? A (? B C A) B)");
}

TEST_CASE("unary operators bind tightest, and stack") {
  CHECK(tree("-A * B") == "(* (- A) B)");
  CHECK(tree("!A == ~B") == "(== (! A) (~ B))");
  CHECK(tree("- -!~A") == "(- (- (! (~ A))))");
  CHECK(tree("A - -B") == "(- A (- B))");
}

TEST_CASE("parentheses and calls") {
  CHECK(tree("(A + B) * C") == "(* (+ A B) C)");
  CHECK(tree("f(A, g(B), 1)") == "(call f A (call g B) 1)");
  CHECK(tree("f()") == "(call f)");
}

TEST_CASE("numbers keep their value") {
  CHECK(tree("0x1f") == "31");
  CHECK(tree("18446744073709551615") == "18446744073709551615");
  CHECK(tree("1e-5") == "1e-5");
  Compiled compiled =
      parseOnly("function f() -> (O) { O = 0.1; P = 1e-400; Q = 4e-320; }");
  CHECK(cast<FloatLiteral>(compiled.assignment(0).value)->value == 0.1);
  CHECK(cast<FloatLiteral>(compiled.assignment(1).value)->value == 0.0);
  CHECK(cast<FloatLiteral>(compiled.assignment(2).value)->value == 4e-320);
}

TEST_CASE("a number directly before a name is a product") {
  CHECK(tree("2x") == "(* 2 x)");
  CHECK(tree("1/2x") == "(/ 1 (* 2 x))");
  CHECK(tree("-2x + 0x1fg") == "(+ (- (* 2 x)) (* 31 g))");
  CHECK(tree("2exp(A)") == "(* 2 (call exp A))");
  CHECK(statement("O[2i : 2N] = =(A[2i + 3j]);").find("(* 2 i)") !=
        std::string::npos);
}

TEST_CASE("contractions") {
  CHECK(statement("O[m, n : M, 2 * N] = +(A[m, k] * B[k, n]), k < 3 "
                  "default D no_defract;") == "(contract O +\n"
                                              "      (indices m n)\n"
                                              "      (sizes M (* 2 N))\n"
                                              "      (body (* (read A m k) "
                                              "(read B k n)))\n"
                                              "      (constraint (< k 3))\n"
                                              "      (default D)\n"
                                              "      (no_defract))");
  CHECK(statement("O[n] = >(A[n]);") == "(contract O >\n"
                                        "      (indices n)\n"
                                        "      (body (read A n)))");
}

TEST_CASE("every aggregation, with and without spaces") {
  for (std::string symbol : {"+", "*", ">", "<", "="}) {
    std::string expected =
        "(contract O " + symbol + "\n      (indices)\n      (body (read A i)))";
    CHECK(statement("O[] = " + symbol + "(A[i]);") == expected);
    CHECK(statement("O[]=" + symbol + "( A[i] ) ;") == expected);
  }
}

TEST_CASE("a scalar output has no indices") {
  std::string expected = statement("O[] = +(A[i]);");
  CHECK(statement("O[:] = +(A[i]);") == expected);
  Compiled compiled = parseOnly("function f(A) -> (O) { O[:] = +(A[i]); }");
  CHECK(compiled.contraction().hasSizes);
}

TEST_CASE("sizes may be left out") {
  Compiled compiled =
      parseOnly("function f(A) -> (O) { O[i] = +(A[i]); P[i : N] = +(A[i]); }");
  CHECK_FALSE(compiled.contraction(0).hasSizes);
  CHECK(compiled.contraction(1).hasSizes);
}

TEST_CASE("a condition is no choice") {
  CHECK(statement("O[i] = <(A[i] == B[j] ? C[j]);") ==
        "(contract O <\n"
        "      (indices i)\n"
        "      (condition (== (read A i) (read B j)))\n"
        "      (body (read C j)))");
  CHECK(statement("O[i] = <(A[i] == B[j] ? C[j] : 0);") ==
        "(contract O <\n"
        "      (indices i)\n"
        "      (body (? (== (read A i) (read B j)) (read C j) 0)))");
}

TEST_CASE("constraints: every relation, and chains") {
  CHECK(statement("O[] = +(A[i]), i < 3, 0 <= i - k < N, i == 2 * k, i != 5, "
                  "i >= 1, i > 0;") ==
        "(contract O +\n"
        "      (indices)\n"
        "      (body (read A i))\n"
        "      (constraint (< i 3))\n"
        "      (constraint (<= 0 (- i k)) chained)\n"
        "      (constraint (< (- i k) N) chained)\n"
        "      (constraint (== i (* 2 k)))\n"
        "      (constraint (!= i 5))\n"
        "      (constraint (>= i 1))\n"
        "      (constraint (> i 0)))");
}

TEST_CASE("clauses come in any order") {
  Compiled compiled = parseOnly("function f(A, D) -> (O) { O[i] = +(A[i]) "
                                "no_defract default D, i < 3; }");
  CHECK(compiled.messages() == "");
  CHECK(compiled.contraction().noDefract);
  CHECK(compiled.contraction().defaultTensor->name == "D");
  CHECK(compiled.contraction().constraints.size() == 1);
}

TEST_CASE("several targets") {
  CHECK(statement("O, P = f(A);") == "(assign O P (call f A))");
}

TEST_CASE("attributes of statements and functions") {
  Compiled compiled = parseOnly(
      "[[hot]] function f(A) -> (O) { [[pid(Add, Switch)]] [[b, c(1, x)]] "
      "O = A; [[pid(Sum)]] P[] = +(A[i]); }");
  CHECK(compiled.messages() == "");
  CHECK(printTree(*compiled.program) ==
        "(program\n"
        "  (function f\n"
        "    (attribute hot)\n"
        "    (parameter A)\n"
        "    (output O)\n"
        "    (assign (attribute pid Add Switch) (attribute b) (attribute c 1 "
        "x) O A)\n"
        "    (contract P + (attribute pid Sum)\n"
        "      (indices)\n"
        "      (body (read A i)))))\n");
}

TEST_CASE("parameters") {
  Compiled compiled =
      parseOnly("function f(A, B[M, 3], C: f16[], s: i64, D: bool[#N]) -> (O, "
                "$P) { O = A; P = B; }");
  CHECK(compiled.messages() == "");
  CHECK(printTree(*compiled.program) == "(program\n"
                                        "  (function f\n"
                                        "    (parameter A)\n"
                                        "    (parameter B [M 3])\n"
                                        "    (parameter C f16 [])\n"
                                        "    (parameter s i64)\n"
                                        "    (parameter D bool [N])\n"
                                        "    (output O)\n"
                                        "    (output P)\n"
                                        "    (assign O A)\n"
                                        "    (assign P B)))\n");
}

TEST_CASE("anonymous functions and several functions") {
  Compiled compiled =
      parseOnly("function () -> (O) { O = 1; }\nfunction g(A) -> (O) {O = A;}");
  CHECK(compiled.messages() == "");
  REQUIRE(compiled.program->functions.size() == 2);
  CHECK(compiled.function(0).isAnonymous());
  CHECK(compiled.program->find("g") == compiled.program->functions[1]);
  CHECK(compiled.program->find("") == nullptr);
}

TEST_CASE("ranges cover what was written") {
  std::string text = "function f(A[N]) -> (O) { O[n : N] = +(A[(n + 1)]); }";
  Compiled compiled = parseOnly(text);
  const Contraction &contraction = compiled.contraction();
  const SourceFile &source = *compiled.program->source;
  CHECK(source.text(contraction.range) == "O[n : N] = +(A[(n + 1)]);");
  CHECK(source.text(contraction.body->range) == "A[(n + 1)]");
  CHECK(source.text(cast<IndexedRead>(contraction.body)->indices[0]->range) ==
        "(n + 1)");
  CHECK(source.text(contraction.aggregationRange) == "+");
}

TEST_CASE("the parser goes on after an error") {
  Compiled compiled = parseOnly("function f(A) -> (O) {\n"
                                "  B = A +;\n"
                                "  C = A\n"
                                "  O = A;\n"
                                "}\n"
                                "function g(A) -> (O) { O = A; }\n");
  CHECK(compiled.diagnostics->errorCount() == 2);
  REQUIRE(compiled.program->functions.size() == 2);
  CHECK(compiled.function().statements.size() == 2);
}

TEST_CASE("every prefix of a program is handled") {
  std::string text =
      "[[a(b)]] function f(A: f32[M, 2], s) -> (O, P) { O[m, n : "
      "M, 2] = +(A[m, n] == 2x ? s), 0 <= m < 3 default A "
      "no_defract; P, Q = f(-A, 1e-5, 0x1f ? 1 : 2); }";
  for (size_t length = 0; length < text.size(); ++length) {
    Compiled compiled = compile(text.substr(0, length));
    CHECK(compiled.diagnostics->hasErrors());
  }
}

TEST_CASE("deep nesting is an error and no crash") {
  std::string parentheses = std::string(100000, '(') + "A";
  for (std::string text : {parentheses, std::string(100000, '-') + "A",
                           std::string(100000, '!') + "A"}) {
    Compiled compiled = compile("function f(A) -> (O) { O = " + text + "; }");
    CHECK(compiled.messages().find("levels deep") != std::string::npos);
  }
  std::string chain = "A";
  for (int i = 0; i < 100000; ++i)
    chain += "+A";
  CHECK(tree(chain).find("levels deep") != std::string::npos);
  std::string calls, choices;
  for (int i = 0; i < 100000; ++i) {
    calls += "f(";
    choices += "A ? A : ";
  }
  CHECK(tree(calls + "A").find("levels deep") != std::string::npos);
  CHECK(tree(choices + "A").find("levels deep") != std::string::npos);
}

TEST_CASE("an expression of almost the greatest height is fine") {
  std::string chain = "A";
  for (unsigned i = 2; i < maxExpressionDepth; ++i)
    chain += "+A";
  Compiled compiled = compile("function f(A) -> (O) { O = " + chain + "; }");
  CHECK(compiled.messages() == "");
}

TEST_CASE("too large files are refused") {
  DiagnosticEngine diagnostics(
      SourceFile::create("t.tile", "function f(A) -> (O) { O = A; }"));
  parse(diagnostics, 10);
  REQUIRE(diagnostics.errorCount() == 1);
  CHECK(diagnostics.diagnostics()[0].id == DiagnosticId::FileTooLarge);
  CHECK(diagnostics.diagnostics()[0].message ==
        "the file has 31 bytes; at most 10 are read");
}
