// Contractions on each level against the interpreter: guarded, fractional,
// windowed, triangular, odd sinks, defaults.
#include "test/unit/cpu-kernels/KernelRunner.h"

#include <catch2/catch.hpp>

using namespace polytile::cpu::test;

namespace {

/// A contraction of one or two inputs, in short.
struct Contraction {
  std::string aggregation, indices;
  std::vector<std::string> shapes, maps;
  std::string result, output;
  std::string domain = "0 == 0";
  std::string element = "f32";
  bool hasDefault = false;
};

std::string tensor(const std::string &shape, const std::string &element) {
  return "tensor<" + (shape.empty() ? "" : shape + "x") + element + ">";
}

std::string names(const std::string &indices) {
  std::string text;
  for (char letter : indices)
    if (letter >= 'a' && letter <= 'z')
      text += (text.empty() ? "\"" : ", \"") + std::string(1, letter) + "\"";
  return text;
}

std::string text(const Contraction &c) {
  std::string arguments, operands, types, maps, block,
      space = "(" + c.indices + ") -> ";
  std::string result = tensor(c.result, c.element);
  for (size_t i = 0; i < c.shapes.size(); ++i) {
    std::string comma = i ? ", " : "", number = std::to_string(i),
                type = tensor(c.shapes[i], c.element);
    arguments += comma + "%a" + number + ": " + type;
    operands += comma + "%a" + number;
    types += comma + type;
    maps += comma + "affine_map<" + space + "(" + c.maps[i] + ")>";
    block += comma + "%x" + number + ": " + c.element;
  }
  std::string fallback = c.hasDefault ? " default %d" : "";
  if (c.hasDefault) {
    arguments += ", %d: " + result;
    types += ", " + result;
  }
  std::string body, value = "%x0";
  if (c.shapes.size() == 2) {
    body = "    %p = tile.mul %x0, %x1 : (" + c.element + ", " + c.element +
           ") -> " + c.element + "\n";
    value = "%p";
  }
  return "func.func @k(" + arguments + ") -> " + result +
         " {\n  %0 = tile.contract " + c.aggregation + " ins(" + operands +
         ")" + fallback + "\n    maps [" + maps + "] into affine_map<" + space +
         "(" + c.output + ")>\n    domain affine_set<(" + c.indices + ") : (" +
         c.domain + ")> names [" + names(c.indices) + "] {\n  ^bb0(" + block +
         "):\n" + body + "    tile.yield " + value + " : " + c.element +
         "\n  } : (" + types + ") -> " + result + "\n  return %0 : " + result +
         "\n}\n";
}

void check(const Contraction &contraction,
           const Expectation &expectation = {}) {
  CHECK(compareWithInterpreter(text(contraction), expectation) == "");
}

} // namespace

TEST_CASE("reductions of all aggregations and element types") {
  for (const std::string type :
       {"f16", "bf16", "f32", "f64", "i8", "i32", "i64", "ui8", "ui16", "ui64"})
    for (const std::string aggregation : {"sum", "product", "max", "min"}) {
      bool overflows =
          aggregation == "product" || type == "f16" || type == "bf16";
      std::string depth = overflows ? "3" : "37";
      check({aggregation,
             "i, k",
             {"19x" + depth},
             {"i, k"},
             "19",
             "i",
             "0 == 0",
             type});
      check({aggregation,
             "k, i",
             {depth + "x19"},
             {"k, i"},
             "19",
             "i",
             "0 == 0",
             type});
      check({aggregation,
             "i, k",
             {"19x" + depth},
             {"i, k"},
             "",
             "",
             "0 == 0",
             type},
            overflows ? Expectation{Fill::SmallWhole, 4} : Expectation{});
    }
}

TEST_CASE("NaN, infinities and edges go through max and min") {
  for (const std::string type :
       {"f16", "f32", "f64", "i8", "ui8", "i64", "ui64"})
    for (const std::string aggregation : {"max", "min"}) {
      check(
          {aggregation, "i, k", {"33x7"}, {"i, k"}, "33", "i", "0 == 0", type},
          {Fill::Edges});
      check(
          {aggregation, "k, i", {"7x33"}, {"k, i"}, "33", "i", "0 == 0", type},
          {Fill::Edges});
    }
}

