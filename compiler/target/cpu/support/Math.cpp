//===- Math.cpp - Functions of floating-point numbers for CPU kernels -----===//
//
// Compiled to LLVM bitcode when the compiler is built, linked into every module
// of kernels before optimisation, and inlined there. Freestanding: it includes
// nothing and calls nothing. What has no loop and no call in it is vectorised
// together with the loop that it is inlined into.
//
// Functions of f64 have the bounds stated beside them, in units in the last
// place (ULP), measured by test/unit/cpu. Functions of f32 are computed in f64
// and rounded once: 0.51 ULP, except where stated.
//
// Only textbook mathematics stands here: argument reduction, and Taylor series
// cut where the next term is below 2^-58 of the result. Contraction to fused
// multiply-adds is allowed (`fp contract(fast)`) except where a sequence is
// exact by construction (`fp contract(off)`).
//
//===----------------------------------------------------------------------===//

using u32 = unsigned;
using u64 = unsigned long long;
using i64 = long long;
using u128 = unsigned __int128;

#define PTL_MATH extern "C" __attribute__((always_inline))

static constexpr double infinity = __builtin_inf();
static constexpr double notANumber = __builtin_nan("");

static inline __attribute__((always_inline)) u64 bitsOf(double x) {
  return __builtin_bit_cast(u64, x);
}
static inline __attribute__((always_inline)) double fromBits(u64 bits) {
  return __builtin_bit_cast(double, bits);
}
static inline __attribute__((always_inline)) double absolute(double x) {
  return fromBits(bitsOf(x) & ~(1ull << 63));
}
static inline __attribute__((always_inline)) double withSign(double magnitude,
                                                             double sign) {
  return fromBits((bitsOf(magnitude) & ~(1ull << 63)) |
                  (bitsOf(sign) & (1ull << 63)));
}
static inline __attribute__((always_inline)) bool isNaN(double x) {
  return x != x;
}

//===----------------------------------------------------------------------===//
// Whole numbers
//===----------------------------------------------------------------------===//

/// The nearest whole number, halves to even. Adding 2^52 leaves no room for a
/// fraction. Exact.
PTL_MATH double ptl_round_f64(double x) {
#pragma clang fp contract(off) reassociate(off)
  double magnitude = absolute(x), shift = 0x1p52;
  double rounded = (magnitude + shift) - shift;
  return magnitude < shift ? withSign(rounded, x) : x;
}

PTL_MATH double ptl_floor_f64(double x) {
  double whole = ptl_round_f64(x);
  return withSign(whole > x ? whole - 1 : whole, x);
}

PTL_MATH double ptl_ceil_f64(double x) {
  double whole = ptl_round_f64(x);
  return withSign(whole < x ? whole + 1 : whole, x);
}

//===----------------------------------------------------------------------===//
// Exponentials
//===----------------------------------------------------------------------===//

// ln 2 in two parts; the first has 32 bits, so that its products with
// exponents are exact.
static constexpr double ln2High = 0x1.62e42feep-1;
static constexpr double ln2Low = 0x1.a39ef35793c76p-33;
static constexpr double log2e = 0x1.71547652b82fep+0;

/// x = exponent * ln 2 + rest, |rest| <= 0.35.
struct Reduced {
  i64 exponent;
  double rest;
};

static inline __attribute__((always_inline)) Reduced reduceExp(double x) {
  // After the addition the low bits of the sum are the exponent itself.
  double shift = 0x1.8p52, shifted = x * log2e + shift;
  double whole = shifted - shift;
  i64 exponent =
      static_cast<i64>(bitsOf(shifted)) - static_cast<i64>(bitsOf(shift));
  return {exponent, (x - whole * ln2High) - whole * ln2Low};
}

/// exp(r) - 1 for |r| <= 0.35: the Taylor series to r^14 / 14!.
static inline __attribute__((always_inline)) double expm1Series(double r) {
#pragma clang fp contract(fast)
  double p = 1.0 / 87178291200;
  p = p * r + 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  return r + (r * r) * p;
}

static inline __attribute__((always_inline)) double powerOfTwo(i64 exponent) {
  return fromBits(static_cast<u64>(exponent + 1023) << 52);
}

