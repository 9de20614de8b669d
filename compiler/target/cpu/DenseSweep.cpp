//===- DenseSweep.cpp - Dense contractions as sweeps of kernels -----------===//
//
// What follows from a contraction is computed block by block: sums are gathered
// in the buffer of one of the results, and once a block of rows is done, each
// of its elements is loaded, what follows is evaluated, and the results are
// stored, that one over the sum.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/DenseSweep.h"

#include "compiler/target/cpu/DenseContraction.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include <memory>

using namespace mlir;

namespace polytile::cpu {
namespace {

RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

class DenseSweep {
public:
  DenseSweep(KernelEmitter &emitter, tile::ContractOp op,
             ArrayRef<Store> stores)
      : emitter(emitter), op(op), loc(op.getLoc()), stores(stores) {}

  LogicalResult prepare(unsigned vectorBits);
  LogicalResult emit(Value begin, Value end);

  DensePlan plan;

private:
  bool mayAlias() const;
  LogicalResult finishRow(Value position, Value width);
  FailureOr<Value> evaluate(Value tensor, Value position, Value inner,
                            ArrayRef<Value> outer);

  KernelEmitter &emitter;
  tile::ContractOp op;
  Location loc;
  SmallVector<Store> stores;
  SmallVector<Value> inputs;
  /// Where sums are gathered.
  Value sums;
  /// What is stored besides the sums themselves.
  SmallVector<Store> following;
  bool isFlat = true;
};

} // namespace

/// The flat buffer in which `tensor` lies, or null.
static Value bufferOf(KernelEmitter &emitter, Value tensor) {
  while (!emitter.evaluator.isBound(tensor)) {
    auto reshape = tensor.getDefiningOp<tile::ReshapeOp>();
    if (!reshape)
      return {};
    tensor = reshape.getOperand();
  }
  return emitter.evaluator.bufferOf(tensor);
}

/// Sums gathered in a result's buffer would destroy an operand of what follows
/// that shares it.
bool DenseSweep::mayAlias() const {
  Operation *function = emitter.builder.getInsertionBlock()->getParentOp();
  while (function && !isa<FunctionOpInterface>(function))
    function = function->getParentOp();
  return !function || function->hasAttr("program.may_alias");
}

LogicalResult DenseSweep::prepare(unsigned vectorBits) {
  for (Value input : op.getInputs()) {
    Value buffer = bufferOf(emitter, input);
    if (!buffer)
      return failure();
    inputs.push_back(buffer);
  }
  for (const Store &store : stores) {
    if (!sums && store.tensor == op.getResult()) {
      sums = store.buffer;
      continue;
    }
    following.push_back(store);
    isFlat &= ElementEvaluator::isFlat(store.tensor,
                                       op.getResultType().getNumElements());
  }
  for (const Store &store : following)
    if (!sums &&
        tensorType(store.tensor).getElementType() == op.getAccumulatorType())
      sums = store.buffer;
  if (!sums || (!following.empty() && mayAlias()))
    return failure();
  // Rows that run over several dimensions have no single index.
  FailureOr<DensePlan> found =
      planDenseContraction(op, vectorBits, /*mergeColumns=*/isFlat);
  if (failed(found))
    return failure();
  plan = std::move(*found);
  return success();
}

FailureOr<Value> DenseSweep::evaluate(Value tensor, Value position, Value inner,
                                      ArrayRef<Value> outer) {
  if (isFlat)
    return emitter.evaluator.evaluateFlat(tensor, position);
  SmallVector<Value> indices(outer);
  indices.push_back(inner);
  return emitter.evaluator.evaluate(tensor, indices);
}

/// The `width` elements from row-major `position` on, which are in one row.
LogicalResult DenseSweep::finishRow(Value position, Value width) {
  IndexMath math(emitter.builder, loc);
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  SmallVector<Value> first = math.delinearize(position, shape);
  return emitter.forRange(
      loc, math.constant(0), width, [&](Value step) -> LogicalResult {
        ElementEvaluator &evaluator = emitter.evaluator;
        Value place = math.add(position, step);
        Value inner = math.add(first.back(), step);
        Type element = op.getAccumulatorType();
        evaluator.startScope();
        evaluator.setElement(op.getResult(),
                             evaluator.load(loc, sums, place, element));
        SmallVector<Value> values;
        for (const Store &store : following) {
          FailureOr<Value> value =
              evaluate(store.tensor, place, inner, ArrayRef(first).drop_back());
          if (failed(value))
            return evaluator.setElement(op.getResult(), Value()), failure();
          values.push_back(*value);
        }
        evaluator.setElement(op.getResult(), Value());
        for (auto [store, value] : llvm::zip_equal(following, values))
          evaluator.store(loc, value, store.buffer, place,
                          tensorType(store.tensor).getElementType());
        return success();
      });
}

LogicalResult DenseSweep::emit(Value begin, Value end) {
  OpBuilder &builder = emitter.builder;
  Value workspace;
  if (plan.workspaceBytes > 0)
    workspace = emitter.allocate(loc, plan.workspaceBytes, builder.getI8Type());
  DenseFinish finish = [this](Value position, Value width) {
    return finishRow(position, width);
  };
  return emitDenseContraction(builder, loc, plan, inputs, sums, begin, end,
                              workspace,
                              following.empty() ? DenseFinish() : finish);
}

FailureOr<Sweep> makeDenseSweep(KernelEmitter &emitter,
                                tile::ContractOp contract,
                                ArrayRef<Store> stores, unsigned vectorBits) {
  auto dense = std::make_shared<DenseSweep>(emitter, contract, stores);
  if (failed(dense->prepare(vectorBits)))
    return failure();
  Sweep sweep;
  sweep.grid.items = dense->plan.items;
  sweep.grid.grain = dense->plan.grain;
  sweep.emit = [dense](Value begin, Value end) {
    return dense->emit(begin, end);
  };
  return sweep;
}

} // namespace polytile::cpu
