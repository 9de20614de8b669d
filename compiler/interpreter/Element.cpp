//===- Element.cpp - Rounding, wrapping and conversion of elements --------===//
//
// Written from the definitions in the dialect's page.
//
//===----------------------------------------------------------------------===//

#include "compiler/interpreter/Element.h"

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace polytile::interpreter;

ElementKind ElementKind::get(Type type) {
  ElementKind kind;
  kind.isFloat = isa<FloatType>(type);
  kind.isBFloat = type.isBF16();
  kind.isUnsigned = !kind.isFloat && polytile::tile::isUnsignedElement(type);
  kind.width = type.getIntOrFloatBitWidth();
  return kind;
}

/// Rounds to a format with `fraction` bits behind the leading one, least normal
/// exponent `least` and greatest exponent `greatest`. Numbers of one binade are
/// evenly spaced: dividing by the spacing (a power of two, so exactly) leaves
/// a rounding to a whole number.
static double roundToFormat(double value, int fraction, int least,
                            int greatest) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::max(std::ilogb(value), least);
  double spacing = std::ldexp(1.0, exponent - fraction);
  double rounded = std::nearbyint(value / spacing) * spacing;
  if (std::fabs(rounded) >= std::ldexp(1.0, greatest + 1))
    return std::copysign(INFINITY, value);
  return rounded;
}

double polytile::interpreter::roundTo(double value, ElementKind kind) {
  if (kind.width == 64)
    return value;
  if (kind.width == 32)
    return static_cast<double>(static_cast<float>(value));
  return kind.isBFloat ? roundToFormat(value, 7, -126, 127)
                       : roundToFormat(value, 10, -14, 15);
}

int64_t polytile::interpreter::wrapTo(int64_t value, ElementKind kind) {
  if (kind.width == 64)
    return value;
  unsigned unused = 64 - kind.width;
  uint64_t shifted = static_cast<uint64_t>(value) << unused;
  if (kind.isUnsigned)
    return static_cast<int64_t>(shifted >> unused);
  return static_cast<int64_t>(shifted) >> unused;
}

/// Towards zero, saturating; NaN gives 0.
static int64_t truncate(double value, ElementKind to) {
  if (std::isnan(value))
    return 0;
  double whole = std::trunc(value);
  if (to.isUnsigned) {
    if (whole <= 0)
      return 0;
    uint64_t most =
        to.width == 64 ? ~uint64_t(0) : (uint64_t(1) << to.width) - 1;
    if (whole >= std::ldexp(1.0, to.width))
      return static_cast<int64_t>(most);
    return static_cast<int64_t>(static_cast<uint64_t>(whole));
  }
  double limit = std::ldexp(1.0, to.width - 1);
  int64_t most = static_cast<int64_t>((uint64_t(1) << (to.width - 1)) - 1);
  if (whole >= limit)
    return most;
  if (whole < -limit)
    return -most - 1;
  return static_cast<int64_t>(whole);
}

Element polytile::interpreter::convert(Element value, ElementKind from,
                                       ElementKind to) {
  if (to.isBool())
    return Element::of(
        int64_t(from.isFloat ? value.number != 0 : value.integer != 0));
  if (from.isFloat)
    return to.isFloat ? Element::of(roundTo(value.number, to))
                      : Element::of(truncate(value.number, to));
  if (!to.isFloat)
    return Element::of(wrapTo(value.integer, to));
  bool isUnsigned = from.isUnsigned;
  auto bits = static_cast<uint64_t>(value.integer);
  if (to.width == 32) // rounded once: through f64 it could be twice
    return Element::of(double(isUnsigned ? static_cast<float>(bits)
                                         : static_cast<float>(value.integer)));
  double number = isUnsigned ? static_cast<double>(bits)
                             : static_cast<double>(value.integer);
  return Element::of(roundTo(number, to));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

template <typename T> static T load(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <typename T> static void store(char *to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

/// A float of 16 bits with `fraction` bits of fraction.
static double decode(uint16_t bits, int fraction) {
  int exponentBits = 15 - fraction, bias = (1 << (exponentBits - 1)) - 1;
  int exponent = (bits & 0x7fff) >> fraction;
  double mantissa = bits & ((1 << fraction) - 1);
  double magnitude;
  if (exponent == (1 << exponentBits) - 1)
    magnitude = mantissa == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    magnitude = std::ldexp(mantissa, 1 - bias - fraction);
  else
    magnitude =
        std::ldexp(mantissa + (1 << fraction), exponent - bias - fraction);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/// The inverse, for a value that was rounded to the format.
static uint16_t encode(double value, int fraction) {
  int exponentBits = 15 - fraction, bias = (1 << (exponentBits - 1)) - 1;
  auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  int infinity = ((1 << exponentBits) - 1) << fraction;
  if (std::isnan(value))
    return static_cast<uint16_t>(sign | infinity | 1 << (fraction - 1));
  double magnitude = std::fabs(value);
  if (std::isinf(value))
    return static_cast<uint16_t>(sign | infinity);
  if (magnitude < std::ldexp(1.0, 1 - bias)) // below the normal range
    return static_cast<uint16_t>(
        sign | static_cast<int>(std::ldexp(magnitude, bias - 1 + fraction)));
  int exponent = std::ilogb(magnitude);
  int mantissa = static_cast<int>(std::ldexp(magnitude, fraction - exponent));
  return static_cast<uint16_t>(sign |
                               ((exponent + bias - 1) << fraction) + mantissa);
}

Element polytile::interpreter::loadElement(const char *from, ElementKind kind) {
  if (kind.isFloat) {
    if (kind.width == 16)
      return Element::of(decode(load<uint16_t>(from), kind.isBFloat ? 7 : 10));
    return Element::of(kind.width == 32 ? double(load<float>(from))
                                        : load<double>(from));
  }
  switch (kind.width) {
  case 1:
    return Element::of(int64_t(load<uint8_t>(from) != 0));
  case 8:
    return Element::of(wrapTo(load<int8_t>(from), kind));
  case 16:
    return Element::of(wrapTo(load<int16_t>(from), kind));
  case 32:
    return Element::of(wrapTo(load<int32_t>(from), kind));
  default:
    return Element::of(load<int64_t>(from));
  }
}

void polytile::interpreter::storeElement(char *to, Element value,
                                         ElementKind kind) {
  if (kind.isFloat) {
    if (kind.width == 16)
      return store(to, encode(value.number, kind.isBFloat ? 7 : 10));
    if (kind.width == 32)
      return store(to, static_cast<float>(value.number));
    return store(to, value.number);
  }
  switch (kind.width) {
  case 1:
  case 8:
    return store(to, static_cast<int8_t>(value.integer));
  case 16:
    return store(to, static_cast<int16_t>(value.integer));
  case 32:
    return store(to, static_cast<int32_t>(value.integer));
  default:
    return store(to, value.integer);
  }
}
