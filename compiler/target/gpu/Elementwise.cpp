//===- Elementwise.cpp - Kernels without contractions ---------------------===//
//
// Where every operand has as many elements as the results, or one, a thread
// computes consecutive elements with wide loads and stores:
//
//   thread t:  x = X4[t], y = Y4[t];  Z4[t] = (x.0 + y.0, ..., x.3 + y.3)
//
// The last thread's vector may reach beyond the elements: there is padding.
// Else a thread computes one element; consecutive threads the elements of the
// innermost dimension.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/Schedule.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace polytile::gpu {

namespace {

RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The results of a kernel function.
OperandRange resultsOf(func::FuncOp source) {
  return source.getBody().front().getTerminator()->getOperands();
}

/// Elements that a thread takes at once, at most 16 bytes of any operand; 1
/// where they aren't consecutive in all operands, or too few for the device.
int64_t chooseLanes(func::FuncOp source, int64_t count,
                    const schedule::DeviceDescription &device) {
  int64_t lanes = 4;
  auto check = [&](Value value) {
    if (codegen::memoryBytes(tensorType(value).getElementType()) == 8)
      lanes = std::min<int64_t>(lanes, 2);
  };
  for (Value result : resultsOf(source)) {
    check(result);
    if (tensorType(result).getNumElements() != count ||
        !codegen::ElementEvaluator::isFlat(result, count))
      return 1;
  }
  for (Value argument : source.getArguments())
    check(argument);
  constexpr int64_t threadsPerUnit = 256;
  int64_t units = std::max<int64_t>(device.limits.computeUnits, 1);
  return count < lanes * threadsPerUnit * units ? 1 : lanes;
}

/// The kernel for flat operands.
class FlatKernel {
public:
  FlatKernel(KernelEmitter &emitter, int64_t count, int64_t lanes)
      : emitter(emitter), builder(emitter.builder), count(count), lanes(lanes) {
  }
  LogicalResult emit(func::FuncOp source);

private:
  LogicalResult evaluateLane(int64_t lane, Value first);
  void loadVectors(func::FuncOp source, Value thread);

  KernelEmitter &emitter;
  OpBuilder &builder;
  int64_t count, lanes;
  /// Arguments that are loaded as vectors, and the vectors.
  SmallVector<std::pair<Value, Value>> vectors;
  /// Of each store, the elements in memory form.
  SmallVector<SmallVector<Value>> elements;
};

} // namespace

void FlatKernel::loadVectors(func::FuncOp source, Value thread) {
  for (Value argument : source.getArguments()) {
    if (argument.use_empty() || tensorType(argument).getNumElements() != count)
      continue;
    Value view =
        emitter.vectorView(emitter.evaluator.bufferOf(argument), lanes);
    vectors.push_back({argument, builder.create<memref::LoadOp>(
                                     argument.getLoc(), view, thread)});
  }
}

LogicalResult FlatKernel::evaluateLane(int64_t lane, Value first) {
  emitter.evaluator.startScope();
  for (auto [argument, vector] : vectors) {
    Location loc = argument.getLoc();
    Value element = builder.create<vector::ExtractOp>(loc, vector, lane);
    emitter.evaluator.setElement(
        argument, emitter.scalars.fromMemory(
                      loc, element, tensorType(argument).getElementType()));
  }
  Value position = emitter.math().add(first, lane);
  for (auto [store, parts] : llvm::zip_equal(emitter.stores, elements)) {
    auto element = emitter.evaluator.evaluateFlat(store.tensor, position);
    if (failed(element))
      return failure();
    parts.push_back(
        emitter.scalars.toMemory(store.tensor.getLoc(), *element,
                                 tensorType(store.tensor).getElementType()));
  }
  return success();
}

