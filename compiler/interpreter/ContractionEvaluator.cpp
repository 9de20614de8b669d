//===- ContractionEvaluator.cpp - A contraction from its definition -------===//
//
// Enumerates the box of the index variables' ranges, skips the points that are
// not valid, evaluates the body on the others, and aggregates.
//
// Every condition on a point (a constraint, a subscript inside its tensor) says
// that a linear form lies in a range. A form is known as soon as the last of
// its variables is; at that depth it narrows the loop over that variable:
//
//   for x in 0..7:                     subscript x + r - 1 in 0..7,  r in 0..2
//     for r in max(0, 1 - x) .. min(2, 8 - x):  every point here is valid
//
//===----------------------------------------------------------------------===//

#include "compiler/interpreter/ContractionEvaluator.h"

#include "mlir/IR/AffineExprVisitor.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace polytile;
using namespace polytile::interpreter;

namespace {

constexpr int64_t unlimited = std::numeric_limits<int64_t>::max();

/// A linear expression of the index variables that has to lie in a range.
struct Form {
  SmallVector<int64_t> coefficients;
  int64_t constant = 0;
  int64_t least = 0, greatest = unlimited;
  int last = -1; ///< the last variable that occurs; -1 for none
};

/// Gathers the coefficients of an expression; floordiv and mod are left to
/// `Condition`.
bool gatherLinear(AffineExpr expr, int64_t factor, Form &form) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    form.constant += factor * constant.getValue();
    return true;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    form.coefficients[dim.getPosition()] += factor;
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return gatherLinear(binary.getLHS(), factor, form) &&
           gatherLinear(binary.getRHS(), factor, form);
  auto scale = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && scale &&
         gatherLinear(binary.getLHS(), factor * scale.getValue(), form);
}

/// The value of any affine expression at a point.
int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> point) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return point[dim.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t lhs = evaluate(binary.getLHS(), point);
  int64_t rhs = evaluate(binary.getRHS(), point);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(lhs, rhs);
  default:
    return llvm::mod(lhs, rhs);
  }
}

/// A condition that isn't linear; it is checked at each point.
struct Condition {
  AffineExpr expr;
  int64_t least, greatest;
};

/// The place of a subscript's element: row-major, from the subscripts.
struct Access {
  SmallVector<AffineExpr> subscripts;
  SmallVector<int64_t> strides;
  Form offset; ///< the sum of subscript * stride, where that is linear
  bool isLinear = true;
};

/// One operation of the body.
struct Instruction {
  ElementFunction function;
  SmallVector<unsigned, 3> operands; ///< slots
};

class Evaluator {
public:
  Evaluator(tile::ContractOp op, ArrayRef<const Elements *> inputs)
      : op(op), inputs(inputs), numVariables(op.getNumIndices()) {}

  LogicalResult prepare();
  void run();
  Elements finish(const Elements *fallback);

private:
  void addCondition(AffineExpr expr, int64_t least, int64_t greatest);
  Access makeAccess(AffineMap map, RankedTensorType tensor);
  LogicalResult prepareBody();
  void markCombination(Value value);
  std::pair<int64_t, int64_t> rangeAt(int depth) const;
  void scan(int depth);
  void visitPoint();
  int64_t offsetOf(const Access &access) const;
  void aggregate(Element value, int64_t offset);

  tile::ContractOp op;
  ArrayRef<const Elements *> inputs;
  int numVariables;
  ArrayRef<int64_t> lowerBounds, upperBounds;

  SmallVector<Form> forms;
  SmallVector<Condition> conditions;
  SmallVector<Access> accesses; ///< of the inputs, then of the output
  SmallVector<int64_t> point;

  SmallVector<Element> slots; ///< inputs, constants, results of instructions
  SmallVector<Instruction> instructions;
  DenseMap<Value, unsigned> slotOf;
  DenseSet<Operation *> combination;
  unsigned valueSlot = 0;
  int conditionSlot = -1;

  ElementKind accumulator;
  ElementFunction adder, multiplier;
  Elements sums;
  std::vector<char> written;
};

} // namespace

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

static Form linearForm(AffineExpr expr, int numVariables, bool &isLinear) {
  Form form;
  form.coefficients.assign(numVariables, 0);
  isLinear = gatherLinear(expr, 1, form);
  for (int i = 0; i < numVariables; ++i)
    if (form.coefficients[i] != 0)
      form.last = i;
  return form;
}

void Evaluator::addCondition(AffineExpr expr, int64_t least, int64_t greatest) {
  bool isLinear;
  Form form = linearForm(expr, numVariables, isLinear);
  if (!isLinear) {
    conditions.push_back({expr, least, greatest});
    return;
  }
  form.least = least;
  form.greatest = greatest;
  forms.push_back(std::move(form));
}

