//===- ContractionLoops.cpp - Loops of contractions -----------------------===//
//
// Two ways to sweep over a contraction, whichever lets the innermost loop run
// over neighbouring elements:
//
//   by element   for each output element: a nest over the reduction variables,
//                the accumulator in registers
//                  O[i] = +(X[i, k])
//   by row       for each row of the output: a nest over the reduction
//                variables around a loop over the row, accumulators in memory
//                  O[j] = +(X[k, j])
//
// A transposition has no such loop: it goes by element, in squares.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/ContractionPoints.h"
#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/cpu/KernelEmitter.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <memory>

using namespace mlir;

namespace polytile::cpu {

using arith::FastMathFlags;

namespace {

/// Points of a row that are accumulated together: 8 KiB of f32.
constexpr int64_t rowChunk = 2048;

/// By row: elements that are worth a loop over the reductions.
constexpr int64_t minRowChunk = 512;

/// Side of the squares in which a transposition goes: the elements of a cache
/// line.
constexpr int64_t squareSide = 16;

class ContractSweep {
public:
  ContractSweep(KernelEmitter &emitter, tile::ContractOp op,
                LinearDomain domain, ArrayRef<Store> stores)
      : emitter(emitter), builder(emitter.builder), op(op), loc(op.getLoc()),
        points(emitter.builder, emitter.scalars, emitter.evaluator, op,
               std::move(domain),
               FastMathFlags::contract | FastMathFlags::reassoc),
        domain(points.domain), stores(llvm::to_vector(stores)) {}

  /// Decides on the way and the work items.
  ItemGrid plan();
  LogicalResult emit(const ItemGrid &grid, Value begin, Value end);

private:
  double accessCost(unsigned variable) const;
  void chooseOrder();
  void chooseSquares();
  double pointCost();

  LogicalResult emitElement(ArrayRef<Value> outputs);
  LogicalResult emitSquare(SmallVector<Value> outer, Value lower, Value upper);
  LogicalResult emitRow(ValueRange outer, Value lower, Value upper);
  LogicalResult emitRowPoints(ValueRange outer, Value lower, Value upper);
  LogicalResult finishRow(ValueRange outer, Value lower, Value upper);
  LogicalResult finish(ArrayRef<Value> outputs, ValueRange carried);
  /// The indices of an output element: a scalar has none.
  SmallVector<Value> outputIndices(ValueRange outer, Value inner) const {
    SmallVector<Value> indices = llvm::to_vector(outer);
    if (domain.numOutputs > 0)
      indices.push_back(inner);
    return indices;
  }

