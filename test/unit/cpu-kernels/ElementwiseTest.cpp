// Elementwise kernels on each level against the interpreter: every operation,
// every element type, edge values.
#include "test/unit/cpu-kernels/KernelRunner.h"

#include <catch2/catch.hpp>

using namespace polytile::cpu::test;

namespace {

const std::vector<std::string> floats = {"f16", "bf16", "f32", "f64"};
const std::vector<std::string> integers = {"i8",  "i16",  "i32",  "i64",
                                           "ui8", "ui16", "ui32", "ui64"};

std::string tensor(const std::string &shape, const std::string &element) {
  return "tensor<" + (shape.empty() ? "" : shape + "x") + element + ">";
}

std::string binary(const std::string &op, const std::string &element,
                   const std::string &result) {
  std::string in = tensor("211", element), out = tensor("211", result);
  return "func.func @k(%a: " + in + ", %b: " + in + ") -> " + out +
         " {\n  %0 = tile." + op + " %a, %b : (" + in + ", " + in + ") -> " +
         out + "\n  return %0 : " + out + "\n}\n";
}

std::string unary(const std::string &op, const std::string &element) {
  std::string type = tensor("211", element);
  return "func.func @k(%a: " + type + ") -> " + type + " {\n  %0 = tile." + op +
         " %a : (" + type + ") -> " + type + "\n  return %0 : " + type +
         "\n}\n";
}

void check(const std::string &text, const Expectation &expectation) {
  CHECK(compareWithInterpreter(text, expectation) == "");
}

} // namespace

TEST_CASE("arithmetic of all element types is exact on edge values") {
  for (const std::string op : {"add", "sub", "mul", "div", "max", "min"})
    for (const auto &types : {floats, integers})
      for (const std::string &type : types)
        check(binary(op, type, type), {Fill::Edges});
  for (const std::string &type : integers)
    for (const std::string op : {"mod", "and", "or", "xor", "shl", "shr"})
      check(binary(op, type, type), {Fill::Edges});
  for (const std::string op :
       {"add", "sub", "mul", "max", "min", "and", "or", "xor"})
    check(binary(op, "i1", "i1"), {});
}

TEST_CASE("powers and remainders") {
  for (const std::string &type : integers)
    check(binary("pow", type, type), {Fill::Edges});
  for (const std::string &type : floats) {
    check(binary("mod", type, type), {Fill::Fractions, 1});
    check(binary("mod", type, type), {Fill::Edges, 1});
    check(binary("pow", type, type), {Fill::Edges, 2});
  }
}

TEST_CASE("unary operations") {
  for (const std::string op : {"neg", "abs"})
    for (const auto &types : {floats, integers})
      for (const std::string &type : types)
        check(unary(op, type), {Fill::Edges});
  for (const std::string &type : integers)
    check(unary("not", type), {Fill::Edges});
  check(unary("not", "i1"), {});
  for (const std::string &type : floats)
    for (const std::string op : {"sqrt", "ceil", "floor", "round"})
      check(unary(op, type), {Fill::Edges});
}

TEST_CASE("functions stay within their bounds") {
  for (const std::string &type : floats)
    for (const std::string op : {"exp", "log", "sin", "cos", "tan", "asin",
                                 "acos", "atan", "sinh", "cosh", "tanh"}) {
      check(unary(op, type), {Fill::Edges, type == "f64" ? 4.0 : 1.0});
      check(unary(op, type), {Fill::Fractions, type == "f64" ? 4.0 : 1.0});
    }
}

TEST_CASE("comparisons and selections") {
  for (const std::string predicate : {"eq", "ne", "lt", "le", "gt", "ge"}) {
    for (const auto &types : {floats, integers})
      for (const std::string &type : types)
        check(binary("cmp " + predicate, type, "i1"), {Fill::Edges});
    check(binary("cmp " + predicate, "i1", "i1"), {});
  }
  check("func.func @k(%c: tensor<9x1xi1>, %a: tensor<7xf32>, %b: tensor<f32>) "
        "-> tensor<9x7xf32> {\n"
        "  %0 = tile.select %c, %a, %b : (tensor<9x1xi1>, tensor<7xf32>, "
        "tensor<f32>) -> tensor<9x7xf32>\n"
        "  return %0 : tensor<9x7xf32>\n}\n",
        {Fill::Edges});
}

TEST_CASE("conversions between all element types") {
  std::vector<std::string> all = floats;
  all.insert(all.end(), integers.begin(), integers.end());
  all.push_back("i1");
  for (const std::string &from : all)
    for (const std::string &to : all)
      check("func.func @k(%a: " + tensor("211", from) + ") -> " +
                tensor("211", to) + " {\n  %0 = tile.cast %a : " +
                tensor("211", from) + " -> " + tensor("211", to) +
                "\n  return %0 : " + tensor("211", to) + "\n}\n",
            {Fill::Edges});
}

TEST_CASE("shapes: scalars, empty, broadcast, reshape, index, constants, "
          "several results") {
  check("func.func @k(%a: tensor<f32>) -> tensor<f32> {\n  %0 = tile.neg %a : "
        "(tensor<f32>) -> tensor<f32>\n"
        "  return %0 : tensor<f32>\n}\n",
        {});
  check("func.func @k(%a: tensor<0x3xf32>) -> tensor<0x3xf32> {\n"
        "  %0 = tile.neg %a : (tensor<0x3xf32>) -> tensor<0x3xf32>\n  return "
        "%0 : tensor<0x3xf32>\n}\n",
        {});
  check("func.func @k(%a: tensor<5x1x4xi32>, %b: tensor<3x1xi32>) -> "
        "tensor<5x3x4xi32> {\n"
        "  %0 = tile.sub %a, %b : (tensor<5x1x4xi32>, tensor<3x1xi32>) -> "
        "tensor<5x3x4xi32>\n"
        "  return %0 : tensor<5x3x4xi32>\n}\n",
        {});
  check("func.func @k(%a: tensor<6x4xf32>, %b: tensor<8xf32>) -> "
        "(tensor<3x8xf32>, tensor<3x8xf32>) {\n"
        "  %0 = tile.reshape %a : tensor<6x4xf32> -> tensor<3x8xf32>\n"
        "  %i = tile.index 1 : tensor<3x8xf32>\n"
        "  %c = tile.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> "
        ": tensor<8xf32>\n"
        "  %1 = tile.add %0, %b : (tensor<3x8xf32>, tensor<8xf32>) -> "
        "tensor<3x8xf32>\n"
        "  %2 = tile.mul %1, %i : (tensor<3x8xf32>, tensor<3x8xf32>) -> "
        "tensor<3x8xf32>\n"
        "  %3 = tile.sub %2, %c : (tensor<3x8xf32>, tensor<8xf32>) -> "
        "tensor<3x8xf32>\n"
        "  return %1, %3 : tensor<3x8xf32>, tensor<3x8xf32>\n}\n",
        {});
  check("func.func @k(%a: tensor<6x4xi8>) -> tensor<24xi8> {\n"
        "  %0 = tile.reshape %a : tensor<6x4xi8> -> tensor<24xi8>\n  return %0 "
        ": tensor<24xi8>\n}\n",
        {});
}