Access Evaluator::makeAccess(AffineMap map, RankedTensorType tensor) {
  Access access;
  access.subscripts.assign(map.getResults().begin(), map.getResults().end());
  access.strides.assign(map.getNumResults(), 1);
  for (int i = static_cast<int>(map.getNumResults()) - 2; i >= 0; --i)
    access.strides[i] = access.strides[i + 1] * tensor.getDimSize(i + 1);
  AffineExpr offset = getAffineConstantExpr(0, map.getContext());
  for (auto [i, subscript] : llvm::enumerate(map.getResults())) {
    addCondition(subscript, 0, tensor.getDimSize(i) - 1);
    offset = offset + subscript * access.strides[i];
  }
  access.offset = linearForm(offset, numVariables, access.isLinear);
  return access;
}

/// The tree of sums and products from which the yielded value comes is not
/// rounded in between.
void Evaluator::markCombination(Value value) {
  Operation *producer = value.getDefiningOp();
  if (!producer || !value.hasOneUse() ||
      !isa<tile::AddOp, tile::MulOp>(producer))
    return;
  combination.insert(producer);
  for (Value operand : producer->getOperands())
    markCombination(operand);
}

LogicalResult Evaluator::prepareBody() {
  Block &body = op.getBody().front();
  markCombination(op.getYield().getValue());
  for (BlockArgument argument : body.getArguments()) {
    slotOf[argument] = slots.size();
    slots.push_back({});
  }
  for (Operation &operation : body.without_terminator()) {
    unsigned slot = slots.size();
    slots.push_back({});
    if (auto scalar = dyn_cast<tile::ScalarOp>(operation)) {
      if (auto number = dyn_cast<FloatAttr>(scalar.getValue()))
        slots[slot] = Element::of(number.getValueAsDouble());
      else
        slots[slot] = Element::of(wrapTo(
            static_cast<int64_t>(
                cast<IntegerAttr>(scalar.getValue()).getValue().getZExtValue()),
            ElementKind::get(scalar.getType())));
    } else {
      Instruction instruction;
      instruction.function = getElementFunction(&operation);
      if (!instruction.function)
        return operation.emitError("the interpreter has no definition of '")
               << operation.getName() << "'";
      instruction.function.rounds = !combination.contains(&operation);
      for (Value operand : operation.getOperands()) {
        auto found = slotOf.find(operand);
        if (found == slotOf.end())
          return operation.emitError("uses a value from outside of the body");
        instruction.operands.push_back(found->second);
      }
      instruction.operands.push_back(slot);
      instructions.push_back(std::move(instruction));
    }
    slotOf[operation.getResult(0)] = slot;
  }
  auto yield = op.getYield();
  valueSlot = slotOf.lookup(yield.getValue());
  if (yield.getCondition())
    conditionSlot = static_cast<int>(slotOf.lookup(yield.getCondition()));
  return success();
}

LogicalResult Evaluator::prepare() {
  if (!op.getLowerBounds() || !op.getUpperBounds())
    return op.emitError("has no bounds; run tile-infer-bounds first");
  lowerBounds = *op.getLowerBounds();
  upperBounds = *op.getUpperBounds();
  point.assign(numVariables, 0);
  IntegerSet domain = op.getDomainSet();
  for (unsigned i = 0, e = domain.getNumConstraints(); i != e; ++i)
    addCondition(domain.getConstraint(i), 0, domain.isEq(i) ? 0 : unlimited);
  for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i)
    accesses.push_back(
        makeAccess(op.getInputMap(i),
                   cast<RankedTensorType>(op.getInputs()[i].getType())));
  accesses.push_back(makeAccess(op.getOutputMap(), op.getResultType()));
  accumulator = ElementKind::get(op.getAccumulatorType());
  sums.resize(op.getResultType().getNumElements());
  written.assign(sums.size(), 0);
  return prepareBody();
}

//===----------------------------------------------------------------------===//
// Enumeration
//===----------------------------------------------------------------------===//

/// The values of the variable at `depth` for which all forms that end with it
/// hold, given the variables before it.
std::pair<int64_t, int64_t> Evaluator::rangeAt(int depth) const {
  int64_t lower = lowerBounds[depth];
  int64_t upper = upperBounds[depth];
  for (const Form &form : forms) {
    if (form.last != depth)
      continue;
    int64_t rest = form.constant;
    for (int i = 0; i < depth; ++i)
      rest += form.coefficients[i] * point[i];
    int64_t factor = form.coefficients[depth];
    // least <= factor * x + rest <= greatest
    int64_t low = form.least - rest;
    if (factor > 0)
      lower = std::max(lower, llvm::divideCeilSigned(low, factor));
    else
      upper = std::min(upper, llvm::divideFloorSigned(low, factor));
    if (form.greatest == unlimited)
      continue;
    int64_t high = form.greatest - rest;
    if (factor > 0)
      upper = std::min(upper, llvm::divideFloorSigned(high, factor));
    else
      lower = std::max(lower, llvm::divideCeilSigned(high, factor));
  }
  return {lower, upper};
}

