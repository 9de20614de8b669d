//===- IterationDomainTest.cpp - Ranges, coverage, single writes ----------===//
//
// Domains whose answers are known by hand; DomainOracleTest compares many
// random ones with enumeration.
//
//===----------------------------------------------------------------------===//

#include "test/unit/tile/Contraction.h"

#include <catch2/catch.hpp>

#include <chrono>

using namespace polytile::tile;

namespace {

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

Ranges rangesOf(Contraction &&contraction) {
  REQUIRE(contraction.op);
  auto ranges = IterationDomain::get(contraction.op).computeRanges();
  INFO(contraction.message);
  REQUIRE(mlir::succeeded(ranges));
  Ranges result;
  for (auto [lower, upper] : llvm::zip(ranges->lower, ranges->upper))
    result.push_back({lower, upper});
  return result;
}

std::string errorOf(Contraction &&contraction) {
  REQUIRE(contraction.op);
  CHECK(mlir::failed(IterationDomain::get(contraction.op).computeRanges()));
  return contraction.message;
}

bool covers(Contraction &&contraction) {
  REQUIRE(contraction.op);
  return IterationDomain::get(contraction.op).coversOutput();
}

bool writesOnce(Contraction &&contraction) {
  REQUIRE(contraction.op);
  return IterationDomain::get(contraction.op).writesOnce();
}

std::vector<int64_t> sizesOf(Contraction &&contraction) {
  REQUIRE(contraction.op);
  auto sizes = inferOutputSizes(contraction.op);
  INFO(contraction.message);
  REQUIRE(mlir::succeeded(sizes));
  return {sizes->begin(), sizes->end()};
}

} // namespace

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

TEST_CASE("a range counts integer points, not rational ones") {
  CHECK(rangesOf({"x, y",
                  {},
                  {"9x9x", "x, y"},
                  "x * 2 - y * 3 == 0, x - 1 >= 0, 5 - x >= 0"}) ==
        Ranges{{3, 3}, {2, 2}});
  // 3x + 5y = 7 has (-1, 2), (4, -1), ...; of these x <= 20 leaves x = 19.
  CHECK(rangesOf({"x, y",
                  {},
                  {"1x", "0"},
                  "x * 3 + y * 5 - 7 == 0, x >= 0, 20 - x >= 0"}) ==
        Ranges{{4, 19}, {-10, -1}});
}

TEST_CASE("an equality that no integer solves makes the domain empty") {
  Ranges empty{{0, -1}, {0, -1}};
  CHECK(rangesOf({"x, y",
                  {{"8x8x", "x, y"}},
                  {"1x", "0"},
                  "x * 2 - y * 4 - 1 == 0"}) == empty);
  // Each is solvable alone: x + y even and x - y odd.
  CHECK(rangesOf({"x, y, a, b",
                  {{"8x8x", "x, y"}},
                  {"1x", "0"},
                  "x + y - a * 2 == 0, x - y - b * 2 - 1 == 0"}) ==
        Ranges(4, {0, -1}));
  // Without bounds as well.
  CHECK(rangesOf({"x, y, a, b",
                  {},
                  {"1x", "0"},
                  "x + y - a * 2 == 0, x - y - b * 2 - 1 == 0"}) ==
        Ranges(4, {0, -1}));
}

TEST_CASE("subscripts bound triangles, strides and windows") {
  CHECK(rangesOf({"i, k", {{"6x", "k"}}, {"6x", "i"}, "i - k - 1 >= 0"}) ==
        Ranges{{1, 5}, {0, 4}});
  CHECK(
      rangesOf(
          {"n, i", {{"7x", "n * 2 + i"}}, {"4x", "n"}, "i >= 0, 1 - i >= 0"}) ==
      Ranges{{0, 3}, {0, 1}});
  // A window larger than what it slides over: r reaches only 1 to 3.
  CHECK(
      rangesOf(
          {"y, r", {{"2x", "y + r - 2"}}, {"2x", "y"}, "r >= 0, 4 - r >= 0"}) ==
      Ranges{{0, 1}, {1, 3}});
  CHECK(rangesOf({"i", {{"5x", "-i + 4"}}, {"9x", "i"}}) == Ranges{{0, 4}});
}

