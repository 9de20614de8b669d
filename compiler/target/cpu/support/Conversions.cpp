//===- Conversions.cpp - Narrow floats, powers of integers ----------------===//
//
// Compiled and linked as Math.cpp is. Conversions between f32 and the narrow
// floats round once, to nearest even, for every input: denormals are kept, NaNs
// stay NaNs. Below F16C and AVX512-BF16 the machine has none, and LLVM would
// call a library. The forms named _native need F16C.
//
//===----------------------------------------------------------------------===//

using u16 = unsigned short;
using u32 = unsigned;
using u64 = unsigned long long;
using i64 = long long;

#define PTL_MATH extern "C" __attribute__((always_inline))

static inline __attribute__((always_inline)) u32 bitsOf(float x) {
  return __builtin_bit_cast(u32, x);
}
static inline __attribute__((always_inline)) float toFloat(u32 bits) {
  return __builtin_bit_cast(float, bits);
}
static inline __attribute__((always_inline)) u64 magnitudeBits(double x) {
  return __builtin_bit_cast(u64, x) & ~(1ull << 63);
}

PTL_MATH u16 ptl_f32_to_bf16(float x) {
  u32 bits = bitsOf(x);
  u32 rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
  u32 quiet = (bits >> 16) | 0x40u;
  return static_cast<u16>(x == x ? rounded : quiet);
}

PTL_MATH float ptl_bf16_to_f32(u16 bits) { return toFloat(u32(bits) << 16); }

PTL_MATH u16 ptl_f32_to_f16_native(float x) {
  return __builtin_bit_cast(u16, static_cast<_Float16>(x));
}

PTL_MATH float ptl_f16_to_f32_native(u16 bits) {
  return __builtin_bit_cast(_Float16, bits);
}

PTL_MATH u16 ptl_f32_to_f16(float x) {
  u32 bits = bitsOf(x), sign = (bits >> 16) & 0x8000u, a = bits & 0x7fffffffu;
  // Below 2^-14 the unit is 2^-24, which is the last place of numbers around
  // 0.5: the addition rounds.
  u32 small = bitsOf(toFloat(a) + 0.5f) - bitsOf(0.5f);
  u32 normal = (a - 0x38000000u + 0xfffu + ((a >> 13) & 1)) >> 13;
  u32 result = a < 0x38800000u ? small : normal;
  result = a >= 0x477ff000u ? 0x7c00u : result;
  result = a > 0x7f800000u ? (0x7e00u | ((a >> 13) & 0x3ffu)) : result;
  return static_cast<u16>(result | sign);
}

PTL_MATH float ptl_f16_to_f32(u16 bits) {
  u32 sign = u32(bits & 0x8000u) << 16, a = bits & 0x7fffu;
  u32 normal = (a << 13) + 0x38000000u;
  u32 special = normal + 0x38000000u;
  u32 small = bitsOf(static_cast<float>(static_cast<int>(a)) * 0x1p-24f);
  u32 result = a < 0x400u ? small : normal;
  result = a >= 0x7c00u ? special : result;
  return toFloat(result | sign);
}

/// Rounds towards zero and sets the last bit when something was lost: a second
/// rounding then has no effect of the first.
PTL_MATH float ptl_f64_to_f32_odd(double x) {
  float nearest = static_cast<float>(x);
  double back = nearest;
  u32 bits = bitsOf(nearest);
  u32 truncated = magnitudeBits(back) > magnitudeBits(x) ? bits - 1 : bits;
  bool inexact = back != x && x == x;
  return toFloat(inexact ? truncated | 1 : bits);
}

/// Modulo 2^64.
PTL_MATH u64 ptl_pow_u64(u64 base, u64 exponent) {
  u64 result = 1;
  for (; exponent != 0; exponent >>= 1) {
    result = exponent & 1 ? result * base : result;
    base *= base;
  }
  return result;
}

/// To a negative power: 0, but 1 and -1 keep their exact powers.
PTL_MATH i64 ptl_pow_i64(i64 base, i64 exponent) {
  u64 magnitude = exponent < 0 ? 0 - u64(exponent) : u64(exponent);
  bool isUnit = base == 1 || base == -1;
  u64 power = ptl_pow_u64(u64(base), magnitude);
  return exponent < 0 && !isUnit ? 0 : i64(power);
}