void Evaluator::scan(int depth) {
  if (depth == numVariables)
    return visitPoint();
  auto [lower, upper] = rangeAt(depth);
  for (int64_t x = lower; x <= upper; ++x) {
    point[depth] = x;
    scan(depth + 1);
  }
}

void Evaluator::run() {
  for (const Form &form : forms)
    if (form.last < 0 &&
        (form.constant < form.least || form.constant > form.greatest))
      return; // a condition on no variable that fails
  scan(0);
}

int64_t Evaluator::offsetOf(const Access &access) const {
  int64_t offset = 0;
  if (access.isLinear) {
    offset = access.offset.constant;
    for (int i = 0; i <= access.offset.last; ++i)
      offset += access.offset.coefficients[i] * point[i];
    return offset;
  }
  for (auto [subscript, stride] : llvm::zip(access.subscripts, access.strides))
    offset += evaluate(subscript, point) * stride;
  return offset;
}

void Evaluator::visitPoint() {
  for (const Condition &condition : conditions) {
    int64_t value = evaluate(condition.expr, point);
    if (value < condition.least || value > condition.greatest)
      return;
  }
  for (unsigned i = 0, e = inputs.size(); i != e; ++i)
    slots[i] = (*inputs[i])[offsetOf(accesses[i])];
  Element operands[3];
  for (const Instruction &instruction : instructions) {
    unsigned count = instruction.operands.size() - 1;
    for (unsigned i = 0; i < count; ++i)
      operands[i] = slots[instruction.operands[i]];
    slots[instruction.operands[count]] = instruction.function(operands);
  }
  if (conditionSlot < 0 || slots[conditionSlot].integer)
    aggregate(slots[valueSlot], offsetOf(accesses.back()));
}

/// The aggregation of numbers is not rounded in between; NaN reaches a maximum
/// and a minimum.
static double aggregateNumbers(tile::Aggregation aggregation, double sum,
                               double value) {
  switch (aggregation) {
  case tile::Aggregation::assign:
    return value;
  case tile::Aggregation::sum:
    return sum + value;
  case tile::Aggregation::product:
    return sum * value;
  case tile::Aggregation::max:
    return std::isnan(sum) || sum >= value ? sum : value;
  case tile::Aggregation::min:
    return std::isnan(sum) || sum <= value ? sum : value;
  }
  llvm_unreachable("no other aggregation");
}

static int64_t aggregateIntegers(tile::Aggregation aggregation, int64_t sum,
                                 int64_t value, ElementKind kind) {
  auto a = static_cast<uint64_t>(sum), b = static_cast<uint64_t>(value);
  bool less = kind.isUnsigned ? a < b : sum < value;
  switch (aggregation) {
  case tile::Aggregation::assign:
    return value;
  case tile::Aggregation::sum:
    return wrapTo(static_cast<int64_t>(a + b), kind);
  case tile::Aggregation::product:
    return wrapTo(static_cast<int64_t>(a * b), kind);
  case tile::Aggregation::max:
    return less ? value : sum;
  case tile::Aggregation::min:
    return less ? sum : value;
  }
  llvm_unreachable("no other aggregation");
}

void Evaluator::aggregate(Element value, int64_t offset) {
  Element &sum = sums[offset];
  if (!written[offset]) {
    written[offset] = 1;
    sum = value;
    if (accumulator.isFloat && op.getAggregation() == tile::Aggregation::sum)
      sum.number += 0.0; // a sum starts at 0: that of -0.0 alone is 0.0
  } else if (accumulator.isFloat) {
    sum.number =
        aggregateNumbers(op.getAggregation(), sum.number, value.number);
  } else {
    sum.integer = aggregateIntegers(op.getAggregation(), sum.integer,
                                    value.integer, accumulator);
  }
}

/// Rounds each element once; what no point has written is the default, or 0.
Elements Evaluator::finish(const Elements *fallback) {
  ElementKind result = ElementKind::get(op.getResultType().getElementType());
  Elements elements(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    if (written[i])
      elements[i] = convert(sums[i], accumulator, result);
    else if (fallback)
      elements[i] = (*fallback)[i];
    else
      elements[i] = result.isFloat ? Element::of(0.0) : Element::of(int64_t(0));
  }
  return elements;
}

FailureOr<Elements>
polytile::interpreter::evaluateContraction(tile::ContractOp op,
                                           ArrayRef<const Elements *> inputs,
                                           const Elements *fallback) {
  Evaluator evaluator(op, inputs);
  if (failed(evaluator.prepare()))
    return failure();
  evaluator.run();
  return evaluator.finish(fallback);
}
