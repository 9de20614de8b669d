//===- MathLibrary.h - Functions of numbers for GPU kernels -----*- C++ -*-===//
//
// What kernels call where the device has no instruction, or only one that is
// less exact than is promised: bodies of plain arithmetic, the same on every
// device, that the OpenCL C printer and the SPIR-V emitter print as functions.
//
// Names are those of the CPU's support functions, `ptl_<function>_<type>`:
//
//   exp log sin cos tan asin acos atan sinh cosh tanh    f32, f64
//   floor ceil round pow mod                             f32, f64
//   div sqrt                                             f32, rounded correctly
//   pow                                                  i32, u32, i64, u64
//   f64_to_f32_odd
//
// Functions of f32 use f32 and i32 alone; those of f64 use f64 and i64. No
// function relies on denormals being kept, or on a fused multiply-add being
// fused, except ptl_div_f32, which is correctly rounded only where math.fma
// rounds once (else 1.5 ULP), and for normal results; ptl_div_portable_f32 is
// correctly rounded everywhere, at about twice the cost. Each function's bound
// stands beside it and is measured by test/unit/gpu-math.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_MATH_MATHLIBRARY_H
#define POLYTILE_COMPILER_TARGET_GPU_MATH_MATHLIBRARY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace polytile::gpu {

/// The private function `name` with its body, at the start of `module`; made on
/// the first call. Null when the library has none of that name. The context
/// must have the arith, math, scf and func dialects loaded.
mlir::func::FuncOp getOrCreateMathFunction(mlir::ModuleOp module,
                                           llvm::StringRef name);

/// The names of all functions: for tests.
std::vector<std::string> mathFunctionNames();

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_MATH_MATHLIBRARY_H
