//===- ElementwiseLoops.cpp - Loops of elementwise kernels ----------------===//
//
// One loop over all elements where every operand has as many elements as the
// results or just one; else loops over rows, with the innermost dimension last
// so that it vectorises.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/cpu/KernelEmitter.h"

using namespace mlir;

namespace polytile::cpu {

static LogicalResult storeRow(KernelEmitter &emitter, ArrayRef<Store> stores,
                              ValueRange outer, Value inner, bool isFlat) {
  emitter.evaluator.startScope();
  SmallVector<std::pair<Value, Value>> elements;
  for (const Store &store : stores) {
    Location loc = store.tensor.getLoc();
    IndexMath math(emitter.builder, loc);
    auto type = cast<RankedTensorType>(store.tensor.getType());
    SmallVector<Value> indices = llvm::to_vector(outer);
    if (type.getRank() > 0)
      indices.push_back(inner);
    auto element = isFlat ? emitter.evaluator.evaluateFlat(store.tensor, inner)
                          : emitter.evaluator.evaluate(store.tensor, indices);
    if (failed(element))
      return failure();
    elements.push_back(
        {*element, isFlat ? inner : math.linearize(indices, type.getShape())});
  }
  // All loads stand before all stores: a result may share its buffer with an
  // operand.
  for (auto [store, element] : llvm::zip_equal(stores, elements))
    emitter.evaluator.store(
        store.tensor.getLoc(), element.first, store.buffer, element.second,
        cast<RankedTensorType>(store.tensor.getType()).getElementType());
  return success();
}

Sweep makeElementwiseSweep(KernelEmitter &emitter, ArrayRef<Store> stores) {
  auto type = cast<RankedTensorType>(stores.front().tensor.getType());
  int64_t count = type.getNumElements();
  double cost = 0;
  bool isFlat = true;
  for (const Store &store : stores) {
    cost += elementCost(store.tensor);
    isFlat &= ElementEvaluator::isFlat(store.tensor, count);
  }
  SmallVector<int64_t> shape =
      isFlat ? SmallVector<int64_t>{count} : llvm::to_vector(type.getShape());
  Sweep sweep;
  sweep.grid = planItems(shape, cost, 64, 1 << 16);
  sweep.emit = [&emitter, grid = sweep.grid, stores = llvm::to_vector(stores),
                isFlat](Value begin, Value end) {
    Location loc = stores.front().tensor.getLoc();
    return emitter.forItems(
        loc, grid, begin, end, [&](ValueRange outer, Value lower, Value upper) {
          return emitter.forRange(loc, lower, upper, [&](Value inner) {
            return storeRow(emitter, stores, outer, inner, isFlat);
          });
        });
  };
  return sweep;
}

} // namespace polytile::cpu
