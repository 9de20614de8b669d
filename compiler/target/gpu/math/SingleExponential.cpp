//===- SingleExponential.cpp - exp, log and their kin for f32 -------------===//
//
// Pure f32, so that kernels stay bound by memory: f64 is 2 to 64 times slower
// on GPUs, where it exists. Polynomials come from
// tools/scripts/fit-polynomial.py. Products that have to be exact are so by
// short constants, not by fused multiply-adds.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/Functions.h"
#include "compiler/target/gpu/math/Parts.h"

namespace polytile::gpu::math {

// ln 2 in two parts; the first has 15 bits, so that its products with exponents
// are exact.
static constexpr double ln2High = 0x1.62e4p-1;
static constexpr double ln2Low = 0x1.7f7d1cp-20;
static constexpr double log2e = 0x1.715476p+0;

namespace {
/// x = exponent * ln 2 + rest, |rest| <= 0.347.
struct Reduced {
  Int exponent;
  Float rest;
};
} // namespace

static Reduced reduceExp(Float x) {
  // After the addition the low bits of the sum are the exponent itself.
  double shift = 0x1.8p23;
  Float shifted = mulAdd(x, log2e, shift);
  Float whole = shifted - shift;
  Int exponent = bits(shifted) - bits(x.constant(shift));
  return {exponent, mulAdd(whole, -ln2Low, mulAdd(whole, -ln2High, x))};
}

/// exp(r) - 1 for |r| <= 0.347, to 2^-28.
static Float expm1Series(Float r) {
  Float p = polynomial(r, {0x1.6a23e4p-10, 0x1.123a0ap-7, 0x1.5558f2p-5,
                           0x1.555492p-3, 0x1.fffffcp-2});
  return mulAdd(r * r, p, r);
}

/// 1 ULP.
Float expSingle(Float x) {
  Reduced reduced = reduceExp(clamp(x, -106, 90));
  return scale(1.0 + expm1Series(reduced.rest), reduced.exponent);
}

/// x / y with an error of about 0.5 ULP where the device fuses multiply-adds,
/// for results and reciprocals of y that are normal.
static Float divideInside(Float x, Float y) {
  Float inverse = 1.0 / y;
  Float quotient = x * inverse;
  return fused(fused(-y, quotient, x), inverse, quotient);
}

/// 3 ULP. With E = e^(2|x|) - 1, which is computed without cancellation:
/// E / (E + 2). Beyond 10 that is 1.
Float tanhSingle(Float x) {
  Float magnitude = absolute(x);
  Float twice = select(magnitude > 10, 20, magnitude + magnitude);
  Reduced reduced = reduceExp(twice);
  Float power = powerOfTwo(reduced.exponent);
  Float grown = mulAdd(expm1Series(reduced.rest), power, power - 1.0);
  return signedAs(divideInside(grown, grown + 2.0), x);
}

/// 2 ULP. With E = e^|x| / 2: E - 1 / (4 E), halved before it can overflow.
Float sinhSingle(Float x) {
  Float magnitude = absolute(x), z = x * x;
  Float p = polynomial(
      z, {0x1.7a15b8p-19, 0x1.9ffe92p-13, 0x1.111134p-7, 0x1.555556p-3});
  Float small = mulAdd(magnitude * z, p, magnitude);
  Float clamped = select(magnitude > 90, 90, magnitude); // NaN passes
  Reduced reduced = reduceExp(clamped);
  Float grown = scale(1.0 + expm1Series(reduced.rest), reduced.exponent - 1);
  Float large = grown - 0.25 / grown;
  return signedAs(select(magnitude < 1, small, large), x);
}

/// 2 ULP.
Float coshSingle(Float x) {
  Float magnitude = absolute(x);
  Float clamped = select(magnitude > 90, 90, magnitude);
  Reduced reduced = reduceExp(clamped);
  Float grown = scale(1.0 + expm1Series(reduced.rest), reduced.exponent - 1);
  return grown + 0.25 / grown;
}

//===----------------------------------------------------------------------===//
// Logarithm and power
//===----------------------------------------------------------------------===//

namespace {
/// x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)).
struct Split {
  Float mantissa, exponent;
};
} // namespace

/// For finite positive x. Denormals are counted as integers, so they needn't be
/// kept by the device's arithmetic.
static Split splitExponent(Float x) {
  Int pattern = bits(x);
  Bool tiny = pattern < 0x00800000;
  Int scaled = select(tiny, bits(toFloat(pattern)), pattern);
  // Counted from sqrt(1/2), whose bits are 0x3f3504f3.
  Int exponent = shiftSigned(scaled - 0x3f3504f3, 23);
  Float mantissa = fromBits(scaled - (exponent << 23));
  // A denormal is its pattern times 2^-149.
  return {mantissa, toFloat(select(tiny, exponent - 149, exponent))};
}

static Float logEdges(Float result, Float x) {
  result = select(x == infinity, infinity, result);
  Bool zero = withoutSign(bits(x)) == 0;
  result = select(zero, -infinity, result);
  // Of negative numbers, denormals among them, and of NaN there is none.
  Int pattern = bits(x);
  Bool outside = pattern > 0x7f800000 && !zero;
  return select(outside, notANumber, result);
}

/// 1 ULP.
Float logSingle(Float x) {
  Split split = splitExponent(x);
  Float f = split.mantissa - 1.0;
  Float p = polynomial(f, {0x1.144224p-4, -0x1.de3354p-4, 0x1.e6f4d6p-4,
                           -0x1.fc23bep-4, 0x1.23374p-3, -0x1.555c4p-3,
                           0x1.99a4b6p-3, -0x1.000006p-2, 0x1.555548p-2});
  Float square = f * f;
  Float small = mulAdd(square * f, p, split.exponent * ln2Low);
  small = mulAdd(square, -0.5, small);
  Pair head = sum(split.exponent * ln2High, f);
  return logEdges(head.high + (head.low + small), x);
}

/// log(x) with a relative error of about 2^-40, for finite positive x. The
/// first two terms of 2 artanh(s) and s itself are pairs.
static Pair logPair(Float x) {
  Split split = splitExponent(x);
  Float f = split.mantissa - 1.0;
  Pair denominator = sum(x.constant(2), f);
  Float inverse = 1.0 / denominator.high;
  Float s = f * inverse;
  Pair back = product(s, denominator.high);
  Float rest = ((f - back.high) - back.low - s * denominator.low) * inverse;
  Pair square = product(s, s), cube = product(square.high, s);
  double twoThirds = 0x1.555556p-1, twoThirdsLow = -0x1.555556p-26;
  Pair second = product(cube.high, x.constant(twoThirds));
  Float secondLow = second.low + cube.high * twoThirdsLow +
                    (cube.low + square.low * s) * twoThirds;
  Float p = polynomial(square.high, {0x1.8ed7e4p-3, 0x1.c6574ep-3,
                                     0x1.249378p-2, 0x1.999998p-2});
  Float tail = s * (p * square.high * square.high);
  Pair series = sum(2.0 * s, second.high);
  Float seriesLow =
      series.low + (secondLow + tail + 2.0 * rest * (1.0 + square.high));
  Pair whole = sum(split.exponent * ln2High, series.high);
  return sum(whole.high, whole.low + (seriesLow + split.exponent * ln2Low));
}

/// pow of finite positive x.
static Float powPositive(Float x, Float y) {
  Pair log = logPair(x);
  Float bounded = clamp(y, -0x1p100, 0x1p100); // long overflowed beyond
  Pair exponent = product(log.high, bounded);
  Float low = exponent.low + log.low * bounded;
  Float head = clamp(exponent.high, -106, 90);
  low = select(head == exponent.high, low, 0);
  Reduced reduced = reduceExp(head);
  return scale(1.0 + expm1Series(reduced.rest + low), reduced.exponent);
}

/// 1.5 ULP.
Float powSingle(Float x, Float y) {
  Float exponent = absolute(y);
  Bool isHuge = exponent >= 0x1p24; // whole and even
  Int whole = toInt(select(isHuge || isNaN(y), 0, exponent));
  Bool isWhole = isHuge || toFloat(whole) == exponent;
  Bool isOdd = (whole & 1) == 1 && isWhole;
  Int pattern = withoutSign(bits(x));
  Bool isOrdinary = pattern != 0 && pattern < 0x7f800000;
  Float magnitude = select(isOrdinary, fromBits(pattern), 1);
  return powEdges(x, y, powPositive(magnitude, y), isWhole, isOdd);
}

} // namespace polytile::gpu::math