/// Overflow and underflow happen in the last two products, so results below
/// the normal range are rounded once, and those beyond it are infinite.
static inline __attribute__((always_inline)) double exponential(double x) {
  double clamped = x > 720 ? 720 : x; // NaN passes
  clamped = clamped < -760 ? -760 : clamped;
  Reduced reduced = reduceExp(clamped);
  i64 half = reduced.exponent >> 1;
  return (1 + expm1Series(reduced.rest)) * powerOfTwo(half) *
         powerOfTwo(reduced.exponent - half);
}

/// 1 ULP.
PTL_MATH double ptl_exp_f64(double x) { return exponential(x); }

/// exp(x) - 1 without cancellation near 0, for 0 <= x <= 720. 2 ULP.
static inline __attribute__((always_inline)) double expm1Positive(double x) {
  Reduced reduced = reduceExp(x);
  i64 half = reduced.exponent >> 1;
  double first = powerOfTwo(half);
  double second = powerOfTwo(reduced.exponent - half);
  double grown = expm1Series(reduced.rest) * first * second;
  return grown + (first * second - 1);
}

/// 3 ULP.
PTL_MATH double ptl_tanh_f64(double x) {
  double magnitude = absolute(x);
  double clamped = magnitude > 20 ? 20 : magnitude;
  double grown = expm1Positive(2 * clamped);
  return withSign(grown / (grown + 2), x);
}

/// 4 ULP. (e^m - e^-m) / 2 with E = e^m - 1 is (E + E / (E + 1)) / 2; where e^m
/// overflows though the result doesn't, it is (e^(m/2) / 2) * e^(m/2).
PTL_MATH double ptl_sinh_f64(double x) {
  double magnitude = absolute(x);
  double grown = expm1Positive(magnitude > 700 ? 700 : magnitude);
  double small = 0.5 * (grown + grown / (grown + 1));
  double root = exponential(0.5 * magnitude);
  return withSign(magnitude > 700 ? 0.5 * root * root : small, x);
}

/// 4 ULP.
PTL_MATH double ptl_cosh_f64(double x) {
  double root = exponential(0.5 * absolute(x));
  return 0.5 * root * root + 0.5 / root / root;
}

//===----------------------------------------------------------------------===//
// Logarithm
//===----------------------------------------------------------------------===//

/// x = mantissa * 2^exponent with the mantissa in [sqrt(1/2), sqrt(2)), for
/// finite positive x.
struct Split {
  double mantissa, exponent;
};

static inline __attribute__((always_inline)) Split splitExponent(double x) {
  bool tiny = x < 0x1p-1022;
  u64 bits = bitsOf(tiny ? x * 0x1p54 : x);
  // Counted from sqrt(1/2), whose bits are 0x3fe6a09e667f3bcd.
  u64 offset = bits - 0x3fe6a09e667f3bcdull;
  i64 exponent = static_cast<i64>(offset) >> 52;
  double mantissa = fromBits(bits - (static_cast<u64>(exponent) << 52));
  // A conversion that every x86-64 vectorises: the low bits of 2^52 + 2^51.
  double whole =
      fromBits(bitsOf(0x1.8p52) + static_cast<u64>(exponent)) - 0x1.8p52;
  return {mantissa, tiny ? whole - 54 : whole};
}

/// The terms of 2 artanh(s) = 2s + 2s^3/3 + s * tail(s^2) after the second, for
/// s^2 <= 0.0295: 2z^2/5 + 2z^3/7 + ... to z^11.
static inline __attribute__((always_inline)) double artanhTail(double z) {
#pragma clang fp contract(fast)
  double p = 2.0 / 23;
  p = p * z + 2.0 / 21;
  p = p * z + 2.0 / 19;
  p = p * z + 2.0 / 17;
  p = p * z + 2.0 / 15;
  p = p * z + 2.0 / 13;
  p = p * z + 2.0 / 11;
  p = p * z + 2.0 / 9;
  p = p * z + 2.0 / 7;
  p = p * z + 2.0 / 5;
  return p * z * z;
}