  KernelEmitter &emitter;
  OpBuilder &builder;
  tile::ContractOp op;
  Location loc;
  ContractionPoints points;
  const LinearDomain &domain;
  SmallVector<Store> stores;
  SmallVector<unsigned> order;
  bool byRow = false;
  /// In squares: the dimension of the output, beside the innermost, along which
  /// an input is contiguous.
  std::optional<unsigned> squareDimension;
  /// By row: the accumulators are the output's elements.
  bool inPlace = false;
  Value accumulators, writtenFlags;
};

} // namespace

//===----------------------------------------------------------------------===//
// Planning
//===----------------------------------------------------------------------===//

/// How much a vectorised loop over `variable` pays for one point, in loads.
double ContractSweep::accessCost(unsigned variable) const {
  double cost = 0;
  for (const LinearExpr &position : points.positions)
    cost += position[variable] == 0 ? 0 : position[variable] == 1 ? 1 : 6;
  int64_t size = domain.ranges[variable].size();
  return size < 8 ? cost + 3 : cost;
}

void ContractSweep::chooseOrder() {
  order = domain.reductions;
  if (domain.numOutputs == 0 && order.empty())
    return;
  auto best = order.end();
  for (auto it = order.begin(); it != order.end(); ++it)
    if (best == order.end() || accessCost(*it) <= accessCost(*best))
      best = it;
  double elementCost = 0;
  if (best != order.end()) {
    elementCost = accessCost(*best) +
                  30.0 / std::max<int64_t>(1, domain.ranges[*best].size());
    std::rotate(best, best + 1, order.end());
  }
  if (domain.numOutputs == 0)
    return;
  unsigned inner = domain.numOutputs - 1;
  bool isSolved = false, isBounded = false;
  for (const LinearConstraint &constraint : domain.constraints)
    if (constraint.expr[inner] != 0)
      (constraint.isEquality ? isSolved : isBounded) = true;
  // A few points of each element need no loop, and the loop over the row none
  // of the accumulators in memory.
  bool isShort = !order.empty() && domain.constraints.empty() &&
                 domain.reductionPoints() <= maxUnrolledPoints;
  if (isShort && accessCost(inner) <= elementCost)
    return;
  byRow = order.empty() ? isBounded && !isSolved
                        : !isSolved && accessCost(inner) + 2 < elementCost;
  if (byRow)
    order.push_back(inner);
}

/// Without reductions there is no order to choose, and where neighbours of the
/// output aren't neighbours of the input, one of the two is touched a cache
/// line for each element; in squares all of a line is used while it is there.
void ContractSweep::chooseSquares() {
  if (byRow || !order.empty() || domain.numOutputs < 2)
    return;
  unsigned inner = domain.numOutputs - 1;
  for (const LinearExpr &position : points.positions)
    for (unsigned dimension = 0; dimension < inner; ++dimension)
      if (std::abs(position[inner]) >= squareSide &&
          std::abs(position[dimension]) == 1 &&
          domain.ranges[dimension].size() >= 2)
        squareDimension = dimension;
}

/// Nanoseconds for one point.
double ContractSweep::pointCost() {
  double cost = 0.2;
  for (Operation &inner : op.getBody().front())
    cost += isa<tile::YieldOp>(inner) ? 0 : 0.1;
  return cost;
}

/// Long chunks, but a few for the threads even where all of the work is in a
/// single row, as in sums over all pixels.
static int64_t rowChunkFor(ArrayRef<int64_t> shape) {
  int64_t rows = 1;
  for (int64_t size : shape.drop_back())
    rows = std::min<int64_t>(rows * size, 4);
  int64_t chunk = minRowChunk;
  while (chunk > 32 && rows * llvm::divideCeilSigned(shape.back(), chunk) < 4)
    chunk /= 2;
  return chunk;
}

ItemGrid ContractSweep::plan() {
  chooseOrder();
  chooseSquares();
  bool isLongSum = op.getAggregation() == tile::Aggregation::sum &&
                   domain.reductionPoints() > sumBlock;
  // By row, long sums of f32 are kept in f64.
  if (byRow && isLongSum && points.carriedType.isF32())
    points.carriedType = builder.getF64Type();
  Type resultElement = op.getResultType().getElementType();
  inPlace = byRow && !tracksWritten(op) && stores.size() == 1 &&
            stores.front().tensor == op.getResult() &&
            points.carriedType == resultElement &&
            !isNarrowFloat(resultElement) && !resultElement.isInteger(1);
  double cost =
      pointCost() *
      static_cast<double>(std::max<int64_t>(1, domain.reductionPoints()));
  for (const Store &store : stores)
    cost += elementCost(store.tensor);
  SmallVector<int64_t> shape = llvm::to_vector(op.getResultType().getShape());
  if (!squareDimension)
    return planItems(shape, cost, byRow ? rowChunkFor(shape) : 1, rowChunk);
  shape[*squareDimension] =
      llvm::divideCeilSigned(shape[*squareDimension], squareSide);
  return planItems(shape, cost * squareSide, squareSide, squareSide);
}

/// Rounds to the result's type, evaluates what follows, and stores.
LogicalResult ContractSweep::finish(ArrayRef<Value> outputs,
                                    ValueRange carried) {
  ElementEvaluator &evaluator = emitter.evaluator;
  FailureOr<Value> result = points.result(outputs, carried);
  if (failed(result))
    return failure();
  evaluator.startScope();
  evaluator.setElement(op.getResult(), *result);
  SmallVector<Value> elements;
  for (const Store &store : stores) {
    FailureOr<Value> element = evaluator.evaluate(store.tensor, outputs);
    if (failed(element))
      return failure();
    elements.push_back(*element);
  }
  evaluator.setElement(op.getResult(), Value());
  IndexMath math(builder, loc);
  Value position = math.linearize(outputs, op.getResultType().getShape());
  for (auto [store, element] : llvm::zip_equal(stores, elements))
    evaluator.store(
        loc, element, store.buffer, position,
        cast<RankedTensorType>(store.tensor.getType()).getElementType());
  return success();
}

//===----------------------------------------------------------------------===//
// By element
//===----------------------------------------------------------------------===//

LogicalResult ContractSweep::emitElement(ArrayRef<Value> outputs) {
  auto carried = points.scanElement(outputs, order);
  return failed(carried) ? failure() : finish(outputs, *carried);
}

/// `outer` has a number of squares at the square's dimension.
LogicalResult ContractSweep::emitSquare(SmallVector<Value> outer, Value lower,
                                        Value upper) {
  IndexMath math(builder, loc);
  Value first = math.mul(outer[*squareDimension], squareSide);
  Value last =
      math.min(math.add(first, squareSide),
               math.constant(op.getResultType().getDimSize(*squareDimension)));
  return emitter.forRange(loc, first, last, [&](Value index) {
    outer[*squareDimension] = index;
    return emitter.forRange(loc, lower, upper, [&](Value inner) {
      return emitElement(outputIndices(outer, inner));
    });
  });
}

//===----------------------------------------------------------------------===//
// By row
//===----------------------------------------------------------------------===//

LogicalResult ContractSweep::emitRowPoints(ValueRange outer, Value lower,
                                           Value upper) {
  LoopScanner scanner = points.makeScanner(outer, order);
  scanner.setLimits(domain.numOutputs - 1, lower, upper);
  Type memory = registerType(points.carriedType);
  IndexMath math(builder, loc);
  auto body = [&](ValueRange) -> FailureOr<SmallVector<Value>> {
    Value inner = scanner.valueOf(domain.numOutputs - 1);
    Value position = inPlace ? math.linearize(outputIndices(outer, inner),
                                              op.getResultType().getShape())
                             : math.sub(inner, lower);
    SmallVector<Value> carried = {
        emitter.evaluator.load(loc, accumulators, position, memory)};
    if (writtenFlags)
      carried.push_back(emitter.evaluator.load(loc, writtenFlags, position,
                                               builder.getI1Type()));
    auto next = points.accumulate(scanner, carried);
    if (failed(next))
      return failure();
    emitter.evaluator.store(loc, (*next)[0], accumulators, position, memory);
    if (writtenFlags)
      emitter.evaluator.store(loc, (*next)[1], writtenFlags, position,
                              builder.getI1Type());
    return SmallVector<Value>();
  };
  OpBuilder::InsertionGuard restore(builder);
  if (Value condition = scanner.guard())
    builder.setInsertionPointToStart(
        builder.create<scf::IfOp>(loc, condition, false).thenBlock());
  return scanner.scan({}, body);
}

LogicalResult ContractSweep::finishRow(ValueRange outer, Value lower,
                                       Value upper) {
  return emitter.forRange(loc, lower, upper, [&](Value inner) {
    IndexMath math(builder, loc);
    Value position = math.sub(inner, lower);
    SmallVector<Value> carried = {emitter.evaluator.load(
        loc, accumulators, position, registerType(points.carriedType))};
    if (writtenFlags)
      carried.push_back(emitter.evaluator.load(loc, writtenFlags, position,
                                               builder.getI1Type()));
    return finish(outputIndices(outer, inner), carried);
  });
}

LogicalResult ContractSweep::emitRow(ValueRange outer, Value lower,
                                     Value upper) {
  Type memory = registerType(points.carriedType);
  auto clear = [&](Value inner) -> LogicalResult {
    IndexMath math(builder, loc);
    SmallVector<Value> outputs = outputIndices(outer, inner);
    FailureOr<SmallVector<Value>> start = points.start(outputs);
    if (failed(start))
      return failure();
    Value position =
        inPlace ? math.linearize(outputs, op.getResultType().getShape())
                : math.sub(inner, lower);
    emitter.evaluator.store(loc, (*start)[0], accumulators, position, memory);
    if (writtenFlags)
      emitter.evaluator.store(loc, (*start)[1], writtenFlags, position,
                              builder.getI1Type());
    return success();
  };
  if (failed(emitter.forRange(loc, lower, upper, clear)))
    return failure();
  if (!domain.isEmpty && failed(emitRowPoints(outer, lower, upper)))
    return failure();
  return inPlace ? success() : finishRow(outer, lower, upper);
}

LogicalResult ContractSweep::emit(const ItemGrid &grid, Value begin,
                                  Value end) {
  if (byRow) {
    Type memory = memoryType(registerType(points.carriedType));
    accumulators = inPlace ? stores.front().buffer
                           : emitter.allocate(loc, grid.chunk, memory);
    if (tracksWritten(op))
      writtenFlags = emitter.allocate(loc, grid.chunk, builder.getI8Type());
  }
  return emitter.forItems(
      loc, grid, begin, end, [&](ValueRange outer, Value lower, Value upper) {
        if (byRow)
          return emitRow(outer, lower, upper);
        if (squareDimension)
          return emitSquare(llvm::to_vector(outer), lower, upper);
        return emitter.forRange(loc, lower, upper, [&](Value inner) {
          return emitElement(outputIndices(outer, inner));
        });
      });
}

FailureOr<Sweep> makeContractSweep(KernelEmitter &emitter,
                                   tile::ContractOp contract,
                                   ArrayRef<Store> stores) {
  FailureOr<LinearDomain> domain = buildLinearDomain(contract);
  if (failed(domain))
    return failure();
  auto sweep = std::make_shared<ContractSweep>(emitter, contract,
                                               std::move(*domain), stores);
  Sweep result;
  result.grid = sweep->plan();
  result.emit = [sweep, grid = result.grid](Value begin, Value end) {
    return sweep->emit(grid, begin, end);
  };
  return result;
}

} // namespace polytile::cpu
