//===- ElementTest.cpp - Rounding, wrapping and conversion of elements ----===//
//
// The edges of each format, written down by hand.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpreter/Element.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>

using namespace polytile::interpreter;

namespace {

ElementKind kind(bool isFloat, unsigned width, bool isUnsigned = false) {
  ElementKind result;
  result.isFloat = isFloat;
  result.width = width;
  result.isUnsigned = isUnsigned || width == 1;
  return result;
}

const ElementKind f16 = kind(true, 16), f32 = kind(true, 32),
                  f64 = kind(true, 64), i8 = kind(false, 8),
                  i64 = kind(false, 64), u8 = kind(false, 8, true),
                  u64 = kind(false, 64, true), boolean = kind(false, 1);

ElementKind bfloat() {
  ElementKind result = f16;
  result.isBFloat = true;
  return result;
}

int64_t toInteger(double value, ElementKind to) {
  return convert(Element::of(value), f64, to).integer;
}

} // namespace

TEST_CASE("f16 rounds to nearest even, overflows, and has denormals") {
  CHECK(roundTo(1 + std::ldexp(1, -11), f16) == 1);
  CHECK(roundTo(1 + 3 * std::ldexp(1, -11), f16) == 1 + std::ldexp(1, -9));
  CHECK(roundTo(65519, f16) == 65504);
  CHECK(roundTo(65520, f16) == INFINITY);
  CHECK(roundTo(-65520, f16) == -INFINITY);
  CHECK(roundTo(std::ldexp(1, -24), f16) == std::ldexp(1, -24));
  CHECK(roundTo(std::ldexp(1, -25), f16) == 0);
  CHECK(std::signbit(roundTo(-std::ldexp(1, -26), f16)));
  CHECK(std::isnan(roundTo(NAN, f16)));
}

TEST_CASE("bf16 has eight bits of precision and the range of f32") {
  CHECK(roundTo(1 + std::ldexp(1, -8), bfloat()) == 1);
  CHECK(roundTo(257, bfloat()) == 256);
  CHECK(roundTo(259, bfloat()) == 260);
  CHECK(roundTo(3.4e38, bfloat()) == INFINITY);
}

TEST_CASE("integers wrap around in their width") {
  CHECK(wrapTo(128, i8) == -128);
  CHECK(wrapTo(-129, i8) == 127);
  CHECK(wrapTo(256, u8) == 0);
  CHECK(wrapTo(-1, u8) == 255);
  CHECK(wrapTo(INT64_MIN, i64) == INT64_MIN);
}

TEST_CASE("floats become integers towards zero, saturating") {
  CHECK(toInteger(-1.9, i8) == -1);
  CHECK(toInteger(1000, i8) == 127);
  CHECK(toInteger(-1000, i8) == -128);
  CHECK(toInteger(NAN, i8) == 0);
  CHECK(toInteger(-5, u8) == 0);
  CHECK(toInteger(INFINITY, i64) == INT64_MAX);
  CHECK(toInteger(-INFINITY, i64) == INT64_MIN);
  CHECK(static_cast<uint64_t>(toInteger(1e30, u64)) == UINT64_MAX);
  CHECK(toInteger(0.5, boolean) == 1);
  CHECK(toInteger(-0.0, boolean) == 0);
  CHECK(toInteger(NAN, boolean) == 1);
}

TEST_CASE("integers become floats with one rounding") {
  // 2^54 + 2^30 + 1 rounds up in f32; by way of f64 it would be a tie.
  int64_t value = (int64_t(1) << 54) + (int64_t(1) << 30) + 1;
  CHECK(convert(Element::of(value), i64, f32).number ==
        std::ldexp(1, 54) + std::ldexp(1, 31));
  CHECK(convert(Element::of(int64_t(-1)), u64, f64).number ==
        std::ldexp(1, 64));
  CHECK(convert(Element::of(int64_t(-1)), i64, f64).number == -1);
}

TEST_CASE("every f16 and bf16 survives a round trip through memory") {
  for (ElementKind each : {f16, bfloat()})
    for (unsigned bits = 0; bits < 65536; ++bits) {
      auto stored = static_cast<uint16_t>(bits);
      char memory[2];
      Element element =
          loadElement(reinterpret_cast<const char *>(&stored), each);
      if (std::isnan(element.number))
        continue;
      storeElement(memory, element, each);
      uint16_t again = 0;
      std::memcpy(&again, memory, 2);
      if (again != stored)
        FAIL("bits " << bits << " became " << again);
      if (roundTo(element.number, each) != element.number)
        FAIL("bits " << bits << " are rounded");
    }
}
