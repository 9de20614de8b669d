//===- KernelTypes.h - Element types in memory and in registers -*- C++ -*-===//
//
// A tile element has two lowered forms. In memory: bool takes one byte,
// unsigned integers lose their sign, floats stay. In registers: bool is i1,
// f16 and bf16 are f32 values that the narrow type can hold, so that every
// elementwise operation computes in f32 and rounds its result once.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_KERNELTYPES_H
#define POLYTILE_COMPILER_TARGET_COMMON_KERNELTYPES_H

#include "mlir/IR/BuiltinTypes.h"

namespace polytile::codegen {

/// The type in which a tile element is stored.
mlir::Type memoryType(mlir::Type element);

/// The type in which a tile element is computed with.
mlir::Type registerType(mlir::Type element);

/// Bytes of a stored element.
int64_t memoryBytes(mlir::Type element);

/// The buffer of a tensor: same shape, identity layout, elements as stored.
mlir::MemRefType bufferType(mlir::RankedTensorType tensor);

/// True for the two types that are computed in f32.
inline bool isNarrowFloat(mlir::Type element) {
  return element.isF16() || element.isBF16();
}

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_KERNELTYPES_H
