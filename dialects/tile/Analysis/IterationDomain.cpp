//===- IterationDomain.cpp - The valid points of a contraction ------------===//
//
// Turns the maps and the set of a contraction into a linear system, and its
// answers into ranges, sizes and messages. Proofs about the output stand in
// OutputProofs.cpp.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Analysis/IterationDomain.h"

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace polytile::tile;

//===----------------------------------------------------------------------===//
// From affine expressions to rows
//===----------------------------------------------------------------------===//

namespace {
/// Writes affine expressions over the index variables as rows. Each quotient
/// `e floordiv c` becomes a variable q of its own with 0 <= e - c*q < c.
class RowBuilder {
public:
  RowBuilder(LinearSystem &system, unsigned numIndices)
      : system(system), nextQuotient(numIndices) {}

  Row build(AffineExpr expression);

private:
  Row zero() const {
    return Row(system.getNumVariables() + 1, DynamicAPInt(0));
  }
  Row buildQuotient(const Row &dividend, int64_t divisor);
  Row buildBinary(AffineBinaryOpExpr expression);

  LinearSystem &system;
  unsigned nextQuotient;
};
} // namespace

static void addScaled(Row &sum, const Row &row, const DynamicAPInt &factor) {
  for (auto [total, value] : llvm::zip(sum, row))
    total += value * factor;
}

Row RowBuilder::buildQuotient(const Row &dividend, int64_t divisor) {
  Row quotient = zero();
  quotient[nextQuotient++] = 1;
  if (divisor <= 0) {
    // Not defined: no point is valid.
    Row contradiction = zero();
    contradiction.back() = -1;
    system.addInequality(std::move(contradiction));
    return quotient;
  }
  Row remainder = dividend;
  addScaled(remainder, quotient, DynamicAPInt(-divisor));
  system.addInterval(remainder, DynamicAPInt(0), DynamicAPInt(divisor) - 1);
  return quotient;
}

Row RowBuilder::buildBinary(AffineBinaryOpExpr expression) {
  Row lhs = build(expression.getLHS());
  if (expression.getKind() == AffineExprKind::Add) {
    addScaled(lhs, build(expression.getRHS()), DynamicAPInt(1));
    return lhs;
  }
  // MLIR keeps the constant factor or divisor on the right.
  int64_t constant = cast<AffineConstantExpr>(expression.getRHS()).getValue();
  switch (expression.getKind()) {
  case AffineExprKind::Mul:
    for (DynamicAPInt &value : lhs)
      value *= DynamicAPInt(constant);
    return lhs;
  case AffineExprKind::FloorDiv:
    return buildQuotient(lhs, constant);
  case AffineExprKind::CeilDiv:
    lhs.back() += DynamicAPInt(constant) - 1;
    return buildQuotient(lhs, constant);
  case AffineExprKind::Mod:
    addScaled(lhs, buildQuotient(lhs, constant), DynamicAPInt(-constant));
    return lhs;
  default:
    llvm_unreachable("not a binary expression");
  }
}

Row RowBuilder::build(AffineExpr expression) {
  if (auto binary = dyn_cast<AffineBinaryOpExpr>(expression))
    return buildBinary(binary);
  Row row = zero();
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    row.back() = DynamicAPInt(constant.getValue());
  else
    row[cast<AffineDimExpr>(expression).getPosition()] = 1;
  return row;
}

/// How many variables `RowBuilder` will make for the quotients in `op`.
static unsigned countQuotients(ContractOp op) {
  unsigned count = 0;
  auto visit = [&](AffineExpr expression) {
    AffineExprKind kind = expression.getKind();
    count += kind == AffineExprKind::FloorDiv ||
             kind == AffineExprKind::CeilDiv || kind == AffineExprKind::Mod;
  };
  for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i)
    op.getInputMap(i).walkExprs(visit);
  op.getOutputMap().walkExprs(visit);
  op.getDomainSet().walkExprs(visit);
  return count;
}

IterationDomain IterationDomain::get(ContractOp op, Result result) {
  assert(op.getSymbols().empty() && "sizes must be numbers");
  IterationDomain domain(op, op.getNumIndices() + countQuotients(op));
  LinearSystem &system = domain.system;
  RowBuilder builder(system, op.getNumIndices());
  auto keepInside = [&](const Row &row, int64_t size) {
    system.addInterval(row, DynamicAPInt(0), DynamicAPInt(size) - 1);
  };

  IntegerSet set = op.getDomainSet();
  for (unsigned i = 0, e = set.getNumConstraints(); i != e; ++i) {
    Row row = builder.build(set.getConstraint(i));
    if (set.isEq(i))
      system.addEquality(std::move(row));
    else
      system.addInequality(std::move(row));
  }
  for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i) {
    auto type = cast<RankedTensorType>(op.getInputs()[i].getType());
    for (auto [index, size] :
         llvm::zip(op.getInputMap(i).getResults(), type.getShape()))
      keepInside(builder.build(index), size);
  }
  for (auto [index, size] : llvm::zip(op.getOutputMap().getResults(),
                                      op.getResultType().getShape())) {
    domain.outputRows.push_back(builder.build(index));
    if (result == Result::Included)
      keepInside(domain.outputRows.back(), size);
    else // whatever the size, an index below 0 is outside
      system.addInequality(domain.outputRows.back());
  }
  system.simplify();
  system.solve();
  return domain;
}