TEST_CASE("fractions bound through their equalities") {
  // O[i] += A[i / 2]
  CHECK(rangesOf({"i, q", {{"5x", "q"}}, {"10x", "i"}, "q * 2 - i == 0"}) ==
        Ranges{{0, 8}, {0, 4}});
  // k == (i + j) / 2
  CHECK(
      rangesOf(
          {"k, i, j", {{"7x7x", "i, j"}}, {"7x", "k"}, "k * 2 - i - j == 0"}) ==
      Ranges{{0, 6}, {0, 6}, {0, 6}});
  // floordiv and mod of an index: i floordiv 3 == 2
  CHECK(rangesOf({"i", {{"20x", "i"}}, {"1x", "0"}, "i floordiv 3 - 2 == 0"}) ==
        Ranges{{6, 8}});
  CHECK(rangesOf({"i", {{"20x", "i"}}, {"1x", "0"}, "i mod 7 - 5 == 0"}) ==
        Ranges{{5, 19}});
  CHECK(rangesOf({"i", {{"20x", "i"}}, {"1x", "0"}, "i ceildiv 4 - 3 == 0"}) ==
        Ranges{{9, 12}});
}

TEST_CASE("sizes 0 and 1, and no index variables at all") {
  CHECK(rangesOf({"i, j", {{"0x3x", "i, j"}}, {"3x", "j"}}) ==
        Ranges{{0, -1}, {0, -1}});
  CHECK(rangesOf({"i, j", {{"1x3x", "i, j"}}, {"3x", "i + j"}}) ==
        Ranges{{0, 0}, {0, 2}});
  CHECK(rangesOf({"", {{"", ""}}, {"", ""}}).empty());
  CHECK(covers({"", {{"", ""}}, {"", ""}}));
  CHECK(writesOnce({"", {{"", ""}}, {"", ""}}));
  // A constant subscript that is outside.
  CHECK(rangesOf({"i", {{"3x", "3"}}, {"4x", "i"}}) == Ranges{{0, -1}});
}

