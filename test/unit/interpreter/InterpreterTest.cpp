//===- InterpreterTest.cpp - Small functions with known results -----------===//
//
// Functions as text; expected elements worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "test/unit/interpreter/Program.h"

#include <cmath>

using namespace polytile;

namespace {

using Floats = std::vector<float>;
using Bytes = std::vector<int8_t>;

/// A function of two vectors of `type` that applies one operation.
std::string binary(const std::string &op, const std::string &type, int size) {
  std::string tensor = "tensor<" + std::to_string(size) + "x" + type + ">";
  return "func.func @f(%a: " + tensor + ", %b: " + tensor + ") -> " + tensor +
         " {\n  %0 = tile." + op + " %a, %b : (" + tensor + ", " + tensor +
         ") -> " + tensor + "\n  return %0 : " + tensor + "\n}";
}

Bytes onBytes(const std::string &op, Bytes a, Bytes b) {
  Program program(binary(op, "i8", static_cast<int>(a.size())));
  return program.argument(a).argument(b).run<int8_t>();
}

Floats onFloats(const std::string &op, Floats a, Floats b) {
  Program program(binary(op, "f32", static_cast<int>(a.size())));
  return program.argument(a).argument(b).run<float>();
}

} // namespace

TEST_CASE("integer operations on edges") {
  CHECK(onBytes("div", {7, -7, 7, -7, -128, 5}, {2, 2, -2, -2, -1, 0}) ==
        Bytes{3, -4, -4, 3, -128, 0});
  CHECK(onBytes("mod", {7, -7, 7, -7, -128, 5}, {2, 2, -2, -2, -1, 0}) ==
        Bytes{1, 1, -1, -1, 0, 0});
  CHECK(onBytes("pow", {2, 2, -1, 1, 0, -2}, {7, -1, -3, -5, 0, 7}) ==
        Bytes{-128, 0, -1, 1, 1, -128});
  CHECK(onBytes("shl", {1, 1, 1, -1}, {7, 8, -1, 1}) == Bytes{-128, 0, 0, -2});
  CHECK(onBytes("shr", {-128, -128, 64, -1}, {1, 100, -1, 0}) ==
        Bytes{-64, -1, 0, -1});
  CHECK(onBytes("add", {127, -128}, {1, -1}) == Bytes{-128, 127});
  CHECK(onBytes("max", {-1, 3}, {1, 2}) == Bytes{1, 3});
}

TEST_CASE("float operations on edges") {
  Floats result = onFloats("mod", {7, -7, 7, 5, 0}, {2, 2, -2, INFINITY, -3});
  CHECK(result == Floats{1, 1, -1, 5, 0});
  CHECK(std::signbit(result[4]));
  result = onFloats("max", {NAN, 1, -INFINITY}, {1, NAN, 2});
  CHECK((std::isnan(result[0]) && std::isnan(result[1]) && result[2] == 2));
  CHECK(std::isinf(onFloats("div", {1}, {0})[0]));
}

TEST_CASE("shapes broadcast") {
  Program program(R"(
func.func @f(%a: tensor<2x1xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %0 = tile.sub %a, %b : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
})");
  program.argument<float>({10, 20}).argument<float>({1, 2, 3});
  CHECK(program.run<float>() == Floats{9, 8, 7, 19, 18, 17});
}

