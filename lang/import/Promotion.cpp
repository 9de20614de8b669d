//===- Promotion.cpp - The promotion table of the language ----------------===//
//
// Follows NumPy among integers; of u64 and a signed type it makes i64, so that
// integers stay integers.
//
//===----------------------------------------------------------------------===//

#include "lang/import/Promotion.h"

#include "mlir/IR/BuiltinTypes.h"

#include <algorithm>

using namespace mlir;

/// u32 and i32 give i64: the narrowest signed type that holds both, where there
/// is one.
static Type promoteIntegers(Type a, Type b) {
  if (a.isInteger(1))
    return b;
  if (b.isInteger(1))
    return a;
  unsigned widthA = a.getIntOrFloatBitWidth(),
           widthB = b.getIntOrFloatBitWidth();
  if (a.isUnsignedInteger() == b.isUnsignedInteger())
    return widthA >= widthB ? a : b;
  unsigned unsignedWidth = a.isUnsignedInteger() ? widthA : widthB;
  unsigned signedWidth = a.isUnsignedInteger() ? widthB : widthA;
  return IntegerType::get(
      a.getContext(), std::min(64u, std::max(signedWidth, 2 * unsignedWidth)));
}

Type polytile::lang::promote(Type a, Type b) {
  if (a == b)
    return a;
  bool floatA = isa<FloatType>(a), floatB = isa<FloatType>(b);
  if (floatA != floatB)
    return floatA ? a : b;
  if (!floatA)
    return promoteIntegers(a, b);
  unsigned widthA = a.getIntOrFloatBitWidth(),
           widthB = b.getIntOrFloatBitWidth();
  if (widthA == widthB) // f16 and bf16
    return FloatType::getF32(a.getContext());
  return widthA > widthB ? a : b;
}

Type polytile::lang::widenForSum(Type type) {
  MLIRContext *context = type.getContext();
  if (type.isF16() || type.isBF16())
    return FloatType::getF32(context);
  if (type.isUnsignedInteger() && type.getIntOrFloatBitWidth() < 32)
    return IntegerType::get(context, 32, IntegerType::Unsigned);
  if (type.isInteger() && !type.isUnsignedInteger() &&
      type.getIntOrFloatBitWidth() < 32)
    return IntegerType::get(context, 32);
  return type;
}
