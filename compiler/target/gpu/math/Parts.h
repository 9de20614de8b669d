//===- Parts.h - Signs, exponents, pairs: what many functions need -*- C++
//-*-===//
//
// Bits of floating-point numbers by their format, and sums and products with
// their errors.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_MATH_PARTS_H
#define POLYTILE_COMPILER_TARGET_GPU_MATH_PARTS_H

#include "compiler/target/gpu/math/Expression.h"

#include <limits>

namespace polytile::gpu::math {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

/// The bits of the fraction: 23 or 52.
inline unsigned fractionBits(Int pattern) {
  return pattern.width() == 64 ? 52 : 23;
}
/// The exponent that stands for 2^0: 127 or 1023.
inline int64_t exponentBias(Int pattern) {
  return pattern.width() == 64 ? 1023 : 127;
}
inline Int signBit(Int pattern) {
  return pattern & (int64_t(1) << (pattern.width() - 1));
}
inline Int withoutSign(Int pattern) {
  int64_t all = -1;
  return pattern & (all ^ (int64_t(1) << (pattern.width() - 1)));
}
inline Float absolute(Float x) { return fromBits(withoutSign(bits(x))); }
/// The magnitude of `magnitude` with the sign of `sign`.
inline Float withSign(Float magnitude, Float sign) {
  return fromBits(withoutSign(bits(magnitude)) | signBit(bits(sign)));
}
/// The same for a magnitude that isn't negative.
inline Float signedAs(Float magnitude, Float sign) {
  return fromBits(bits(magnitude) | signBit(bits(sign)));
}
inline Bool isNaN(Float x) { return x != x; }
/// 2^exponent for the exponents of normal numbers.
inline Float powerOfTwo(Int exponent) {
  return fromBits((exponent + exponentBias(exponent))
                  << int64_t(fractionBits(exponent)));
}
inline Float clamp(Float x, double low, double high) { // NaN passes
  Float below = select(x > high, high, x);
  return select(below < low, low, below);
}
/// value * 2^exponent in two steps: results below the normal range are rounded
/// once more at the end, and those beyond it are infinite.
inline Float scale(Float value, Int exponent) {
  Int half = shiftSigned(exponent, 1);
  return value * powerOfTwo(half) * powerOfTwo(exponent - half);
}

/// pow(x, y) from that of the magnitude of a finite x other than 0 (`ordinary`,
/// ignored for other x), with the edges of IEEE 754's pow. Arithmetic.cpp.
Float powEdges(Float x, Float y, Float ordinary, Bool isWhole, Bool isOdd);

/// An unevaluated sum, the second part below the last place of the first.
struct Pair {
  Float high, low;
};
template <typename Callback> void visit(Pair &pair, Callback callback) {
  callback(pair.high);
  callback(pair.low);
}

/// a + b exactly, for |a| >= |b| or a == 0 (T. J. Dekker, 1971).
inline Pair sumOrdered(Float a, Float b) {
  Float total = a + b;
  return {total, b - (total - a)};
}
/// a + b exactly (D. E. Knuth, 1969).
inline Pair sum(Float a, Float b) {
  Float total = a + b, rest = total - a;
  return {total, (a - (total - rest)) + (b - rest)};
}
/// x in two parts whose products with other such parts are exact; the high one
/// has 12 or 26 bits.
inline Pair split(Float x) {
  int64_t all = -1;
  Float high = fromBits(bits(x) & (all << (x.isDouble() ? 27 : 12)));
  return {high, x - high};
}
/// a * b exactly, unless it leaves the range (T. J. Dekker, 1971). Needs no
/// fused multiply-add, which Vulkan doesn't promise.
inline Pair product(Float a, Float b) {
  Pair x = split(a), y = split(b);
  Float total = a * b;
  return {total, ((x.high * y.high - total) + x.high * y.low + x.low * y.high) +
                     x.low * y.low};
}

} // namespace polytile::gpu::math

#endif // POLYTILE_COMPILER_TARGET_GPU_MATH_PARTS_H
