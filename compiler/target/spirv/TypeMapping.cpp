//===- TypeMapping.cpp - Types of kernels as types of SPIR-V --------------===//
//
// Refusals stand here, before anything is emitted: what follows may rely on
// every type having its counterpart.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/TypeMapping.h"

#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::spirv_target;

unsigned polytile::spirv_target::getLanes(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}

Type polytile::spirv_target::getVector(Type element, unsigned lanes) {
  return lanes == 1 ? element : Type(VectorType::get({lanes}, element));
}

bool polytile::spirv_target::isNarrow(Type type) {
  auto integer = dyn_cast<IntegerType>(getElementTypeOrSelf(type));
  return integer && (integer.getWidth() == 8 || integer.getWidth() == 16);
}

static Type getMatrix(gpu::MMAMatrixType matrix) {
  spirv::CooperativeMatrixUseKHR use =
      llvm::StringSwitch<spirv::CooperativeMatrixUseKHR>(matrix.getOperand())
          .Case("AOp", spirv::CooperativeMatrixUseKHR::MatrixA)
          .Case("BOp", spirv::CooperativeMatrixUseKHR::MatrixB)
          .Default(spirv::CooperativeMatrixUseKHR::MatrixAcc);
  ArrayRef<int64_t> shape = matrix.getShape();
  return spirv::CooperativeMatrixType::get(
      matrix.getElementType(), shape[0], shape[1], spirv::Scope::Subgroup, use);
}

Type TypeMapping::getRegister(Type type) const {
  if (auto matrix = dyn_cast<gpu::MMAMatrixType>(type))
    return getMatrix(matrix);
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getRank() > 1 || vector.getNumElements() > 4)
      return Type();
    Type element = getRegister(vector.getElementType());
    return element ? getVector(element, vector.getNumElements()) : Type();
  }
  if (type.isIndex())
    return getIndex();
  if (isNarrow(type))
    return getInteger(32);
  if (type.isSignlessInteger(1) || type.isSignlessInteger(32) ||
      type.isSignlessInteger(64) || type.isF16() || type.isF32() ||
      type.isF64())
    return type;
  return Type();
}

static unsigned getBytes(Type stored) {
  return getLanes(stored) *
         getElementTypeOrSelf(stored).getIntOrFloatBitWidth() / 8;
}

spirv::PointerType TypeMapping::getBuffer(Type stored) {
  Type array = spirv::RuntimeArrayType::get(stored, getBytes(stored));
  return spirv::PointerType::get(spirv::StructType::get({array}, {0}),
                                 spirv::StorageClass::StorageBuffer);
}

spirv::PointerType TypeMapping::getArray(Type stored, int64_t count,
                                         spirv::StorageClass storage) {
  return spirv::PointerType::get(spirv::ArrayType::get(stored, count), storage);
}

namespace {
/// Looks at each type once.
class TypeCheck {
public:
  TypeCheck(llvm::StringRef kernelName, const TypeMapping &types,
            ModuleNeeds &needs)
      : kernelName(kernelName), types(types), needs(needs) {}

  LogicalResult check(Type type, Operation *user);

private:
  LogicalResult require(llvm::StringRef feature, const char *what,
                        Operation *user);

  llvm::StringRef kernelName;
  const TypeMapping &types;
  ModuleNeeds &needs;
  llvm::SmallPtrSet<Type, 16> seen;
};
} // namespace

LogicalResult TypeCheck::require(llvm::StringRef feature, const char *what,
                                 Operation *user) {
  if (needs.use(feature))
    return success();
  return user->emitError("kernel '")
         << kernelName << "' needs " << what << ", which "
         << needs.getDevice().describe() << " doesn't have (feature '"
         << feature << "')";
}

LogicalResult TypeCheck::check(Type type, Operation *user) {
  if (!seen.insert(type).second)
    return success();
  namespace feature = schedule::feature;
  if (auto memory = dyn_cast<MemRefType>(type))
    return check(memory.getElementType(), user);
  if (isa<gpu::MMAMatrixType>(type) &&
      failed(require(feature::CooperativeMatrix, "cooperative matrices", user)))
    return failure();
  Type mapped = types.getRegister(type);
  if (!mapped)
    return user->emitError("values of type ")
           << type << " have no form in SPIR-V";
  Type element = getElementTypeOrSelf(mapped);
  if (auto matrix = dyn_cast<spirv::CooperativeMatrixType>(mapped)) {
    element = matrix.getElementType();
    if (element.isInteger(8) &&
        failed(require(feature::I8, "8-bit integers", user)))
      return failure();
  }
  if (element.isInteger(64))
    return require(feature::I64, "64-bit integers", user);
  if (element.isF64())
    return require(feature::F64, "f64", user);
  if (element.isF16())
    return require(feature::F16, "f16", user);
  return success();
}

LogicalResult polytile::spirv_target::checkTypes(Operation *function,
                                                 llvm::StringRef kernelName,
                                                 const TypeMapping &types,
                                                 ModuleNeeds &needs) {
  TypeCheck check(kernelName, types, needs);
  for (Type type : cast<FunctionOpInterface>(function).getArgumentTypes())
    if (failed(check.check(type, function)))
      return failure();
  WalkResult result = function->walk([&](Operation *op) {
    if (op == function)
      return WalkResult::advance();
    for (Type type : op->getResultTypes())
      if (failed(check.check(type, op)))
        return WalkResult::interrupt();
    for (Region &region : op->getRegions())
      for (BlockArgument argument : region.getArguments())
        if (failed(check.check(argument.getType(), op)))
          return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
