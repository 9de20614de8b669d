//===- Integers.cpp - Powers of integers ----------------------------------===//
//
// Of 32 and 64 bits: devices without i64 compute i32 and narrower alone.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/math/Functions.h"

namespace polytile::gpu::math {

namespace {
struct Power {
  Int result, base, exponent;
};
template <typename Callback> void visit(Power &power, Callback callback) {
  callback(power.result);
  callback(power.base);
  callback(power.exponent);
}
} // namespace

/// By repeated squaring.
Int powUnsigned(Int base, Int exponent) {
  Power start = {base.constant(1), base, exponent};
  auto unfinished = [](Power now) { return now.exponent != 0; };
  auto step = [](Power now) -> Power {
    Int odd = now.exponent & 1;
    return {select(odd == 1, now.result * now.base, now.result),
            now.base * now.base, now.exponent >> 1};
  };
  return loop(base.emitter, start, unfinished, step).result;
}

/// To a negative power: 0, but 1 and -1 keep their exact powers.
Int powSigned(Int base, Int exponent) {
  Bool isNegative = lessSigned(exponent, 0);
  Bool isUnit = base == 1 || base == -1;
  Int power = powUnsigned(base, select(isNegative, -exponent, exponent));
  return select(isNegative && !isUnit, 0, power);
}

} // namespace polytile::gpu::math
