//===- DoubleExponential.cpp - exp, log and their kin for f64 -------------===//
//
// Taylor series cut where the next term is below 2^-58 of the result: for f64,
// which few kernels use, the length of a polynomial matters less than being
// obviously right.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/Functions.h"
#include "compiler/target/gpu/math/Parts.h"

namespace polytile::gpu::math {

// ln 2 in two parts; the first has 32 bits, so that its products with
// exponents are exact.
static constexpr double ln2High = 0x1.62e42feep-1;
static constexpr double ln2Low = 0x1.a39ef35793c76p-33;
static constexpr double log2e = 0x1.71547652b82fep+0;

namespace {
/// x = exponent * ln 2 + rest, |rest| <= 0.35.
struct Reduced {
  Int exponent;
  Float rest;
};
} // namespace

static Reduced reduceExp(Float x) {
  // After the addition the low bits of the sum are the exponent itself.
  double shift = 0x1.8p52;
  Float shifted = x * log2e + shift, whole = shifted - shift;
  Int exponent = bits(shifted) - bits(x.constant(shift));
  return {exponent, (x - whole * ln2High) - whole * ln2Low};
}

/// exp(r) - 1 for |r| <= 0.35: the series to r^14 / 14!.
static Float expm1Series(Float r) {
  Float p =
      polynomial(r, {1.0 / 87178291200, 1.0 / 6227020800, 1.0 / 479001600,
                     1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                     1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5});
  return r + (r * r) * p;
}

/// 1 ULP.
Float expDouble(Float x) {
  Reduced reduced = reduceExp(clamp(x, -760, 720));
  return scale(1.0 + expm1Series(reduced.rest), reduced.exponent);
}

/// exp(x) - 1 without cancellation near 0, for 0 <= x <= 720. 2 ULP.
static Float expm1Positive(Float x) {
  Reduced reduced = reduceExp(x);
  Float grown = scale(expm1Series(reduced.rest), reduced.exponent);
  return grown + (scale(x.constant(1), reduced.exponent) - 1.0);
}

/// 3 ULP.
Float tanhDouble(Float x) {
  Float magnitude = absolute(x);
  Float clamped = select(magnitude > 20, 20, magnitude);
  Float grown = expm1Positive(2.0 * clamped);
  return signedAs(grown / (grown + 2.0), x);
}

/// 4 ULP. (e^m - e^-m) / 2 with E = e^m - 1 is (E + E / (E + 1)) / 2; where e^m
/// overflows though the result doesn't, it is (e^(m/2) / 2) * e^(m/2).
Float sinhDouble(Float x) {
  Float magnitude = absolute(x);
  Float grown = expm1Positive(select(magnitude > 700, 700, magnitude));
  Float small = 0.5 * (grown + grown / (grown + 1.0));
  Float root = expDouble(0.5 * magnitude);
  return signedAs(select(magnitude > 700, 0.5 * root * root, small), x);
}

/// 4 ULP.
Float coshDouble(Float x) {
  Float root = expDouble(0.5 * absolute(x));
  return 0.5 * root * root + 0.5 / root / root;
}

//===----------------------------------------------------------------------===//
// Logarithm
//===----------------------------------------------------------------------===//

namespace {
/// x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)).
struct Split {
  Float mantissa, exponent;
};
} // namespace

/// For finite positive x.
static Split splitExponent(Float x) {
  Bool tiny = x < 0x1p-1022;
  Int pattern = bits(select(tiny, x * 0x1p54, x));
  // Counted from sqrt(1/2), whose bits are 0x3fe6a09e667f3bcd.
  Int exponent = shiftSigned(pattern - 0x3fe6a09e667f3bcd, 52);
  Float mantissa = fromBits(pattern - (exponent << 52));
  return {mantissa, toFloat(select(tiny, exponent - 54, exponent))};
}

/// The terms of 2 artanh(s) = 2s + 2s^3/3 + s * tail(s^2) after the second, for
/// s^2 <= 0.0295: 2z^2/5 + 2z^3/7 + ... to z^11.
static Float artanhTail(Float z) {
  Float p = polynomial(z, {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15,
                           2.0 / 13, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5});
  return p * z * z;
}

/// 1 ULP. With f = mantissa - 1 and s = f / (2 + f): log(1 + f) = 2 artanh(s),
/// and 2s = f - s * f is summed last, after all that is smaller.
Float logDouble(Float x) {
  Split split = splitExponent(x);
  Float f = split.mantissa - 1.0, s = f / (2.0 + f);
  Float z = s * s, small = s * (artanhTail(z) + z * (2.0 / 3)) - s * f;
  Float result =
      split.exponent * ln2High + (f + (small + split.exponent * ln2Low));
  result = select(x == infinity, infinity, result);
  result = select(x == 0, -infinity, result);
  return select(x >= 0, result, notANumber);
}

//===----------------------------------------------------------------------===//
// Power
//===----------------------------------------------------------------------===//

/// log(x) with a relative error of about 2^-64, for finite positive x. The
/// first two terms of 2 artanh(s) and s itself are pairs.
static Pair logPair(Float x) {
  Split split = splitExponent(x);
  Float f = split.mantissa - 1.0;
  Pair denominator = sum(x.constant(2), f);
  Float s = f / denominator.high;
  Pair back = product(s, denominator.high);
  Float rest =
      ((f - back.high) - back.low - s * denominator.low) / denominator.high;
  Pair square = product(s, s), cube = product(square.high, s);
  double twoThirds = 2.0 / 3, twoThirdsLow = 0x1.5555555555555p-55;
  Pair second = product(cube.high, x.constant(twoThirds));
  Float secondLow = second.low + cube.high * twoThirdsLow +
                    (cube.low + square.low * s) * twoThirds;
  Pair series = sum(2.0 * s, second.high);
  Float seriesLow = series.low + (secondLow + s * artanhTail(square.high) +
                                  2.0 * rest * (1.0 + square.high));
  Pair whole = sum(split.exponent * ln2High, series.high);
  return sum(whole.high, whole.low + (seriesLow + split.exponent * ln2Low));
}

/// pow of finite positive x. exp(high + low) = exp(high) * (1 + low).
static Float powPositive(Float x, Float y) {
  Pair log = logPair(x);
  Float bounded = clamp(y, -0x1p500, 0x1p500); // long overflowed beyond
  Pair exponent = product(log.high, bounded);
  Float low = exponent.low + log.low * bounded;
  Float scaled = expDouble(exponent.high);
  return select(scaled == infinity, scaled, scaled + scaled * low);
}

/// 2 ULP.
Float powDouble(Float x, Float y) {
  Bool isWhole = roundOf(y) == y;
  Float halved = 0.5 * y;
  Bool isOdd = isWhole && roundOf(halved) != halved && absolute(y) < 0x1p53;
  Bool isOrdinary = absolute(x) != 0 && absolute(x) < infinity;
  Float magnitude = select(isOrdinary, absolute(x), 1);
  return powEdges(x, y, powPositive(magnitude, y), isWhole, isOdd);
}

} // namespace polytile::gpu::math
