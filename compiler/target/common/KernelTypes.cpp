//===- KernelTypes.cpp - Element types in memory and in registers ---------===//
//
// The mapping that KernelTypes.h describes.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/KernelTypes.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace polytile::codegen {

Type memoryType(Type element) {
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  if (auto integer = dyn_cast<IntegerType>(element))
    return IntegerType::get(element.getContext(), integer.getWidth());
  return element;
}

Type registerType(Type element) {
  if (isNarrowFloat(element))
    return Float32Type::get(element.getContext());
  return element.isInteger(1) ? element : memoryType(element);
}

int64_t memoryBytes(Type element) {
  return memoryType(element).getIntOrFloatBitWidth() / 8;
}

MemRefType bufferType(RankedTensorType tensor) {
  return MemRefType::get(tensor.getShape(),
                         memoryType(tensor.getElementType()));
}

} // namespace polytile::codegen
