//===- Elementwise.cpp - Kernels without contractions ---------------------===//
//
// A thread computes consecutive elements with wide loads and stores. Where
// every operand has as many elements as the results, or one, all of them lie in
// one row:
//
//   thread t:  x = X4[t], y = Y4[t];  Z4[t] = (x.0 + y.0, ..., x.3 + y.3)
//
// The last thread's vector may reach beyond the elements: there is padding.
// Where operands are broadcast, the innermost dimension is cut in vectors, if
// it is a multiple of their length:
//
//   Z : 64x8 = X : 64x8 + Y : 8 + W : 64x1
//   thread t:  row t / 2, chunk t % 2
//              x = X4[t], y = Y4[t % 2], w = W[t / 2];  Z4[t] = x + y + w
//
// Whatever else there is (gathers, results of several shapes) is computed
// element by element, consecutive threads those of the innermost dimension.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/Schedule.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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

/// How the elements of kernels with results of one shape are shared out.
struct WidePlan {
  /// The results' shape; one dimension where operands are flat.
  SmallVector<int64_t> shape;
  bool isFlat = false;
  /// Elements of a thread, 1, 2 or 4.
  int64_t lanes = 1;

  /// The shape in vectors: what threads are numbered in.
  SmallVector<int64_t> chunks() const {
    SmallVector<int64_t> result = shape;
    if (!result.empty())
      result.back() = llvm::divideCeilSigned(result.back(), lanes);
    return result;
  }
  int64_t threads() const { return ShapedType::getNumElements(chunks()); }
};

/// True when every operation reads all that it reads at its own place, by
/// NumPy's rules: each argument then has one place in an element.
bool isPureElementwise(func::FuncOp source, ArrayRef<int64_t> shape) {
  return llvm::all_of(
      source.getBody().front().without_terminator(), [&](Operation &op) {
        return isa<tile::ConstantOp, tile::IndexOp>(op) ||
               (op.hasTrait<tile::Elementwise>() &&
                tensorType(op.getResult(0)).getShape() == shape);
      });
}

/// At most 16 bytes of any operand.
int64_t mostLanes(func::FuncOp source) {
  int64_t lanes = 4;
  auto check = [&](Value value) {
    if (codegen::memoryBytes(tensorType(value).getElementType()) == 8)
      lanes = 2;
  };
  llvm::for_each(resultsOf(source), check);
  llvm::for_each(source.getArguments(), check);
  return lanes;
}

/// None for kernels that go element by element.
std::optional<WidePlan> planWide(func::FuncOp source,
                                 const schedule::DeviceDescription &device) {
  WidePlan plan;
  auto type = tensorType(resultsOf(source).front());
  int64_t count = type.getNumElements();
  for (Value result : resultsOf(source))
    if (tensorType(result).getShape() != type.getShape())
      return std::nullopt;
  plan.isFlat = llvm::all_of(resultsOf(source), [&](Value result) {
    return codegen::ElementEvaluator::isFlat(result, count);
  });
  if (!plan.isFlat && !isPureElementwise(source, type.getShape()))
    return std::nullopt;
  plan.shape = plan.isFlat ? SmallVector<int64_t>{count}
                           : llvm::to_vector(type.getShape());
  // Threads for the whole device come before vectors.
  constexpr int64_t threadsPerUnit = 256;
  int64_t units = std::max<int64_t>(device.limits.computeUnits, 1);
  plan.lanes = mostLanes(source);
  while (plan.lanes > 1 && (count < plan.lanes * threadsPerUnit * units ||
                            (!plan.isFlat && plan.shape.back() % plan.lanes)))
    plan.lanes /= 2;
  return plan;
}

/// The kernel of a WidePlan.
class WideKernel {
public:
  WideKernel(KernelEmitter &emitter, const WidePlan &plan)
      : emitter(emitter), builder(emitter.builder), plan(plan) {}
  LogicalResult emit(func::FuncOp source);

private:
  void loadArgument(Value argument, Value thread, ValueRange chunk);
  LogicalResult evaluateLane(int64_t lane, ValueRange chunk);

  KernelEmitter &emitter;
  OpBuilder &builder;
  const WidePlan &plan;
  /// Arguments that are loaded as vectors, and the vectors.
  SmallVector<std::pair<Value, Value>> vectors;
  /// Of each store, the elements in memory form.
  SmallVector<SmallVector<Value>> elements;
};

} // namespace

