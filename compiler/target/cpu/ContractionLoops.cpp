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
// Every domain can be scanned output element by output element: where the
// output's subscripts aren't variables they are equations (LinearDomain.h).
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/common/LoopScanner.h"
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

/// Points of an output element that are written out instead of looped over.
constexpr int64_t maxUnrolled = 32;

/// Side of the squares in which a transposition goes: the elements of a cache
/// line.
constexpr int64_t squareSide = 16;

/// Points of a partial sum: the error of a long sum grows with the number of
/// its parts.
constexpr int64_t sumBlock = 1024;

class ContractSweep {
public:
  ContractSweep(KernelEmitter &emitter, tile::ContractOp op,
                LinearDomain domain, ArrayRef<Store> stores)
      : emitter(emitter), builder(emitter.builder), op(op), loc(op.getLoc()),
        domain(std::move(domain)), stores(llvm::to_vector(stores)),
        accumulatorType(op.getAccumulatorType()),
        resultElement(op.getResultType().getElementType()) {}

  /// Decides on the way and the work items.
  ItemGrid plan();
  LogicalResult emit(const ItemGrid &grid, Value begin, Value end);

private:
  void findPositions();
  void findCombination();
  double accessCost(unsigned variable) const;
  void chooseOrder();
  void chooseSquares();
  bool tracksWritten();
  double pointCost();