TEST_CASE("huge sizes and coefficients neither overflow nor take long") {
  const std::string huge = "1099511627776"; // 2^40
  auto start = std::chrono::steady_clock::now();
  CHECK(rangesOf({"i, j",
                  {{huge + "x", "i * " + huge + " + j"}},
                  {huge + "x", "j"}}) == Ranges{{0, 0}, {0, 1099511627775}});
  CHECK(rangesOf({"i, j",
                  {{huge + "x", "i + j"}},
                  {huge + "x", "i"},
                  "i * " + huge + " - j * 1099511627775 == 0"}) ==
        Ranges{{0, 0}, {0, 0}});
  CHECK(rangesOf({"i, j",
                  {},
                  {huge + "x", "i"},
                  "i * 1099511627771 - j * 1099511627689 - 1 >= 0, "
                  "j * 1099511627689 + 1099511627776 - i * 1099511627771 >= 0, "
                  "j >= 0"})
            .size() == 2);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

TEST_CASE("a variable without a bound is named") {
  CHECK(errorOf({"n, j", {{"3x", "n"}}, {"3x", "n"}, "j >= 0"}) ==
        "index variable 'j' has no upper bound; bound it by an access or a "
        "constraint, such as j < N");
  CHECK(errorOf({"n, j", {{"3x", "n"}}, {"3x", "n"}, "-j + n >= 0"})
            .find("'j' has no lower bound") != std::string::npos);
  CHECK(errorOf({"i, j", {{"3x", "i + j"}}, {"3x", "i + j"}})
            .find("'i' has no bounds") != std::string::npos);
  // Two rows of equalities leave one direction free.
  CHECK(errorOf({"x, y, z", {{"3x", "x - y"}}, {"3x", "y - z"}})
            .find("'x' has no bounds") != std::string::npos);
  // In an empty domain nothing is without a bound.
  CHECK(rangesOf({"n, j", {{"0x", "n"}}, {"0x", "n"}, "j >= 0"}) ==
        Ranges{{0, -1}, {0, -1}});
}

//===----------------------------------------------------------------------===//
// Coverage
//===----------------------------------------------------------------------===//

TEST_CASE("coverage of products, windows and triangles is proven") {
  CHECK(covers(
      {"m, n, k", {{"3x5x", "m, k"}, {"5x4x", "k, n"}}, {"3x4x", "m, n"}}));
  CHECK(covers({"x, r",
                {{"100000x", "x + r - 1"}},
                {"100000x", "x"},
                "r >= 0, 2 - r >= 0"}));
  CHECK(covers({"n, k",
                {{"1000000x", "k"}},
                {"1000000x", "n"},
                "n - k >= 0"})); // a running sum: k = n
  CHECK(covers(
      {"n, i", {{"7x", "n * 2 + i"}}, {"4x", "n"}, "i >= 0, 1 - i >= 0"}));
  CHECK(covers({"i, j", {{"3x4x", "i, j"}}, {"12x", "i * 4 + j"}}));
  CHECK(
      covers({"i, j", {{"1000x1000x", "i, j"}}, {"1000000x", "i * 1000 + j"}}));
  CHECK(covers({"i, j", {{"3x4x", "i, j"}}, {"6x", "i + j"}}));
  CHECK(covers(
      {"a, b, c, d, e, f",
       {{"3x7x11x13x5x9x", "a, b, c, d, e, f"}},
       {"135135x", "a * 45045 + b * 6435 + c * 585 + d * 45 + e * 9 + f"}}));
  CHECK(covers({"i", {{"5x", "-i + 4"}}, {"5x", "-i + 4"}}));
  CHECK(covers({"m", {{"5x", "m"}}, {"1x1x", "0, 0"}}));
  CHECK(covers({"i, j",
                {{"50x", "i"}, {"50x", "j"}},
                {"100x", "i * 2 + j * 3"},
                "i * 2 + j * 3 - 2 >= 0"}) == false); // 0 and 1 are missing
}

TEST_CASE("gaps are seen") {
  CHECK_FALSE(covers({"n", {{"5x", "n"}}, {"10x", "n * 2"}}));
  CHECK_FALSE(covers({"n", {{"4x", "n - 1"}}, {"6x", "n"}}));
  CHECK_FALSE(covers({"n", {{"5x", "n"}}, {"5x5x", "n, n"}}));
  CHECK_FALSE(covers({"n", {{"5x", "n"}}, {"5x2x", "n, 0"}}));
  CHECK_FALSE(covers({"i, q", {{"5x", "q"}}, {"10x", "i"}, "q * 2 - i == 0"}));
  CHECK_FALSE(covers({"m, k", {{"3x0x", "m, k"}}, {"3x", "m"}}));
  CHECK_FALSE(
      covers({"i, j", {{"3x3x", "i, j"}}, {"3x3x", "i, j"}, "i - j >= 0"}));
  CHECK_FALSE(covers({"n", {{"5x", "n"}}, {"5x", "n"}, "", true}));
}

TEST_CASE("a result without elements is covered") {
  CHECK(covers({"m, k", {{"0x3x", "m, k"}}, {"0x", "m"}}));
}

//===----------------------------------------------------------------------===//
// Single writes
//===----------------------------------------------------------------------===//

TEST_CASE("injective outputs write once") {
  CHECK(writesOnce({"i, j", {{"3x4x", "i, j"}}, {"4x3x", "j, i"}}));
  CHECK(writesOnce({"n", {{"5x", "n"}}, {"10x", "n * 2"}}));
  CHECK(writesOnce({"i", {{"5x5x", "i, i"}}, {"5x", "i"}}));
  // Flattening: injective on the box alone.
  CHECK(writesOnce({"i, j", {{"3x4x", "i, j"}}, {"12x", "i * 4 + j"}}));
  CHECK(writesOnce(
      {"i, j", {{"1000x1000x", "i, j"}}, {"1000000x", "i * 1000 + j"}}));
  CHECK(writesOnce(
      {"a, b, c, d, e, f",
       {{"3x7x11x13x5x9x", "a, b, c, d, e, f"}},
       {"135135x", "a * 45045 + b * 6435 + c * 585 + d * 45 + e * 9 + f"}}));
  // A variable that has one value need not occur.
  CHECK(writesOnce({"m, n", {{"5x1x", "m, n"}}, {"5x", "m"}}));
  // Equalities leave one point for each element.
  CHECK(writesOnce({"i, q, r",
                    {{"12x", "i"}},
                    {"3x4x", "q, r"},
                    "i - q * 4 - r == 0, r >= 0, 3 - r >= 0"}));
  // i floordiv 4, i mod 4
  CHECK(writesOnce({"i", {{"12x", "i"}}, {"3x4x", "i floordiv 4, i mod 4"}}));
  CHECK(writesOnce({"m, n", {{"0x3x", "m, n"}}, {"3x", "m"}}));
}

TEST_CASE("second writes are seen") {
  CHECK_FALSE(writesOnce({"m, n", {{"2x3x", "m, n"}}, {"2x", "m"}}));
  CHECK_FALSE(writesOnce({"i, j", {{"3x4x", "i, j"}}, {"6x", "i + j"}}));
  CHECK_FALSE(writesOnce({"i, j", {{"3x5x", "i, j"}}, {"13x", "i * 4 + j"}}));
  CHECK_FALSE(writesOnce({"i", {{"12x", "i"}}, {"3x", "i floordiv 4"}}));
  // A condition on data proves nothing.
  CHECK_FALSE(writesOnce({"m, n", {{"2x3x", "m, n"}}, {"2x", "m"}, "", true}));
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

TEST_CASE("sizes that were left out reach the largest index") {
  CHECK(sizesOf({"m, n, k",
                 {{"3x5x", "m, k"}, {"5x4x", "k, n"}},
                 {"?x?x", "m, n"}}) == std::vector<int64_t>{3, 4});
  CHECK(sizesOf({"i, j", {{"3x4x", "i, j"}}, {"?x", "i + j * 2"}}) ==
        std::vector<int64_t>{9});
  CHECK(
      sizesOf({"x, r", {{"8x", "x + r"}}, {"?x", "x"}, "r >= 0, 2 - r >= 0"}) ==
      std::vector<int64_t>{8});
  CHECK(sizesOf({"n", {{"0x", "n"}}, {"?x", "n"}}) == std::vector<int64_t>{0});
  CHECK(sizesOf({"n", {{"5x", "n"}}, {"?x", "-n - 1"}}) ==
        std::vector<int64_t>{0});
  CHECK(sizesOf({"n", {{"5x", "n"}}, {"?x?x", "2, n"}}) ==
        std::vector<int64_t>{3, 5});
}

TEST_CASE("a size without a bound is an error") {
  Contraction contraction{"n, j", {{"5x", "n"}}, {"?x", "n + j"}, "j >= 0"};
  REQUIRE(contraction.op);
  CHECK(mlir::failed(inferOutputSizes(contraction.op)));
  CHECK(contraction.message.find("'j' has no upper bound") !=
        std::string::npos);
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

TEST_CASE("a thousand convolutions take little time") {
  Contraction convolution{"n, y, x, co, r, s, ci",
                          {{"32x56x56x64x", "n, y + r - 1, x + s - 1, ci"},
                           {"3x3x64x128x", "r, s, ci, co"}},
                          {"32x56x56x128x", "n, y, x, co"}};
  REQUIRE(convolution.op);
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    IterationDomain domain = IterationDomain::get(convolution.op);
    CHECK(mlir::succeeded(domain.computeRanges()));
    CHECK(domain.coversOutput());
  }
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  INFO("1000 convolutions: " << took.count() << " s");
  CHECK(took.count() < 3);
}
