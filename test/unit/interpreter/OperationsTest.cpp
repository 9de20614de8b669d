//===- OperationsTest.cpp - Every operation on edge values ----------------===//
//
// What the summaries in the dialect's definition promise, operation by
// operation; expected elements are worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "test/unit/interpreter/Program.h"

#include <cmath>
#include <limits>

using namespace polytile;

namespace {

using Bools = std::vector<uint8_t>;
using Floats = std::vector<float>;
using Signed = std::vector<int8_t>;
using Unsigned = std::vector<uint8_t>;

constexpr float inf = std::numeric_limits<float>::infinity();
const float notANumber = std::numeric_limits<float>::quiet_NaN();

/// The tensor type of `size` elements.
std::string tensor(const std::string &element, size_t size) {
  return "tensor<" + std::to_string(size) + "x" + element + ">";
}

/// Applies `op` to vectors of `from`, which gives one of `to`.
template <typename R, typename T>
std::vector<R> apply(const std::string &op, const std::string &from,
                     const std::string &to,
                     const std::vector<std::vector<T>> &operands) {
  size_t size = operands[0].size();
  std::string parameters, values, types;
  for (size_t i = 0; i < operands.size(); ++i) {
    std::string comma = i ? ", " : "", name = "%a" + std::to_string(i);
    parameters += comma + name + ": " + tensor(from, size);
    values += comma + name;
    types += comma + tensor(from, size);
  }
  Program program("func.func @f(" + parameters + ") -> " + tensor(to, size) +
                  " {\n%r = tile." + op + " " + values + " : (" + types +
                  ") -> " + tensor(to, size) +
                  "\nreturn %r : " + tensor(to, size) + "\n}");
  for (const std::vector<T> &operand : operands)
    program.argument(operand);
  return program.template run<R>();
}

Unsigned onUnsigned(const std::string &op, Unsigned a, Unsigned b) {
  return apply<uint8_t, uint8_t>(op, "ui8", "ui8", {a, b});
}
Signed onSigned(const std::string &op, Signed a, Signed b) {
  return apply<int8_t, int8_t>(op, "i8", "i8", {a, b});
}
Bools onBools(const std::string &op, Bools a, Bools b) {
  return apply<uint8_t, uint8_t>(op, "i1", "i1", {a, b});
}
Floats function(const std::string &op, Floats a) {
  return apply<float, float>(op, "f32", "f32", {a});
}

/// Converts a vector.
template <typename R, typename T>
std::vector<R> cast(const std::string &from, const std::string &to,
                    const std::vector<T> &elements) {
  size_t size = elements.size();
  Program program(
      "func.func @f(%a: " + tensor(from, size) + ") -> " + tensor(to, size) +
      " {\n%r = tile.cast %a : " + tensor(from, size) + " -> " +
      tensor(to, size) + "\nreturn %r : " + tensor(to, size) + "\n}");
  program.argument(elements);
  return program.template run<R>();
}

/// NaN equals NaN here, and 0 differs from -0.
void checkSame(const Floats &found, const Floats &expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    INFO("element " << i << ": " << found[i] << ", not " << expected[i]);
    CHECK((std::isnan(expected[i])
               ? std::isnan(found[i])
               : found[i] == expected[i] &&
                     std::signbit(found[i]) == std::signbit(expected[i])));
  }
}

} // namespace

TEST_CASE("unsigned integers wrap, divide and compare without a sign") {
  CHECK(onUnsigned("add", {255, 200}, {1, 100}) == Unsigned{0, 44});
  CHECK(onUnsigned("sub", {0, 5}, {1, 3}) == Unsigned{255, 2});
  CHECK(onUnsigned("mul", {16, 255}, {16, 255}) == Unsigned{0, 1});
  CHECK(onUnsigned("div", {255, 7, 9}, {2, 255, 0}) == Unsigned{127, 0, 0});
  CHECK(onUnsigned("mod", {255, 7, 9}, {2, 255, 0}) == Unsigned{1, 7, 0});
  CHECK(onUnsigned("pow", {2, 2, 0, 3}, {8, 7, 0, 255}) ==
        Unsigned{0, 128, 1, 171});
  CHECK(onUnsigned("max", {200, 1}, {100, 2}) == Unsigned{200, 2});
  CHECK(onUnsigned("min", {200, 1}, {100, 2}) == Unsigned{100, 1});
  CHECK(onUnsigned("shl", {255, 255}, {7, 8}) == Unsigned{128, 0});
  CHECK(onUnsigned("shr", {255, 255}, {7, 200}) == Unsigned{1, 0});
  CHECK(apply<uint8_t, uint8_t>("cmp lt", "ui8", "i1", {{200}, {100}}) ==
        Bools{0});
  CHECK(apply<uint8_t, uint8_t>("neg", "ui8", "ui8", {{0, 1, 255}}) ==
        Unsigned{0, 255, 1});
  CHECK(apply<uint8_t, uint8_t>("abs", "ui8", "ui8", {{200}}) == Unsigned{200});
}