TEST_CASE("products of matrices, any layout and size") {
  for (const std::string type : {"f32", "f64", "i32"})
    for (int m : {1, 2, 7, 17, 64})
      for (int n : {1, 3, 16, 33, 100}) {
        std::string M = std::to_string(m), N = std::to_string(n),
                    K = m == 7 ? "1" : "31";
        check({"sum",
               "m, n, k",
               {M + "x" + K, K + "x" + N},
               {"m, k", "k, n"},
               M + "x" + N,
               "m, n",
               "0 == 0",
               type});
        check({"sum",
               "m, n, k",
               {M + "x" + K, N + "x" + K},
               {"m, k", "n, k"},
               M + "x" + N,
               "m, n",
               "0 == 0",
               type});
        check({"sum",
               "m, n, k",
               {K + "x" + M, K + "x" + N},
               {"k, m", "k, n"},
               N + "x" + M,
               "n, m",
               "0 == 0",
               type});
      }
  check({"sum",
         "b, m, n, k",
         {"3x5x9", "3x9x20"},
         {"b, m, k", "b, k, n"},
         "3x5x20",
         "b, m, n"});
}

TEST_CASE("windows: padding, strides, dilation, cumulative sums") {
  check({"sum", "x, r", {"20", "3"}, {"x + r - 1", "r"}, "20", "x"});
  check(
      {"max", "x, r", {"20"}, {"x * 2 + r"}, "10", "x", "r >= 0, 2 - r >= 0"});
  check({"max",
         "y, x, r, s",
         {"9x8x3"},
         {"y * 2 + r - 1, x + s - 1, 1"},
         "5x8",
         "y, x",
         "r >= 0, 2 - r >= 0, s >= 0, 2 - s >= 0"});
  check({"sum",
         "n, y, x, c, r, s, i",
         {"2x7x6x3", "3x3x3x20"},
         {"n, y + r - 1, x + s - 1, i", "r, s, i, c"},
         "2x7x6x20",
         "n, y, x, c"});
  check({"sum",
         "y, x, c, r, s, i",
         {"15x14x4", "3x3x4x9"},
         {"y * 2 + r, x * 2 + s, i", "r, s, i, c"},
         "7x6x9",
         "y, x, c"});
  check({"sum", "i, k", {"40"}, {"k"}, "40", "i", "i - k >= 0"});
  check({"sum",
         "j, i, k",
         {"40x12"},
         {"k, j"},
         "40x12",
         "i, j",
         "i - k >= 0, 5 - i + k >= 0"});
  check({"product",
         "i, k",
         {"9"},
         {"k"},
         "9",
         "i",
         "i - k - 1 >= 0",
         "f32",
         true});
}

TEST_CASE("transposed convolutions and fractions") {
  // Every second element is written: i == 2 q.
  check({"sum", "i, q", {"8"}, {"q"}, "17", "i", "i - q * 2 == 0"});
  check(
      {"max", "i, q", {"8"}, {"q"}, "17", "i", "i - q * 2 == 0", "f32", true});
  check({"sum",
         "x, q, r",
         {"9", "3"},
         {"q", "r"},
         "20",
         "x",
         "x - q * 2 - r == 0"});
  check({"sum", "q, r", {"9", "3"}, {"q", "r"}, "20", "q * 2 + r"});
  check({"assign", "i", {"30"}, {"i floordiv 3"}, "30", "i"});
  check({"assign", "i", {"30"}, {"(i * 7) mod 11"}, "25", "i"});
}

TEST_CASE("transposed copies of all widths, in whole blocks and beside them") {
  for (const std::string type : {"i8", "f16", "f32", "f64"})
    for (const std::string shape : {"100x37", "16x64", "1x5", "129x3"}) {
      std::string turned = shape.substr(shape.find('x') + 1) + "x" +
                           shape.substr(0, shape.find('x'));
      check({"assign",
             "i, j",
             {shape},
             {"i, j"},
             turned,
             "j, i",
             "0 == 0",
             type});
    }
  check({"assign",
         "a, b, c, d",
         {"3x20x5x34"},
         {"a, b, c, d"},
         "5x3x34x20",
         "c, a, d, b"});
}