/// Loads what the thread needs of `argument`, at most a vector; `chunk` is the
/// thread's place.
void WideKernel::loadArgument(Value argument, Value thread, ValueRange chunk) {
  auto type = tensorType(argument);
  SmallVector<int64_t> shape = llvm::to_vector(type.getShape());
  if (plan.isFlat)
    shape = {type.getNumElements()};
  bool isWhole = ArrayRef<int64_t>(shape) == ArrayRef<int64_t>(plan.shape);
  bool isWide = plan.lanes > 1 && !shape.empty() &&
                shape.back() == plan.shape.back() && shape.back() > 1;
  if (isWide)
    shape.back() = llvm::divideCeilSigned(shape.back(), plan.lanes);
  codegen::IndexMath math = emitter.math();
  SmallVector<Value> where;
  for (auto [size, index] :
       llvm::zip_equal(shape, chunk.take_back(shape.size())))
    where.push_back(size == 1 ? math.constant(0) : index);
  Value position = isWhole ? thread : math.linearize(where, shape);
  Value buffer = emitter.evaluator.bufferOf(argument);
  if (isWide)
    vectors.push_back(
        {argument, builder.create<memref::LoadOp>(
                       argument.getLoc(),
                       emitter.vectorView(buffer, plan.lanes), position)});
  else
    emitter.evaluator.setElement(
        argument, emitter.evaluator.load(argument.getLoc(), buffer, position,
                                         type.getElementType()));
}

LogicalResult WideKernel::evaluateLane(int64_t lane, ValueRange chunk) {
  emitter.evaluator.startScope();
  for (auto [argument, vector] : vectors) {
    Location loc = argument.getLoc();
    Value element = builder.create<vector::ExtractOp>(loc, vector, lane);
    emitter.evaluator.setElement(
        argument, emitter.scalars.fromMemory(
                      loc, element, tensorType(argument).getElementType()));
  }
  SmallVector<Value> indices = llvm::to_vector(chunk);
  if (!indices.empty())
    indices.back() = emitter.math().add(
        emitter.math().mul(indices.back(), plan.lanes), lane);
  for (auto [store, parts] : llvm::zip_equal(emitter.stores, elements)) {
    auto element =
        plan.isFlat
            ? emitter.evaluator.evaluateFlat(store.tensor, indices.front())
            : emitter.evaluator.evaluate(store.tensor, indices);
    if (failed(element))
      return failure();
    parts.push_back(
        emitter.scalars.toMemory(store.tensor.getLoc(), *element,
                                 tensorType(store.tensor).getElementType()));
  }
  return success();
}

LogicalResult WideKernel::emit(func::FuncOp source) {
  Value thread = emitter.beginThreads(plan.threads());
  SmallVector<Value> chunk = emitter.math().delinearize(thread, plan.chunks());
  for (Value argument : source.getArguments())
    if (!argument.use_empty())
      loadArgument(argument, thread, chunk);
  elements.resize(emitter.stores.size());
  for (int64_t lane = 0; lane < plan.lanes; ++lane)
    if (failed(evaluateLane(lane, chunk)))
      return failure();
  for (auto [store, parts] : llvm::zip_equal(emitter.stores, elements)) {
    Location loc = store.tensor.getLoc();
    Value value = parts.front(), buffer = store.buffer;
    if (plan.lanes > 1) {
      value = builder.create<vector::FromElementsOp>(
          loc, VectorType::get({plan.lanes}, value.getType()), parts);
      buffer = emitter.vectorView(buffer, plan.lanes);
    }
    builder.create<memref::StoreOp>(loc, value, buffer, thread);
  }
  return success();
}

/// One element of each of `stores`, which have one shape, at row-major
/// `position`.
static LogicalResult storeElements(KernelEmitter &emitter,
                                   ArrayRef<Store> stores, Value position) {
  codegen::ElementEvaluator &evaluator = emitter.evaluator;
  evaluator.startScope();
  SmallVector<Value> elements;
  SmallVector<Value> indices = emitter.math().delinearize(
      position, tensorType(stores.front().tensor).getShape());
  for (const Store &store : stores) {
    auto element = evaluator.evaluate(store.tensor, indices);
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
static FailureOr<kernel::FuncOp> emitByElement(func::FuncOp source,
                                               LoweringContext &context) {
  int64_t count = 0;
  for (Value result : resultsOf(source))
    count = std::max(count, tensorType(result).getNumElements());
  KernelEmitter emitter(source, context, Launch::linear(count, context.device));
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
  return emitter.finish({emitter.named("kind", "elementwise")});
}

FailureOr<kernel::FuncOp> tryElementwise(func::FuncOp source,
                                         LoweringContext &context) {
  if (!source.getOps<tile::ContractOp>().empty())
    return failure();
  std::optional<WidePlan> plan = planWide(source, context.device);
  if (!plan)
    return emitByElement(source, context);
  KernelEmitter emitter(source, context,
                        Launch::linear(plan->threads(), context.device));
  if (failed(WideKernel(emitter, *plan).emit(source)))
    return failure();
  return emitter.finish({emitter.named("kind", "elementwise"),
                         emitter.named("lanes", plan->lanes)});
}

} // namespace polytile::gpu