LogicalResult FlatKernel::emit(func::FuncOp source) {
  Value thread = emitter.beginThreads(llvm::divideCeilSigned(count, lanes));
  loadVectors(source, thread);
  elements.resize(emitter.stores.size());
  Value first = emitter.math().mul(thread, lanes);
  for (int64_t lane = 0; lane < lanes; ++lane)
    if (failed(evaluateLane(lane, first)))
      return failure();
  for (auto [store, parts] : llvm::zip_equal(emitter.stores, elements)) {
    Location loc = store.tensor.getLoc();
    Value vector = builder.create<vector::FromElementsOp>(
        loc, VectorType::get({lanes}, parts.front().getType()), parts);
    builder.create<memref::StoreOp>(
        loc, vector, emitter.vectorView(store.buffer, lanes), thread);
  }
  return success();
}

/// One element of each of `stores`, which have one shape, at row-major
/// `position`.
static LogicalResult storeElements(KernelEmitter &emitter,
                                   ArrayRef<Store> stores, Value position) {
  auto type = tensorType(stores.front().tensor);
  int64_t count = type.getNumElements();
  bool isFlat = llvm::all_of(stores, [&](const Store &store) {
    return codegen::ElementEvaluator::isFlat(store.tensor, count);
  });
  codegen::ElementEvaluator &evaluator = emitter.evaluator;
  evaluator.startScope();
  SmallVector<Value> indices, elements;
  if (!isFlat)
    indices = emitter.math().delinearize(position, type.getShape());
  for (const Store &store : stores) {
    auto element = isFlat ? evaluator.evaluateFlat(store.tensor, position)
                          : evaluator.evaluate(store.tensor, indices);
    if (failed(element))
      return failure();
    elements.push_back(*element);
  }
  for (auto [store, element] : llvm::zip_equal(stores, elements))
    evaluator.store(store.tensor.getLoc(), element, store.buffer, position,
                    tensorType(store.tensor).getElementType());
  return success();
}

/// The stores by their shapes, in order.
static SmallVector<SmallVector<Store>> groupByShape(ArrayRef<Store> stores) {
  SmallVector<SmallVector<Store>> groups;
  for (const Store &store : stores) {
    auto hasShape = [&](const SmallVector<Store> &group) {
      return tensorType(group.front().tensor).getShape() ==
             tensorType(store.tensor).getShape();
    };
    auto group = llvm::find_if(groups, hasShape);
    if (group == groups.end())
      groups.push_back({store});
    else
      group->push_back(store);
  }
  return groups;
}

/// One thread for each element of the largest result.
static LogicalResult emitByElement(KernelEmitter &emitter, int64_t count) {
  Value thread = emitter.beginThreads(count);
  for (const SmallVector<Store> &group : groupByShape(emitter.stores)) {
    OpBuilder::InsertionGuard restore(emitter.builder);
    int64_t elements = tensorType(group.front().tensor).getNumElements();
    if (elements < count)
      emitter.onlyIf(emitter.builder.create<arith::CmpIOp>(
          emitter.loc, arith::CmpIPredicate::ult, thread,
          emitter.math().constant(elements)));
    if (failed(storeElements(emitter, group, thread)))
      return failure();
  }
  return success();
}

FailureOr<kernel::FuncOp> tryElementwise(func::FuncOp source,
                                         LoweringContext &context) {
  if (!source.getOps<tile::ContractOp>().empty())
    return failure();
  int64_t count = 0;
  for (Value result : resultsOf(source))
    count = std::max(count, tensorType(result).getNumElements());
  int64_t lanes = chooseLanes(source, count, context.device);
  KernelEmitter emitter(
      source, context,
      Launch::linear(llvm::divideCeilSigned(count, lanes), context.device));
  LogicalResult result = lanes > 1
                             ? FlatKernel(emitter, count, lanes).emit(source)
                             : emitByElement(emitter, count);
  if (failed(result))
    return failure();
  return emitter.finish(
      {emitter.named("kind", "elementwise"), emitter.named("lanes", lanes)});
}

} // namespace polytile::gpu