TEST_CASE("odd sinks: sums, multiples, constants, diagonals, divisions") {
  check({"sum", "i, j", {"5", "9"}, {"i", "j"}, "14", "i + j"});
  check({"sum", "i, j", {"5", "9"}, {"i", "j"}, "3", "1"});
  check(
      {"assign", "i", {"9"}, {"i"}, "20", "i * 2 + 1", "0 == 0", "f32", true});
  check({"assign", "i", {"9"}, {"i"}, "9x9", "i, i", "0 == 0", "i32", true});
  check({"sum", "i", {"23"}, {"i"}, "6", "i floordiv 4"});
  check({"max", "i", {"23"}, {"i"}, "5", "i mod 5"});
  check({"assign", "i", {"9"}, {"i"}, "9", "8 - i"});
  check({"assign", "i, j", {"9x17"}, {"i, j"}, "17x9", "j, i", "0 == 0", "i8"});
}

TEST_CASE("empty domains and tensors of size 0 give unwritten elements") {
  check({"max", "i, k", {"4x0"}, {"i, k"}, "4", "i"});
  check({"min", "i, k", {"4x0"}, {"i, k"}, "4", "i", "0 == 0", "f32", true});
  check({"product", "i, k", {"4x3"}, {"i, k"}, "4", "i", "i - k - 9 >= 0"});
  check({"sum", "i, k", {"0x3"}, {"i, k"}, "0", "i"});
  check({"sum", "m, n, k", {"5x0", "0x6"}, {"m, k", "k, n"}, "5x6", "m, n"});
}

TEST_CASE(
    "producers and consumers are fused, several steps run in one kernel") {
  std::string mat = "tensor<17x40xf32>", vec = "tensor<17x1xf32>";
  std::string reduce =
      "affine_map<(i, j, k) -> (i, k)>] into affine_map<(i, j, k) -> (i, j)>\n"
      "    domain affine_set<(i, j, k) : (j == 0)> names [\"i\", \"j\", \"k\"] "
      "{\n"
      "  ^bb0(%x: f32):\n    tile.yield %x : f32\n  } : (" +
      mat + ") -> " + vec + "\n";
  CHECK(compareWithInterpreter("func.func @k(%a: " + mat + ", %b: " + vec +
                               ") -> (" + vec + ", " + vec +
                               ") {\n"
                               "  %s = tile.mul %a, %a : (" +
                               mat + ", " + mat + ") -> " + mat +
                               "\n"
                               "  %0 = tile.contract sum ins(%s) maps [" +
                               reduce + "  %1 = tile.sub %0, %b : (" + vec +
                               ", " + vec + ") -> " + vec +
                               "\n"
                               "  return %1, %0 : " +
                               vec + ", " + vec + "\n}\n") == "");
  // A softmax: two contractions, the second over what the first one gives.
  CHECK(compareWithInterpreter("func.func @k(%a: " + mat + ") -> " + mat +
                                   " {\n"
                                   "  %0 = tile.contract max ins(%a) maps [" +
                                   reduce + "  %1 = tile.sub %a, %0 : (" + mat +
                                   ", " + vec + ") -> " + mat +
                                   "\n"
                                   "  %2 = tile.exp %1 : (" +
                                   mat + ") -> " + mat +
                                   "\n"
                                   "  %3 = tile.contract sum ins(%2) maps [" +
                                   reduce + "  %4 = tile.div %2, %3 : (" + mat +
                                   ", " + vec + ") -> " + mat +
                                   "\n"
                                   "  return %4 : " +
                                   mat + "\n}\n",
                               {Fill::Fractions, 8}) == "");
}