static inline __attribute__((always_inline)) double logEdges(double result,
                                                             double x) {
  result = x == infinity ? infinity : result;
  result = x == 0 ? -infinity : result;
  return x >= 0 ? result : notANumber;
}

/// 1 ULP. With f = mantissa - 1 and s = f / (2 + f): log(1 + f) = 2 artanh(s),
/// and 2s = f - s * f is summed last, after all that is smaller.
PTL_MATH double ptl_log_f64(double x) {
  Split split = splitExponent(x);
  double f = split.mantissa - 1, s = f / (2 + f);
  double z = s * s, small = s * (artanhTail(z) + z * (2.0 / 3)) - s * f;
  double result =
      split.exponent * ln2High + (f + (small + split.exponent * ln2Low));
  return logEdges(result, x);
}

//===----------------------------------------------------------------------===//
// Power
//===----------------------------------------------------------------------===//

/// An unevaluated sum, the second part below the last place of the first.
struct Pair {
  double high, low;
};

static inline __attribute__((always_inline)) Pair sum(double a, double b) {
#pragma clang fp contract(off) reassociate(off)
  double total = a + b, rest = total - a;
  return {total, (a - (total - rest)) + (b - rest)};
}

/// The exact product (T. J. Dekker, 1971).
static inline __attribute__((always_inline)) Pair product(double a, double b) {
#pragma clang fp contract(off) reassociate(off)
  double scaledA = a * 134217729.0, scaledB = b * 134217729.0;
  double highA = scaledA - (scaledA - a), lowA = a - highA;
  double highB = scaledB - (scaledB - b), lowB = b - highB;
  double total = a * b;
  return {total, ((highA * highB - total) + highA * lowB + lowA * highB) +
                     lowA * lowB};
}

/// log(x) with a relative error of about 2^-64, for finite positive x. The
/// first two terms of 2 artanh(s) and s itself are pairs.
static inline __attribute__((always_inline)) Pair logPair(double x) {
#pragma clang fp contract(off) reassociate(off)
  Split split = splitExponent(x);
  double f = split.mantissa - 1;
  Pair denominator = sum(2.0, f);
  double s = f / denominator.high;
  Pair back = product(s, denominator.high);
  double rest =
      ((f - back.high) - back.low - s * denominator.low) / denominator.high;
  Pair square = product(s, s), cube = product(square.high, s);
  constexpr double twoThirds = 2.0 / 3, twoThirdsLow = 0x1.5555555555555p-55;
  Pair second = product(cube.high, twoThirds);
  double secondLow = second.low + cube.high * twoThirdsLow +
                     (cube.low + square.low * s) * twoThirds;
  Pair series = sum(2 * s, second.high);
  double seriesLow = series.low + (secondLow + s * artanhTail(square.high) +
                                   2 * rest * (1 + square.high));
  Pair whole = sum(split.exponent * ln2High, series.high);
  return sum(whole.high, whole.low + (seriesLow + split.exponent * ln2Low));
}

/// pow of finite positive x. exp(high + low) = exp(high) * (1 + low).
static inline __attribute__((always_inline)) double powPositive(double x,
                                                                double y) {
  Pair log = logPair(x);
  double bound = 0x1p500; // beyond it the result has long overflowed
  double clamped = y > bound ? bound : y;
  clamped = clamped < -bound ? -bound : clamped;
  Pair exponent = product(log.high, clamped);
  double low = exponent.low + log.low * clamped;
  double scaled = exponential(exponent.high);
  return scaled == infinity ? scaled : scaled + scaled * low;
}

/// 2 ULP.
/// The edges are those of IEEE 754's pow.
PTL_MATH double ptl_pow_f64(double x, double y) {
  double magnitude = absolute(x);
  double halved = 0.5 * y;
  bool whole = ptl_round_f64(y) == y;
  bool odd = whole && ptl_round_f64(halved) != halved && absolute(y) < 0x1p53;
  bool zero = magnitude == 0, unbounded = magnitude == infinity;
  double result = powPositive(zero || unbounded ? 1 : magnitude, y);
  result = zero ? (y < 0 ? infinity : 0.0) : result;
  result = unbounded ? (y < 0 ? 0.0 : infinity) : result;
  if (absolute(y) == infinity)
    result = magnitude == 1 ? 1 : ((magnitude > 1) == (y > 0) ? infinity : 0.0);
  bool negative = bitsOf(x) >> 63;
  result = negative && !zero && !unbounded && !whole ? notANumber : result;
  result = negative && odd ? -result : result;
  result = isNaN(x) || isNaN(y) ? notANumber : result;
  return y == 0 || x == 1 ? 1 : result;
}