TEST_CASE("signed integers wrap at their ends") {
  CHECK(onSigned("sub", {-128}, {1}) == Signed{127});
  CHECK(onSigned("mul", {-128, 100}, {-1, 3}) == Signed{-128, 44});
  CHECK(onSigned("min", {-128, 5}, {127, -5}) == Signed{-128, -5});
  CHECK(apply<int8_t, int8_t>("neg", "i8", "i8", {{-128, 127}}) ==
        Signed{-128, -127});
  CHECK(apply<int8_t, int8_t>("abs", "i8", "i8", {{-128, -1, 0}}) ==
        Signed{-128, 1, 0});
  using Wide = std::vector<int64_t>;
  constexpr int64_t least = std::numeric_limits<int64_t>::min();
  CHECK(apply<int64_t, int64_t>("div", "i64", "i64",
                                {{least, least, -7}, {-1, 0, 2}}) ==
        Wide{least, 0, -4});
  CHECK(apply<int64_t, int64_t>("mod", "i64", "i64",
                                {{least, least, -7}, {-1, 0, 2}}) ==
        Wide{0, 0, 1});
  CHECK(apply<int64_t, int64_t>("mul", "i64", "i64",
                                {{int64_t(1) << 62}, {4}}) == Wide{0});
  CHECK(apply<int64_t, int64_t>("shl", "i64", "i64", {{1, 1}, {63, 64}}) ==
        Wide{least, 0});
}

TEST_CASE("bits and truth") {
  CHECK(onUnsigned("and", {12}, {10}) == Unsigned{8});
  CHECK(onUnsigned("or", {12}, {10}) == Unsigned{14});
  CHECK(onUnsigned("xor", {12}, {10}) == Unsigned{6});
  CHECK(apply<uint8_t, uint8_t>("not", "ui8", "ui8", {{0, 15}}) ==
        Unsigned{255, 240});
  CHECK(apply<int8_t, int8_t>("not", "i8", "i8", {{0, -1}}) == Signed{-1, 0});
  const Bools a{0, 0, 1, 1}, b{0, 1, 0, 1};
  CHECK(onBools("and", a, b) == Bools{0, 0, 0, 1});
  CHECK(onBools("or", a, b) == Bools{0, 1, 1, 1});
  CHECK(onBools("xor", a, b) == Bools{0, 1, 1, 0});
  CHECK(onBools("add", a, b) == Bools{0, 1, 1, 1});
  CHECK(onBools("sub", a, b) == Bools{0, 1, 1, 0});
  CHECK(onBools("mul", a, b) == Bools{0, 0, 0, 1});
  CHECK(onBools("max", a, b) == Bools{0, 1, 1, 1});
  CHECK(onBools("min", a, b) == Bools{0, 0, 0, 1});
  CHECK(onBools("cmp lt", a, b) == Bools{0, 1, 0, 0});
  CHECK(apply<uint8_t, uint8_t>("not", "i1", "i1", {a}) == Bools{1, 1, 0, 0});
  CHECK(apply<uint8_t, uint8_t>("select", "i1", "i1", {a, b, {1, 1, 0, 0}}) ==
        Bools{1, 1, 0, 1});
}

TEST_CASE("comparisons with NaN hold for 'ne' alone") {
  const Floats a{1, 2, notANumber, notANumber, 0, inf},
      b{2, 2, 1, notANumber, -0.f, inf};
  auto compare = [&](const std::string &predicate) {
    return apply<uint8_t, float>("cmp " + predicate, "f32", "i1", {a, b});
  };
  CHECK(compare("eq") == Bools{0, 1, 0, 0, 1, 1});
  CHECK(compare("ne") == Bools{1, 0, 1, 1, 0, 0});
  CHECK(compare("lt") == Bools{1, 0, 0, 0, 0, 0});
  CHECK(compare("le") == Bools{1, 1, 0, 0, 1, 1});
  CHECK(compare("gt") == Bools{0, 0, 0, 0, 0, 0});
  CHECK(compare("ge") == Bools{0, 1, 0, 0, 1, 1});
}

