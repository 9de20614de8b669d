//===- ImportTest.cpp - From Tile text to the tile dialect ----------------===//
//
// Looks at the printed IR: what a statement becomes, how names, weak literals
// and fractions are resolved, and where errors point.
//
//===----------------------------------------------------------------------===//

#include "lang/import/Import.h"
#include "lang/tile/Parser.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"

#include <catch2/catch.hpp>

using namespace polytile::lang;

namespace {

/// The IR of the last function of `text`, or the rendered diagnostics.
std::string import(const std::string &text,
                   std::vector<ArgumentType> arguments) {
  auto source = SourceFile::create("test.tile", text);
  DiagnosticEngine diagnostics(source);
  std::unique_ptr<Program> program = parseAndCheck(diagnostics);
  if (!program)
    return diagnostics.render();
  mlir::MLIRContext context;
  auto module = importFunction(context, *program, *program->functions.back(),
                               arguments, diagnostics);
  if (mlir::failed(module)) {
    REQUIRE(diagnostics.hasErrors());
    return diagnostics.render();
  }
  REQUIRE(mlir::succeeded(mlir::verify(**module)));
  std::string printed;
  llvm::raw_string_ostream os(printed);
  (*module)->print(os);
  return printed;
}

bool contains(const std::string &text, const std::string &part) {
  INFO(text);
  INFO("looked for: " << part);
  CHECK(text.find(part) != std::string::npos);
  return true;
}

constexpr ArgumentType f32Matrix{ElementType::F32, 2};
constexpr ArgumentType f32Vector{ElementType::F32, 1};

} // namespace

TEST_CASE("a contraction keeps its maps, names and symbolic sizes") {
  std::string ir = import("function f(A[M, K], B[K, N]) -> (C) { C[m, n : M, "
                          "N] = +(A[m, k] * B[k, n]); }",
                          {f32Matrix, f32Matrix});
  contains(ir, "tile.contract  sum");
  contains(ir, R"(names ["m", "n", "k"])");
  contains(ir, "affine_map<(d0, d1, d2) -> (d0, d2)>");
  contains(ir, "tile.mul");
  contains(ir, R"("'K' is {0} in 'A' and {1} in 'B'")");
  contains(ir, R"(tile.name = "C")");
}

TEST_CASE("a fraction becomes a variable and an equality") {
  std::string ir = import(
      "function f(A[N]) -> (O) { O[i : 2 * N] = +(A[i / 2]); }", {f32Vector});
  contains(ir, R"(names ["i", "i / 2"])");
  contains(ir, "affine_set<(d0, d1) : (d1 * 2 - d0 == 0)>");
}

TEST_CASE("flooring becomes a variable between two bounds") {
  std::string ir = import("function f(A[N]) -> (O) { O[i : 2 * N] = "
                          "+(A[floordiv(i, 2)]); }",
                          {f32Vector});
  contains(ir, R"names(["i", "floordiv(i, 2)"])names");
  contains(ir, "affine_set<(d0, d1) : (d0 - d1 * 2 >= 0, d1 * 2 - d0 + 1 >= "
               "0)>");
  ir = import("function f(A[N]) -> (O) { O[i : N] = +(A[i % 3]); P[i : N] = "
              "+(A[mod(i / 2, -3)]); }",
              {f32Vector});
  contains(ir, "(d0 - d1 * 3)");
}

TEST_CASE("a size times an index variable stays symbolic") {
  std::string ir = import(
      "function f(A[N], W[M]) -> (O) { O[i : M] = +(A[i * M + j]), j < M; }",
      {f32Vector, f32Vector});
  contains(ir, "d0 * s0");
}

TEST_CASE("literals take the type of what they meet") {
  contains(import("function f(A[N]) -> (O) { O = A * 2 + 1e-1; }",
                  {{ElementType::F64, 1}}),
           "dense<1.000000e-01> : tensor<f64>");
  contains(
      import("function f(A[N]) -> (O) { O = A + 1; }", {{ElementType::I8, 1}}),
      "dense<1> : tensor<i8>");
  contains(import("function f(A[N]) -> (O) { O = A + 0.5; }",
                  {{ElementType::I8, 1}}),
           "tile.cast %arg0 : tensor<?xi8> -> tensor<?xf32>");
  contains(import("function f(A[N]) -> (O) { T = 3; O = A * T; }",
                  {{ElementType::F16, 1}}),
           "dense<3.000000e+00> : tensor<f16>");
}

TEST_CASE("a literal that does not fit is an error") {
  contains(import("function f(A[N]) -> (O) { O = A + 300; }",
                  {{ElementType::U8, 1}}),
           "300 does not fit u8");
}

TEST_CASE("narrow sums accumulate wide") {
  contains(import("function f(A[N]) -> (O) { O[] = +(A[n]); }",
                  {{ElementType::I8, 1}}),
           "tensor<i32>");
  contains(import("function f(A[N]) -> (O) { O[] = +(A[n]); }",
                  {{ElementType::U16, 1}}),
           "tensor<ui32>");
  contains(import("function f(A[N]) -> (O) { O[] = >(A[n]); }",
                  {{ElementType::I8, 1}}),
           "-> tensor<i8>");
  std::string half = import("function f(A[N]) -> (O) { O[] = +(A[n]); }",
                            {{ElementType::F16, 1}});
  contains(half, "tile.yield %1 : f32");
  contains(half, "-> tensor<f16>");
}

TEST_CASE("a condition reaches the yield") {
  contains(import("function f(A[N], B[M]) -> (O) { O[n : N] = >(A[n] == B[m] ? "
                  "B[m]); }",
                  {f32Vector, f32Vector}),
           " if %");
}

TEST_CASE("calls are inlined") {
  std::string ir = import(R"(function relu(X) -> (Y) { Y = (X < 0 ? 0 : X); }
    function g(X[M]) -> (Z) { Z = relu(X + 1); })",
                          {f32Vector});
  contains(ir, "tile.select");
  CHECK(ir.find("call") == std::string::npos);
}

TEST_CASE("a broadcast takes sizes, or a tensor of the wanted shape") {
  contains(import("function f(A[N], B[M, N]) -> (O) { O = broadcast(A, B); }",
                  {f32Vector, f32Matrix}),
           "tensor<?xf32> -> tensor<?x?xf32>");
  contains(import("function f(A[N]) -> (O) { O = broadcast(A, 3, N); }",
                  {f32Vector}),
           "tensor<?xf32> -> tensor<3x?xf32>");
}

TEST_CASE("groups of values") {
  contains(
      import("function f(A) -> (O) { G = tuple(A, A * 2); O = element(G, 1); }",
             {f32Vector}),
      "tile.mul");
  contains(
      import("function f(A) -> (O) { G = tuple(A, A); O = element(G, 2); }",
             {f32Vector}),
      "element 2 of a group of 2 values");
}

TEST_CASE("errors point at the expression") {
  std::string text = import(
      "function f(A) -> (O) {\n  O[n : 3] = +(A[n, n]);\n}", {f32Vector});
  contains(
      text,
      "test.tile:2:16: error: 'A' has 1 dimension, but 2 indices are given");
  contains(
      import("function f(A) -> (O) {\n  O = A & 1;\n}", {f32Vector}),
      "test.tile:2:7: error: an operation on bits needs integers, not f32");
}