//===----------------------------------------------------------------------===//
// Remainder
//===----------------------------------------------------------------------===//

/// |a| mod |b| for finite a and b, b != 0, exactly: long division of the
/// mantissas, eleven bits a step.
static double remainderOf(double a, double b) {
  auto parts = [](double x, i64 &exponent) -> u64 {
    u64 bits = bitsOf(x) & ~(1ull << 63);
    exponent = static_cast<i64>(bits >> 52);
    u64 mantissa = bits & ((1ull << 52) - 1);
    if (exponent == 0) {
      exponent = 1;
      return mantissa;
    }
    return mantissa | (1ull << 52);
  };
  i64 exponentA, exponentB;
  u64 mantissaA = parts(a, exponentA), mantissaB = parts(b, exponentB);
  if (exponentA < exponentB)
    return absolute(a);
  u64 rest = mantissaA % mantissaB;
  for (i64 left = exponentA - exponentB; left > 0 && rest != 0; left -= 11)
    rest = (rest << (left < 11 ? left : 11)) % mantissaB;
  if (rest == 0)
    return 0;
  i64 shift = __builtin_clzll(rest) - 11;
  shift = shift < exponentB - 1 ? shift : exponentB - 1;
  rest <<= shift;
  i64 exponent = exponentB - shift;
  bool normal = rest >> 52;
  return fromBits(normal ? (rest & ((1ull << 52) - 1)) |
                               (static_cast<u64>(exponent) << 52)
                         : rest);
}

/// The remainder of the flooring division, with the divisor's sign. Exact
/// before the sign is adjusted by one addition.
PTL_MATH double ptl_mod_f64(double a, double b) {
  if (isNaN(a) || isNaN(b) || absolute(a) == infinity || b == 0)
    return notANumber;
  double rest = absolute(b) == infinity ? absolute(a) : remainderOf(a, b);
  if (rest == 0)
    return withSign(0.0, b);
  rest = withSign(rest, a);
  return (rest < 0) == (b < 0) ? rest : rest + b;
}

//===----------------------------------------------------------------------===//
// Trigonometric functions
//===----------------------------------------------------------------------===//

// The bits of 2 / pi after the binary point, behind 64 zeros.
static constexpr u64 twoOverPi[] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0,
    0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484,
    0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
    0x0000000000000000};

// pi / 2 in three parts, the first two of 33 bits.
static constexpr double halfPi1 = 0x1.921fb544p+0;
static constexpr double halfPi2 = 0x1.0b4611a6p-34;
static constexpr double halfPi3 = 0x1.3198a2e037073p-69;
static constexpr double halfPiHigh = 0x1.921fb54442d18p+0;
static constexpr double halfPiLow = 0x1.1a62633145c07p-54;

/// x = (4n + quadrant) * pi/2 + rest, |rest| <= pi/4.
struct Angle {
  u32 quadrant;
  Pair rest;
};

/// W. J. Cody and W. Waite (1980): the products of the multiple (at most 20
/// bits) with the first two parts are exact. For |x| <= 2^20.
static Angle reduceSmallAngle(double x) {
#pragma clang fp contract(off) reassociate(off)
  double shift = 0x1.8p52, shifted = x * (1 / halfPiHigh) + shift;
  double multiple = shifted - shift;
  double first = x - multiple * halfPi1;
  Pair second = sum(first, -(multiple * halfPi2));
  return {static_cast<u32>(bitsOf(shifted)) & 3,
          sum(second.high, second.low - multiple * halfPi3)};
}

