//===- FunctionEmitter.h - The body of a function in the spirv dialect ----===//
//
// Walks a body of the kernel dialect once and writes its counterpart. It is no
// dialect conversion, since most rules differ from the upstream patterns: what
// is exact, what may fuse, how narrow integers, views and structured control
// flow are written.
//
// Invariants:
// - An integer of 8 or 16 bits lives in a 32-bit register whose upper bits are
//   garbage. Who depends on them asks for the value extended (`get` with an
//   Extension). So `addi` on i8 is one IAdd, and `divsi` extends first.
// - Values leave loops and selections through variables of the function, as in
//   what other front ends write: every driver turns them into registers.
// - The entry block holds variables, constants, addresses and builtin values,
//   each once; it dominates everything.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_FUNCTIONEMITTER_H
#define POLYTILE_COMPILER_TARGET_SPIRV_FUNCTIONEMITTER_H

#include "compiler/target/spirv/ModuleEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

#include <map>

namespace polytile::spirv_target {

/// How the upper bits of a narrow integer are wanted.
enum class Extension { None, Signed, Unsigned };

/// A memref of the kernel as SPIR-V sees it: an array that is accessed element
/// by element.
struct MemoryView {
  enum class Kind {
    Whole,  ///< an element of the memref is one of the array
    Lanes,  ///< a vector of the memref is several elements of the array
    Packed, ///< narrow elements in an array of 32-bit words
  };
  Kind kind = Kind::Whole;
  mlir::Value base;     ///< pointer to the array, or to the Block around it
  bool isBlock = false; ///< `base` points to a Block
  /// Work items of a workgroup may see what others have written there.
  bool isShared = false;
  mlir::Type stored;  ///< the array's elements
  mlir::Type element; ///< the memref's elements
  mlir::spirv::StorageClass storage = mlir::spirv::StorageClass::Function;
};

class FunctionEmitter {
public:
  FunctionEmitter(ModuleEmitter &module, mlir::spirv::FuncOp function);

  /// Emits a helper's body; block arguments are the function's parameters.
  mlir::LogicalResult emitHelper(mlir::Block &source);

  /// Emits the kernel's body; block arguments are bindings.
  mlir::LogicalResult emitKernel(mlir::Block &source);

private:
  using Value = mlir::Value;
  using Type = mlir::Type;
  using Operation = mlir::Operation;
  using LogicalResult = mlir::LogicalResult;

  // FunctionEmitter.cpp: values, constants, the walk.
  Value get(Value source, Extension extension = Extension::None);
  void set(Value source, Value target) { values[source] = target; }
  Type getType(Value source) const;
  template <typename Op, typename... Args> auto create(Args &&...arguments) {
    return builder.create<Op>(loc, std::forward<Args>(arguments)...);
  }
  /// Calls `build` with the builder at the end of the entry block.
  Value inPreamble(llvm::function_ref<Value()> build);
  Value getConstant(mlir::Attribute value, Type type);
  /// An integer, or a vector of equal ones.
  Value getInteger(int64_t value, Type type);
  Value getFloat(double value, Type type);
  Value getI32(int64_t value);
  Value splat(Value scalar, Type type);
  Value getVariable(Type type);
  Value load(Value variable);
  void store(Value variable, Value value);
  Value getElement(Value vector, unsigned lane);
  Value construct(Type type, llvm::ArrayRef<Value> elements);
  LogicalResult emitBody(mlir::Block &source);
  LogicalResult emit(Operation &op);
  LogicalResult refuse(Operation *op, const llvm::Twine &why);

  // EmitArith.cpp: arithmetic, comparisons, selection.
  LogicalResult emitArith(Operation *op);
  LogicalResult emitMath(Operation *op);
  LogicalResult emitBoolean(Operation *op);
  LogicalResult emitFloat(Operation *op);
  LogicalResult emitConstant(mlir::arith::ConstantOp op);
  LogicalResult emitCompare(mlir::arith::CmpIOp op);
  LogicalResult emitCompare(mlir::arith::CmpFOp op);
  LogicalResult emitSelect(mlir::arith::SelectOp op);
  template <typename Target>
  LogicalResult emitBinary(Operation *op, Extension extension);
  template <typename Target> LogicalResult emitFloatBinary(Operation *op);
  template <typename Target> LogicalResult emitUnary(Operation *op);
  template <typename Target> LogicalResult emitExtended(Operation *op);
  template <typename Compare>
  LogicalResult emitExtremum(Operation *op, Extension extension);
  LogicalResult emitRemainder(Operation *op);
  LogicalResult emitRoundedDivision(Operation *op, bool up);
  LogicalResult emitCeilDivUnsigned(Operation *op);
  template <typename Compare> Value compare(Value left, Value right);
  Value isNan(Value value);
  Value orNan(Value value, Value ifFinite);
  Value emitWithZero(Operation *op);