TEST_CASE("arithmetic of floats follows IEEE") {
  auto on = [](const std::string &op, Floats a, Floats b) {
    return apply<float, float>(op, "f32", "f32", {a, b});
  };
  checkSame(on("add", {inf, 3e38f, -0.f}, {-inf, 3e38f, -0.f}),
            {notANumber, inf, -0.f});
  checkSame(on("mul", {0, 1e-30f, -0.f}, {inf, 1e-30f, 5}),
            {notANumber, 0, -0.f});
  checkSame(on("div", {1, -1, 0, 5}, {0, 0, 0, inf}),
            {inf, -inf, notANumber, 0});
  checkSame(on("mod", {-1, 5.5f, -5.5f, 1, inf}, {3, -2, 2, 0, 2}),
            {2, -0.5f, 0.5f, notANumber, notANumber});
  checkSame(on("pow", {0, notANumber, -8, 2, -2}, {0, 0, 1 / 3.f, -1, 3}),
            {1, 1, notANumber, 0.5f, -8});
  checkSame(on("min", {notANumber, 1, -inf}, {1, notANumber, 2}),
            {notANumber, notANumber, -inf});
  checkSame(function("neg", {0, notANumber, inf}), {-0.f, notANumber, -inf});
  checkSame(function("abs", {-0.f, -inf, -2}), {0, inf, 2});
}

TEST_CASE("functions at their edges") {
  checkSame(function("exp", {0, -inf, inf, 100, notANumber}),
            {1, 0, inf, inf, notANumber});
  checkSame(function("log", {1, 0, -1, inf}), {0, -inf, notANumber, inf});
  checkSame(function("sqrt", {4, -0.f, -1, inf}), {2, -0.f, notANumber, inf});
  checkSame(function("sin", {-0.f, inf}), {-0.f, notANumber});
  checkSame(function("cos", {0, inf}), {1, notANumber});
  checkSame(function("tan", {-0.f, -inf}), {-0.f, notANumber});
  checkSame(function("asin", {0, 2}), {0, notANumber});
  checkSame(function("acos", {1, -2}), {0, notANumber});
  checkSame(function("atan", {0, inf}), {0, 1.57079637f});
  checkSame(function("sinh", {0, -inf}), {0, -inf});
  checkSame(function("cosh", {0, -inf}), {1, inf});
  checkSame(function("tanh", {0, -inf, 20}), {0, -1, 1});
  checkSame(function("ceil", {1.5f, -0.5f}), {2, -0.f});
  checkSame(function("floor", {1.5f, -0.5f}), {1, -1});
  checkSame(function("round", {0.5f, 1.5f, 2.5f, -0.5f}), {0, 2, 2, -0.f});
}

TEST_CASE("conversions between types") {
  CHECK(cast<int8_t>("f32", "i8", Floats{1.9f, -1.9f, 300, -300, notANumber}) ==
        Signed{1, -1, 127, -128, 0});
  CHECK(cast<uint8_t>("f32", "ui8", Floats{-1, 255.9f, 256, inf}) ==
        Unsigned{0, 255, 255, 255});
  CHECK(cast<uint8_t>("i8", "ui8", Signed{-1, 127}) == Unsigned{255, 127});
  CHECK(cast<int32_t>("ui8", "i32", Unsigned{255}) ==
        std::vector<int32_t>{255});
  CHECK(cast<int32_t>("i8", "i32", Signed{-1}) == std::vector<int32_t>{-1});
  CHECK(cast<uint8_t>("f32", "i1", Floats{0, -0.f, 0.1f, notANumber}) ==
        Bools{0, 0, 1, 1});
  CHECK(cast<float>("i1", "f32", Bools{0, 1}) == Floats{0, 1});
  // 2^24 + 1 lies between two f32 numbers: to even.
  CHECK(cast<float>("i32", "f32", std::vector<int32_t>{16777217, 16777219}) ==
        Floats{16777216, 16777220});
  // 65504 is the greatest f16; 65520 lies halfway to what would be the next.
  CHECK(cast<uint16_t>("f32", "f16", Floats{65519.9f, 65520, -1}) ==
        std::vector<uint16_t>{0x7bff, 0x7c00, 0xbc00});
  CHECK(cast<uint16_t>("f32", "bf16", Floats{1.00390625f, 1.01171875f}) ==
        std::vector<uint16_t>{0x3f80, 0x3f82});
}