  LogicalResult emitElement(ArrayRef<Value> outputs);
  LogicalResult emitSquare(SmallVector<Value> outer, Value lower, Value upper);
  void addBlocks(LoopScanner &scanner, ArrayRef<Value> start);
  LogicalResult emitRow(ValueRange outer, Value lower, Value upper);
  LogicalResult emitRowPoints(ValueRange outer, Value lower, Value upper);
  LogicalResult finishRow(ValueRange outer, Value lower, Value upper);
  LogicalResult finish(ArrayRef<Value> outputs, Value accumulator,
                       Value written);
  FailureOr<Value> emptyValue(ArrayRef<Value> outputs, Type element);
  FailureOr<Value> initial(ArrayRef<Value> outputs);
  FailureOr<SmallVector<Value>> accumulate(LoopScanner &scanner,
                                           ValueRange carried);
  FailureOr<std::pair<Value, Value>> evaluatePoint(LoopScanner &scanner);
  FailureOr<Value> loadInput(LoopScanner &scanner, unsigned input);
  LoopScanner makeScanner(ValueRange outputs, ArrayRef<unsigned> order);
  Value truth(bool value) {
    return builder.create<arith::ConstantOp>(loc, builder.getBoolAttr(value));
  }
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
  LinearDomain domain;
  SmallVector<Store> stores;
  Type accumulatorType, resultElement;
  /// What is carried from point to point: by row, long sums of f32 are kept in
  /// f64.
  Type carriedType;
  /// Of each input, the row-major position.
  SmallVector<LinearExpr> positions;
  /// The operations of the body that may be reassociated and contracted.
  llvm::SmallPtrSet<Operation *, 4> combination;
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

void ContractSweep::findPositions() {
  for (auto [input, subscripts] :
       llvm::zip_equal(op.getInputs(), domain.accesses)) {
    LinearExpr position(domain.numVariables() + 1, 0);
    int64_t stride = 1;
    ArrayRef<int64_t> shape =
        cast<RankedTensorType>(input.getType()).getShape();
    for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
      for (auto [entry, part] : llvm::zip_equal(position, subscripts[d]))
        entry += stride * part;
    positions.push_back(position);
  }
}

/// The chain of equal operations from which the yielded value comes.
void ContractSweep::findCombination() {
  SmallVector<Value> worklist = {op.getYield().getValue()};
  Operation *last = worklist.front().getDefiningOp();
  if (!last || !isa<tile::MulOp, tile::AddOp>(last))
    return;
  while (!worklist.empty()) {
    Operation *def = worklist.pop_back_val().getDefiningOp();
    if (!def || def->getName() != last->getName() ||
        !combination.insert(def).second)
      continue;
    llvm::append_range(worklist, def->getOperands());
  }
}

/// How much a vectorised loop over `variable` pays for one point, in loads.
double ContractSweep::accessCost(unsigned variable) const {
  double cost = 0;
  for (const LinearExpr &position : positions)
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
                 domain.reductionPoints() <= maxUnrolled;
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
  for (const LinearExpr &position : positions)
    for (unsigned dimension = 0; dimension < inner; ++dimension)
      if (std::abs(position[inner]) >= squareSide &&
          std::abs(position[dimension]) == 1 &&
          domain.ranges[dimension].size() >= 2)
        squareDimension = dimension;
}

/// Whether it has to be found out at run time which elements are written: sums
/// of nothing are 0 anyway.
bool ContractSweep::tracksWritten() {
  if (op->hasAttr("covers") && !op.getYield().getCondition())
    return false;
  if (op.getAggregation() == tile::Aggregation::assign)
    return false;
  return op.getAggregation() != tile::Aggregation::sum || op.getDefaultValue();
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
  findPositions();
  findCombination();
  chooseOrder();
  chooseSquares();
  bool isLongSum = op.getAggregation() == tile::Aggregation::sum &&
                   domain.reductionPoints() > sumBlock;
  carriedType = byRow && isLongSum && accumulatorType.isF32()
                    ? builder.getF64Type()
                    : accumulatorType;
  inPlace = byRow && !tracksWritten() && stores.size() == 1 &&
            stores.front().tensor == op.getResult() &&
            carriedType == resultElement && !isNarrowFloat(resultElement) &&
            !resultElement.isInteger(1);
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

//===----------------------------------------------------------------------===//
// Points
//===----------------------------------------------------------------------===//

LoopScanner ContractSweep::makeScanner(ValueRange outputs,
                                       ArrayRef<unsigned> order) {
  LoopScanner scanner(builder, loc, domain, order);
  for (auto [variable, value] : llvm::enumerate(outputs))
    scanner.setValue(variable, value);
  return scanner;
}

FailureOr<Value> ContractSweep::loadInput(LoopScanner &scanner,
                                          unsigned input) {
  Value tensor = op.getInputs()[input];
  ElementEvaluator &evaluator = emitter.evaluator;
  if (evaluator.isBound(tensor))
    return evaluator.load(
        loc, evaluator.bufferOf(tensor), scanner.evaluate(positions[input]),
        cast<RankedTensorType>(tensor.getType()).getElementType());
  SmallVector<Value> indices;
  for (const LinearExpr &subscript : domain.accesses[input])
    indices.push_back(scanner.evaluate(subscript));
  return evaluator.evaluate(tensor, indices);
}

/// The body's value at the point of `scanner`, and its condition or null.
FailureOr<std::pair<Value, Value>>
ContractSweep::evaluatePoint(LoopScanner &scanner) {
  emitter.evaluator.startScope();
  llvm::DenseMap<Value, Value> values;
  Block &body = op.getBody().front();
  for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
    FailureOr<Value> element = loadInput(scanner, i);
    if (failed(element))
      return failure();
    values[argument] = *element;
  }
  for (Operation &inner : body.without_terminator()) {
    SmallVector<Value> operands;
    for (Value operand : inner.getOperands())
      operands.push_back(values.lookup(operand));
    FastMathFlags fast = combination.contains(&inner) ? FastMathFlags::contract
                                                      : FastMathFlags::none;
    Value result = emitter.scalars.emit(&inner, operands, fast);
    if (!result)
      return inner.emitOpError("can't be computed by a CPU kernel"), failure();
    values[inner.getResult(0)] = result;
  }
  tile::YieldOp yield = op.getYield();
  Value condition =
      yield.getCondition() ? values.lookup(yield.getCondition()) : Value();
  return std::pair(values.lookup(yield.getValue()), condition);
}

/// One more point: `carried` is the accumulator, then the written flag where
/// there is one.
FailureOr<SmallVector<Value>> ContractSweep::accumulate(LoopScanner &scanner,
                                                        ValueRange carried) {
  auto point = evaluatePoint(scanner);
  if (failed(point))
    return failure();
  auto [value, condition] = *point;
  FastMathFlags fast = FastMathFlags::contract | FastMathFlags::reassoc;
  value = emitter.scalars.cast(loc, value, accumulatorType, carriedType);
  Value next = emitter.scalars.aggregate(loc, op.getAggregation(), carried[0],
                                         value, carriedType, fast);
  if (condition)
    next = builder.create<arith::SelectOp>(loc, condition, next, carried[0]);
  SmallVector<Value> results = {next};
  if (carried.size() > 1)
    results.push_back(
        condition ? builder.create<arith::OrIOp>(loc, carried[1], condition)
                        .getResult()
                  : truth(true));
  return results;
}

/// What an element to which no point contributes has, as `element`.
FailureOr<Value> ContractSweep::emptyValue(ArrayRef<Value> outputs,
                                           Type element) {
  Value tensor = op.getDefaultValue();
  if (!tensor)
    return emitter.scalars.zero(loc, element);
  auto type = cast<RankedTensorType>(tensor.getType());
  IndexMath math(builder, loc);
  SmallVector<Value> indices;
  for (auto [size, index] : llvm::zip(type.getShape(), outputs))
    indices.push_back(size == 1 ? math.constant(0) : index);
  emitter.evaluator.startScope();
  FailureOr<Value> value = emitter.evaluator.evaluate(tensor, indices);
  if (failed(value))
    return failure();
  return emitter.scalars.cast(loc, *value, type.getElementType(), element);
}

/// What the accumulator starts from.
FailureOr<Value> ContractSweep::initial(ArrayRef<Value> outputs) {
  if (op.getAggregation() == tile::Aggregation::assign)
    return emptyValue(outputs, carriedType);
  return emitter.scalars.identity(loc, op.getAggregation(), carriedType);
}

/// Rounds to the result's type, evaluates what follows, and stores.
LogicalResult ContractSweep::finish(ArrayRef<Value> outputs, Value accumulator,
                                    Value written) {
  ElementEvaluator &evaluator = emitter.evaluator;
  Value result =
      emitter.scalars.cast(loc, accumulator, carriedType, resultElement);
  if (written) {
    FailureOr<Value> empty = emptyValue(outputs, resultElement);
    if (failed(empty))
      return failure();
    result = builder.create<arith::SelectOp>(loc, written, result, *empty);
  }
  evaluator.startScope();
  evaluator.setElement(op.getResult(), result);
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

/// Long sums of floats are sums of partial sums.
void ContractSweep::addBlocks(LoopScanner &scanner, ArrayRef<Value> start) {
  if (op.getAggregation() != tile::Aggregation::sum ||
      !isa<FloatType>(accumulatorType) || domain.reductionPoints() <= sumBlock)
    return;
  LoopScanner::Blocks blocks;
  blocks.length = sumBlock;
  blocks.start = [start = llvm::to_vector(start)] { return start; };
  blocks.combine = [this](ValueRange carried, ValueRange partial) {
    SmallVector<Value> results = {emitter.scalars.aggregate(
        loc, op.getAggregation(), carried[0], partial[0], accumulatorType,
        FastMathFlags::none)};
    if (carried.size() > 1)
      results.push_back(
          builder.create<arith::OrIOp>(loc, carried[1], partial[1]));
    return results;
  };
  scanner.setBlocks(std::move(blocks));
}

LogicalResult ContractSweep::emitElement(ArrayRef<Value> outputs) {
  FailureOr<Value> start = initial(outputs);
  if (failed(start))
    return failure();
  SmallVector<Value> carried = {*start};
  if (tracksWritten())
    carried.push_back(truth(false));
  if (!domain.isEmpty) {
    LoopScanner scanner = makeScanner(outputs, order);
    addBlocks(scanner, carried);
    if (domain.reductionPoints() <= maxUnrolled)
      scanner.setUnrolling(maxUnrolled);
    auto scan = [&] {
      return scanner.scan(
          carried, [&](ValueRange now) { return accumulate(scanner, now); });
    };
    FailureOr<SmallVector<Value>> results = failure();
    if (Value condition = scanner.guard()) {
      auto branch = builder.create<scf::IfOp>(
          loc, ValueRange(carried).getTypes(), condition, true);
      OpBuilder::InsertionGuard restore(builder);
      builder.setInsertionPointToStart(branch.elseBlock());
      builder.create<scf::YieldOp>(loc, carried);
      builder.setInsertionPointToStart(branch.thenBlock());
      results = scan();
      if (succeeded(results))
        builder.create<scf::YieldOp>(loc, *results);
      carried = llvm::to_vector_of<Value>(branch.getResults());
    } else {
      results = scan();
      if (succeeded(results))
        carried = *results;
    }
    if (failed(results))
      return failure();
  }
  return finish(outputs, carried[0], carried.size() > 1 ? carried[1] : Value());
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
  LoopScanner scanner = makeScanner(outer, order);
  scanner.setLimits(domain.numOutputs - 1, lower, upper);
  Type memory = registerType(carriedType);
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
    auto next = accumulate(scanner, carried);
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
    Value value = emitter.evaluator.load(loc, accumulators, position,
                                         registerType(carriedType));
    Value written = writtenFlags
                        ? emitter.evaluator.load(loc, writtenFlags, position,
                                                 builder.getI1Type())
                        : Value();
    return finish(outputIndices(outer, inner), value, written);
  });
}

LogicalResult ContractSweep::emitRow(ValueRange outer, Value lower,
                                     Value upper) {
  Type memory = registerType(carriedType);
  auto clear = [&](Value inner) -> LogicalResult {
    IndexMath math(builder, loc);
    SmallVector<Value> outputs = outputIndices(outer, inner);
    FailureOr<Value> start = initial(outputs);
    if (failed(start))
      return failure();
    Value position =
        inPlace ? math.linearize(outputs, op.getResultType().getShape())
                : math.sub(inner, lower);
    emitter.evaluator.store(loc, *start, accumulators, position, memory);
    if (writtenFlags)
      emitter.evaluator.store(loc, truth(false), writtenFlags, position,
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
    Type memory = memoryType(registerType(carriedType));
    accumulators = inPlace ? stores.front().buffer
                           : emitter.allocate(loc, grid.chunk, memory);
    if (tracksWritten())
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
