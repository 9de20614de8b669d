//===- DoubleTrigonometry.cpp - sin, atan and their kin for f64 -----------===//
//
// As for f32: exact reduction for every finite argument, to a pair.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/Functions.h"
#include "compiler/target/gpu/math/Parts.h"

#include <iterator>

namespace polytile::gpu::math {

// pi/2, rounded, and the rest of it.
static constexpr double halfPiHigh = 0x1.921fb54442d18p+0;
static constexpr double halfPiLow = 0x1.1a62633145c07p-54;

namespace {
/// x = (4n + quadrant) * pi/2 + rest, |rest| <= pi/4. Only the low two bits of
/// the quadrant count.
struct Angle {
  Int quadrant;
  Pair rest;
};
template <typename Callback> void visit(Angle &angle, Callback callback) {
  callback(angle.quadrant);
  visit(angle.rest, callback);
}
} // namespace

/// W. J. Cody and W. Waite (1980): the products of the multiple (at most 20
/// bits) with the first two parts of pi/2 are exact. For |x| <= 2^20.
static Angle reduceSmallAngle(Float x) {
  double shift = 0x1.8p52;
  Float shifted = x * (1 / halfPiHigh) + shift, multiple = shifted - shift;
  Float first = x - multiple * 0x1.921fb544p+0;
  Pair second = sum(first, -(multiple * 0x1.0b4611a6p-34));
  Float low = second.low - multiple * 0x1.3198a2e037073p-69;
  return {bits(shifted), sum(second.high, low)};
}

/// The upper 64 bits of a * b, for a below 2^53.
static Int productHigh(Int a, Int b) {
  int64_t half = 0xffffffff;
  Int a0 = a & half, a1 = a >> 32, b0 = b & half, b1 = b >> 32;
  Int first = a1 * b0, second = a0 * b1;
  Int middle = ((a0 * b0) >> 32) + (first & half) + (second & half);
  return a1 * b1 + (first >> 32) + (second >> 32) + (middle >> 32);
}

/// M. H. Payne and R. N. Hanek (1983): of the product of the mantissa with 2/pi
/// only the bits around the binary point are computed: those above are
/// multiples of whole turns. For finite |x| >= 2^20.
static Angle reduceLargeAngle(Float x) {
  // The bits of 2/pi after the binary point, behind 64 zeros.
  static constexpr uint64_t twoOverPi[] = {
      0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0,
      0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
      0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
      0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
      0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
      0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea,
      0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab};
  Int pattern = withoutSign(bits(x));
  int64_t leading = int64_t(1) << 52;
  Int mantissa = (pattern & (leading - 1)) | leading;
  // x = mantissa * 2^exponent, exponent = (pattern >> 52) - 1075. A bit of 2/pi
  // of weight 2^-j counts when exponent - j < 2; the first such bit lies at
  // this place of the table:
  Int place = (pattern >> 52) - (1075 + 2 - 64);
  Int word = place >> 6, shift = place & 63;
  auto wordAt = [&](unsigned offset) {
    Int value = pattern.constant(twoOverPi[offset]);
    for (unsigned i = 1; i + 3 < std::size(twoOverPi); ++i)
      value = select(word == i, twoOverPi[i + offset], value);
    return value;
  };
  Int words[] = {wordAt(0), wordAt(1), wordAt(2), wordAt(3)};
  auto take = [&](unsigned i) { // shifts stay below 64
    return (words[i] << shift) | (words[i + 1] >> 1 >> (63 - shift));
  };
  Int second = take(1);
  Int upper = productHigh(mantissa, take(2));
  Int middle = mantissa * second + upper;
  Int carry = select(middle < upper, 1, middle.constant(0));
  Int high = mantissa * take(0) + productHigh(mantissa, second) + carry;
  // high : middle is x * 2/pi in units of 2^-126, modulo 4.
  Int fraction = (high << 2) | (middle >> 62), fractionLow = middle << 2;
  Int quadrant = (high >> 62) + (fraction >> 63);
  Int top = shiftSigned(fraction, 11) << 11;
  Pair turn = {toFloat(top) * 0x1p-64,
               toFloat(fraction - top) * 0x1p-64 +
                   toFloat(fractionLow >> 11) * 0x1p-117};
  Pair exact = product(turn.high, x.constant(halfPiHigh));
  Pair angle = sum(exact.high,
                   exact.low + (turn.high * halfPiLow + turn.low * halfPiHigh));
  Bool isNegative = x < 0;
  return {select(isNegative, -quadrant, quadrant),
          {select(isNegative, -angle.high, angle.high),
           select(isNegative, -angle.low, angle.low)}};
}

static Angle reduceAngle(Float x) {
  return branch(
      absolute(x) < 0x1p20, [&] { return reduceSmallAngle(x); },
      [&] { return reduceLargeAngle(x); });
}

/// sin(high + low) for |high| <= pi/4: the series to r^17 / 17!.
static Float sineSeries(Pair r) {
  Float z = r.high * r.high;
  Float p = polynomial(z, {1.0 / 355687428096000, -1.0 / 1307674368000,
                           1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880,
                           -1.0 / 5040, 1.0 / 120, -1.0 / 6});
  return r.high + (r.high * z * p + r.low * (1.0 - 0.5 * z));
}

/// cos(high + low) for |high| <= pi/4: the series to r^18 / 18!.
static Float cosineSeries(Pair r) {
  Float z = r.high * r.high;
  Float p = polynomial(z, {-1.0 / 6402373705728000, 1.0 / 20922789888000,
                           -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800,
                           1.0 / 40320, -1.0 / 720, 1.0 / 24});
  Float half = 0.5 * z, head = 1.0 - half;
  return head + (((1.0 - head) - half) + (z * z * p - r.high * r.low));
}

/// sin(x + quarters * pi/2).
static Float sineOfQuarter(Float x, int64_t quarters) {
  Angle angle = reduceAngle(x);
  Int quadrant = angle.quadrant + quarters;
  Float value = select((quadrant & 1) == 1, cosineSeries(angle.rest),
                       sineSeries(angle.rest));
  // The second bit of the quadrant is the sign.
  value = fromBits(bits(value) ^ ((quadrant & 2) << 62));
  return select(absolute(x) < infinity, value, notANumber);
}

/// 1 ULP.
Float sinDouble(Float x) { return select(x == 0, x, sineOfQuarter(x, 0)); }
/// 1 ULP.
Float cosDouble(Float x) { return sineOfQuarter(x, 1); }

/// 3 ULP.
Float tanDouble(Float x) {
  Angle angle = reduceAngle(x);
  Float sine = sineSeries(angle.rest), cosine = cosineSeries(angle.rest);
  Bool isOdd = (angle.quadrant & 1) == 1;
  Float value = select(isOdd, -cosine, sine) / select(isOdd, sine, cosine);
  value = select(absolute(x) < infinity, value, notANumber);
  return select(x == 0, x, value);
}

/// The arctangent of x >= 0, infinity included. Two reductions by
/// atan(t) = atan(c) + atan((t - c) / (1 + t c)) bring the argument below
/// tan(pi/16) = 0.199, where the series to t^27 / 27 is enough.
static Float arctangent(Float x) {
  double c = 0x1.a827999fcef32p-2; // tan(pi/8)
  Bool inverted = x > 1;
  Float t = select(inverted, 1.0 / x, x);
  Bool upper = t > c;
  Float folded = select(upper, (t - 1.0) / (t + 1.0), t); // c = tan(pi/4) = 1
  Float magnitude = absolute(folded);
  Bool outer = magnitude > 0.198912367379658;
  Float r = select(outer, (magnitude - c) / (1.0 + magnitude * c), magnitude);
  Float z = r * r;
  Float p = polynomial(z, {-1.0 / 27, 1.0 / 25, -1.0 / 23, 1.0 / 21, -1.0 / 19,
                           1.0 / 17, -1.0 / 15, 1.0 / 13, -1.0 / 11, 1.0 / 9,
                           -1.0 / 7, 1.0 / 5, -1.0 / 3});
  Float tail = r * z * p;
  double eighth = 0.25 * halfPiHigh, eighthLow = 0.25 * halfPiLow;
  Float angle = select(outer, eighth + (r + (tail + eighthLow)), r + tail);
  angle = withSign(angle, folded);
  angle = select(upper, 2 * eighth + (angle + 2 * eighthLow), angle);
  return select(inverted, halfPiHigh - (angle - halfPiLow), angle);
}

/// 3 ULP.
Float atanDouble(Float x) { return withSign(arctangent(absolute(x)), x); }

/// 4 ULP: the angle opposite x in a triangle of hypotenuse 1.
Float asinDouble(Float x) {
  Float magnitude = absolute(x);
  Bool isInside = magnitude <= 1;
  Float square = (1.0 - magnitude) * (1.0 + magnitude);
  Float adjacent = squareRoot(select(isInside, square, 1));
  Float angle = arctangent(magnitude / adjacent);
  return select(isInside, withSign(angle, x), notANumber);
}

/// 4 ULP: half of it is the angle of tangent sqrt((1 - x) / (1 + x)).
Float acosDouble(Float x) {
  Bool isInside = absolute(x) <= 1;
  Float ratio = (1.0 - x) / (1.0 + x);
  Float angle = 2.0 * arctangent(squareRoot(select(isInside, ratio, 1)));
  return select(isInside, angle, notANumber);
}

} // namespace polytile::gpu::math