TEST_CASE("points outside contribute nothing, unwritten elements are 0") {
  Program program(R"(
func.func @f(%a: tensor<4xf32>) -> tensor<6xf32> {
  %0 = tile.contract max ins(%a) maps [affine_map<(n) -> (n - 1)>]
    into affine_map<(n) -> (n)> domain affine_set<(n) : (0 == 0)> names ["n"] {
  ^bb0(%x: f32):
    tile.yield %x : f32
  } : (tensor<4xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
})");
  CHECK(program.argument<float>({-1, -2, -3, -4}).run<float>() ==
        Floats{0, -1, -2, -3, -4, 0});
}

TEST_CASE("a condition leaves points out, and a default fills them") {
  Program program(R"(
func.func @f(%a: tensor<3xi32>, %d: tensor<3xi32>) -> tensor<3xi32> {
  %0 = tile.contract sum ins(%a) default %d maps [affine_map<(n) -> (n)>]
    into affine_map<(n) -> (n)> domain affine_set<(n) : (0 == 0)> names ["n"] {
  ^bb0(%x: i32):
    %two = tile.scalar 2 : i32
    %c = tile.cmp gt %x, %two : (i32, i32) -> i1
    tile.yield %x if %c : i32
  } : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
})");
  program.argument<int32_t>({1, 5, 2}).argument<int32_t>({7, 8, 9});
  CHECK(program.run<int32_t>() == std::vector<int32_t>{7, 5, 9});
}

TEST_CASE("a combination is not rounded before the sum") {
  // In f32 the products would be 1 + 2^-22 and lose 2^-46.
  Program program(R"(
func.func @f(%a: tensor<2xf32>, %b: tensor<2xf32>) -> tensor<f32> {
  %0 = tile.contract sum ins(%a, %b)
    maps [affine_map<(k) -> (k)>, affine_map<(k) -> (k)>]
    into affine_map<(k) -> ()> domain affine_set<(k) : (0 == 0)> names ["k"] {
  ^bb0(%x: f32, %y: f32):
    %p = tile.mul %x, %y : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<2xf32>, tensor<2xf32>) -> tensor<f32>
  return %0 : tensor<f32>
})");
  float near = 1 + 0x1p-23f;
  program.argument<float>({near, -1}).argument<float>({near, 1 + 0x1p-22f});
  CHECK(program.run<float>() == Floats{0x1p-46f});
}

TEST_CASE("gather clamps, wraps or fills") {
  auto gather = [](const std::string &mode) {
    Program program("func.func @f(%a: tensor<3xf32>, %i: tensor<4xi32>) -> "
                    "tensor<4xf32> {\n %0 = tile.gather " +
                    mode +
                    " %a, %i : (tensor<3xf32>, tensor<4xi32>) -> "
                    "tensor<4xf32>\n return %0 : tensor<4xf32> }");
    program.argument<float>({10, 20, 30}).argument<int32_t>({-1, 1, 3, 100});
    return program.run<float>();
  };
  CHECK(gather("clip") == Floats{10, 20, 30, 30});
  CHECK(gather("wrap") == Floats{30, 20, 10, 20});
  CHECK(gather("fill") == Floats{0, 20, 0, 0});
}

TEST_CASE("scatter adds what meets") {
  Program program(R"(
func.func @f(%u: tensor<3x2xf32>, %i: tensor<3xi32>, %l: tensor<2x2xf32>)
    -> tensor<2x2xf32> {
  %0 = tile.scatter clip %u, %i, %l
    : (tensor<3x2xf32>, tensor<3xi32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
})");
  program.argument<float>({1, 2, 3, 4, 5, 6})
      .argument<int32_t>({0, 1, 9})
      .argument<float>({0, 0, 0, 0});
  CHECK(program.run<float>() == Floats{1, 2, 8, 10});
}

TEST_CASE("random numbers are below 1 and differ from draw to draw") {
  Program program(R"(
func.func @f(%s: tensor<3x2048xui32>) -> tensor<4096xf32> {
  %0, %1 = tile.prng_step %s : tensor<3x2048xui32>
    -> tensor<3x2048xui32>, tensor<4096xf32>
  return %1 : tensor<4096xf32>
})");
  std::vector<uint32_t> state(3 * 2048);
  for (size_t i = 0; i < state.size(); ++i)
    state[i] = static_cast<uint32_t>(1000003 * (i + 1));
  Floats drawn = program.argument(state).run<float>();
  REQUIRE(drawn.size() == 4096);
  double sum = 0;
  for (float value : drawn) {
    CHECK((value >= 0 && value < 1));
    sum += value;
  }
  CHECK(sum / 4096 == Approx(0.5).margin(0.05));
  CHECK(drawn[0] != drawn[2048]);
}

TEST_CASE("what would not fit memory is refused") {
  Program program(binary("add", "f32", 1000));
  interpreter::EvaluationOptions options;
  options.memoryLimitBytes = 20000;
  Floats ones(1000, 1);
  CHECK(program.argument(ones).argument(ones).run<float>(options).empty());
  CHECK(program.error.find("24000 bytes") != std::string::npos);
}
