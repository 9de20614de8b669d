//===- ContractionPoints.cpp - What a contraction does at a point ---------===//
//
// Every domain can be scanned output element by output element: where the
// output's subscripts aren't variables they are equations (LinearDomain.h).
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/ContractionPoints.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace polytile::codegen {

using arith::FastMathFlags;

bool tracksWritten(tile::ContractOp op) {
  if (op->hasAttr("covers") && !op.getYield().getCondition())
    return false;
  if (op.getAggregation() == tile::Aggregation::assign)
    return false;
  return op.getAggregation() != tile::Aggregation::sum || op.getDefaultValue();
}

ContractionPoints::ContractionPoints(OpBuilder &builder, ScalarEmitter &scalars,
                                     ElementEvaluator &evaluator,
                                     tile::ContractOp op, LinearDomain domain,
                                     FastMathFlags fast)
    : op(op), domain(std::move(domain)), carriedType(op.getAccumulatorType()),
      builder(builder), scalars(scalars), evaluator(evaluator),
      loc(op.getLoc()), fast(fast) {
  findPositions();
  findCombination();
}

void ContractionPoints::findPositions() {
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
void ContractionPoints::findCombination() {
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

//===----------------------------------------------------------------------===//
// One point
//===----------------------------------------------------------------------===//

LoopScanner ContractionPoints::makeScanner(ValueRange outputs,
                                           ArrayRef<unsigned> order) {
  LoopScanner scanner(builder, loc, domain, order);
  for (auto [variable, value] : llvm::enumerate(outputs))
    scanner.setValue(variable, value);
  return scanner;
}

FailureOr<Value> ContractionPoints::loadInput(LoopScanner &scanner,
                                              unsigned input) {
  Value tensor = op.getInputs()[input];
  if (evaluator.isBound(tensor))
    return evaluator.load(
        loc, evaluator.bufferOf(tensor), scanner.evaluate(positions[input]),
        cast<RankedTensorType>(tensor.getType()).getElementType());
  SmallVector<Value> indices;
  for (const LinearExpr &subscript : domain.accesses[input])
    indices.push_back(scanner.evaluate(subscript));
  return evaluator.evaluate(tensor, indices);
}

FailureOr<std::pair<Value, Value>>
ContractionPoints::evaluate(LoopScanner &scanner) {
  evaluator.startScope();
  SmallVector<Value> elements;
  for (unsigned i = 0, e = op.getInputs().size(); i < e; ++i) {
    FailureOr<Value> element = loadInput(scanner, i);
    if (failed(element))
      return failure();
    elements.push_back(*element);
  }
  return evaluateBody(elements);
}

FailureOr<std::pair<Value, Value>>
ContractionPoints::evaluateBody(ValueRange elements) {
  llvm::DenseMap<Value, Value> values;
  Block &body = op.getBody().front();
  for (auto [argument, element] :
       llvm::zip_equal(body.getArguments(), elements))
    values[argument] = element;
  for (Operation &inner : body.without_terminator()) {
    SmallVector<Value> operands;
    for (Value operand : inner.getOperands())
      operands.push_back(values.lookup(operand));
    FastMathFlags flags = combination.contains(&inner) ? FastMathFlags::contract
                                                       : FastMathFlags::none;
    Value result = scalars.emit(&inner, operands, flags);
    if (!result)
      return inner.emitOpError("can't be computed by a kernel"), failure();
    values[inner.getResult(0)] = result;
  }
  tile::YieldOp yield = op.getYield();
  Value condition =
      yield.getCondition() ? values.lookup(yield.getCondition()) : Value();
  return std::pair(values.lookup(yield.getValue()), condition);
}

FailureOr<SmallVector<Value>>
ContractionPoints::accumulate(LoopScanner &scanner, ValueRange carried) {
  auto point = evaluate(scanner);
  if (failed(point))
    return failure();
  auto [value, condition] = *point;
  value = scalars.cast(loc, value, op.getAccumulatorType(), carriedType);
  Value next = scalars.aggregate(loc, op.getAggregation(), carried[0], value,
                                 carriedType, fast);
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

//===----------------------------------------------------------------------===//
// One element
//===----------------------------------------------------------------------===//

/// What an element to which no point contributes has, as `element`.
FailureOr<Value> ContractionPoints::emptyValue(ArrayRef<Value> outputs,
                                               Type element) {
  Value tensor = op.getDefaultValue();
  if (!tensor)
    return scalars.zero(loc, element);
  auto type = cast<RankedTensorType>(tensor.getType());
  IndexMath math(builder, loc);
  SmallVector<Value> indices;
  for (auto [size, index] : llvm::zip(type.getShape(), outputs))
    indices.push_back(size == 1 ? math.constant(0) : index);
  evaluator.startScope();
  FailureOr<Value> value = evaluator.evaluate(tensor, indices);
  if (failed(value))
    return failure();
  return scalars.cast(loc, *value, type.getElementType(), element);
}

FailureOr<SmallVector<Value>>
ContractionPoints::start(ArrayRef<Value> outputs) {
  SmallVector<Value> carried;
  if (op.getAggregation() == tile::Aggregation::assign) {
    FailureOr<Value> value = emptyValue(outputs, carriedType);
    if (failed(value))
      return failure();
    carried.push_back(*value);
  } else {
    carried.push_back(scalars.identity(loc, op.getAggregation(), carriedType));
  }
  if (tracksWritten(op))
    carried.push_back(truth(false));
  return carried;
}

SmallVector<Value> ContractionPoints::combine(ValueRange first,
                                              ValueRange second,
                                              FastMathFlags flags) {
  SmallVector<Value> results = {scalars.aggregate(
      loc, op.getAggregation(), first[0], second[0], carriedType, flags)};
  if (first.size() > 1)
    results.push_back(builder.create<arith::OrIOp>(loc, first[1], second[1]));
  return results;
}

void ContractionPoints::addBlocks(LoopScanner &scanner, ValueRange start) {
  if (op.getAggregation() != tile::Aggregation::sum ||
      !isa<FloatType>(carriedType) || domain.reductionPoints() <= sumBlock)
    return;
  LoopScanner::Blocks blocks;
  blocks.length = sumBlock;
  blocks.start = [start = llvm::to_vector(start)] { return start; };
  blocks.combine = [this](ValueRange carried, ValueRange partial) {
    return combine(carried, partial);
  };
  scanner.setBlocks(std::move(blocks));
}

FailureOr<SmallVector<Value>> ContractionPoints::scanElement(
    ArrayRef<Value> outputs, ArrayRef<unsigned> order,
    llvm::function_ref<void(LoopScanner &)> prepare) {
  FailureOr<SmallVector<Value>> carried = start(outputs);
  if (failed(carried) || domain.isEmpty)
    return carried;
  LoopScanner scanner = makeScanner(outputs, order);
  addBlocks(scanner, *carried);
  if (domain.reductionPoints() <= maxUnrolledPoints)
    scanner.setUnrolling(maxUnrolledPoints);
  if (prepare)
    prepare(scanner);
  auto scan = [&] {
    return scanner.scan(
        *carried, [&](ValueRange now) { return accumulate(scanner, now); });
  };
  Value condition = scanner.guard();
  if (!condition)
    return scan();
  auto branch = builder.create<scf::IfOp>(loc, ValueRange(*carried).getTypes(),
                                          condition, true);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(branch.elseBlock());
  builder.create<scf::YieldOp>(loc, *carried);
  builder.setInsertionPointToStart(branch.thenBlock());
  auto results = scan();
  if (failed(results))
    return failure();
  builder.create<scf::YieldOp>(loc, *results);
  return llvm::to_vector_of<Value>(branch.getResults());
}

FailureOr<Value> ContractionPoints::result(ArrayRef<Value> outputs,
                                           ValueRange carried) {
  Type element = op.getResultType().getElementType();
  Value value = scalars.cast(loc, carried[0], carriedType, element);
  if (carried.size() == 1)
    return value;
  FailureOr<Value> empty = emptyValue(outputs, element);
  if (failed(empty))
    return failure();
  return builder.create<arith::SelectOp>(loc, carried[1], value, *empty)
      .getResult();
}

} // namespace polytile::codegen
