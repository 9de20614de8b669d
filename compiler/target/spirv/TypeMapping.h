//===- TypeMapping.h - Types of kernels as types of SPIR-V ----------------===//
//
// Registers and memory follow different rules: integers of 8 and 16 bits are
// computed in 32 bits on every device (their upper bits are garbage, see
// FunctionEmitter), so that only their storage needs a feature.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_TYPEMAPPING_H
#define POLYTILE_COMPILER_TARGET_SPIRV_TYPEMAPPING_H

#include "compiler/target/spirv/ModuleNeeds.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace polytile::spirv_target {

/// The lanes of a vector; 1 for everything else.
unsigned getLanes(mlir::Type type);

/// A vector of `lanes` elements; the element itself for one lane.
mlir::Type getVector(mlir::Type element, unsigned lanes);

/// True for an integer of 8 or 16 bits, or a vector of them.
bool isNarrow(mlir::Type type);

class TypeMapping {
public:
  TypeMapping(mlir::MLIRContext *context, unsigned indexBits)
      : context(context), indexBits(indexBits) {}

  /// The type that holds values of `type`, a register type of the kernel
  /// dialect or a cooperative matrix; null for a type that has none.
  mlir::Type getRegister(mlir::Type type) const;

  mlir::Type getIndex() const { return getInteger(indexBits); }
  mlir::Type getInteger(unsigned bits) const {
    return mlir::IntegerType::get(context, bits);
  }

  /// A Block with a run-time array of `stored` at offset 0.
  static mlir::spirv::PointerType getBuffer(mlir::Type stored);

  /// An array of `count` elements in workgroup or function memory.
  static mlir::spirv::PointerType getArray(mlir::Type stored, int64_t count,
                                           mlir::spirv::StorageClass storage);

private:
  mlir::MLIRContext *context;
  unsigned indexBits;
};

/// Checks that the device has every type that occurs in `function` (the kernel
/// of the name, or a helper that it calls), and notes the features. Fails with
/// a diagnostic that names the kernel, the device and the type.
mlir::LogicalResult checkTypes(mlir::Operation *function,
                               llvm::StringRef kernelName,
                               const TypeMapping &types, ModuleNeeds &needs);

} // namespace polytile::spirv_target

#endif // POLYTILE_COMPILER_TARGET_SPIRV_TYPEMAPPING_H
