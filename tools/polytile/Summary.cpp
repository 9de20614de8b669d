//===- Summary.cpp - A result in one line ---------------------------------===//
//
// What `polytile run` prints when no output file is named: enough to see
// whether a program does what was meant.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

using namespace polytile::cli;

namespace {

template <typename T> T load(const void *data, uint64_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(data) + index * sizeof(T),
              sizeof(T));
  return value;
}

double fromHalf(uint16_t bits) {
  int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  double value = exponent == 31  ? (fraction ? NAN : INFINITY)
                 : exponent == 0 ? std::ldexp(fraction, -24)
                                 : std::ldexp(1024 + fraction, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

double fromBrainFloat(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

double element(const Result &result, uint64_t i) {
  switch (result.elementType) {
  case PTL_ELEMENT_BOOL:
  case PTL_ELEMENT_U8:
    return load<uint8_t>(result.data, i);
  case PTL_ELEMENT_I8:
    return load<int8_t>(result.data, i);
  case PTL_ELEMENT_I16:
    return load<int16_t>(result.data, i);
  case PTL_ELEMENT_U16:
    return load<uint16_t>(result.data, i);
  case PTL_ELEMENT_I32:
    return load<int32_t>(result.data, i);
  case PTL_ELEMENT_U32:
    return load<uint32_t>(result.data, i);
  case PTL_ELEMENT_I64:
    return static_cast<double>(load<int64_t>(result.data, i));
  case PTL_ELEMENT_U64:
    return static_cast<double>(load<uint64_t>(result.data, i));
  case PTL_ELEMENT_F16:
    return fromHalf(load<uint16_t>(result.data, i));
  case PTL_ELEMENT_BF16:
    return fromBrainFloat(load<uint16_t>(result.data, i));
  case PTL_ELEMENT_F32:
    return load<float>(result.data, i);
  case PTL_ELEMENT_F64:
    return load<double>(result.data, i);
  case PTL_ELEMENT_INVALID:
    break;
  }
  return 0;
}

/// An element as text, exact where a double isn't.
std::string elementText(const Result &result, uint64_t i) {
  switch (result.elementType) {
  case PTL_ELEMENT_BOOL:
    return load<uint8_t>(result.data, i) ? "true" : "false";
  case PTL_ELEMENT_I64:
    return fmt::format("{}", load<int64_t>(result.data, i));
  case PTL_ELEMENT_U64:
    return fmt::format("{}", load<uint64_t>(result.data, i));
  case PTL_ELEMENT_F32:
    return fmt::format("{}", load<float>(result.data, i));
  default:
    return fmt::format("{}", element(result, i));
  }
}

} // namespace

std::string polytile::cli::summarize(const Result &result) {
  std::string line = fmt::format("{}: {}", result.name,
                                 describeType(result.elementType, result.dims));
  uint64_t count = 1;
  for (int64_t dim : result.dims)
    count *= static_cast<uint64_t>(dim);
  if (count == 0)
    return line + ", empty";
  if (count > 1) {
    double least = INFINITY, greatest = -INFINITY, sum = 0;
    bool hasNan = false;
    for (uint64_t i = 0; i < count; ++i) {
      double value = element(result, i);
      hasNan |= std::isnan(value);
      least = std::min(least, value);
      greatest = std::max(greatest, value);
      sum += value;
    }
    line += fmt::format(", {:.6g} to {:.6g}, mean {:.6g}{}", least, greatest,
                        sum / static_cast<double>(count),
                        hasNan ? ", some NaN" : "");
  }
  constexpr uint64_t shown = 6;
  line += count > 1 ? ": " : " ";
  for (uint64_t i = 0; i < std::min(count, shown); ++i)
    line += (i ? ", " : "") + elementText(result, i);
  return line + (count > shown ? ", ..." : "");
}
