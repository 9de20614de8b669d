// Tests of numbers as text: which are numbers, what type they take, and what
// bytes they become.
#include "lang/tile/Numbers.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

using namespace polytile::lang;
using polytile::lang::ElementType;

namespace {

template <typename T>
std::optional<T> encode(std::string_view text, ElementType type) {
  std::optional<std::string> bytes = encodeNumber(text, type);
  if (!bytes)
    return std::nullopt;
  REQUIRE(bytes->size() == sizeof(T));
  T value;
  std::memcpy(&value, bytes->data(), sizeof(T));
  return value;
}

} // namespace

TEST_CASE("what is a number") {
  for (const char *text : {"2", "-3", "+4", "2.5", "1e-5", "inf", "-inf", "nan",
                           "0x1f", ".5", "18446744073709551615"})
    REQUIRE(isNumber(text));
  for (const char *text : {"", "a.npy", "2a", "1e", "0x", "2 ", " 2", "--2"})
    REQUIRE_FALSE(isNumber(text));
}

TEST_CASE("the type of a bare number") {
  REQUIRE(naturalType("2") == ElementType::I32);
  REQUIRE(naturalType("-0x1f") == ElementType::I32);
  for (const char *text : {"2.0", "2e0", "inf", "nan"})
    REQUIRE(naturalType(text) == ElementType::F32);
}

TEST_CASE("integers are exact or refused") {
  REQUIRE(encode<int32_t>("-2147483648", ElementType::I32) == INT32_MIN);
  REQUIRE(encode<int32_t>("2147483647", ElementType::I32) == INT32_MAX);
  REQUIRE_FALSE(encodeNumber("2147483648", ElementType::I32));
  REQUIRE_FALSE(encodeNumber("-1", ElementType::U8));
  REQUIRE(encode<uint8_t>("255", ElementType::U8) == 255);
  REQUIRE_FALSE(encodeNumber("256", ElementType::U8));
  REQUIRE(encode<uint64_t>("18446744073709551615", ElementType::U64) ==
          UINT64_MAX);
  REQUIRE(encode<int64_t>("-9223372036854775808", ElementType::I64) ==
          INT64_MIN);
  REQUIRE(encode<int8_t>("2.0", ElementType::I8) == 2);
  REQUIRE_FALSE(encodeNumber("2.5", ElementType::I8));
  REQUIRE_FALSE(encodeNumber("inf", ElementType::I64));
  REQUIRE_FALSE(encodeNumber("nan", ElementType::I64));
  REQUIRE(encode<uint8_t>("1", ElementType::Bool) == 1);
  REQUIRE_FALSE(encodeNumber("2", ElementType::Bool));
}

TEST_CASE("numbers as floats") {
  REQUIRE(encode<float>("0.1", ElementType::F32) == 0.1f);
  REQUIRE(encode<double>("0.1", ElementType::F64) == 0.1);
  REQUIRE(encode<float>("2", ElementType::F32) == 2.0f);
  REQUIRE(encode<float>("16777216", ElementType::F32) == 16777216.0f);
  REQUIRE_FALSE(encodeNumber("16777217", ElementType::F32));
  REQUIRE(std::isnan(*encode<float>("nan", ElementType::F32)));
  REQUIRE(encode<float>("-inf", ElementType::F32) == -INFINITY);
}

TEST_CASE("half precision") {
  REQUIRE(encode<uint16_t>("1", ElementType::F16) == 0x3c00);
  REQUIRE(encode<uint16_t>("-2", ElementType::F16) == 0xc000);
  REQUIRE(encode<uint16_t>("65504", ElementType::F16) == 0x7bff);
  REQUIRE(encode<uint16_t>("65520.0", ElementType::F16) == 0x7c00);
  REQUIRE(encode<uint16_t>("0.1", ElementType::F16) == 0x2e66);
  REQUIRE(encode<uint16_t>("5.9604645e-8", ElementType::F16) == 0x0001);
  REQUIRE(encode<uint16_t>("6.103515625e-5", ElementType::F16) == 0x0400);
  REQUIRE(encode<uint16_t>("0.0", ElementType::F16) == 0);
  REQUIRE_FALSE(encodeNumber("2049", ElementType::F16));
  REQUIRE(encode<uint16_t>("1", ElementType::BF16) == 0x3f80);
  REQUIRE(encode<uint16_t>("0.1", ElementType::BF16) == 0x3dcd);
  REQUIRE(encode<uint16_t>("nan", ElementType::BF16) == 0x7fc0);
}
