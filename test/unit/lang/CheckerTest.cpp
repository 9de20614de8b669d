//===- CheckerTest.cpp - What the checker finds out -----------------------===//
//
// The annotations that the importer relies on. Messages have their tests in
// test/diagnostics.
//
//===----------------------------------------------------------------------===//

#include "TestSupport.h"

#include <catch2/catch.hpp>

using namespace polytile::lang;
using namespace polytile::lang::test;

namespace {

std::string variables(const Contraction &contraction) {
  std::string result;
  for (const IndexVariable &variable : contraction.indexVariables)
    result += std::string(variable.name) + (variable.inOutput ? "! " : " ");
  return result;
}

std::string body(const Compiled &compiled) {
  return printTree(*compiled.program);
}

} // namespace

TEST_CASE("names are resolved") {
  Compiled compiled = compile("function f(A[M, K], B[K, N], s) -> (O) {\n"
                              "  T = 2 * N;\n"
                              "  P[m, n : M, T] = +(A[m, k] * B[k, n] * s);\n"
                              "  O = P / K + T;\n"
                              "}");
  CHECK(compiled.messages() == "");
  CHECK(body(compiled) ==
        "(program\n"
        "  (function f\n"
        "    (parameter A [M K])\n"
        "    (parameter B [K N])\n"
        "    (parameter s)\n"
        "    (output O)\n"
        "    (assign T size (* 2 N:size))\n"
        "    (contract P +\n"
        "      (indices m:index n:index)\n"
        "      (sizes M:size T:size)\n"
        "      (variables m n k:reduced)\n"
        "      (body (* (* (read A:param m:index k:index) (read B:param "
        "k:index n:index)) s:param)))\n"
        "    (assign O (+ (/ P:value K:size) T:size))))\n");
}

TEST_CASE("references point at definitions") {
  Compiled compiled = compile("function f(A[M, K]) -> (O) {\n"
                              "  T = 2;\n"
                              "  O = A + K * T;\n"
                              "}");
  const auto *sum = cast<Binary>(compiled.assignment(1).value);
  const auto *product = cast<Binary>(sum->rhs);
  const auto *a = cast<NameRef>(sum->lhs);
  const auto *k = cast<NameRef>(product->lhs);
  const auto *t = cast<NameRef>(product->rhs);
  const Parameter *parameter = &compiled.function().parameters[0];
  CHECK(a->parameter == parameter);
  CHECK(k->parameter == parameter);
  CHECK(k->dimension == 1);
  CHECK(t->definition == compiled.function().statements[0]);
  CHECK(product->isSize);
  CHECK_FALSE(sum->isSize);
}

TEST_CASE("index variables come in order of appearance, outputs first") {
  Compiled compiled = compile(
      "function f(A[M, N], B[M, N]) -> (O) {\n"
      "  O[2*y + x, z : M, N] = +(A[k + z, x] * B[j, y]), k < 2, i == 3;\n"
      "}");
  CHECK(compiled.messages() == "");
  CHECK(variables(compiled.contraction()) == "y! x! z! k j i ");
  const SourceFile &source = *compiled.program->source;
  const IndexVariable &k = compiled.contraction().indexVariables[3];
  CHECK(source.lineColumn(k.firstUse.begin).column == 30);
}

TEST_CASE("an unchained 'e < c' implies that e is not negative") {
  Compiled compiled =
      compile("function f(A[N]) -> (O) {\n"
              "  O[] = +(A[i + j]), i < 3, i + j < N, i < j, 4 > i, 1 <= j < 5,"
              " j <= 9, N < i;\n"
              "}");
  CHECK(compiled.messages() == "");
  std::string implied;
  for (const Constraint &constraint : compiled.contraction().constraints)
    implied += constraint.impliesNonNegative ? '1' : '0';
  CHECK(implied == "11000000");
}

TEST_CASE("integer-valued statements are sizes") {
  Compiled compiled = compile("function f(A[N]) -> (O) {\n"
                              "  X = 3;\n"
                              "  Y = add(X, mul(N, 2)) - N / 2 % 3;\n"
                              "  Z = -Y;\n"
                              "  W = 1.5;\n"
                              "  V = N * W;\n"
                              "  O = reshape(A, max(Y, Z));\n"
                              "}");
  CHECK(compiled.messages() == "");
  CHECK(compiled.assignment(0).isSizeValued);
  CHECK(compiled.assignment(1).isSizeValued);
  CHECK(compiled.assignment(2).isSizeValued);
  CHECK_FALSE(compiled.assignment(3).isSizeValued);
  CHECK(compiled.assignment(3).isWeak);
  CHECK(compiled.assignment(4).isWeak);
  CHECK_FALSE(compiled.assignment(4).isSizeValued);
  CHECK_FALSE(compiled.assignment(5).isWeak);
}

TEST_CASE("an integer too large for a size is no size") {
  Compiled compiled =
      compile("function f(A) -> (O) { X = 9223372036854775808; O = A + X; }");
  CHECK(compiled.messages() == "");
  CHECK_FALSE(compiled.assignment(0).isSizeValued);
  CHECK(compiled.assignment(0).isWeak);
}

TEST_CASE("a parameter without dimensions may stand for a size") {
  Compiled compiled = compile("function pad(X[N], P, s) -> (Y) {\n"
                              "  L = N + 2 * P;\n"
                              "  Z = X * s;\n"
                              "  Y[i + P : L] = =(Z[i]);\n"
                              "}");
  CHECK(compiled.messages() == "");
  CHECK(compiled.function().parameters[1].usedAsSize);
  CHECK_FALSE(compiled.function().parameters[2].usedAsSize);
  CHECK(compiled.assignment(0).usedAsSize);
  CHECK_FALSE(compiled.assignment(0).isSizeValued);
}

