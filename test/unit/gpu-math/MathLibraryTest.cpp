//===- MathLibraryTest.cpp - Error bounds of the GPU's functions ----------===//
//
// Functions of f32 are measured on patterns from the whole range against the C
// library in long double, with fused multiply-adds and without; quotients,
// roots and remainders must be exact. Then the same for f64.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/MathLibrary.h"
#include "test/unit/gpu-math/CompiledLibrary.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

using polytile::gpu::test::canFuse;
using polytile::gpu::test::CompiledLibrary;

namespace {

using Wide = long double;

template <typename To, typename From> To bitsAs(From from) {
  To to;
  static_assert(sizeof(to) == sizeof(from));
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

const CompiledLibrary &library(bool isFused) {
  static const CompiledLibrary fused(canFuse()), separate(false);
  return isFused ? fused : separate;
}

/// The distance from the truth in units in the last place of the truth; huge
/// where one is NaN, infinite or a zero of the other sign.
template <typename T> double ulps(T result, Wide truth) {
  auto rounded = static_cast<T>(truth);
  if (std::isnan(result) || std::isnan(rounded))
    return std::isnan(result) && std::isnan(rounded) ? 0 : HUGE_VAL;
  T most = std::numeric_limits<T>::max();
  if (std::isinf(result) != std::isinf(rounded))
    return std::max(std::fabs(result), std::fabs(rounded)) == INFINITY &&
                   std::min(std::fabs(result), std::fabs(rounded)) == most
               ? 1
               : HUGE_VAL;
  if (std::isinf(result))
    return result == rounded ? 0 : HUGE_VAL;
  if (result == 0 && rounded == 0)
    return std::signbit(result) == std::signbit(rounded) ? 0 : HUGE_VAL;
  int digits = std::numeric_limits<T>::digits,
      least = std::numeric_limits<T>::min_exponent - digits;
  int exponent =
      rounded == 0 ? least : std::max(least, std::ilogb(rounded) + 1 - digits);
  return static_cast<double>(std::fabs(truth - result) /
                             std::ldexp(Wide(1), exponent));
}

/// Arguments: patterns from the whole range, values around 1, multiples of
/// pi / 2, and edges.
template <typename T> const std::vector<T> &arguments() {
  static const std::vector<T> all = [] {
    using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    std::vector<T> values = {0,
                             T(-0.0),
                             INFINITY,
                             -INFINITY,
                             NAN,
                             1,
                             -1,
                             0.5,
                             2,
                             std::numeric_limits<T>::denorm_min(),
                             -std::numeric_limits<T>::denorm_min(),
                             std::numeric_limits<T>::min(),
                             std::numeric_limits<T>::max(),
                             std::numeric_limits<T>::lowest(),
                             T(88.72284),
                             T(-103.98),
                             T(709.79),
                             T(-745.2)};
    std::mt19937_64 random(20261124);
    for (int i = 0; i < 200000; ++i) {
      values.push_back(bitsAs<T>(static_cast<Bits>(random())));
      Wide unit = static_cast<Wide>(random()) / 1.8446744073709552e19L * 2 - 1;
      values.push_back(static_cast<T>(unit * 2));
      values.push_back(static_cast<T>(unit * (sizeof(T) == 4 ? 110 : 760)));
    }
    for (int i = 1; i < 4000; ++i)
      for (int near = -1; near < 2; ++near)
        values.push_back(bitsAs<T>(static_cast<Bits>(
            bitsAs<Bits>(static_cast<T>(i * 1.57079632679489661923L)) + near)));
    return values;
  }();
  return all;
}

template <typename T>
double worst(bool isFused, const std::string &name, Wide (*truth)(Wide)) {
  std::string symbol = "ptl_" + name + (sizeof(T) == 4 ? "_f32" : "_f64");
  auto *function = library(isFused).get<T(T)>(symbol);
  REQUIRE(function);
  double result = 0;
  for (T x : arguments<T>())
    result = std::max(result, ulps(function(x), truth(Wide(x))));
  return result;
}

template <typename T> bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::memcmp(&a, &b, sizeof(T)) == 0;
}

} // namespace