TEST_CASE("positions, shapes and constants") {
  CHECK(Program(R"(func.func @f() -> tensor<2x3xi32> {
    %0 = tile.index 1 : tensor<2x3xi32>
    return %0 : tensor<2x3xi32> })")
            .run<int32_t>() == std::vector<int32_t>{0, 1, 2, 0, 1, 2});
  CHECK(Program(R"(func.func @f() -> tensor<2x2x1xf32> {
    %0 = tile.index 0 : tensor<2x2x1xf32>
    return %0 : tensor<2x2x1xf32> })")
            .run<float>() == Floats{0, 0, 1, 1});
  CHECK(Program(R"(func.func @f(%a: tensor<2x3xi8>) -> tensor<3x2xi8> {
    %0 = tile.reshape %a : tensor<2x3xi8> -> tensor<3x2xi8>
    return %0 : tensor<3x2xi8> })")
            .argument(Signed{1, 2, 3, 4, 5, 6})
            .run<int8_t>() == Signed{1, 2, 3, 4, 5, 6});
  CHECK(Program(R"(func.func @f() -> tensor<3xi1> {
    %0 = tile.constant dense<[true, false, true]> : tensor<3xi1>
    return %0 : tensor<3xi1> })")
            .run<uint8_t>() == Bools{1, 0, 1});
  CHECK(Program(R"(func.func @f() -> tensor<2xf16> {
    %0 = tile.constant dense<1.5> : tensor<2xf16>
    return %0 : tensor<2xf16> })")
            .run<uint16_t>() == std::vector<uint16_t>{0x3e00, 0x3e00});
  CHECK(Program(R"(func.func @f() -> tensor<0x3xf32> {
    %0 = tile.constant dense<> : tensor<0x3xf32>
    %1 = tile.exp %0 : (tensor<0x3xf32>) -> tensor<0x3xf32>
    return %1 : tensor<0x3xf32> })")
            .run<float>()
            .empty());
}

TEST_CASE("slices of rows, and tensors without rows") {
  CHECK(Program(R"(
func.func @f(%a: tensor<2x3xf32>, %i: tensor<2x2xui8>) -> tensor<2x2x3xf32> {
  %0 = tile.gather wrap %a, %i
    : (tensor<2x3xf32>, tensor<2x2xui8>) -> tensor<2x2x3xf32>
  return %0 : tensor<2x2x3xf32> })")
            .argument(Floats{1, 2, 3, 4, 5, 6})
            .argument(Unsigned{0, 1, 255, 2})
            .run<float>() == Floats{1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3});
  CHECK(Program(R"(
func.func @f(%a: tensor<0xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  %0 = tile.gather clip %a, %i : (tensor<0xf32>, tensor<2xi64>) -> tensor<2xf32>
  return %0 : tensor<2xf32> })")
            .argument(Floats{})
            .argument(std::vector<int64_t>{0, 5})
            .run<float>() == Floats{0, 0});
  auto scatter = [](const std::string &mode) {
    return Program("func.func @f(%u: tensor<4xi8>, %i: tensor<4xi32>, "
                   "%l: tensor<3xi8>) -> tensor<3xi8> {\n %0 = tile.scatter " +
                   mode +
                   " %u, %i, %l : (tensor<4xi8>, tensor<4xi32>, tensor<3xi8>) "
                   "-> tensor<3xi8>\n return %0 : tensor<3xi8> }")
        .argument(Signed{100, 100, 1, 2})
        .argument(std::vector<int32_t>{0, 0, -1, 7})
        .argument(Signed{9, 9, 9})
        .run<int8_t>();
  };
  CHECK(scatter("clip") == Signed{-55, 0, 2});
  CHECK(scatter("wrap") == Signed{-56, 2, 1});
  CHECK(scatter("fill") == Signed{-56, 0, 0});
}

TEST_CASE("the generator is L'Ecuyer's: first draws of one stream") {
  // Worked out with the three recurrences of the paper, all parts 12345.
  Program program(R"(
func.func @f(%s: tensor<3x2048xui32>) -> tensor<3x2048xui32> {
  %0, %1 = tile.prng_step %s : tensor<3x2048xui32>
    -> tensor<3x2048xui32>, tensor<2049xf32>
  return %0 : tensor<3x2048xui32>
})");
  auto next =
      program.argument(std::vector<uint32_t>(3 * 2048, 12345)).run<uint32_t>();
  REQUIRE(next.size() == 3 * 2048);
  auto step = [](uint32_t s, int q, int k, int shift, uint32_t mask) {
    uint32_t b = ((s << q) ^ s) >> k;
    return ((s & mask) << shift) ^ b;
  };
  // Stream 0 draws twice, stream 1 once.
  CHECK(next[1] == step(12345, 13, 19, 12, ~1u));
  CHECK(next[0] == step(next[1], 13, 19, 12, ~1u));
  CHECK(next[2048 + 1] == step(12345, 2, 25, 4, ~7u));
  CHECK(next[4096 + 1] == step(12345, 3, 11, 17, ~15u));
}

TEST_CASE("arguments of another size are refused") {
  Program program(R"(func.func @f(%a: tensor<3xf32>) -> tensor<3xf32> {
    return %a : tensor<3xf32> })");
  CHECK(program.argument(Floats{1, 2}).run<float>().empty());
  CHECK(program.error.find("8 bytes") != std::string::npos);
}