/// M. H. Payne and R. N. Hanek (1983): of the product of the mantissa with 2/pi
/// only the bits around the binary point are computed: those above are
/// multiples of whole turns. For finite |x| >= 2^20.
static Angle reduceLargeAngle(double x) {
  u64 bits = bitsOf(x);
  i64 exponent = static_cast<i64>(bits >> 52 & 0x7ff) - 1075;
  u64 mantissa = (bits & ((1ull << 52) - 1)) | (1ull << 52);
  // x = mantissa * 2^exponent. A bit of 2/pi of weight 2^-j counts when
  // exponent - j < 2; the first such bit lies at this place of the table:
  u64 place = static_cast<u64>(exponent - 2 + 64);
  const u64 *word = twoOverPi + place / 64;
  unsigned shift = place % 64;
  auto take = [&](int i) {
    return shift ? word[i] << shift | word[i + 1] >> (64 - shift) : word[i];
  };
  u128 low = static_cast<u128>(mantissa) * take(2);
  u128 middle = static_cast<u128>(mantissa) * take(1) + (low >> 64);
  u64 high = mantissa * take(0) + static_cast<u64>(middle >> 64);
  // high : middle is x * 2/pi in units of 2^-126, modulo 4.
  u64 fraction = high << 2 | static_cast<u64>(middle) >> 62;
  u64 fractionLow = static_cast<u64>(middle) << 2;
  u32 quadrant = static_cast<u32>(high >> 62) + (fraction >> 63);
  i64 signedFraction = static_cast<i64>(fraction);
  i64 top = signedFraction >> 11 << 11;
  double turn = static_cast<double>(top) * 0x1p-64;
  double turnLow = static_cast<double>(signedFraction - top) * 0x1p-64 +
                   static_cast<double>(fractionLow >> 11) * 0x1p-117;
  Pair exact = product(turn, halfPiHigh);
  double rest = exact.low + (turn * halfPiLow + turnLow * halfPiHigh);
  Pair angle = sum(exact.high, rest);
  bool negative = bits >> 63;
  return {negative ? (4 - quadrant) & 3 : quadrant & 3,
          negative ? Pair{-angle.high, -angle.low} : angle};
}

static inline __attribute__((always_inline)) Angle reduceAngle(double x) {
  return absolute(x) < 0x1p20 ? reduceSmallAngle(x) : reduceLargeAngle(x);
}

/// sin(high + low) for |high| <= pi/4: the series to r^17 / 17!.
static double sineSeries(Pair r) {
#pragma clang fp contract(fast)
  double z = r.high * r.high;
  double p = 1.0 / 355687428096000;
  p = p * z - 1.0 / 1307674368000;
  p = p * z + 1.0 / 6227020800;
  p = p * z - 1.0 / 39916800;
  p = p * z + 1.0 / 362880;
  p = p * z - 1.0 / 5040;
  p = p * z + 1.0 / 120;
  p = p * z - 1.0 / 6;
  return r.high + (r.high * z * p + r.low * (1 - 0.5 * z));
}

/// cos(high + low) for |high| <= pi/4: the series to r^18 / 18!.
static double cosineSeries(Pair r) {
#pragma clang fp contract(off) reassociate(off)
  double z = r.high * r.high;
  double p = -1.0 / 6402373705728000;
  p = p * z + 1.0 / 20922789888000;
  p = p * z - 1.0 / 87178291200;
  p = p * z + 1.0 / 479001600;
  p = p * z - 1.0 / 3628800;
  p = p * z + 1.0 / 40320;
  p = p * z - 1.0 / 720;
  p = p * z + 1.0 / 24;
  double half = 0.5 * z, head = 1 - half;
  return head + (((1 - head) - half) + (z * z * p - r.high * r.low));
}

/// sin(x + quarters * pi/2).
static double sineOfQuarter(double x, u32 quarters) {
  if (!(absolute(x) < infinity))
    return notANumber;
  Angle angle = reduceAngle(x);
  u32 quadrant = angle.quadrant + quarters;
  double value =
      quadrant & 1 ? cosineSeries(angle.rest) : sineSeries(angle.rest);
  return quadrant & 2 ? -value : value;
}

