//===- Numbers.cpp - A bare number as an element of a tensor --------------===//
//
// Integers go through a sign and 64 bits, everything else through double. The
// 16-bit floats are rounded here, since neither the language nor the runtime
// of C++20 has them.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Numbers.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

using namespace polytile;
using lang::ElementType;

namespace {

struct Integer {
  bool isNegative;
  uint64_t magnitude;
};

/// The text as an integer; nothing when it is another number or too large.
std::optional<Integer> parseInteger(std::string_view text) {
  std::string digits(text);
  bool isNegative = false;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) {
    isNegative = digits[0] == '-';
    digits.erase(0, 1);
  }
  bool isHex = digits.size() > 2 && digits[0] == '0' &&
               (digits[1] == 'x' || digits[1] == 'X');
  const char *allowed = isHex ? "0123456789abcdefABCDEF" : "0123456789";
  if (digits.empty() ||
      digits.find_first_not_of(allowed, isHex ? 2 : 0) != std::string::npos)
    return std::nullopt;
  errno = 0;
  uint64_t magnitude = std::strtoull(digits.c_str(), nullptr, isHex ? 16 : 10);
  if (errno == ERANGE)
    return std::nullopt;
  return Integer{isNegative, magnitude};
}

std::optional<double> parseDouble(std::string_view text) {
  std::string copy(text);
  if (copy.empty() || std::isspace(static_cast<unsigned char>(copy[0])))
    return std::nullopt;
  char *end = nullptr;
  double value = std::strtod(copy.c_str(), &end);
  return *end == '\0' ? std::optional<double>(value) : std::nullopt;
}

template <typename T> std::string bytesOf(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

template <typename T> std::optional<std::string> encodeInteger(Integer value) {
  uint64_t limit = static_cast<uint64_t>(std::numeric_limits<T>::max());
  if (value.isNegative && value.magnitude != 0) {
    if (!std::numeric_limits<T>::is_signed || value.magnitude > limit + 1)
      return std::nullopt;
    return bytesOf(static_cast<T>(-value.magnitude));
  }
  if (value.magnitude > limit)
    return std::nullopt;
  return bytesOf(static_cast<T>(value.magnitude));
}

/// Rounds a double to a float with `fraction` bits after the leading one and
/// exponents from `least` to `greatest`, to nearest even; 0 fraction bits more
/// than these are lost in numbers below the normal range.
double roundTo(double value, int fraction, int least, int greatest) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::max(std::ilogb(value), least);
  double unit = std::ldexp(1.0, exponent - fraction);
  double rounded = std::nearbyint(value / unit) * unit;
  double largest = std::ldexp(2.0 - std::ldexp(1.0, -fraction), greatest);
  return std::fabs(rounded) > largest ? std::copysign(INFINITY, value)
                                      : rounded;
}

uint16_t bitsOfHalf(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value))
    return sign | 0x7e00;
  value = std::fabs(roundTo(value, 10, -14, 15));
  if (std::isinf(value))
    return sign | 0x7c00;
  if (value < std::ldexp(1.0, -14))
    return sign | static_cast<uint16_t>(std::ldexp(value, 24));
  int exponent = std::ilogb(value);
  double fraction = std::ldexp(value, -exponent) - 1;
  return sign | static_cast<uint16_t>((exponent + 15) << 10) |
         static_cast<uint16_t>(std::ldexp(fraction, 10));
}

uint16_t bitsOfBrainFloat(double value) {
  if (std::isnan(value))
    return 0x7fc0;
  float rounded = static_cast<float>(roundTo(value, 7, -126, 127));
  uint32_t bits;
  std::memcpy(&bits, &rounded, sizeof(bits));
  return static_cast<uint16_t>(bits >> 16);
}

/// `value` when it is a whole number of at most 64 bits.
std::optional<Integer> asInteger(double value) {
  if (!(std::fabs(value) < std::ldexp(1.0, 64)) || value != std::floor(value))
    return std::nullopt;
  return Integer{value < 0, static_cast<uint64_t>(std::fabs(value))};
}

/// The element of a float type, and its value, so that the caller can see what
/// rounding lost.
std::string encodeFloat(double value, ElementType type, double &stored) {
  switch (type) {
  case ElementType::F16:
    stored = roundTo(value, 10, -14, 15);
    return bytesOf(bitsOfHalf(value));
  case ElementType::BF16:
    stored = roundTo(value, 7, -126, 127);
    return bytesOf(bitsOfBrainFloat(value));
  case ElementType::F32:
    stored = static_cast<float>(value);
    return bytesOf(static_cast<float>(value));
  default:
    stored = value;
    return bytesOf(value);
  }
}

bool isFloat(ElementType type) { return type >= ElementType::F16; }

std::optional<std::string> encodeAsInteger(Integer value, ElementType type) {
  switch (type) {
  case ElementType::Bool:
    return value.magnitude > 1 || value.isNegative
               ? std::nullopt
               : std::optional<std::string>(bytesOf(uint8_t(value.magnitude)));
  case ElementType::I8:
    return encodeInteger<int8_t>(value);
  case ElementType::I16:
    return encodeInteger<int16_t>(value);
  case ElementType::I32:
    return encodeInteger<int32_t>(value);
  case ElementType::I64:
    return encodeInteger<int64_t>(value);
  case ElementType::U8:
    return encodeInteger<uint8_t>(value);
  case ElementType::U16:
    return encodeInteger<uint16_t>(value);
  case ElementType::U32:
    return encodeInteger<uint32_t>(value);
  default:
    return encodeInteger<uint64_t>(value);
  }
}

} // namespace

bool lang::isNumber(std::string_view text) {
  return parseInteger(text) || parseDouble(text);
}

ElementType lang::naturalType(std::string_view number) {
  std::optional<Integer> integer = parseInteger(number);
  return integer ? ElementType::I32 : ElementType::F32;
}

std::optional<std::string> lang::encodeNumber(std::string_view number,
                                              ElementType type) {
  std::optional<Integer> integer = parseInteger(number);
  if (!isFloat(type)) {
    if (!integer)
      if (std::optional<double> value = parseDouble(number))
        integer = asInteger(*value);
    return integer ? encodeAsInteger(*integer, type) : std::nullopt;
  }
  std::optional<double> value = parseDouble(number);
  if (!value)
    return std::nullopt;
  double stored = 0;
  std::string bytes = encodeFloat(*value, type, stored);
  bool isExact = stored == *value;
  if (integer)
    isExact = isExact && std::fabs(stored) < std::ldexp(1.0, 64) &&
              static_cast<uint64_t>(std::fabs(stored)) == integer->magnitude;
  return integer && !isExact ? std::nullopt : std::optional<std::string>(bytes);
}
