//===- ContractLoops.cpp - Loops of any contraction -----------------------===//
//
// Two shapes of loops, both over output elements, so that items are
// independent whatever the subscripts are:
//
//   elements: for each output element, loops over its points with the
//             accumulator in a register; vectorised along the last reduction;
//   rows:     for a chunk of the output's last dimension an accumulator array in
//             the workspace, and that dimension innermost; vectorised along it.
//
// Rows are chosen when the inputs are contiguous along the last output
// dimension (column sums, products with a row-major right side, pooling).
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/KernelEmitter.h"
#include "compiler/target/cpu/KernelTypes.h"
#include "compiler/target/cpu/LoopScanner.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace polytile::cpu {

using arith::FastMathFlags;
using tile::Aggregation;

namespace {

/// The code of one contraction.
class ContractEmitter {
public:
  ContractEmitter(KernelEmitter &emitter, tile::ContractOp op, LinearDomain domain, ArrayRef<Store> stores);

  /// Decides between elements and rows, and the order of the loops.
  void plan();
  double pointCost();
  LogicalResult emit(const ItemGrid &grid, Value begin, Value end);

  LinearDomain domain;
  bool useRows = false;

private:
  int64_t strideOf(unsigned input, unsigned variable);
  LogicalResult emitElement(ValueRange outer, Value inner);
  LogicalResult emitRow(ValueRange outer, Value lower, Value upper, Value accumulators, Value flags);
  LogicalResult accumulateRow(ValueRange outer, Value lower, Value upper, Value accumulators, Value flags);
  FailureOr<SmallVector<Value>> accumulate(LoopScanner &scanner, Value accumulator, Value flag);
  FailureOr<SmallVector<Value>> guarded(LoopScanner &scanner, ValueRange initial, const LoopScanner::Body &body);
  LogicalResult finish(ValueRange indices, Value accumulator, Value flag);
  void markCombination(Value value, Operation *kind);
  Value boolean(bool value) {
    return builder.create<arith::ConstantOp>(loc, builder.getBoolAttr(value));
  }

  KernelEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  tile::ContractOp op;
  SmallVector<Store> stores;
  Type accumulatorType;
  SmallVector<unsigned> order;
  bool needsFlag;
  /// The body's additions or multiplications that make up the combination.
  llvm::SmallPtrSet<Operation *, 4> combination;
};

} // namespace

ContractEmitter::ContractEmitter(KernelEmitter &emitter, tile::ContractOp op, LinearDomain domain,
                                 ArrayRef<Store> stores)
    : domain(std::move(domain)), emitter(emitter), builder(emitter.builder), loc(op.getLoc()), op(op),
      stores(stores), accumulatorType(op.getAccumulatorType()) {
  bool startsFromZero = op.getAggregation() == Aggregation::sum || op.getAggregation() == Aggregation::assign;
  needsFlag = !op.getCovers() && !(startsFromZero && !op.getDefaultValue());
  Value yielded = op.getYield().getValue();
  markCombination(yielded, yielded.getDefiningOp());
}

void ContractEmitter::markCombination(Value value, Operation *kind) {
  Operation *current = value.getDefiningOp();
  if (!current || !isa<tile::AddOp, tile::MulOp>(current) || current->getName() != kind->getName())
    return;
  combination.insert(current);
  for (Value operand : current->getOperands())
    markCombination(operand, kind);
}

/// How far apart in memory consecutive values of `variable` are in `input`.
int64_t ContractEmitter::strideOf(unsigned input, unsigned variable) {
  int64_t stride = 1, total = 0;
  auto shape = cast<RankedTensorType>(op.getInputs()[input].getType()).getShape();
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    total += domain.accesses[input][d][variable] * stride;
  return total;
}

double ContractEmitter::pointCost() {
  double cost = 0.1;
  for (Value input : op.getInputs())
    cost += elementCost(input);
  return cost;
}

void ContractEmitter::plan() {
  order = domain.reductions;
  unsigned last = domain.numOutputs - 1;
  bool contiguous = false, scattered = false;
  if (domain.numOutputs > 0 && op.getResultType().getShape().back() >= 8)
    for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i) {
      contiguous |= std::abs(strideOf(i, last)) == 1;
      scattered |= std::abs(strideOf(i, last)) > 1;
    }
  // A bool accumulator would need a conversion at each load and store: it stays in a register.
  useRows = contiguous && !scattered && !accumulatorType.isInteger(1) && !(order.empty() && domain.constraints.empty());
  if (useRows) {
    order.push_back(last);
    return;
  }
  // The reduction with most contiguous inputs goes innermost, when it is long enough to be worth it.
  auto score = [&](unsigned variable) {
    int contiguousInputs = 0;
    for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i)
      contiguousInputs += strideOf(i, variable) == 1;
    return domain.ranges[variable].size() >= 8 ? contiguousInputs + 1 : contiguousInputs ? 0 : -1;
  };
  llvm::stable_sort(order, [&](unsigned a, unsigned b) { return score(a) < score(b); });
}

