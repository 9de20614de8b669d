//===- LinearDomain.cpp - A contraction as linear constraints -------------===//
//
// The steps stand in LinearDomain.h; each is a member of DomainBuilder.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/LinearDomain.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"

#include <limits>
#include <numeric>

using namespace mlir;

namespace polytile::codegen {

Range LinearDomain::rangeOf(ArrayRef<int64_t> expr) const {
  Range range{expr.back(), expr.back()};
  for (auto [coefficient, variable] : llvm::zip(expr, ranges)) {
    range.lower +=
        coefficient * (coefficient > 0 ? variable.lower : variable.upper);
    range.upper +=
        coefficient * (coefficient > 0 ? variable.upper : variable.lower);
  }
  return range;
}

int64_t LinearDomain::reductionPoints() const {
  double points = 1;
  for (unsigned variable : reductions)
    points *= static_cast<double>(ranges[variable].size());
  return static_cast<int64_t>(std::min(points, 1e15));
}

namespace {

/// Variables while building: outputs, then the contraction's index variables,
/// then locals.
class DomainBuilder {
public:
  explicit DomainBuilder(tile::ContractOp op) : op(op) {}

  FailureOr<LinearDomain> build();

private:
  LogicalResult flatten();
  void setRanges();
  void addOutputs();
  void addAccessBounds();
  void solveEqualities();
  void tighten(LinearExpr &expr) const;
  void simplify();

  LinearExpr widen(ArrayRef<int64_t> flat) const;
  void addConstraint(LinearExpr expr, bool isEquality) {
    domain.constraints.push_back({std::move(expr), isEquality});
  }
  void addRangeConstraints(unsigned variable, Range range);
  void substitute(unsigned variable, const LinearExpr &value);
  int pickSolvable(const LinearExpr &expr) const;

