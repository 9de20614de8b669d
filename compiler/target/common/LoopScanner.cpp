//===- LoopScanner.cpp - Loops over the points of a LinearDomain ----------===//
//
// At the level of variable v, with `rest` made of outer variables:
//   a*v + rest >= 0, a > 0   ->  v >= ceil(-rest / a)
//   a*v + rest >= 0, a < 0   ->  v <= floor(rest / -a)
//   a*v + rest == 0          ->  no loop: v = -rest / a where that is whole
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/LoopScanner.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace polytile::codegen {

LoopScanner::LoopScanner(OpBuilder &builder, Location loc,
                         const LinearDomain &domain, ArrayRef<unsigned> order)
    : builder(builder), loc(loc), math(builder, loc), domain(domain),
      order(order), values(domain.numVariables()), byLevel(order.size()) {
  for (const LinearConstraint &constraint : domain.constraints) {
    size_t level = order.size();
    while (level > 0 && constraint.expr[order[level - 1]] == 0)
      --level;
    (level == 0 ? given : byLevel[level - 1]).push_back(constraint);
  }
}

Value LoopScanner::evaluate(ArrayRef<int64_t> expr) {
  Value sum = math.constant(expr.back());
  for (auto [coefficient, value] : llvm::zip(expr, values))
    if (coefficient != 0)
      sum = math.add(math.mul(value, coefficient), sum);
  return sum;
}

Value LoopScanner::holds(const LinearConstraint &constraint) {
  Value value = evaluate(constraint.expr), none = math.constant(0);
  return constraint.isEquality ? math.equal(value, none)
                               : math.less(math.constant(-1), value);
}

Value LoopScanner::guard() {
  Value condition;
  for (const LinearConstraint &constraint : given)
    condition = math.both(condition, holds(constraint));
  return condition;
}

/// [lower, upper) of the loop at `level`.
std::pair<Value, Value> LoopScanner::bounds(size_t level) {
  unsigned variable = order[level];
  Range range = domain.ranges[variable];
  Value lower = math.constant(range.lower),
        upper = math.constant(range.upper + 1);
  if (auto limit = limits.find(variable); limit != limits.end())
    std::tie(lower, upper) = limit->second;
  for (const LinearConstraint &constraint : byLevel[level]) {
    LinearExpr rest = constraint.expr;
    int64_t coefficient = rest[variable];
    rest[variable] = 0;
    if (coefficient > 0) {
      for (int64_t &entry : rest)
        entry = -entry;
      rest.back() += coefficient - 1;
      lower = math.max(lower, math.floorDiv(evaluate(rest), coefficient));
    } else {
      rest.back() -=
          coefficient; // floor(rest / c) + 1 == floor((rest + c) / c)
      upper = math.min(upper, math.floorDiv(evaluate(rest), -coefficient));
    }
  }
  if (isStrided(level) && IndexMath::isConstant(lower) == 0) {
    lower = stride.first;
  } else if (isStrided(level)) {
    // The first value from `lower` on that is ours.
    Value distance = math.sub(stride.first, lower);
    Value rounds = math.floorDiv(distance, stride.step);
    lower = math.add(lower, math.sub(distance, math.mul(rounds, stride.step)));
  }
  return {lower, upper};
}

/// The variable has one value at most: a test instead of a loop.
FailureOr<SmallVector<Value>>
LoopScanner::scanSolved(size_t level, const LinearConstraint &equality,
                        ValueRange carried, const Body &body) {
  unsigned variable = order[level];
  LinearExpr rest = equality.expr;
  int64_t coefficient = rest[variable];
  rest[variable] = 0;
  if (coefficient > 0)
    for (int64_t &entry : rest)
      entry = -entry;
  coefficient = std::abs(coefficient);
  Value numerator = evaluate(rest);
  values[variable] = math.floorDiv(numerator, coefficient);
  Value condition =
      math.equal(math.mul(values[variable], coefficient), numerator);
  Value lower = math.constant(domain.ranges[variable].lower);
  Value upper = math.constant(domain.ranges[variable].upper + 1);
  if (auto limit = limits.find(variable); limit != limits.end())
    std::tie(lower, upper) = limit->second;
  condition = math.both(condition, math.less(math.sub(lower, math.constant(1)),
                                             values[variable]));
  condition = math.both(condition, math.less(values[variable], upper));
  for (const LinearConstraint &constraint : byLevel[level])
    if (&constraint != &equality)
      condition = math.both(condition, holds(constraint));
  bool hasElse = !carried.empty();
  auto branch =
      builder.create<scf::IfOp>(loc, carried.getTypes(), condition, hasElse);
  OpBuilder::InsertionGuard restore(builder);
  auto finish = [&](ValueRange results) {
    if (hasElse)
      builder.create<scf::YieldOp>(loc, results);
  };
  if (hasElse) {
    builder.setInsertionPointToStart(branch.elseBlock());
    finish(carried);
  }
  builder.setInsertionPointToStart(branch.thenBlock());
  auto results = scanLevel(level + 1, carried, body);
  if (failed(results))
    return failure();
  finish(*results);
  return llvm::to_vector_of<Value>(branch.getResults());
}

FailureOr<SmallVector<Value>>
LoopScanner::scanLevel(size_t level, ValueRange carried, const Body &body) {
  if (level == order.size())
    return body(carried);
  for (const LinearConstraint &constraint : byLevel[level])
    if (constraint.isEquality)
      return scanSolved(level, constraint, carried, body);
  unsigned variable = order[level];
  auto [lower, upper] = bounds(level);
  auto first = IndexMath::isConstant(lower),
       last = IndexMath::isConstant(upper);
  if (!isStrided(level) && first && last && *first < *last &&
      *last - *first <= unrolling) {
    int64_t before = std::exchange(unrolling, unrolling / (*last - *first));
    SmallVector<Value> results = llvm::to_vector(carried);
    for (int64_t value = *first; value < *last; ++value) {
      values[variable] = math.constant(value);
      auto next = scanLevel(level + 1, results, body);
      if (failed(next))
        return failure();
      results = std::move(*next);
    }
    unrolling = before;
    return results;
  }
  if (blocks.length > 0 && level + 1 == order.size())
    return scanBlocks(level, lower, upper, carried, body);
  return emitLoop(level, lower, upper, carried, body);
}

FailureOr<SmallVector<Value>> LoopScanner::emitLoop(size_t level, Value lower,
                                                    Value upper,
                                                    ValueRange carried,
                                                    const Body &body) {
  auto loop = builder.create<scf::ForOp>(loc, lower, upper,
                                         math.constant(stepOf(level)), carried);
  OpBuilder::InsertionGuard restore(builder);
  if (carried.empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToStart(loop.getBody());
  values[order[level]] = loop.getInductionVar();
  auto results = scanLevel(level + 1, loop.getRegionIterArgs(), body);
  if (failed(results))
    return failure();
  if (!carried.empty())
    builder.create<scf::YieldOp>(loc, *results);
  return llvm::to_vector_of<Value>(loop.getResults());
}

/// A loop over blocks around the loop over the points of one; just the latter
/// where there is one block at most.
FailureOr<SmallVector<Value>> LoopScanner::scanBlocks(size_t level, Value lower,
                                                      Value upper,
                                                      ValueRange carried,
                                                      const Body &body) {
  auto scanOne = [&](ValueRange before, Value first,
                     Value last) -> FailureOr<SmallVector<Value>> {
    auto partial = emitLoop(level, first, last, blocks.start(), body);
    if (failed(partial))
      return failure();
    return blocks.combine(before, *partial);
  };
  int64_t length = blocks.length * stepOf(level);
  if (domain.ranges[order[level]].size() <= length)
    return scanOne(carried, lower, upper);
  auto loop = builder.create<scf::ForOp>(loc, lower, upper,
                                         math.constant(length), carried);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value first = loop.getInductionVar();
  Value last = math.min(math.add(first, length), upper);
  auto results = scanOne(loop.getRegionIterArgs(), first, last);
  if (failed(results))
    return failure();
  builder.create<scf::YieldOp>(loc, *results);
  return llvm::to_vector_of<Value>(loop.getResults());
}

} // namespace polytile::codegen