/// The points of one output element, or of one row, at the scanner's innermost level.
FailureOr<SmallVector<Value>> ContractEmitter::accumulate(LoopScanner &scanner, Value accumulator, Value flag) {
  emitter.evaluator.startScope();
  IRMapping mapping;
  Block &body = op.getBody().front();
  for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i) {
    SmallVector<Value> indices;
    for (const LinearExpr &expr : domain.accesses[i])
      indices.push_back(scanner.evaluate(expr));
    auto element = emitter.evaluator.evaluate(op.getInputs()[i], indices);
    if (failed(element))
      return failure();
    mapping.map(body.getArgument(i), *element);
  }
  for (Operation &inner : body.without_terminator()) {
    SmallVector<Value> operands;
    for (Value operand : inner.getOperands())
      operands.push_back(mapping.lookup(operand));
    Value result = emitter.scalars.emit(
        &inner, operands, combination.contains(&inner) ? FastMathFlags::contract : FastMathFlags::none);
    if (!result)
      return inner.emitOpError("can't be computed by a CPU kernel"), failure();
    mapping.map(inner.getResult(0), result);
  }
  tile::YieldOp yield = op.getYield();
  Value next = emitter.scalars.aggregate(loc, op.getAggregation(), accumulator, mapping.lookup(yield.getValue()),
                                         accumulatorType, FastMathFlags::reassoc | FastMathFlags::contract);
  Value written = boolean(true);
  if (Value condition = yield.getCondition()) {
    written = mapping.lookup(condition);
    next = builder.create<arith::SelectOp>(loc, written, next, accumulator);
    if (flag)
      written = builder.create<arith::OrIOp>(loc, flag, written);
  }
  SmallVector<Value> results = {next};
  if (flag)
    results.push_back(written);
  return results;
}

/// Scans the points where the output indices have any.
FailureOr<SmallVector<Value>> ContractEmitter::guarded(LoopScanner &scanner, ValueRange initial,
                                                       const LoopScanner::Body &body) {
  if (domain.isEmpty)
    return llvm::to_vector(initial);
  Value condition = scanner.guard();
  if (!condition)
    return scanner.scan(initial, body);
  auto branch = builder.create<scf::IfOp>(loc, initial.getTypes(), condition, !initial.empty());
  OpBuilder::InsertionGuard restore(builder);
  if (!initial.empty()) {
    builder.setInsertionPointToStart(branch.elseBlock());
    builder.create<scf::YieldOp>(loc, initial);
  }
  builder.setInsertionPointToStart(branch.thenBlock());
  auto results = scanner.scan(initial, body);
  if (failed(results))
    return failure();
  if (!initial.empty())
    builder.create<scf::YieldOp>(loc, *results);
  return llvm::to_vector_of<Value>(branch.getResults());
}

/// Rounds the accumulated value, puts the default in where nothing was written, and stores what follows from it.
LogicalResult ContractEmitter::finish(ValueRange indices, Value accumulator, Value flag) {
  emitter.evaluator.startScope();
  Type element = op.getResultType().getElementType();
  Value value = emitter.scalars.cast(loc, accumulator, accumulatorType, element);
  if (flag) {
    Value otherwise = emitter.scalars.zero(loc, element);
    if (Value fallback = op.getDefaultValue()) {
      SmallVector<Value> where;
      IndexMath math(builder, loc);
      for (auto [d, size] : llvm::enumerate(cast<RankedTensorType>(fallback.getType()).getShape()))
        where.push_back(size == 1 ? math.constant(0) : indices[d]);
      auto evaluated = emitter.evaluator.evaluate(fallback, where);
      if (failed(evaluated))
        return failure();
      otherwise = *evaluated;
    }
    value = builder.create<arith::SelectOp>(loc, flag, value, otherwise);
  }
  emitter.evaluator.setElement(op.getResult(), value);
  IndexMath math(builder, loc);
  Value position = math.linearize(indices, op.getResultType().getShape());
  SmallVector<Value> elements;
  for (const Store &store : stores) {
    auto result = emitter.evaluator.evaluate(store.tensor, indices);
    if (failed(result))
      return failure();
    elements.push_back(*result);
  }
  for (auto [store, result] : llvm::zip_equal(stores, elements))
    emitter.evaluator.store(loc, result, store.buffer, position,
                            cast<RankedTensorType>(store.tensor.getType()).getElementType());
  emitter.evaluator.setElement(op.getResult(), Value());
  return success();
}