#define TRUTH(NAME) [](Wide x) -> Wide { return std::NAME(x); }
#define CHECK_SINGLE(NAME, BOUND)                                              \
  CHECK(worst<float>(isFused, #NAME, TRUTH(NAME)) <= BOUND)
#define CHECK_DOUBLE(NAME, BOUND)                                              \
  CHECK(worst<double>(isFused, #NAME, TRUTH(NAME)) <= BOUND)

TEST_CASE("the library compiles for this machine") {
  CHECK(library(true).problem.empty());
  CHECK(library(false).problem.empty());
}

TEST_CASE("functions of f32 stay within their stated bounds") {
  bool isFused = GENERATE(false, true);
  CHECK_SINGLE(exp, 1);
  CHECK_SINGLE(log, 1);
  CHECK_SINGLE(tanh, 3);
  CHECK_SINGLE(sinh, 2);
  CHECK_SINGLE(cosh, 2);
  CHECK_SINGLE(sin, 1);
  CHECK_SINGLE(cos, 1);
  CHECK_SINGLE(tan, 1.5);
  CHECK_SINGLE(asin, 1);
  CHECK_SINGLE(acos, 1);
  CHECK_SINGLE(atan, 1.5);
  CHECK_SINGLE(floor, 0);
  CHECK_SINGLE(ceil, 0);
  CHECK(worst<float>(isFused, "round", TRUTH(rint)) == 0);
  CHECK(worst<float>(isFused, "sqrt", TRUTH(sqrt)) <= 0.5);
}

TEST_CASE("functions of f64 stay within their stated bounds") {
  bool isFused = GENERATE(false, true);
  CHECK_DOUBLE(exp, 1);
  CHECK_DOUBLE(log, 1);
  CHECK_DOUBLE(tanh, 3);
  CHECK_DOUBLE(sinh, 4);
  CHECK_DOUBLE(cosh, 4);
  CHECK_DOUBLE(sin, 1);
  CHECK_DOUBLE(cos, 1);
  CHECK_DOUBLE(tan, 3);
  CHECK_DOUBLE(asin, 4);
  CHECK_DOUBLE(acos, 4);
  CHECK_DOUBLE(atan, 3);
  CHECK_DOUBLE(floor, 0);
  CHECK_DOUBLE(ceil, 0);
}

template <typename T> static void checkPowers(bool isFused, double bound) {
  auto *power = library(isFused).get<T(T, T)>(sizeof(T) == 4 ? "ptl_pow_f32"
                                                             : "ptl_pow_f64");
  REQUIRE(power);
  std::mt19937_64 random(1);
  double result = 0;
  const std::vector<T> &all = arguments<T>();
  for (int i = 0; i < 400; ++i) {
    T x = all[i % 20], y = all[i / 20];
    INFO(x << " ^ " << y);
    CHECK(ulps(power(x, y), std::pow(Wide(x), Wide(y))) <= bound);
  }
  for (int i = 0; i < 50000; ++i) {
    T x = std::fabs(all[random() % all.size()]), y = all[random() % all.size()];
    T logarithm = std::log(x);
    if (i % 2 == 0 && std::isfinite(logarithm) && logarithm != 0)
      y = static_cast<T>(y / logarithm); // a result within the range
    result = std::max(result, ulps(power(x, y), std::pow(Wide(x), Wide(y))));
  }
  CHECK(result <= bound);
}

TEST_CASE("powers stay within their stated bounds") {
  bool isFused = GENERATE(false, true);
  checkPowers<float>(isFused, 1.5);
  checkPowers<double>(isFused, 2);
}

TEST_CASE("quotients of f32 are rounded correctly") {
  auto *fused = library(true).get<float(float, float)>("ptl_div_f32");
  auto *portable =
      library(false).get<float(float, float)>("ptl_div_portable_f32");
  REQUIRE((fused && portable));
  std::mt19937_64 random(2);
  const std::vector<float> &all = arguments<float>();
  bool isFused = canFuse();
  auto check = [&](float a, float b) {
    float truth = a / b, got = fused(a, b);
    bool tiny = std::fabs(truth) < std::numeric_limits<float>::min();
    bool good = same(got, truth) ||
                (tiny && std::fabs(got - truth) <=
                             std::numeric_limits<float>::denorm_min());
    if (isFused && !good)
      FAIL("fused: " << a << " / " << b << " = " << got);
    if (!same(portable(a, b), truth))
      FAIL("portable: " << a << " / " << b << " = " << portable(a, b));
  };
  for (int i = 0; i < 400; ++i)
    check(all[i % 20], all[i / 20]);
  for (int i = 0; i < 1000000; ++i) {
    check(bitsAs<float>(static_cast<uint32_t>(random())),
          bitsAs<float>(static_cast<uint32_t>(random())));
    // Mantissas near powers of two are the hard ones.
    uint32_t bits = 0x3f800000u - 0x100 + random() % 0x200;
    check(bitsAs<float>(static_cast<uint32_t>(0x3f800000 | random() >> 41)),
          bitsAs<float>(bits));
  }
}

template <typename T> static void checkRemainders() {
  auto *mod = library(false).get<T(T, T)>(sizeof(T) == 4 ? "ptl_mod_f32"
                                                         : "ptl_mod_f64");
  REQUIRE(mod);
  std::mt19937_64 random(3);
  const std::vector<T> &all = arguments<T>();
  for (int i = 0; i < 50000; ++i) {
    T a = i < 400 ? all[i % 20] : all[random() % all.size()],
      b = i < 400 ? all[i / 20] : all[random() % all.size()];
    T want = std::fmod(a, b);
    if (want == 0)
      want = std::copysign(want, b);
    else if ((want < 0) != (b < 0))
      want += b;
    if (!same(mod(a, b), want))
      FAIL(a << " mod " << b << " = " << mod(a, b) << ", expected " << want);
  }
}

TEST_CASE("remainders are exact for any two numbers") {
  checkRemainders<float>();
  checkRemainders<double>();
}

TEST_CASE("powers of integers wrap, and those to negative powers are whole") {
  const CompiledLibrary &all = library(false);
  auto *narrow = all.get<int32_t(int32_t, int32_t)>("ptl_pow_i32");
  auto *wide = all.get<int64_t(int64_t, int64_t)>("ptl_pow_i64");
  auto *positive = all.get<uint32_t(uint32_t, uint32_t)>("ptl_pow_u32");
  REQUIRE((narrow && wide && positive));
  CHECK(narrow(3, 4) == 81);
  CHECK(narrow(-3, 3) == -27);
  CHECK(narrow(2, 32) == 0);
  CHECK(narrow(-1, -3) == -1);
  CHECK(narrow(5, -1) == 0);
  CHECK(narrow(0, 0) == 1);
  CHECK(wide(3, 39) == 4052555153018976267);
  CHECK(positive(0xffffffffu, 3) == 0xffffffffu);
}

TEST_CASE("f64 is rounded to odd") {
  auto *round = library(false).get<float(double)>("ptl_f64_to_f32_odd");
  REQUIRE(round);
  CHECK(round(1.5) == 1.5f);
  CHECK(bitsAs<uint32_t>(round(1 + 0x1p-30)) == 0x3f800001);
  CHECK(bitsAs<uint32_t>(round(-1 - 0x1p-30)) == 0xbf800001);
  CHECK(bitsAs<uint32_t>(round(1 - 0x1p-30)) == 0x3f7fffff);
  CHECK(bitsAs<uint32_t>(round(1e300)) == 0x7f7fffff);
  CHECK(std::isnan(round(NAN)));
  CHECK(round(-INFINITY) == -INFINITY);
}

TEST_CASE("unknown names give no function") {
  mlir::MLIRContext context;
  context.loadDialect<mlir::func::FuncDialect>();
  auto module = mlir::OwningOpRef<mlir::ModuleOp>(
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context)));
  CHECK_FALSE(polytile::gpu::getOrCreateMathFunction(*module, "ptl_gamma_f32"));
}