  tile::ContractOp op;
  LinearDomain domain;
  unsigned numOutputs = 0, numIndices = 0, numLocals = 0;
  /// Flattened expressions over index variables, locals and a constant: domain,
  /// then inputs, then output.
  std::vector<SmallVector<int64_t, 8>> flat;
  FlatLinearConstraints localConstraints;
  llvm::SmallDenseSet<unsigned> eliminated;
};

} // namespace

LinearExpr DomainBuilder::widen(ArrayRef<int64_t> expr) const {
  LinearExpr result(numOutputs, 0);
  llvm::append_range(result, expr);
  return result;
}

/// All expressions are flattened together, so that equal floordivs share their
/// local variable.
LogicalResult DomainBuilder::flatten() {
  SmallVector<AffineExpr> exprs =
      llvm::to_vector(op.getDomainSet().getConstraints());
  for (unsigned i = 0, e = op.getInputs().size(); i != e; ++i)
    llvm::append_range(exprs, op.getInputMap(i).getResults());
  llvm::append_range(exprs, op.getOutputMap().getResults());
  numIndices = op.getNumIndices();
  numOutputs = op.getOutputMap().getNumResults();
  AffineMap all = AffineMap::get(numIndices, 0, exprs, op.getContext());
  if (exprs.empty())
    return success();
  if (failed(getFlattenedAffineExprs(all, &flat, &localConstraints)))
    return op.emitOpError("has a subscript that isn't affine");
  numLocals = flat.front().size() - numIndices - 1;
  return success();
}

/// Index variables have the inferred bounds; a local q with 0 <= e - c*q < c
/// has what e's range allows.
void DomainBuilder::setRanges() {
  domain.numOutputs = numOutputs;
  for (int64_t size : op.getResultType().getShape())
    domain.ranges.push_back({0, size - 1});
  for (auto [lower, upper] :
       llvm::zip(*op.getLowerBounds(), *op.getUpperBounds())) {
    domain.ranges.push_back({lower, upper});
    domain.isEmpty |= upper < lower;
  }
  constexpr int64_t wide = int64_t(1) << 40;
  domain.ranges.append(numLocals, Range{-wide, wide});
  if (numLocals == 0)
    return;
  for (unsigned i = 0, e = localConstraints.getNumInequalities(); i != e; ++i)
    addConstraint(widen(localConstraints.getInequality64(i)), false);
  for (unsigned i = 0, e = localConstraints.getNumEqualities(); i != e; ++i)
    addConstraint(widen(localConstraints.getEquality64(i)), true);
  // A local may depend on earlier locals only, so one pass in order suffices.
  for (unsigned local = numOutputs + numIndices; local != domain.numVariables();
       ++local)
    for (const LinearConstraint &constraint : domain.constraints) {
      int64_t coefficient = constraint.expr[local];
      bool usesLater = llvm::any_of(
          ArrayRef(constraint.expr).drop_back().drop_front(local + 1),
          [](int64_t c) { return c; });
      if (coefficient == 0 || usesLater || constraint.isEquality)
        continue;
      LinearExpr rest = constraint.expr;
      rest[local] = 0;
      Range range = domain.rangeOf(rest);
      Range &bounds = domain.ranges[local];
      if (coefficient < 0) // rest >= -coefficient * q
        bounds.upper = std::min(
            bounds.upper, llvm::divideFloorSigned(range.upper, -coefficient));
      else // coefficient * q >= -rest
        bounds.lower = std::max(
            bounds.lower, llvm::divideCeilSigned(-range.upper, coefficient));
    }
}

void DomainBuilder::addRangeConstraints(unsigned variable, Range range) {
  LinearExpr lower(domain.numVariables() + 1, 0),
      upper(domain.numVariables() + 1, 0);
  lower[variable] = 1;
  lower.back() = -range.lower;
  upper[variable] = -1;
  upper.back() = range.upper;
  addConstraint(lower, false);
  addConstraint(upper, false);
}

/// x == value: puts `value` in its place everywhere, and keeps its range as
/// constraints.
void DomainBuilder::substitute(unsigned variable, const LinearExpr &value) {
  auto replace = [&](LinearExpr &expr) {
    int64_t coefficient = expr[variable];
    expr[variable] = 0;
    for (auto [entry, part] : llvm::zip_equal(expr, value))
      entry += coefficient * part;
  };
  addRangeConstraints(variable, domain.ranges[variable]);
  for (LinearConstraint &constraint : domain.constraints)
    replace(constraint.expr);
  for (auto &subscripts : domain.accesses)
    for (LinearExpr &expr : subscripts)
      replace(expr);
  eliminated.insert(variable);
}

/// o == e for every subscript of the output.
void DomainBuilder::addOutputs() {
  for (unsigned o = 0; o != numOutputs; ++o) {
    LinearExpr expr = widen(flat[flat.size() - numOutputs + o]);
    expr[o] -= 1;
    addConstraint(expr, true);
  }
}

void DomainBuilder::addAccessBounds() {
  unsigned row = op.getDomainSet().getNumConstraints();
  for (Value input : op.getInputs()) {
    auto &subscripts = domain.accesses.emplace_back();
    for (int64_t size : cast<RankedTensorType>(input.getType()).getShape()) {
      LinearExpr expr = widen(flat[row++]);
      subscripts.push_back(expr);
      addConstraint(expr, false);
      for (int64_t &entry : expr)
        entry = -entry;
      expr.back() += size - 1;
      addConstraint(expr, false);
    }
  }
}

/// The variable to solve an equality for: one with coefficient +-1 that isn't
/// an output, the one with most values.
int DomainBuilder::pickSolvable(const LinearExpr &expr) const {
  int best = -1;
  for (unsigned v = numOutputs; v != domain.numVariables(); ++v)
    if (std::abs(expr[v]) == 1 &&
        (best < 0 || domain.ranges[v].size() > domain.ranges[best].size()))
      best = v;
  return best;
}

void DomainBuilder::solveEqualities() {
  for (size_t i = 0; i < domain.constraints.size(); ++i) {
    if (!domain.constraints[i].isEquality)
      continue;
    LinearExpr expr = domain.constraints[i].expr;
    int variable = pickSolvable(expr);
    if (variable < 0)
      continue;
    int64_t sign = -expr[variable];
    expr[variable] = 0;
    for (int64_t &entry : expr)
      entry *= sign;
    domain.constraints.erase(domain.constraints.begin() + i);
    substitute(variable, expr);
    i = -1; // Another equality may have become solvable.
  }
}

/// Alternatives come with coefficients that only have to be large enough:
/// x + 2^50 v >= 0 says nothing unless v is 0. With x >= -8 the same is said by
/// x + 8 v >= 0, and 32 bits hold it.
void DomainBuilder::tighten(LinearExpr &expr) const {
  constexpr int64_t large = int64_t(1) << 30;
  for (unsigned v = 0; v != domain.numVariables(); ++v) {
    int64_t coefficient = expr[v];
    Range range = domain.ranges[v];
    if (std::abs(coefficient) < large || range.size() < 2)
      continue;
    // With v at the end where the constraint is hardest, and one step away.
    int64_t end = coefficient > 0 ? range.lower : range.upper;
    LinearExpr rest = expr;
    rest[v] = 0;
    rest.back() += coefficient * end;
    int64_t least = domain.rangeOf(rest).lower;
    if (least + std::abs(coefficient) < 0)
      continue;
    int64_t enough = std::max<int64_t>(-least, 0);
    rest[v] = coefficient > 0 ? enough : -enough;
    rest.back() -= rest[v] * end;
    expr = rest;
  }
}

/// Divides by the common factor, drops what always holds, and notes what never
/// does.
void DomainBuilder::simplify() {
  SmallVector<LinearConstraint> kept;
  for (LinearConstraint &constraint : domain.constraints) {
    if (!constraint.isEquality)
      tighten(constraint.expr);
    int64_t factor = 0;
    for (int64_t coefficient : ArrayRef(constraint.expr).drop_back())
      factor = std::gcd(factor, std::abs(coefficient));
    if (factor > 1) {
      domain.isEmpty |=
          constraint.isEquality && constraint.expr.back() % factor != 0;
      int64_t constant =
          llvm::divideFloorSigned(constraint.expr.back(), factor);
      for (int64_t &coefficient : constraint.expr)
        coefficient /= factor;
      constraint.expr.back() = constant;
    }
    Range range = domain.rangeOf(constraint.expr);
    bool impossible = constraint.isEquality ? range.lower > 0 || range.upper < 0
                                            : range.upper < 0;
    bool trivial = constraint.isEquality ? range.lower == 0 && range.upper == 0
                                         : range.lower >= 0;
    domain.isEmpty |= impossible;
    bool repeated = llvm::any_of(kept, [&](const LinearConstraint &other) {
      return other.isEquality == constraint.isEquality &&
             other.expr == constraint.expr;
    });
    if (!trivial && !repeated)
      kept.push_back(constraint);
  }
  domain.constraints = std::move(kept);
}

bool LinearDomain::fitsBits(unsigned bits) const {
  auto fits = [&](const LinearExpr &expr) {
    Range range = rangeOf(expr);
    int64_t limit = int64_t(1) << (bits - 1);
    return range.lower >= -limit && range.upper < limit;
  };
  return llvm::all_of(constraints,
                      [&](const LinearConstraint &constraint) {
                        return fits(constraint.expr);
                      }) &&
         llvm::all_of(accesses, [&](const auto &subscripts) {
           return llvm::all_of(subscripts, fits);
         });
}

FailureOr<LinearDomain> DomainBuilder::build() {
  if (!op.getLowerBounds() || !op.getUpperBounds() || !op.isSpecialized())
    return op.emitOpError(
               "needs static shapes and inferred bounds to be compiled"),
           failure();
  if (failed(flatten()))
    return failure();
  setRanges();
  IntegerSet set = op.getDomainSet();
  for (unsigned i = 0, e = set.getNumConstraints(); i != e; ++i)
    addConstraint(widen(flat[i]), set.isEq(i));
  addAccessBounds();
  addOutputs();
  solveEqualities();
  if (!domain.isEmpty && !llvm::is_contained(op.getResultType().getShape(), 0))
    simplify();
  for (unsigned v = numOutputs; v != domain.numVariables(); ++v)
    if (!eliminated.contains(v))
      domain.reductions.push_back(v);
  return std::move(domain);
}

FailureOr<LinearDomain> buildLinearDomain(tile::ContractOp op) {
  return DomainBuilder(op).build();
}

} // namespace polytile::codegen