LogicalResult ContractEmitter::emitElement(ValueRange outer, Value inner) {
  SmallVector<Value> indices = llvm::to_vector(outer);
  if (domain.numOutputs > 0)
    indices.push_back(inner);
  LoopScanner scanner(builder, loc, domain, order);
  for (auto [variable, index] : llvm::enumerate(indices))
    scanner.setValue(variable, index);
  SmallVector<Value> initial = {emitter.scalars.identity(loc, op.getAggregation(), accumulatorType)};
  if (needsFlag)
    initial.push_back(boolean(false));
  auto results = guarded(scanner, initial, [&](ValueRange carried) {
    return accumulate(scanner, carried[0], needsFlag ? carried[1] : Value());
  });
  if (failed(results))
    return failure();
  return finish(indices, (*results)[0], needsFlag ? (*results)[1] : Value());
}

/// Adds the points of a row's chunk to its accumulators.
LogicalResult ContractEmitter::accumulateRow(ValueRange outer, Value lower, Value upper, Value accumulators,
                                             Value flags) {
  LoopScanner scanner(builder, loc, domain, order);
  for (auto [variable, index] : llvm::enumerate(outer))
    scanner.setValue(variable, index);
  unsigned last = domain.numOutputs - 1;
  scanner.setLimits(last, lower, upper);
  auto results = guarded(scanner, {}, [&](ValueRange) -> FailureOr<SmallVector<Value>> {
    IndexMath math(builder, loc);
    Value position = math.sub(scanner.valueOf(last), lower);
    Value accumulator = builder.create<memref::LoadOp>(loc, accumulators, position);
    Value flag = needsFlag ? emitter.evaluator.load(loc, flags, position, builder.getI1Type()) : Value();
    auto next = accumulate(scanner, accumulator, flag);
    if (failed(next))
      return failure();
    builder.create<memref::StoreOp>(loc, (*next)[0], accumulators, position);
    if (needsFlag)
      emitter.evaluator.store(loc, (*next)[1], flags, position, builder.getI1Type());
    return SmallVector<Value>();
  });
  return failure(failed(results));
}

LogicalResult ContractEmitter::emitRow(ValueRange outer, Value lower, Value upper, Value accumulators, Value flags) {
  IndexMath math(builder, loc);
  Value none = math.constant(0), length = math.sub(upper, lower);
  Value start = emitter.scalars.identity(loc, op.getAggregation(), accumulatorType);
  (void)emitter.forRange(loc, none, length, [&](Value position) {
    builder.create<memref::StoreOp>(loc, start, accumulators, position);
    if (needsFlag)
      emitter.evaluator.store(loc, boolean(false), flags, position, builder.getI1Type());
    return success();
  });
  if (failed(accumulateRow(outer, lower, upper, accumulators, flags)))
    return failure();
  return emitter.forRange(loc, none, length, [&](Value position) {
    Value accumulator = builder.create<memref::LoadOp>(loc, accumulators, position);
    Value flag = needsFlag ? emitter.evaluator.load(loc, flags, position, builder.getI1Type()) : Value();
    SmallVector<Value> indices = llvm::to_vector(outer);
    indices.push_back(math.add(position, lower));
    return finish(indices, accumulator, flag);
  });
}

LogicalResult ContractEmitter::emit(const ItemGrid &grid, Value begin, Value end) {
  Value accumulators, flags;
  if (useRows) {
    accumulators = emitter.allocate(loc, grid.chunk, registerType(accumulatorType));
    if (needsFlag)
      flags = emitter.allocate(loc, grid.chunk, builder.getI8Type());
  }
  return emitter.forItems(loc, grid, begin, end, [&](ValueRange outer, Value lower, Value upper) {
    if (useRows)
      return emitRow(outer, lower, upper, accumulators, flags);
    return emitter.forRange(loc, lower, upper, [&](Value inner) { return emitElement(outer, inner); });
  });
}

FailureOr<Sweep> makeContractSweep(KernelEmitter &emitter, tile::ContractOp contract, ArrayRef<Store> stores) {
  auto domain = buildLinearDomain(contract);
  if (failed(domain))
    return failure();
  auto code = std::make_shared<ContractEmitter>(emitter, contract, std::move(*domain), stores);
  code->plan();
  double cost = 1 + code->pointCost() * static_cast<double>(code->domain.reductionPoints());
  for (const Store &store : stores)
    cost += elementCost(store.tensor);
  Sweep sweep;
  sweep.grid = planItems(contract.getResultType().getShape(), cost, code->useRows ? 512 : 1 << 16);
  sweep.emit = [code, grid = sweep.grid](Value begin, Value end) { return code->emit(grid, begin, end); };
  return sweep;
}

} // namespace polytile::cpu
