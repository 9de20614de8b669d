//===- ContractionTest.cpp - Aggregations over odd domains ----------------===//
//
// Each aggregation on each kind of element, and domains that are no boxes;
// expected elements are worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "test/unit/interpreter/Program.h"

#include <cmath>
#include <limits>

using namespace polytile;

namespace {

using Floats = std::vector<float>;

/// Reduces a vector of `from` to one element of `to`, in `accumulator`.
template <typename R, typename T>
R reduce(const std::string &aggregation, const std::string &from,
         const std::string &accumulator, const std::string &to,
         const std::vector<T> &elements) {
  std::string input =
      "tensor<" + std::to_string(elements.size()) + "x" + from + ">";
  std::string cast = from == accumulator ? ""
                                         : "%w = tile.cast %x : " + from +
                                               " -> " + accumulator + "\n";
  Program program("func.func @f(%a: " + input + ") -> tensor<" + to +
                  "> {\n%0 = tile.contract " + aggregation +
                  " ins(%a) maps [affine_map<(n) -> (n)>] into "
                  "affine_map<(n) -> ()> domain affine_set<(n) : (0 == 0)> "
                  "names [\"n\"] {\n^bb0(%x: " +
                  from + "):\n" + cast + "tile.yield " +
                  (cast.empty() ? "%x" : "%w") + " : " + accumulator +
                  "\n} : (" + input + ") -> tensor<" + to +
                  ">\nreturn %0 : tensor<" + to + ">\n}");
  auto result = program.argument(elements).template run<R>();
  REQUIRE(result.size() == 1);
  return result[0];
}

/// A contraction of one vector of f32 into another.
Floats contract(const std::string &text, const std::string &input,
                const std::string &output, const Floats &elements) {
  return Program("func.func @f(%a: " + input + ") -> " + output +
                 " {\n%0 = tile.contract " + text +
                 " {\n^bb0(%x: f32):\ntile.yield %x : f32\n} : (" + input +
                 ") -> " + output + "\nreturn %0 : " + output + "\n}")
      .argument(elements)
      .run<float>();
}

} // namespace

TEST_CASE("aggregations of floats") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  auto of = [](const std::string &aggregation, const Floats &elements) {
    return reduce<float>(aggregation, "f32", "f32", "f32", elements);
  };
  CHECK(of("sum", {1, 2, 4}) == 7);
  CHECK(of("product", {2, 3, -4}) == -24);
  CHECK(of("max", {-3, -1, -2}) == -1);
  CHECK(of("min", {3, 1, 2}) == 1);
  CHECK(of("max", {-inf, -inf}) == -inf);
  CHECK(std::isnan(of("max", {1, nan, 3})));
  CHECK(std::isnan(of("max", {nan, 3})));
  CHECK(std::isnan(of("min", {1, 2, nan})));
  CHECK(std::isnan(of("sum", {inf, -inf})));
  CHECK_FALSE(std::signbit(of("sum", {-0.f})));
  CHECK(of("sum", {}) == 0);
  CHECK(of("max", {}) == 0);
  CHECK(of("product", {}) == 0);
  // In f64: the ones are not lost beside 2^30.
  CHECK(of("sum", {0x1p30f, 1, 1, 1, -0x1p30f}) == 3);
}

TEST_CASE("aggregations of integers and bools") {
  using Bytes = std::vector<int8_t>;
  CHECK(reduce<int32_t>("sum", "i8", "i32", "i32", Bytes{100, 100, 100}) ==
        300);
  CHECK(reduce<int8_t>("sum", "i8", "i8", "i8", Bytes{100, 100}) == -56);
  CHECK(reduce<int8_t>("product", "i8", "i8", "i8", Bytes{16, 16, 3}) == 0);
  CHECK(reduce<int8_t>("max", "i8", "i8", "i8", Bytes{-3, -9}) == -3);
  CHECK(reduce<uint8_t>("max", "ui8", "ui8", "ui8",
                        std::vector<uint8_t>{200, 100}) == 200);
  CHECK(reduce<uint8_t>("min", "ui8", "ui8", "ui8",
                        std::vector<uint8_t>{200, 100}) == 100);
  CHECK(reduce<int32_t>("sum", "i1", "i32", "i32",
                        std::vector<uint8_t>{1, 0, 1}) == 2);
}

TEST_CASE("half precision accumulates wide and is rounded once") {
  // 1 + 2^-11 + 2^-11: both halves would be lost one by one.
  CHECK(reduce<uint16_t>("sum", "f16", "f32", "f16",
                         std::vector<uint16_t>{0x3c00, 0x1000, 0x1000}) ==
        0x3c01);
}

TEST_CASE("points that are not whole are skipped") {
  // O[i] = A[i / 2]
  CHECK(contract("assign ins(%a) maps [affine_map<(i, q) -> (q)>] into "
                 "affine_map<(i, q) -> (i)> domain affine_set<(i, q) : "
                 "(q * 2 - i == 0)> names [\"i\", \"q\"]",
                 "tensor<2xf32>", "tensor<5xf32>",
                 {7, 8}) == Floats{7, 0, 8, 0, 0});
}

TEST_CASE("triangles, reversals and diagonals") {
  CHECK(contract("sum ins(%a) maps [affine_map<(i, k) -> (k)>] into "
                 "affine_map<(i, k) -> (i)> domain affine_set<(i, k) : "
                 "(i - k >= 0)> names [\"i\", \"k\"]",
                 "tensor<4xf32>", "tensor<4xf32>",
                 {1, 2, 3, 4}) == Floats{1, 3, 6, 10});
  CHECK(contract("assign ins(%a) maps [affine_map<(i) -> (-i + 2)>] into "
                 "affine_map<(i) -> (i)> domain affine_set<(i) : (0 == 0)> "
                 "names [\"i\"]",
                 "tensor<3xf32>", "tensor<3xf32>",
                 {1, 2, 3}) == Floats{3, 2, 1});
  CHECK(contract("sum ins(%a) maps [affine_map<(i) -> (i, i)>] into "
                 "affine_map<(i) -> ()> domain affine_set<(i) : (0 == 0)> "
                 "names [\"i\"]",
                 "tensor<2x2xf32>", "tensor<f32>", {1, 2, 3, 4}) == Floats{5});
}

TEST_CASE("quotients and remainders of index variables") {
  CHECK(contract("assign ins(%a) maps [affine_map<(i) -> (i)>] into "
                 "affine_map<(i) -> (i mod 2, i floordiv 2)> domain "
                 "affine_set<(i) : (0 == 0)> names [\"i\"]",
                 "tensor<6xf32>", "tensor<2x3xf32>",
                 {1, 2, 3, 4, 5, 6}) == Floats{1, 3, 5, 2, 4, 6});
}

TEST_CASE("constant subscripts, inside and outside") {
  auto at = [](const std::string &subscript) {
    return contract("assign ins(%a) maps [affine_map<() -> (" + subscript +
                        ")>] into affine_map<() -> ()> domain affine_set<() : "
                        "(0 == 0)> names []",
                    "tensor<3xf32>", "tensor<f32>", {5, 6, 7});
  };
  CHECK(at("1") == Floats{6});
  CHECK(at("3") == Floats{0});
  CHECK(at("-1") == Floats{0});
}

TEST_CASE("a result without elements") {
  CHECK(contract("sum ins(%a) maps [affine_map<(i, k) -> (i, k)>] into "
                 "affine_map<(i, k) -> (i)> domain affine_set<(i, k) : "
                 "(0 == 0)> names [\"i\", \"k\"]",
                 "tensor<0x3xf32>", "tensor<0xf32>", {})
            .empty());
}
