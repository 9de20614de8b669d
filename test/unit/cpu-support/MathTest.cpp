//===- MathTest.cpp - Error bounds of the CPU's support functions ---------===//
//
// Measures each function against the C library in long double (64 bits of
// mantissa), and compares the edges with IEEE 754's.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/support/Math.cpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace {

using Wide = long double;

/// The distance between a result and the truth in units in the last place of
/// the truth; huge where one is NaN or infinite and the other isn't.
double ulps(double result, Wide truth) {
  auto rounded = static_cast<double>(truth);
  if (std::isnan(result) || std::isnan(rounded))
    return std::isnan(result) && std::isnan(rounded) ? 0 : HUGE_VAL;
  if (std::isinf(result) || std::isinf(rounded))
    return result == rounded ? 0 : HUGE_VAL;
  int exponent =
      rounded == 0 ? -1074 : std::max(-1074, std::ilogb(rounded) - 52);
  return static_cast<double>(std::fabs(truth - result) /
                             std::ldexp(Wide(1), exponent));
}

enum class Spread { Even, Logarithmic };

/// The worst error over 200,000 arguments.
template <typename Function, typename Truth>
double worst(Function function, Truth truth, double low, double high,
             Spread spread, bool bothSigns = true) {
  std::mt19937_64 random(20261124);
  double result = 0;
  for (int i = 0; i < 200000; ++i) {
    double x;
    if (spread == Spread::Logarithmic)
      x = std::exp(std::uniform_real_distribution<double>(
          std::log(low), std::log(high))(random));
    else
      x = std::uniform_real_distribution<double>(low, high)(random);
    if (bothSigns && spread == Spread::Logarithmic && (random() & 1))
      x = -x;
    result = std::max(result, ulps(function(x), truth(Wide(x))));
  }
  return result;
}

#define WORST(NAME, ...)                                                       \
  worst([](double x) { return ptl_##NAME##_f64(x); },                          \
        [](Wide x) { return std::NAME(x); }, __VA_ARGS__)

const double edges[] = {0,     -0.0,   1,        -1,        2,
                        -2,    0.5,    -0.5,     3,         -3,
                        1e300, -1e300, 1e-310,   5e-324,    709.9,
                        -746,  1e22,   infinity, -infinity, std::nan("")};

} // namespace

TEST_CASE("functions of f64 stay within their stated bounds") {
  constexpr Spread even = Spread::Even, logarithmic = Spread::Logarithmic;
  CHECK(WORST(exp, -745, 709.7, even) <= 1);
  CHECK(WORST(exp, 1e-20, 1, logarithmic) <= 1);
  CHECK(WORST(log, 1e-320, 1e308, logarithmic, false) <= 1);
  CHECK(WORST(log, 0.5, 2, even) <= 1);
  CHECK(WORST(tanh, 1e-20, 30, logarithmic) <= 3);
  CHECK(WORST(sinh, 1e-20, 710.4, logarithmic) <= 4);
  CHECK(WORST(cosh, 1e-20, 710.4, logarithmic) <= 4);
  CHECK(WORST(sin, 1e-20, 1e5, logarithmic) <= 1);
  CHECK(WORST(sin, 1e5, 1e300, logarithmic) <= 1);
  CHECK(WORST(cos, 1e-20, 1e5, logarithmic) <= 1);
  CHECK(WORST(cos, 1e5, 1e300, logarithmic) <= 1);
  CHECK(WORST(tan, 1e-20, 1e5, logarithmic) <= 3);
  CHECK(WORST(tan, 1e5, 1e300, logarithmic) <= 3);
  CHECK(WORST(atan, 1e-20, 1e20, logarithmic) <= 3);
  CHECK(WORST(asin, -1, 1, even) <= 4);
  CHECK(WORST(acos, -1, 1, even) <= 4);
  CHECK(WORST(floor, -1e3, 1e3, even) == 0);
  CHECK(WORST(ceil, -1e3, 1e3, even) == 0);
}

TEST_CASE("powers of f64 stay within their stated bound") {
  std::mt19937_64 random(1);
  double result = 0;
  for (int i = 0; i < 200000; ++i) {
    double x =
        std::exp(std::uniform_real_distribution<double>(-700, 700)(random));
    double y = std::uniform_real_distribution<double>(-1, 1)(random) * 740 /
               std::max(1e-3, std::fabs(std::log(x)));
    Wide truth = std::pow(Wide(x), Wide(y));
    if (truth < std::numeric_limits<double>::max())
      result = std::max(result, ulps(ptl_pow_f64(x, y), truth));
  }
  CHECK(result <= 2);
}

#define CHECK_EDGES(NAME)                                                      \
  for (double x : edges) {                                                     \
    double got = ptl_##NAME##_f64(x), want = std::NAME(x);                     \
    INFO(#NAME "(" << x << ") = " << got << ", expected " << want);            \
    CHECK(ulps(got, std::NAME(Wide(x))) <= 8);                                 \
    CHECK((std::isnan(want) || std::signbit(got) == std::signbit(want)));      \
  }

TEST_CASE("edges of f64 functions"){
    CHECK_EDGES(exp) CHECK_EDGES(log) CHECK_EDGES(tanh) CHECK_EDGES(sinh)
        CHECK_EDGES(cosh) CHECK_EDGES(sin) CHECK_EDGES(cos) CHECK_EDGES(tan)
            CHECK_EDGES(atan) CHECK_EDGES(asin) CHECK_EDGES(acos)
                CHECK_EDGES(floor) CHECK_EDGES(ceil)}

TEST_CASE("edges of pow and mod") {
  for (double x : edges)
    for (double y : edges) {
      double got = ptl_pow_f64(x, y), want = std::pow(x, y);
      INFO("pow(" << x << ", " << y << ") = " << got << ", expected " << want);
      CHECK(ulps(got, want) <= 4);
      CHECK((std::isnan(want) || std::signbit(got) == std::signbit(want)));
    }
  CHECK(ptl_mod_f64(7, 2) == 1);
  CHECK(ptl_mod_f64(-7, 2) == 1);
  CHECK(ptl_mod_f64(7, -2) == -1);
  CHECK(std::isnan(ptl_mod_f64(1, 0)));
  CHECK(std::isnan(ptl_mod_f64(infinity, 2)));
  CHECK(ptl_mod_f64(5, infinity) == 5);
  CHECK(ptl_mod_f64(5, -infinity) == -infinity);
}

TEST_CASE("remainders are exact for any two numbers") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200000; ++i) {
    double a = fromBits(random()), b = fromBits(random());
    double want = std::fmod(a, b);
    if (want != 0 && (want < 0) != (b < 0))
      want += b;
    else if (want == 0)
      want = std::copysign(0.0, b);
    double got = ptl_mod_f64(a, b);
    bool same = got == want || (std::isnan(got) && std::isnan(want));
    if (!same)
      FAIL(a << " mod " << b << " = " << got << ", expected " << want);
  }
}

TEST_CASE("functions of f32 are rounded once") {
  std::mt19937 random(4);
  for (int i = 0; i < 200000; ++i) {
    float x = std::uniform_real_distribution<float>(-80, 80)(random);
    auto truth = static_cast<float>(std::exp(double(x)));
    CHECK(std::fabs(ptl_exp_f32(x) - truth) <=
          std::fabs(std::nextafter(truth, 2 * truth) - truth));
  }
  CHECK(ptl_round_f32(2.5f) == 2);
  CHECK(ptl_round_f32(3.5f) == 4);
  CHECK(std::signbit(ptl_round_f32(-0.3f)));
}
