//===- Interpreter.h - The reference evaluator of tile IR -------*- C++ -*-===//
//
// Computes what a function of tile operations means, element by element from
// the definitions, in double precision and exact integers. Every target is
// compared with it, so it shares no code with any lowering, and prefers plain
// to fast.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_INTERPRETER_INTERPRETER_H
#define POLYTILE_COMPILER_INTERPRETER_INTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"

#include <vector>

namespace polytile::interpreter {

/// A tensor in the memory of the host: elements in row-major order, as the
/// machine stores them. A bool takes one byte, 0 or 1; f16 and bf16 take two.
struct Tensor {
  mlir::RankedTensorType type;
  std::vector<char> data;
};

/// Bytes that an element of `elementType` takes in a Tensor.
int64_t getElementSize(mlir::Type elementType);

struct EvaluationOptions {
  /// Tensors and accumulators that live at one time may take this many bytes;
  /// 0 means half of the machine's memory.
  int64_t memoryLimitBytes = 0;
};

/// Evaluates `function`, which has passed tile-specialize and
/// tile-infer-bounds, on `arguments`, and returns its results. Emits an error
/// at the operation that cannot be evaluated: one that is not of the tile
/// dialect, an argument of another type or size, or results over the memory
/// limit. Functions of one context may be evaluated by several threads at a
/// time.
mlir::FailureOr<llvm::SmallVector<Tensor>>
evaluate(mlir::func::FuncOp function, llvm::ArrayRef<Tensor> arguments,
         const EvaluationOptions &options = {});

} // namespace polytile::interpreter

#endif // POLYTILE_COMPILER_INTERPRETER_INTERPRETER_H