TEST_CASE("consumers of dense contractions see finished sums, whatever the "
          "blocks of depth") {
  for (int m : {1, 13, 40, 131})
    for (int n : {1, 16, 37, 96})
      for (int k : {1, 17, 1100}) {
        std::string M = std::to_string(m), N = std::to_string(n),
                    K = std::to_string(k);
        std::string a = "tensor<" + M + "x" + K + "xf32>",
                    b = "tensor<" + N + "x" + K + "xf32>";
        std::string c = "tensor<" + M + "x" + N + "xf32>",
                    row = "tensor<" + N + "xf32>";
        std::string column = "tensor<" + M + "x1xf32>",
                    bools = "tensor<" + M + "x" + N + "xi1>";
        CHECK(compareWithInterpreter(
                  "func.func @k(%a: " + a + ", %b: " + b + ", %r: " + row +
                  ", %s: " + column + ") -> (" + c + ", " + bools +
                  ") {\n  %0 = tile.contract sum ins(%a, %b) maps "
                  "[affine_map<(m, n, k) -> (m, k)>, "
                  "affine_map<(m, n, k) -> (n, k)>] into affine_map<(m, n, k) "
                  "-> (m, n)>\n    domain "
                  "affine_set<(m, n, k) : (0 == 0)> names [\"m\", \"n\", "
                  "\"k\"] {\n  ^bb0(%x: f32, %y: f32):\n"
                  "    %p = tile.mul %x, %y : (f32, f32) -> f32\n    "
                  "tile.yield %p : f32\n  } : (" +
                  a + ", " + b + ") -> " + c + "\n  %1 = tile.add %0, %r : (" +
                  c + ", " + row + ") -> " + c +
                  "\n  %2 = tile.mul %1, %s : (" + c + ", " + column + ") -> " +
                  c + "\n  %3 = tile.cmp gt %2, %0 : (" + c + ", " + c +
                  ") -> " + bools + "\n  return %2, %3 : " + c + ", " + bools +
                  "\n}\n") == "");
      }
}

TEST_CASE("a condition decides which points contribute") {
  for (const std::string aggregation : {"sum", "max"})
    CHECK(compareWithInterpreter(
              "func.func @k(%a: tensor<9x5xi32>, %b: tensor<9xi32>, %d: "
              "tensor<9xi32>) -> tensor<9xi32> {\n"
              "  %0 = tile.contract " +
              aggregation +
              " ins(%a, %b) default %d\n"
              "    maps [affine_map<(i, k) -> (i, k)>, affine_map<(i, k) -> "
              "(i)>] into affine_map<(i, k) -> (i)>\n"
              "    domain affine_set<(i, k) : (0 == 0)> names [\"i\", \"k\"] "
              "{\n  ^bb0(%x: i32, %y: i32):\n"
              "    %c = tile.cmp gt %x, %y : (i32, i32) -> i1\n    tile.yield "
              "%x if %c : i32\n"
              "  } : (tensor<9x5xi32>, tensor<9xi32>, tensor<9xi32>) -> "
              "tensor<9xi32>\n"
              "  return %0 : tensor<9xi32>\n}\n") == "");
}

TEST_CASE("narrow floats accumulate wide and are rounded once") {
  for (const std::string type : {"f16", "bf16"})
    CHECK(compareWithInterpreter(
              "func.func @k(%a: tensor<9x200x" + type +
              ">, %b: tensor<200x33x" + type + ">) -> tensor<9x33x" + type +
              "> {\n  %0 = tile.contract sum ins(%a, %b) maps [affine_map<(m, "
              "n, k) -> (m, k)>, affine_map<(m, n, k) "
              "-> (k, n)>] into affine_map<(m, n, k) -> (m, n)>\n    domain "
              "affine_set<(m, n, k) : (0 == 0)> names "
              "[\"m\", \"n\", \"k\"] {\n  ^bb0(%x: " +
              type + ", %y: " + type + "):\n    %p = tile.cast %x : " + type +
              " -> f32\n    %q = tile.cast %y : " + type +
              " -> f32\n    %r = tile.mul %p, %q : (f32, f32) -> f32\n"
              "    tile.yield %r : f32\n  } : (tensor<9x200x" +
              type + ">, tensor<200x33x" + type + ">) -> tensor<9x33x" + type +
              ">\n  return %0 : tensor<9x33x" + type + ">\n}\n") == "");
}
