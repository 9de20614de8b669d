//===- Functions.h - The bodies of the library's functions ------*- C++ -*-===//
//
// One entry for each function of the library: the table in MathLibrary.cpp
// makes MLIR functions of them. Those of f32 ("Single") and of f64 ("Double")
// have files of their own, for their reductions and polynomials differ.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_MATH_FUNCTIONS_H
#define POLYTILE_COMPILER_TARGET_GPU_MATH_FUNCTIONS_H

#include "compiler/target/gpu/math/Expression.h"

namespace polytile::gpu::math {

// Of either type.
Float floorOf(Float x);
Float ceilOf(Float x);
Float roundOf(Float x);
Float modOf(Float a, Float b);

// Of f32, rounded correctly.
Float divSingle(Float a, Float b);
Float divPortableSingle(Float a, Float b);
Float sqrtSingle(Float x);

Float expSingle(Float x);
Float logSingle(Float x);
Float tanhSingle(Float x);
Float sinhSingle(Float x);
Float coshSingle(Float x);
Float powSingle(Float x, Float y);
Float sinSingle(Float x);
Float cosSingle(Float x);
Float tanSingle(Float x);
Float asinSingle(Float x);
Float acosSingle(Float x);
Float atanSingle(Float x);

Float expDouble(Float x);
Float logDouble(Float x);
Float tanhDouble(Float x);
Float sinhDouble(Float x);
Float coshDouble(Float x);
Float powDouble(Float x, Float y);
Float sinDouble(Float x);
Float cosDouble(Float x);
Float tanDouble(Float x);
Float asinDouble(Float x);
Float acosDouble(Float x);
Float atanDouble(Float x);

// Of integers, modulo 2^width.
Int powUnsigned(Int base, Int exponent);
Int powSigned(Int base, Int exponent);

} // namespace polytile::gpu::math

#endif // POLYTILE_COMPILER_TARGET_GPU_MATH_FUNCTIONS_H