TEST_CASE("a lowercase name that is defined is no index variable") {
  Compiled compiled = compile("function f(A[n]) -> (O) { O[i : n] = =(A[i + n "
                              "- n]); }");
  CHECK(compiled.messages() == "");
  CHECK(variables(compiled.contraction()) == "i! ");
}

TEST_CASE("a target may have the name of an index variable") {
  Compiled compiled =
      compile("function f(A[N]) -> (n) { n[n : N] = =(A[n]); }");
  CHECK(compiled.messages() == "");
}

TEST_CASE("an output may be a parameter") {
  CHECK(compile("function f(A, B) -> (A, C) { C = B; }").messages() == "");
  CHECK(compile("function f(A) -> (A) { }").messages() == "");
}

TEST_CASE("calls are resolved, a user's function first") {
  Compiled compiled = compile("function exp(A) -> (O) { O = A; }\n"
                              "function g(A) -> (O) { O = exp(log(A)); }");
  CHECK(compiled.messages() == "");
  const auto &value = *cast<Assignment>(compiled.function(1).statements[0]);
  const auto *call = cast<Call>(value.value);
  CHECK(call->function == compiled.program->functions[0]);
  CHECK(call->builtin == Builtin::None);
  CHECK(cast<Call>(call->arguments[0])->builtin == Builtin::Log);
}

TEST_CASE("functions are ordered callees first") {
  Compiled compiled = compile("function a(A) -> (O) { O = b(c(A)); }\n"
                              "function b(A) -> (O) { O = c(A); }\n"
                              "function c(A) -> (O) { O = A; }");
  CHECK(compiled.messages() == "");
  const auto &order = compiled.program->calleesFirst;
  const auto &functions = compiled.program->functions;
  CHECK(order == std::vector<const Function *>{functions[2], functions[1],
                                               functions[0]});
}

TEST_CASE("long chains of calls are fine") {
  std::string text = "function f0(A) -> (O) { O = A; }\n";
  for (int i = 1; i < 20000; ++i)
    text += "function f" + std::to_string(i) + "(A) -> (O) { O = f" +
            std::to_string(i - 1) + "(A); }\n";
  CHECK(compile(text).messages() == "");
}

TEST_CASE("several results") {
  Compiled compiled = compile("function g(A) -> (P, Q) { P = A; Q = -A; }\n"
                              "function f(A) -> (O) { X, Y = g(A); O = Y; }");
  CHECK(compiled.messages() == "");
  const auto &statement = *cast<Assignment>(compiled.function(1).statements[1]);
  const auto *y = cast<NameRef>(statement.value);
  CHECK(y->resolved == NameKind::Value);
  CHECK(y->resultIndex == 1);
}

TEST_CASE("a window that something limits gives no warning") {
  for (std::string text :
       {"O[n : N] = +(A[n + i]), i < 3;", "O[n : N] = +(A[n + i] * A[i]);",
        "O[n : N] = +(A[k]), n - k < N;", "O[n : N] = +(A[2*n + i]), i == n;",
        "O[] = +(A[i + j]), i < 3, j < 4;", "O[n + i : N] = +(A[n + i]);"}) {
    INFO(text);
    CHECK(compile("function f(A[N]) -> (O) { " + text + " }").messages() == "");
  }
}

TEST_CASE("programs of PlaidML") {
  // Forms that PlaidML's own operations and recordings use.
  for (std::string text :
       {"function (X1, X2, X3) -> (Y) { M[i, 0 : X2, 1] = >(X1[i, j]); "
        "E = exp(X1 - M); N[i, 0 : X2, 1] = +(E[i, j]); Y = E / N; }",
        "function (I[N, X, Y, CI], K[S, S, CI, CO]) -> (O) { XO = (X + 1) / 2; "
        "O[n, x, y, co : N, XO, XO, CO] = +(I[n, 2*x + i - S/2, 2*y + j, ci] * "
        "K[i, j, ci, co]) no_defract; }",
        "function (_X0[_X0_0, _X0_1]) -> (_X3) { _X1 = 0.000000; "
        "_X2 = cmp_lt(_X0, _X1); _X3 = cond(_X2, _X1, _X0); }",
        "function (X_I_0[X_I_0_0], X_I_9[X_I_9_0, X_I_9_1]) -> (X_T6) { X_T7 = "
        "1; [[pid(Dense)]] X_T3[n0, n1 : 80, 128] = +(X_I_0[n0] * X_I_9[n0, "
        "n1]); X_T6 = reshape(X_T3, X_T7, X_I_9_1); }",
        "function (A[N]) -> (O) { T = tuple(A, A); O = element(T, 1); }",
        "function (S[A, B], I[C]) -> (V, N) { T = prng_step(S, 3, 4); V = "
        "prng_value(T); N = prng_state(T); G = gather(S, I); H = scatter(G, I, "
        "S); R = simple_reduce(H, I); L = builtin_logsoftmax(S, A, B); C2 = "
        "builtin_binary_crossentropy(L, S, A*B); }",
        "function (I[N]) -> (O) { O = 0 - (I < 1 ? -I : I << 2 & 3); }"}) {
    INFO(text);
    CHECK(compile(text).messages() == "");
  }
}