  // EmitConversions.cpp: between types.
  LogicalResult emitConversion(Operation *op);
  LogicalResult emitBitcast(Operation *op);
  LogicalResult emitFromBoolean(Operation *op);
  Value resize(Value value, Type type, bool isSigned);
  void getWords(Value source, llvm::SmallVectorImpl<Value> &words);
  Value fromWords(llvm::ArrayRef<Value> words, Type type);
  LogicalResult emitHalfToFloat(kernel::HalfToFloatOp op);
  LogicalResult emitFloatToHalf(kernel::FloatToHalfOp op);
  bool usesNativeHalves(bool narrowing);

  // EmitVector.cpp
  LogicalResult emitVector(Operation *op);

  // EmitMemory.cpp
  LogicalResult planBinding(mlir::BlockArgument binding);
  LogicalResult planArray(Value root, mlir::spirv::StorageClass storage,
                          llvm::StringRef name);
  void planViews(Value root, const MemoryView &whole);
  Type getStored(Type element, mlir::spirv::StorageClass storage);
  LogicalResult emitMemory(Operation *op);
  LogicalResult emitLoad(mlir::memref::LoadOp op);
  LogicalResult emitStore(mlir::memref::StoreOp op);
  Value getPointer(const MemoryView &view, Value index);
  Value loadElement(const MemoryView &view, Value index);
  void storeElement(const MemoryView &view, Value index, Value value);
  Value loadLanes(const MemoryView &view, Value index);
  Value loadPacked(const MemoryView &view, Value index);
  void storePacked(const MemoryView &view, Value index, Value value);
  Value scaleIndex(Value index, int64_t factor, int64_t offset);
  Value fromStored(Value value, Type element, bool isUnsigned);
  Value toStored(Value value, Type stored);
  mlir::spirv::MemoryAccessAttr getAccess(const MemoryView &view);

  // EmitControlFlow.cpp
  LogicalResult emitFor(mlir::scf::ForOp op);
  LogicalResult emitIf(mlir::scf::IfOp op);
  LogicalResult emitWhile(mlir::scf::WhileOp op);
  LogicalResult emitCall(mlir::func::CallOp op);
  void getVariables(mlir::TypeRange types,
                    llvm::SmallVectorImpl<Value> &variables);
  void storeAll(llvm::ArrayRef<Value> variables, mlir::ValueRange sources);
  void loadAll(llvm::ArrayRef<Value> variables, mlir::ValueRange targets);

  // EmitGpu.cpp
  LogicalResult emitGpu(Operation *op);
  Value getBuiltin(mlir::spirv::BuiltIn builtin);
  Value getId(mlir::spirv::BuiltIn builtin, int dimension);
  LogicalResult emitBarrier();
  LogicalResult emitShuffle(mlir::gpu::ShuffleOp op);
  LogicalResult emitMatrix(Operation *op);
  LogicalResult emitMatrixLoad(mlir::gpu::SubgroupMmaLoadMatrixOp op);
  LogicalResult emitMatrixStore(mlir::gpu::SubgroupMmaStoreMatrixOp op);
  LogicalResult emitMatrixElementwise(mlir::gpu::SubgroupMmaElementwiseOp op);
  mlir::FailureOr<std::pair<Value, Value>>
  getMatrixPlace(Operation *op, Value memory, Value index, int64_t stride);

  ModuleEmitter &module;
  ModuleNeeds &needs;
  const TypeMapping &types;
  mlir::spirv::FuncOp function;
  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Block *preamble = nullptr;
  llvm::DenseMap<Value, Value> values;
  llvm::DenseMap<Value, MemoryView> views;
  llvm::DenseMap<std::pair<mlir::Attribute, Type>, Value> constants;
  std::map<mlir::spirv::BuiltIn, Value> builtins;
  /// Narrow integers (values of the module) whose upper bits are known.
  llvm::DenseMap<Value, Extension> extended;
};

} // namespace polytile::spirv_target

#endif // POLYTILE_COMPILER_TARGET_SPIRV_FUNCTIONEMITTER_H
