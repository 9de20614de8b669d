//===- Arithmetic.cpp - Division, roots, remainders, whole numbers --------===//
//
// Results are exact, or rounded correctly: Vulkan promises 2.5 ULP for a
// quotient and no bound of its own for a root. What decides the rounding is
// integer arithmetic on the mantissas: a remainder is small, so that its low 32
// bits say all about it.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/Functions.h"
#include "compiler/target/gpu/math/Parts.h"

namespace polytile::gpu::math {

//===----------------------------------------------------------------------===//
// Whole numbers
//===----------------------------------------------------------------------===//

/// The nearest whole number, halves to even. Adding 2^23 or 2^52 leaves no room
/// for a fraction. Exact.
Float roundOf(Float x) {
  double shift = x.isDouble() ? 0x1p52 : 0x1p23;
  Float magnitude = absolute(x), rounded = (magnitude + shift) - shift;
  return select(magnitude < shift, signedAs(rounded, x), x);
}

Float floorOf(Float x) {
  Float whole = roundOf(x);
  return withSign(select(whole > x, whole - 1.0, whole), x);
}

Float ceilOf(Float x) {
  Float whole = roundOf(x);
  return withSign(select(whole < x, whole + 1.0, whole), x);
}

//===----------------------------------------------------------------------===//
// Quotients of f32
//===----------------------------------------------------------------------===//

namespace {
/// |x| = mantissa * 2^(exponent - 150) with the mantissa in [2^23, 2^24), for
/// finite x other than 0.
struct Parts {
  Int mantissa, exponent;
};

/// floor(numerator / denominator) and what remains.
struct Quotient {
  Int quotient, remainder;
};
} // namespace

static Parts partsOf(Int magnitude) {
  Bool tiny = magnitude < 0x00800000;
  // A denormal is an integer in units of 2^-149.
  Int scaled = select(tiny, bits(toFloat(magnitude)), magnitude);
  Int exponent = scaled >> 23;
  return {(scaled & 0x7fffff) | 0x800000,
          select(tiny, exponent - 149, exponent)};
}

/// a * 2^25 / b for a and b in [2^23, 2^24). The estimate may be wrong by a few
/// ULP, that is by less than 2^5; its remainder then fits into 31 bits.
static Quotient divideMantissas(Int a, Int b) {
  Float divisor = toFloat(b), inverse = 1.0 / divisor;
  Int quotient = toInt(toFloat(a) * inverse * 0x1p25);
  Int remainder = (a << 25) - quotient * b;
  Int correction = toInt(toFloat(remainder) * inverse);
  quotient = quotient + correction;
  remainder = remainder - correction * b;
  // The correction was wrong by 1 at most.
  Bool above = lessSigned(remainder, 0);
  quotient = select(above, quotient - 1, quotient);
  remainder = select(above, remainder + b, remainder);
  Bool below = !lessSigned(remainder, b);
  return {select(below, quotient + 1, quotient),
          select(below, remainder - b, remainder)};
}

/// The pattern of the f32 nearest to (mantissa + something) * 2^(exponent -
/// 152), where the mantissa lies in [2^24, 2^26) and something in [0, 1) is
/// positive when `isInexact`. Results below the normal range are rounded once.
static Int roundParts(Int mantissa, Int exponent, Bool isInexact) {
  Bool isLong = mantissa >= 1 << 25;
  exponent = select(isLong, exponent, exponent - 1);
  Int shift = select(isLong, 2, mantissa.constant(1));
  Bool tiny = lessSigned(exponent, 1);
  shift = select(tiny, shift + 1 - exponent, shift);
  shift = select(lessSigned(shift, 28), shift, 28);
  Int whole = mantissa >> shift;
  Int lost = mantissa - (whole << shift), half = mantissa.constant(1)
                                                 << (shift - 1);
  Bool up = lost > half || (lost == half && (isInexact || (whole & 1) == 1));
  whole = select(up, whole + 1, whole);
  // The leading bit of a normal mantissa counts one exponent.
  Int pattern = whole + (select(tiny, 0, exponent - 1) << 23);
  return select(lessSigned(exponent, 255), pattern, 0x7f800000);
}

/// The edges of a / b: what isn't a quotient of two finite numbers.
static Float quotientEdges(Int magnitude, Int a, Int b, Int sign) {
  Int endless = a.constant(0x7f800000), broken = a.constant(0x7fc00000);
  Bool isEndlessA = a == endless, isEndlessB = b == endless;
  magnitude = select(a == 0 || isEndlessB, 0, magnitude);
  magnitude = select(b == 0 || isEndlessA, endless, magnitude);
  Bool undefined = (a == 0 && b == 0) || (isEndlessA && isEndlessB) ||
                   a > endless || b > endless;
  return fromBits(select(undefined, broken, magnitude) | sign);
}

/// Rounded correctly, whatever the device's own operations do.
Float divPortableSingle(Float a, Float b) {
  Int first = withoutSign(bits(a)), second = withoutSign(bits(b));
  Int sign = signBit(bits(a) ^ bits(b));
  Parts above = partsOf(first), below = partsOf(second);
  Quotient quotient = divideMantissas(above.mantissa, below.mantissa);
  Int exponent = above.exponent - below.exponent + 127;
  Int magnitude =
      roundParts(quotient.quotient, exponent, quotient.remainder != 0);
  return quotientEdges(magnitude, first, second, sign);
}

namespace {
/// Two factors whose product is a power of two that may be out of range.
struct Scale {
  Float first, second;
};
} // namespace

static Scale scaleBy(Int exponent) {
  Int half = shiftSigned(exponent, 1);
  return {powerOfTwo(half), powerOfTwo(exponent - half)};
}

/// Rounded correctly where multiply-adds are fused and the result is normal;
/// below the normal range it may be off by one unit. Without branches, and what
/// the divisor alone decides stands apart: a kernel that divides a row by its
/// sum computes that once.
Float divSingle(Float a, Float b) {
  // b = divisor * 2^(exponent - 127), the sign in the divisor.
  Int least = withoutSign(bits(b)), sign = signBit(bits(b));
  Parts parts = partsOf(least);
  Float divisor = fromBits(sign | 0x3f800000 | (parts.mantissa & 0x7fffff));
  Float inverse = 1.0 / divisor;
  inverse = fused(inverse, fused(-divisor, inverse, b.constant(1)), inverse);
  Scale usual = scaleBy(127 - parts.exponent);
  Scale lifted = scaleBy(127 - 80 - parts.exponent);
  // A factor that gives what 0, infinities and NaN give.
  Bool isOrdinary = least - 1 < 0x7f7fffff;
  Int beyond = select(least == 0x7f800000, 0, least.constant(0x7fc00000));
  beyond = select(least == 0, 0x7f800000, beyond);
  Float factor = select(isOrdinary, inverse, fromBits(beyond | sign));

  // Small numerators are lifted, so that their remainders don't vanish.
  Float magnitude = absolute(a);
  Bool isSmall = magnitude < 0x1p-60;
  Float numerator = select(isSmall, a * 0x1p80, a);
  Float quotient = numerator * inverse;
  quotient = fused(fused(-divisor, quotient, numerator), inverse, quotient);
  quotient = fused(fused(-divisor, quotient, numerator), inverse, quotient);
  quotient = quotient * select(isSmall, lifted.first, usual.first) *
             select(isSmall, lifted.second, usual.second);
  Bool isFinite = bits(magnitude) - 1 < 0x7f7fffff;
  return select(isOrdinary && isFinite, quotient, a * factor);
}

//===----------------------------------------------------------------------===//
// Square root of f32
//===----------------------------------------------------------------------===//

/// Rounded correctly. root^2 is compared with x as integers; the least x that
/// rounds to root + 1 is root^2 + root + 1.
Float sqrtSingle(Float x) {
  Int pattern = bits(x);
  Parts parts = partsOf(pattern);
  // x = mantissa * 2^even: the root of 2^23 or 2^24 times the mantissa.
  Bool isOdd = (parts.exponent & 1) == 1;
  Int shift = select(isOdd, 23, pattern.constant(24));
  Float scale = select(isOdd, 0x1p23, x.constant(0x1p24));
  Float estimate = squareRoot(toFloat(parts.mantissa) * scale);
  Int root = toInt(estimate);
  Int remainder = (parts.mantissa << shift) - root * root;
  // Wrong by a few ULP; each of which changes the remainder by 2 root.
  Int correction = toInt(toFloat(remainder) * (0.5 / estimate));
  remainder = remainder - correction * (root + root + correction);
  root = root + correction;
  Bool above = !lessSigned(-root, remainder); // x <= (root - 1/2)^2
  remainder = select(above, remainder + root + root - 1, remainder);
  root = select(above, root - 1, root);
  Bool below = lessSigned(root, remainder);
  root = select(below, root + 1, root);
  // The root of a mantissa in [1, 4) has the exponent (exponent - 127) / 2.
  Int exponent = shiftSigned(parts.exponent - 127, 1) + 126;
  Float result = fromBits(root + (exponent << 23));
  Bool isSpecial = pattern == 0x7f800000 || withoutSign(pattern) == 0;
  result = select(isSpecial, x, result);
  Bool undefined = pattern > 0x7f800000 && withoutSign(pattern) != 0;
  return select(undefined, notANumber, result);
}

//===----------------------------------------------------------------------===//
// Remainders
//===----------------------------------------------------------------------===//

namespace {
struct Division {
  Int rest, left;
};
template <typename Callback> void visit(Division &division, Callback callback) {
  callback(division.rest);
  callback(division.left);
}
} // namespace

/// |a| mod |b| for finite a and b, b != 0, exactly: long division of the
/// mantissas, 8 or 11 bits a step.
static Float remainderOf(Float a, Float b) {
  Int first = withoutSign(bits(a)), second = withoutSign(bits(b));
  int64_t fraction = fractionBits(first), step = a.isDouble() ? 11 : 8;
  int64_t leading = int64_t(1) << fraction;
  auto exponentOf = [&](Int magnitude) {
    Int exponent = magnitude >> fraction;
    return select(exponent == 0, 1, exponent);
  };
  auto mantissaOf = [&](Int magnitude) {
    Int bare = magnitude & (leading - 1);
    return select(magnitude < leading, bare, bare | leading);
  };
  Int exponent = exponentOf(second), divisor = mantissaOf(second);
  Int distance = exponentOf(first) - exponent;
  Bool isLess = lessSigned(distance, 0);
  Division start = {mantissaOf(first) % divisor, distance};
  Division end = loop(
      a.emitter, start,
      [&](Division now) {
        return lessSigned(now.left.constant(0), now.left) && now.rest != 0;
      },
      [&](Division now) -> Division {
        Int count = select(lessSigned(now.left, step), now.left, step);
        return {(now.rest << count) % divisor, now.left - count};
      });
  // rest * 2^(exponent - bias - fraction), put together from the bits.
  Int rest = bits(toFloat(end.rest));
  Int shift = exponent - (exponentBias(first) + fraction);
  Int normal = rest + (shift << fraction);
  Bool isNormal = lessSigned(shift.constant(0), (rest >> fraction) + shift);
  Int amount = select(exponent < 32, exponent - 1, 31);
  Int pattern = select(isNormal, normal, end.rest << amount);
  pattern = select(end.rest == 0, 0, pattern);
  return fromBits(select(isLess, first, pattern));
}

/// The remainder of the flooring division, with the divisor's sign. Exact
/// before the sign is adjusted by one addition.
Float modOf(Float a, Float b) {
  Float magnitude = absolute(a), bound = absolute(b);
  Bool isDefined =
      magnitude < infinity && withoutSign(bits(b)) != 0 && !isNaN(b);
  Float rest = branch(
      isDefined && bound < infinity, [&] { return remainderOf(a, b); },
      [&] { return select(isDefined, magnitude, notANumber); });
  Bool isWhole = withoutSign(bits(rest)) == 0;
  Float same = withSign(rest, a);
  Bool agrees = (signBit(bits(a)) ^ signBit(bits(b))) == 0;
  Float result =
      select(isWhole, withSign(rest, b), select(agrees, same, same + b));
  return select(isNaN(rest), notANumber, result);
}

//===----------------------------------------------------------------------===//
// The edges of powers
//===----------------------------------------------------------------------===//

Float powEdges(Float x, Float y, Float ordinary, Bool isWhole, Bool isOdd) {
  Int pattern = withoutSign(bits(x));
  Float magnitude = fromBits(pattern), result = ordinary;
  Float nothing = x.constant(0), endless = x.constant(infinity);
  Bool isZero = pattern == 0, isEndless = magnitude == infinity, falls = y < 0;
  result = select(isZero, select(falls, endless, nothing), result);
  result = select(isEndless, select(falls, nothing, endless), result);
  Float limit = select((magnitude > 1) == (y > 0), endless, nothing);
  limit = select(magnitude == 1, 1, limit);
  result = select(absolute(y) == infinity, limit, result);
  Bool isNegative = signBit(bits(x)) != 0;
  Bool isUndefined = isNegative && !isZero && !isEndless && !isWhole;
  result = select(isUndefined && absolute(y) < infinity, notANumber, result);
  result = select(isNegative && isOdd, -result, result);
  result = select(isNaN(x) || isNaN(y), notANumber, result);
  return select(withoutSign(bits(y)) == 0 || x == 1, 1, result);
}

} // namespace polytile::gpu::math
