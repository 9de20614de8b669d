//===- FunctionPrinter.h - One function as OpenCL C -------------*- C++ -*-===//
//
// Walks a function once, in order. A value that is used once, in its own block,
// waits as an expression until its use takes it; every other value becomes a
// variable where it is computed. What reads memory and still waits when a
// store, a barrier or a loop comes becomes a variable before that, so loads
// stay where the schedule put them.
//
//   %x = memref.load %A[%i]         |
//   %y = arith.mulf %x, %x          |  const float x = A[i];
//   memref.store %y, %B[%i]         |  B[i] = x * x;
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_OPENCL_FUNCTIONPRINTER_H
#define POLYTILE_COMPILER_TARGET_OPENCL_FUNCTIONPRINTER_H

#include "compiler/target/opencl/Expression.h"
#include "compiler/target/opencl/Names.h"
#include "compiler/target/opencl/Types.h"
#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace polytile::opencl {

class FunctionPrinter {
public:
  /// `symbols` are the functions of the program: no variable hides one.
  FunctionPrinter(llvm::ArrayRef<std::string> symbols, unsigned indexBits);

  mlir::FailureOr<std::string> printKernel(kernel::FuncOp kernel);
  mlir::FailureOr<std::string> printHelper(mlir::func::FuncOp helper);

private:
  using Value = mlir::Value;
  using Type = mlir::Type;
  using LogicalResult = llvm::LogicalResult;
  using MaybeExpression = mlir::FailureOr<Expression>;

  // FunctionPrinter.cpp: heads, blocks, variables.
  void printBindings(kernel::FuncOp kernel);
  void printSharedDeclarations(kernel::FuncOp kernel);
  void declareId(mlir::Operation *op);
  LogicalResult printBody(mlir::Block &block);
  LogicalResult printOperation(mlir::Operation *op);
  LogicalResult printStore(mlir::memref::StoreOp store);
  LogicalResult printArray(mlir::memref::AllocaOp array);
  LogicalResult printInsertion(mlir::vector::InsertOp insertion);
  void printView(kernel::VectorViewOp view);
  void printBarrier(mlir::gpu::BarrierOp barrier);

  /// Writes a line, broken at spaces where it is long.
  void line(const llvm::Twine &text);
  /// The name that a lowering has given a value by its location. Names of the
  /// source, which say where a value comes from, have that place with them.
  static llvm::StringRef hintOf(mlir::Location location);
  /// The wished name of a value: a hint, else one by its role.
  std::string wishFor(Value value) const;
  /// Makes `expression` the meaning of `value`, to be used in place or by a
  /// variable.
  void define(Value value, Expression expression);
  void declare(Value value, const Expression &expression);
  void setName(Value value, llvm::StringRef name);
  /// A loop variable: it has a number, because it changes.
  Expression makeVariable(llvm::StringRef name);
  /// Declares what waits and passes the test.
  void flush(llvm::function_ref<bool(Value)> test);
  /// What reads memory, before something that writes it.
  void flushReads();
  /// What computes with floats, before a load: a schedule has put them in this
  /// order for the sake of registers.
  void flushArithmetic();
  /// Takes the expression of an operand.
  Expression use(Value value);
  /// Takes it as a name or a literal, so that it can be written repeatedly.
  Expression useName(Value value);
  bool isWaiting(Value value) const;
  LogicalResult refuse(mlir::Operation *op, const llvm::Twine &what) const;

  // ControlFlow.cpp
  LogicalResult printFor(mlir::scf::ForOp loop);
  LogicalResult printIf(mlir::scf::IfOp branch);
  LogicalResult printWhile(mlir::scf::WhileOp loop);
  std::string loopCondition(mlir::scf::ForOp loop, llvm::StringRef counter);
  struct Branch {
    std::string text;                         ///< statements, indented
    llvm::SmallVector<Expression, 0> results; ///< what it yields
  };
  /// Prints a block apart, without its terminator, whose operands it takes. The
  /// caller opens and closes the names of the block.
  mlir::FailureOr<Branch> printApart(mlir::Block &block);
  struct Assignment {
    Expression variable;
    Expression value;
    Type type;
  };
  /// Opens a while loop, down to where its second block begins.
  void printWhileHead(mlir::scf::WhileOp loop, const Branch &before,
                      llvm::ArrayRef<Expression> carried);
  /// Assigns as if at once.
  void printAssignments(llvm::MutableArrayRef<Assignment> assignments);
  llvm::SmallVector<Expression> declareCarried(mlir::ValueRange inits,
                                               mlir::ValueRange arguments);

  // Operations.cpp: everything that is an expression.
  MaybeExpression expressionOf(mlir::Operation *op);
  MaybeExpression callOf(mlir::func::CallOp call);
  MaybeExpression memoryOf(mlir::Operation *op);
  MaybeExpression vectorOf(mlir::Operation *op);
  MaybeExpression shuffleOf(mlir::gpu::ShuffleOp shuffle);
  Expression literalOf(mlir::TypedAttr value) const;

  // FloatOperations.cpp
  MaybeExpression floatOf(mlir::Operation *op);
  MaybeExpression conversionOf(mlir::Operation *op);
  Expression comparisonOf(mlir::arith::CmpFOp comparison);
  /// The product that the sum or difference `op` is fused with, or null.
  mlir::arith::MulFOp fusedProduct(mlir::Operation *op) const;
  bool isFused(mlir::arith::MulFOp product) const;
  Expression fusedOf(mlir::Operation *op, mlir::arith::MulFOp product);

  // IntegerOperations.cpp
  MaybeExpression integerOf(mlir::Operation *op);
  Expression sumOf(mlir::Operation *op);
  MaybeExpression divisionOf(mlir::Operation *op);
  MaybeExpression logicOf(mlir::Operation *op);
  Expression notOf(const Expression &operand, Type type) const;
  MaybeExpression integerComparisonOf(mlir::arith::CmpIOp comparison);
  Expression selectionOf(mlir::arith::SelectOp selection);
  MaybeExpression integerConversionOf(mlir::Operation *op);
  LogicalResult printExtended(mlir::Operation *op);
  /// The operand as a signed integer, and back.
  Expression useSigned(Value value);
  Expression asSigned(const Expression &value, Type type) const;
  Expression fromSigned(const Expression &value, Type type) const;
  /// C computes in int what is shorter: cuts a result to its type.
  Expression narrowed(const Expression &value, Type type) const;
  Expression convertInteger(const Expression &value, Type from, Type to,
                            Sign sign) const;
  /// A comparison of vectors of `operands` as a vector of i1.
  Expression maskOf(const Expression &comparison, Type operands) const;

  Names names;
  Types types;
  llvm::DenseMap<Value, Expression> values;
  /// Values that wait for their only use, in order, of the current block.
  llvm::SmallVector<Value> waiting;
  std::string out;
  unsigned depth = 0;
  unsigned loops = 0;
  unsigned variables = 0;
  bool sharesGlobalMemory = false;
};

} // namespace polytile::opencl

#endif // POLYTILE_COMPILER_TARGET_OPENCL_FUNCTIONPRINTER_H