/// 1 ULP for every finite argument.
PTL_MATH double ptl_sin_f64(double x) {
  return x == 0 ? x : sineOfQuarter(x, 0);
}
PTL_MATH double ptl_cos_f64(double x) { return sineOfQuarter(x, 1); }

/// 3 ULP for every finite argument.
PTL_MATH double ptl_tan_f64(double x) {
  if (!(absolute(x) < infinity))
    return notANumber;
  if (x == 0)
    return x;
  Angle angle = reduceAngle(x);
  double sine = sineSeries(angle.rest), cosine = cosineSeries(angle.rest);
  return angle.quadrant & 1 ? -cosine / sine : sine / cosine;
}

/// The arctangent of x >= 0, infinity included. Two reductions by
/// atan(t) = atan(c) + atan((t - c) / (1 + t c)) bring the argument below
/// tan(pi/16) = 0.199, where the series to t^27 / 27 is enough.
static inline __attribute__((always_inline)) double arctangent(double x) {
#pragma clang fp contract(fast)
  constexpr double c = 0x1.a827999fcef32p-2; // tan(pi/8)
  bool inverted = x > 1;
  double t = inverted ? 1 / x : x;
  bool upper = t > c;
  double folded = upper ? (t - 1) / (t + 1) : t; // c = tan(pi/4) = 1
  double magnitude = absolute(folded);
  bool outer = magnitude > 0.198912367379658;
  double r = outer ? (magnitude - c) / (1 + magnitude * c) : magnitude;
  double z = r * r, p = -1.0 / 27;
  p = p * z + 1.0 / 25;
  p = p * z - 1.0 / 23;
  p = p * z + 1.0 / 21;
  p = p * z - 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z - 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z - 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z - 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z - 1.0 / 3;
  double tail = r * z * p;
  double eighth = 0.25 * halfPiHigh, eighthLow = 0.25 * halfPiLow;
  double angle = outer ? eighth + (r + (tail + eighthLow)) : r + tail;
  angle = withSign(angle, folded);
  angle = upper ? 2 * eighth + (angle + 2 * eighthLow) : angle;
  return inverted ? halfPiHigh - (angle - halfPiLow) : angle;
}

/// 3 ULP.
PTL_MATH double ptl_atan_f64(double x) {
  return withSign(arctangent(absolute(x)), x);
}

/// 4 ULP: the angle opposite x in a triangle of hypotenuse 1.
PTL_MATH double ptl_asin_f64(double x) {
  double magnitude = absolute(x);
  double adjacent = __builtin_sqrt((1 - magnitude) * (1 + magnitude));
  double angle = arctangent(magnitude / adjacent);
  return magnitude <= 1 ? withSign(angle, x) : notANumber;
}

/// 4 ULP: half of it is the angle of tangent sqrt((1 - x) / (1 + x)).
PTL_MATH double ptl_acos_f64(double x) {
  double angle = 2 * arctangent(__builtin_sqrt((1 - x) / (1 + x)));
  return absolute(x) <= 1 ? angle : notANumber;
}

//===----------------------------------------------------------------------===//
// f32: computed in f64 and rounded once
//===----------------------------------------------------------------------===//

#define PTL_UNARY_F32(NAME)                                                    \
  PTL_MATH float ptl_##NAME##_f32(float x) {                                   \
    return static_cast<float>(ptl_##NAME##_f64(x));                            \
  }
PTL_UNARY_F32(round)
PTL_UNARY_F32(floor)
PTL_UNARY_F32(ceil)
PTL_UNARY_F32(exp)
PTL_UNARY_F32(tanh)
PTL_UNARY_F32(sinh)
PTL_UNARY_F32(cosh)
PTL_UNARY_F32(log)
PTL_UNARY_F32(sin)
PTL_UNARY_F32(cos)
PTL_UNARY_F32(tan)
PTL_UNARY_F32(atan)
PTL_UNARY_F32(asin)
PTL_UNARY_F32(acos)

PTL_MATH float ptl_pow_f32(float x, float y) {
  return static_cast<float>(ptl_pow_f64(x, y));
}
PTL_MATH float ptl_mod_f32(float a, float b) {
  return static_cast<float>(ptl_mod_f64(a, b));
}
