//===- SingleTrigonometry.cpp - sin, atan and their kin for f32 -----------===//
//
// Exact for every finite argument: arguments below 6400 are reduced with pi/2
// in pieces of 12 bits, whose products with the multiple are exact; the others,
// in a branch that kernels hardly ever take, with as many bits of 2/pi as they
// need. Reduced arguments are pairs.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/Functions.h"
#include "compiler/target/gpu/math/Parts.h"

#include <iterator>

namespace polytile::gpu::math {

// pi/2, rounded, and the rest of it.
static constexpr double halfPiHigh = 0x1.921fb6p+0;
static constexpr double halfPiLow = -0x1.777a5cp-25;

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

/// W. J. Cody and W. Waite (1980). For |x| <= 6400: the multiple has 12 bits.
static Angle reduceSmallAngle(Float x) {
  double shift = 0x1.8p23;
  Float shifted = mulAdd(x, 0x1.45f306p-1, shift);
  Float multiple = shifted - shift;
  Float rest = (x - multiple * 0x1.92p+0) - multiple * 0x1.fb4p-12;
  Pair third = sum(rest, -(multiple * 0x1.444p-24));
  Float low = (third.low - multiple * 0x1.68cp-39) - multiple * 0x1.1a6264p-54;
  return {bits(shifted), sum(third.high, low)};
}

/// The upper 32 bits of a * b, for a below 2^24.
static Int productHigh(Int a, Int b) {
  Int a0 = a & 0xffff, a1 = a >> 16, b0 = b & 0xffff, b1 = b >> 16;
  Int first = a1 * b0, second = a0 * b1;
  Int middle = (a0 * b0 >> 16) + (first & 0xffff) + (second & 0xffff);
  return a1 * b1 + (first >> 16) + (second >> 16) + (middle >> 16);
}

/// M. H. Payne and R. N. Hanek (1983): of the product of the mantissa with 2/pi
/// only the bits around the binary point are computed: those above are
/// multiples of whole turns. For finite |x| >= 4096.
static Angle reduceLargeAngle(Float x) {
  // The bits of 2/pi after the binary point, behind 32 zeros.
  static constexpr uint32_t twoOverPi[] = {0,          0xa2f9836e, 0x4e441529,
                                           0xfc2757d1, 0xf534ddc0, 0xdb629599,
                                           0x3c439041, 0xfe5163ab};
  Int pattern = withoutSign(bits(x));
  Int mantissa = (pattern & 0x7fffff) | 0x800000;
  // x = mantissa * 2^exponent, exponent = (pattern >> 23) - 150. A bit of 2/pi
  // of weight 2^-j counts when exponent - j < 2; the first such bit lies at
  // this place of the table:
  Int place = (pattern >> 23) - (150 + 2 - 32);
  Int word = place >> 5, shift = place & 31;
  auto wordAt = [&](unsigned offset) {
    Int value = pattern.constant(twoOverPi[offset]);
    for (unsigned i = 1; i + offset < std::size(twoOverPi) && i < 5; ++i)
      value = select(word == i, twoOverPi[i + offset], value);
    return value;
  };
  Int words[] = {wordAt(0), wordAt(1), wordAt(2), wordAt(3)};
  auto take = [&](unsigned i) { // shifts stay below 32
    return (words[i] << shift) | (words[i + 1] >> 1 >> (31 - shift));
  };
  Int second = take(1);
  Int middle = mantissa * second, upper = productHigh(mantissa, take(2));
  middle = middle + upper;
  Int carry = select(middle < upper, 1, middle.constant(0));
  Int high = mantissa * take(0) + productHigh(mantissa, second) + carry;
  // high : middle is x * 2/pi in units of 2^-62, modulo 4.
  Int fraction = (high << 2) | (middle >> 30), low = middle << 2;
  Bool upperHalf = fraction >= int64_t(1) << 31;
  Int quadrant = (high >> 30) + (fraction >> 31);
  fraction = select(upperHalf, fraction ^ int64_t(-1), fraction);
  low = select(upperHalf, low ^ int64_t(-1), low);
  // 62 bits in three floats; where the first is 0 the others are enough.
  Int rest = ((fraction & 0x7f) << 24) | (low >> 8);
  Pair turn = sumOrdered(toFloat(fraction & int64_t(~0x7f)) * 0x1p-32,
                         toFloat(rest & int64_t(~0x7f)) * 0x1p-56);
  turn.low = turn.low + toFloat(rest & 0x7f) * 0x1p-56;
  Pair exact = product(turn.high, x.constant(halfPiHigh));
  Pair angle = sum(exact.high,
                   exact.low + (turn.high * halfPiLow + turn.low * halfPiHigh));
  Bool isNegative = x < 0, isBelow = isNegative == upperHalf;
  quadrant = select(isNegative, -quadrant, quadrant);
  return {quadrant,
          {select(isBelow, angle.high, -angle.high),
           select(isBelow, angle.low, -angle.low)}};
}

static Angle reduceAngle(Float x) {
  return branch(
      absolute(x) < 6400, [&] { return reduceSmallAngle(x); },
      [&] { return reduceLargeAngle(x); });
}

/// sin(high + low) for |high| <= pi/4, as a first part and what is to be added.
static Pair sineSeries(Pair r) {
  Float z = r.high * r.high;
  Float p = polynomial(
      z, {0x1.6cd1f2p-19, -0x1.a00f8p-13, 0x1.111108p-7, -0x1.555556p-3});
  return {r.high, mulAdd(r.high * z, p, r.low * (1.0 - 0.5 * z))};
}

/// cos(high + low) in the same way.
static Pair cosineSeries(Pair r) {
  Float z = r.high * r.high;
  Float p = polynomial(
      z, {-0x1.241e9cp-22, 0x1.a010dep-16, -0x1.6c16b8p-10, 0x1.555556p-5});
  Float half = 0.5 * z, head = 1.0 - half;
  return {head, ((1.0 - head) - half) + (z * z * p - r.high * r.low)};
}

/// sin(x + quarters * pi/2).
static Float sineOfQuarter(Float x, int64_t quarters) {
  Angle angle = reduceAngle(x);
  Int quadrant = angle.quadrant + quarters;
  Pair sine = sineSeries(angle.rest), cosine = cosineSeries(angle.rest);
  Bool isOdd = (quadrant & 1) == 1;
  Float value = select(isOdd, cosine.high, sine.high) +
                select(isOdd, cosine.low, sine.low);
  // The second bit of the quadrant is the sign.
  value = fromBits(bits(value) ^ ((quadrant & 2) << 30));
  return select(absolute(x) < infinity, value, notANumber);
}

/// 1 ULP.
Float sinSingle(Float x) {
  return select(withoutSign(bits(x)) == 0, x, sineOfQuarter(x, 0));
}
/// 1 ULP.
Float cosSingle(Float x) { return sineOfQuarter(x, 1); }

/// 1 ULP: the quotient of pairs.
Float tanSingle(Float x) {
  Angle angle = reduceAngle(x);
  Pair sine = sineSeries(angle.rest), cosine = cosineSeries(angle.rest);
  sine = sumOrdered(sine.high, sine.low);
  cosine = sumOrdered(cosine.high, cosine.low);
  Bool isOdd = (angle.quadrant & 1) == 1;
  Pair above = {select(isOdd, cosine.high, sine.high),
                select(isOdd, cosine.low, sine.low)};
  Pair below = {select(isOdd, -sine.high, cosine.high),
                select(isOdd, -sine.low, cosine.low)};
  Float inverse = 1.0 / below.high, quotient = above.high * inverse;
  Pair back = product(quotient, below.high);
  Float rest = ((above.high - back.high) - back.low) +
               (above.low - quotient * below.low);
  Float value = quotient + rest * inverse;
  value = select(absolute(x) < infinity, value, notANumber);
  return select(absolute(x) < 0x1p-40, x, value);
}

/// 1.5 ULP. By atan(t) = atan(c) + atan((t - c) / (1 + t c)) with c = 1 and
/// c = infinity the argument falls to 1/2 at most.
Float atanSingle(Float x) {
  Float magnitude = absolute(x);
  Float t = select(magnitude > 0x1p60, 0x1p60, magnitude); // NaN passes
  Bool middle = t > 0.5, outer = t > 2;
  Float above = select(outer, -1, select(middle, t - 1.0, t));
  Float below = select(outer, t, select(middle, t + 1.0, 1));
  Float inverse = 1.0 / below, quotient = above * inverse;
  Float r = fused(fused(-quotient, below, above), inverse, quotient);
  Float z = r * r;
  Float p = polynomial(z, {0x1.3d244p-5, -0x1.470022p-4, 0x1.c022d2p-4,
                           -0x1.244ab4p-3, 0x1.9996ecp-3, -0x1.555552p-2});
  Float none = x.constant(0);
  Float base =
      select(outer, halfPiHigh, select(middle, 0.5 * halfPiHigh, none));
  Float low = select(outer, halfPiLow, select(middle, 0.5 * halfPiLow, none));
  return signedAs(base + (r + mulAdd(r * z, p, low)), x);
}

namespace {
/// What asin and acos are made of: asin(|x|) = |x| + tail below 1/2; beyond,
/// acos(|x|) = 2 (root + tail), the root short enough to be doubled and
/// subtracted without error.
struct Arc {
  Float magnitude, root, tail;
  Bool isSmall;
};
} // namespace

static Arc makeArc(Float x) {
  Float magnitude = absolute(x);
  Bool isSmall = magnitude < 0.5;
  Float z = select(isSmall, x * x, 0.5 - 0.5 * magnitude);
  Float whole = select(isSmall, magnitude, squareRoot(select(z < 0, 0, z)));
  Float p = polynomial(z, {0x1.33554ep-5, 0x1.d92112p-7, 0x1.049186p-5,
                           0x1.6caed6p-5, 0x1.33387cp-4, 0x1.55554cp-3});
  Float series = whole * z * p;
  Float root = split(whole).high;
  Float rest = (z - root * root) / (whole + root);
  rest = select(whole == 0, 0, rest);
  return {magnitude, root, select(isSmall, series, series + rest), isSmall};
}

/// 1 ULP.
Float asinSingle(Float x) {
  Arc arc = makeArc(x);
  Float quarter = x.constant(0.5 * halfPiHigh);
  Float large =
      quarter + ((quarter - 2.0 * arc.root) - (2.0 * arc.tail - halfPiLow));
  Float value = select(arc.isSmall, arc.magnitude + arc.tail, large);
  return select(arc.magnitude <= 1, signedAs(value, x), notANumber);
}

/// 1 ULP.
Float acosSingle(Float x) {
  Arc arc = makeArc(x);
  Float signedTail = signedAs(arc.tail, x);
  Float middle = halfPiHigh - (x - (halfPiLow - signedTail));
  Float near = 2.0 * (arc.root + arc.tail);
  Float far = (x.constant(2 * halfPiHigh) - 2.0 * arc.root) -
              (2.0 * arc.tail - 2 * halfPiLow);
  Float value = select(arc.isSmall, middle, select(x > 0, near, far));
  return select(arc.magnitude <= 1, value, notANumber);
}

} // namespace polytile::gpu::math