//===----------------------------------------------------------------------===//
// Ranges and sizes
//===----------------------------------------------------------------------===//

/// Sets `result` to `value`, unless it does not fit.
static bool fitsInt64(const DynamicAPInt &value, int64_t &result) {
  if (value < DynamicAPInt(std::numeric_limits<int64_t>::min()) ||
      value > DynamicAPInt(std::numeric_limits<int64_t>::max()))
    return false;
  result = int64_t(value);
  return true;
}

/// The bounds of a range that mean something: no tensor has 2^48 elements, so
/// what lies beyond comes from the importer's form of `!=` and limits nothing.
static Interval meaningfulBounds(const Interval &range) {
  const DynamicAPInt farthest(int64_t(1) << 48);
  Interval bounds;
  if (range.lower && *range.lower >= -farthest)
    bounds.lower = range.lower;
  if (range.upper && *range.upper <= farthest)
    bounds.upper = range.upper;
  return bounds;
}

/// Names an index variable of `row` without a bound, one that the source named
/// rather than one that stands for a fraction, if possible.
LogicalResult
IterationDomain::reportUnbounded(ArrayRef<DynamicAPInt> row) const {
  std::optional<unsigned> culprit;
  // The name of what stands for a fraction is its text, such as "(i + j) / 2".
  auto isSourceName = [&](unsigned i) {
    return llvm::all_of(op.getIndexName(i), [](char c) {
      return llvm::isAlnum(c) || c == '_' || c == '\'';
    });
  };
  for (unsigned i = 0, e = op.getNumIndices(); i != e; ++i)
    if (row[i] != 0 && !meaningfulBounds(system.getBox()[i]).isBounded() &&
        (!culprit || (!isSourceName(*culprit) && isSourceName(i))))
      culprit = i;
  if (!culprit)
    return op.emitError("an index of the result has no bound");
  StringRef name = op.getIndexName(*culprit);
  Interval range = meaningfulBounds(system.getBox()[*culprit]);
  InFlightDiagnostic error = op.emitError();
  error << "index variable '" << name << "' has no ";
  if (!range.lower && !range.upper)
    error << "bounds; bound it by an access or a constraint, such as 0 <= "
          << name << " < N";
  else if (!range.upper)
    error << "upper bound; bound it by an access or a constraint, such as "
          << name << " < N";
  else
    error << "lower bound; bound it by an access or a constraint, such as 0 <= "
          << name;
  return error;
}

FailureOr<IndexRanges> IterationDomain::computeRanges() const {
  IndexRanges ranges;
  ranges.isEmpty = system.isKnownEmpty();
  unsigned numIndices = op.getNumIndices();
  if (ranges.isEmpty) {
    ranges.lower.assign(numIndices, 0);
    ranges.upper.assign(numIndices, -1);
    return ranges;
  }
  ArrayRef<Interval> box = system.getBox().take_front(numIndices);
  if (!llvm::all_of(box, [](const Interval &i) {
        return meaningfulBounds(i).isBounded();
      }))
    return reportUnbounded(Row(system.getNumVariables() + 1, DynamicAPInt(1)));
  ranges.lower.resize(numIndices);
  ranges.upper.resize(numIndices);
  for (unsigned i = 0; i != numIndices; ++i)
    if (!fitsInt64(*box[i].lower, ranges.lower[i]) ||
        !fitsInt64(*box[i].upper, ranges.upper[i]))
      return op.emitError() << "the range of index variable '"
                            << op.getIndexName(i) << "' does not fit 64 bits";
  return ranges;
}

FailureOr<SmallVector<int64_t>> IterationDomain::computeOutputSizes() const {
  SmallVector<int64_t> sizes;
  for (const Row &row : outputRows) {
    int64_t size = 0;
    if (!system.isKnownEmpty()) {
      Interval range = meaningfulBounds(system.rangeOf(row));
      if (!range.upper)
        return reportUnbounded(row);
      if (!fitsInt64(*range.upper + 1, size))
        return op.emitError("a size of the result does not fit 64 bits");
    }
    sizes.push_back(std::max<int64_t>(size, 0));
  }
  return sizes;
}

FailureOr<SmallVector<int64_t>>
polytile::tile::inferOutputSizes(ContractOp op) {
  return IterationDomain::get(op, IterationDomain::Result::Excluded)
      .computeOutputSizes();
}
