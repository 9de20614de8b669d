//===- ModuleEmitter.h - One kernel as a spirv.module ---------------------===//
//
// Owns what belongs to the module as a whole: global variables, helper
// functions, the entry point and what it declares.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_MODULEEMITTER_H
#define POLYTILE_COMPILER_TARGET_SPIRV_MODULEEMITTER_H

#include "compiler/target/spirv/TypeMapping.h"
#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>

namespace polytile::spirv_target {

class ModuleEmitter {
public:
  ModuleEmitter(kernel::FuncOp kernel,
                const schedule::DeviceDescription &device);

  /// The module, or a diagnostic. Call it once.
  mlir::FailureOr<mlir::OwningOpRef<mlir::spirv::ModuleOp>> emit();

  kernel::FuncOp getKernel() const { return kernel; }
  const TypeMapping &getTypes() const { return types; }
  ModuleNeeds &getNeeds() { return needs; }

  /// A variable of storage class Input.
  mlir::spirv::GlobalVariableOp getBuiltin(mlir::spirv::BuiltIn builtin);

  /// The variable that shows a binding as an array of `stored`. A binding that
  /// is seen as several types, or that may share its memory with another one,
  /// is `aliased`.
  mlir::spirv::GlobalVariableOp getBuffer(unsigned binding, mlir::Type stored,
                                          bool aliased);

  /// Whether the kernel's workgroup memory fits into the device's when every
  /// narrow integer takes 32 bits.
  bool fitsWidened() const;

  /// A new variable of storage class Workgroup.
  mlir::spirv::GlobalVariableOp
  addWorkgroupMemory(llvm::StringRef name, mlir::spirv::PointerType type);

  /// A function that converts `lanes` halves, given as bits in 32-bit integers,
  /// to f32, or back, by integer operations: exact on every device.
  mlir::spirv::FuncOp getHalfToFloat(unsigned lanes);
  mlir::spirv::FuncOp getFloatToHalf(unsigned lanes);

  /// A new function of the module. Its body is empty.
  mlir::spirv::FuncOp addFunction(llvm::StringRef name,
                                  mlir::FunctionType type);

  /// The name that a helper function has in the module.
  llvm::StringRef getHelperName(llvm::StringRef symbol) const;

private:
  mlir::LogicalResult
  collectHelpers(mlir::Operation *caller,
                 llvm::SmallVectorImpl<mlir::func::FuncOp> &helpers);
  mlir::LogicalResult emitHelper(mlir::func::FuncOp helper);
  mlir::LogicalResult emitKernel();
  mlir::LogicalResult checkWorkgroupMemory();
  void declareEntryPoint(mlir::spirv::FuncOp function);
  void declareFloatControls(mlir::spirv::FuncOp function);
  void addMode(mlir::spirv::FuncOp function, mlir::spirv::ExecutionMode mode,
               llvm::ArrayRef<int32_t> values);
  std::string getFreshName(llvm::StringRef wish);
  mlir::OpBuilder atGlobals();

  kernel::FuncOp kernel;
  ModuleNeeds needs;
  TypeMapping types;
  mlir::OwningOpRef<mlir::spirv::ModuleOp> module;
  llvm::StringSet<> names;
  llvm::StringMap<std::string> helperNames;
  std::map<mlir::spirv::BuiltIn, mlir::spirv::GlobalVariableOp> builtins;
  llvm::DenseMap<std::pair<unsigned, mlir::Type>, mlir::spirv::GlobalVariableOp>
      buffers;
  std::map<std::pair<bool, unsigned>, mlir::spirv::FuncOp> conversions;
};

} // namespace polytile::spirv_target

#endif // POLYTILE_COMPILER_TARGET_SPIRV_MODULEEMITTER_H
