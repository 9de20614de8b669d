//===- Types.h - Types and literals of OpenCL C -----------------*- C++ -*-===//
//
// How the kernel dialect's types and constants are spelt. Integers are
// unsigned, because OpenCL C's signed ones must not overflow; an operation that
// minds the sign says so with a cast.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_OPENCL_TYPES_H
#define POLYTILE_COMPILER_TARGET_OPENCL_TYPES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <string>

namespace polytile::opencl {

enum class Sign { Unsigned, Signed };

/// Spells types and literals for one width of `index`.
class Types {
public:
  explicit Types(unsigned indexBits) : indexBits(indexBits) {}

  /// Whether values of the type can stand in registers: i1, i8 to i64, f32,
  /// f64, index, and vectors of 2 or 4 of them.
  bool isRegister(mlir::Type type) const;

  /// Whether the type can stand in memory: a register type that isn't made of
  /// i1 or index.
  bool isMemory(mlir::Type type) const;

  /// "uint", "float4", with `sign` for integers: "int". A vector of i1 is a
  /// vector of int whose lanes are 0 or -1.
  std::string name(mlir::Type type, Sign sign = Sign::Unsigned) const;

  /// Bits of an element; i1 has 1, or 32 in vectors.
  unsigned bits(mlir::Type type) const;

  /// Exact spelling of a constant: "3u", "0x1.8p+0f", "(float4)(0.0f)".
  std::string literal(mlir::TypedAttr value) const;

private:
  std::string scalarLiteral(mlir::Attribute value, mlir::Type type,
                            bool lane) const;

  unsigned indexBits;
};

} // namespace polytile::opencl

#endif // POLYTILE_COMPILER_TARGET_OPENCL_TYPES_H
