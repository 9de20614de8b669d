//===- LinearSystem.cpp - Integer points of affine constraints ------------===//
//
// How the range of a variable is found exactly, on `2x == 3y, 1 <= x <= 5`:
//   1. Constraints on one variable become bounds: 1 <= x <= 5, y free.
//   2. x and y are coupled by an equality; its integer solutions are x = 3t,
//      y = 2t, which turns the bounds into 1 <= 3t <= 5.
//   3. The least value of 2t: a variable s == 2t is put before t, and the
//      lexicographically least integer point (s, t) is (2, 1). So y >= 2.
// The rational relaxation would give y in [2/3, 10/3], that is 1 to 3.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Analysis/LinearSystem.h"

#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"

using namespace polytile::tile;
using llvm::ArrayRef;
using llvm::SmallVector;
using mlir::presburger::Fraction;
using mlir::presburger::IntegerPolyhedron;
using mlir::presburger::OptimumKind;
using mlir::presburger::PresburgerSpace;
using mlir::presburger::Simplex;

void Interval::raiseLower(const DynamicAPInt &bound) {
  if (!lower || *lower < bound)
    lower = bound;
}

void Interval::reduceUpper(const DynamicAPInt &bound) {
  if (!upper || *upper > bound)
    upper = bound;
}

bool polytile::tile::normalize(LinearConstraint &constraint) {
  Row &row = constraint.row;
  DynamicAPInt divisor(0);
  for (const DynamicAPInt &coefficient : ArrayRef(row).drop_back())
    divisor = gcd(divisor, abs(coefficient));
  DynamicAPInt &constant = row.back();
  if (divisor == 0)
    return constraint.isEquality ? constant == 0 : constant >= 0;
  if (divisor == 1)
    return true;
  if (constraint.isEquality && constant % divisor != 0)
    return false;
  for (DynamicAPInt &coefficient : llvm::MutableArrayRef(row).drop_back())
    coefficient /= divisor;
  constant = floorDiv(constant, divisor);
  return true;
}

Interval polytile::tile::rangeOverBox(ArrayRef<DynamicAPInt> row,
                                      ArrayRef<Interval> ranges) {
  Interval range{row.back(), row.back()};
  auto add = [](std::optional<DynamicAPInt> &sum, const DynamicAPInt &factor,
                const std::optional<DynamicAPInt> &bound) {
    if (!sum || !bound)
      sum.reset();
    else
      *sum += factor * *bound;
  };
  for (auto [coefficient, interval] : llvm::zip(row.drop_back(), ranges)) {
    if (coefficient == 0)
      continue;
    bool positive = coefficient > 0;
    add(range.lower, coefficient, positive ? interval.lower : interval.upper);
    add(range.upper, coefficient, positive ? interval.upper : interval.lower);
  }
  return range;
}

//===----------------------------------------------------------------------===//
// Equalities
//===----------------------------------------------------------------------===//

Row EqualitySolution::substitute(ArrayRef<DynamicAPInt> row) const {
  Row result(numParameters + 1, DynamicAPInt(0));
  for (auto [coefficient, variable] : llvm::zip(row.drop_back(), variables))
    if (coefficient != 0)
      for (auto [sum, term] : llvm::zip(result, variable))
        sum += coefficient * term;
  result.back() += row.back();
  return result;
}

/// Changes the parameters of `solution` so that at most one of them occurs in
/// `form`, and returns which: Euclid's algorithm on the coefficients.
static std::optional<unsigned> gatherIntoOne(EqualitySolution &solution,
                                             Row &form) {
  while (true) {
    std::optional<unsigned> pivot;
    unsigned occurring = 0;
    for (unsigned j = 0; j < solution.numParameters; ++j) {
      if (form[j] == 0)
        continue;
      ++occurring;
      if (!pivot || abs(form[j]) < abs(form[*pivot]))
        pivot = j;
    }
    if (occurring <= 1)
      return pivot;
    for (unsigned j = 0; j < solution.numParameters; ++j) {
      if (j == *pivot || form[j] == 0)
        continue;
      DynamicAPInt quotient = floorDiv(form[j], form[*pivot]);
      form[j] -= quotient * form[*pivot];
      for (Row &variable : solution.variables)
        variable[j] -= quotient * variable[*pivot];
    }
  }
}

std::optional<EqualitySolution>
polytile::tile::solveEqualities(unsigned numVariables,
                                ArrayRef<LinearConstraint> constraints) {
  EqualitySolution solution;
  solution.numParameters = numVariables;
  for (unsigned i = 0; i < numVariables; ++i) {
    solution.variables.emplace_back(numVariables + 1, DynamicAPInt(0));
    solution.variables.back()[i] = 1;
  }
  for (const LinearConstraint &constraint : constraints) {
    if (!constraint.isEquality)
      continue;
    Row form = solution.substitute(constraint.row);
    std::optional<unsigned> pivot = gatherIntoOne(solution, form);
    if (!pivot) {
      if (form.back() != 0)
        return std::nullopt;
      continue;
    }
    if (form.back() % form[*pivot] != 0)
      return std::nullopt;
    DynamicAPInt value = -(form.back() / form[*pivot]);
    for (Row &variable : solution.variables) {
      variable.back() += variable[*pivot] * value;
      variable.erase(variable.begin() + *pivot);
    }
    --solution.numParameters;
  }
  return solution;
}

//===----------------------------------------------------------------------===//
// Polyhedra without equalities
//===----------------------------------------------------------------------===//

namespace {
/// The integer points of a few coupled variables, in terms of the parameters
/// that are left once their equalities are solved.
class Polyhedron {
public:
  Polyhedron(unsigned numVariables, ArrayRef<LinearConstraint> constraints) {
    std::optional<EqualitySolution> solved =
        solveEqualities(numVariables, constraints);
    empty = !solved;
    if (empty)
      return;
    solution = std::move(*solved);
    for (const LinearConstraint &constraint : constraints) {
      if (constraint.isEquality)
        continue;
      LinearConstraint reduced{solution.substitute(constraint.row), false};
      if (!normalize(reduced))
        empty = true;
      inequalities.push_back(std::move(reduced.row));
    }
  }

  bool isKnownEmpty() const { return empty; }

  /// Decides emptiness without finding an optimum; `isKnownEmpty` knows after.
  bool isIntegerEmpty() {
    if (!empty && solution.numParameters != 0)
      empty = build(0).isIntegerEmpty();
    return empty;
  }

  /// Exact ranges of the forms `rows`. Where one of them is not bounded, the
  /// bounds of the others are only those of the rational relaxation.
  SmallVector<Interval> rangesOf(ArrayRef<Row> rows);

private:
  /// The inequalities as MLIR sees them, after `numLeading` free variables.
  IntegerPolyhedron build(unsigned numLeading) const;
  /// The least value of `form` over the points; nothing when there are none.
  std::optional<DynamicAPInt> minimum(const Row &form);
  std::optional<DynamicAPInt> knownMinimum(const Row &form,
                                           const DynamicAPInt &bound) const;

  bool empty = false;
  EqualitySolution solution;
  SmallVector<Row> inequalities;
  /// Integer points found so far.
  SmallVector<SmallVector<DynamicAPInt>> witnesses;
};
} // namespace

IntegerPolyhedron Polyhedron::build(unsigned numLeading) const {
  unsigned numVariables = numLeading + solution.numParameters;
  IntegerPolyhedron result(PresburgerSpace::getSetSpace(numVariables));
  for (const Row &row : inequalities) {
    Row shifted(numLeading, DynamicAPInt(0));
    llvm::append_range(shifted, row);
    result.addInequality(shifted);
  }
  return result;
}

static Row negated(const Row &row) {
  Row result = row;
  for (DynamicAPInt &value : result)
    value = -value;
  return result;
}

static DynamicAPInt evaluate(const Row &form, ArrayRef<DynamicAPInt> point) {
  DynamicAPInt sum = form.back();
  for (auto [coefficient, value] : llvm::zip(point, form))
    sum += coefficient * value;
  return sum;
}

std::optional<DynamicAPInt>
Polyhedron::knownMinimum(const Row &form, const DynamicAPInt &bound) const {
  for (const auto &point : witnesses)
    if (evaluate(form, point) == bound)
      return bound;
  return std::nullopt;
}

std::optional<DynamicAPInt> Polyhedron::minimum(const Row &form) {
  IntegerPolyhedron polyhedron = build(1);
  Row definition{DynamicAPInt(-1)};
  llvm::append_range(definition, form);
  polyhedron.addEquality(definition);
  auto optimum = polyhedron.findIntegerLexMin();
  if (!optimum.isBounded())
    return std::nullopt;
  ArrayRef<DynamicAPInt> point = optimum.getBoundedOptimum();
  witnesses.emplace_back(point.drop_front());
  return point.front();
}

SmallVector<Interval> Polyhedron::rangesOf(ArrayRef<Row> rows) {
  SmallVector<Interval> ranges(rows.size());
  SmallVector<Row> forms;
  for (const Row &row : rows)
    forms.push_back(solution.substitute(row));
  if (solution.numParameters == 0) {
    for (auto [range, form] : llvm::zip(ranges, forms))
      range = {form.back(), form.back()};
    return ranges;
  }
  Simplex simplex(build(0));
  empty |= simplex.isEmpty();
  if (empty)
    return ranges;

  // The rational relaxation tells what is bounded at all.
  bool bounded = true;
  for (auto [range, form] : llvm::zip(ranges, forms)) {
    auto low = simplex.computeOptimum(Simplex::Direction::Down, form);
    auto high = simplex.computeOptimum(Simplex::Direction::Up, form);
    if (low.isBounded())
      range.lower = ceil(low.getBoundedOptimum());
    if (high.isBounded())
      range.upper = floor(high.getBoundedOptimum());
    bounded &= range.isBounded();
  }
  // Lexicographic minima are only sought where the search is sure to end.
  if (!bounded || simplex.isUnbounded()) {
    empty = isIntegerEmpty();
    return ranges;
  }
  auto tighten = [&](const Row &form, const DynamicAPInt &bound) {
    std::optional<DynamicAPInt> least = knownMinimum(form, bound);
    if (!least)
      least = minimum(form);
    empty |= !least;
    return least.value_or(bound);
  };
  for (auto [range, form] : llvm::zip(ranges, forms)) {
    if (empty)
      break;
    range.lower = tighten(form, *range.lower);
    if (!empty)
      range.upper = -tighten(negated(form), -*range.upper);
  }
  return ranges;
}

bool LinearSystem::isIntegerEmpty(unsigned numVariables,
                                  ArrayRef<LinearConstraint> constraints) {
  return Polyhedron(numVariables, constraints).isIntegerEmpty();
}

//===----------------------------------------------------------------------===//
// LinearSystem
//===----------------------------------------------------------------------===//

void LinearSystem::addInterval(const Row &row, const DynamicAPInt &lower,
                               const DynamicAPInt &upper) {
  Row above = row, below = negated(row);
  above.back() -= lower;
  below.back() += upper;
  addInequality(std::move(above));
  addInequality(std::move(below));
}

Row LinearSystem::withoutFixed(ArrayRef<DynamicAPInt> row) const {
  Row result(row);
  for (unsigned i = 0; i < numVariables; ++i) {
    if (result[i] == 0 || !box[i].isFixed())
      continue;
    result.back() += result[i] * *box[i].lower;
    result[i] = 0;
  }
  return result;
}

/// Takes a constraint on a single variable into the box, and drops one that the
/// box implies. Returns false when the constraint is still needed.
bool LinearSystem::absorb(const LinearConstraint &constraint) {
  ArrayRef<DynamicAPInt> coefficients = ArrayRef(constraint.row).drop_back();
  const DynamicAPInt &constant = constraint.row.back();
  auto isPresent = [](const DynamicAPInt &value) { return value != 0; };
  auto count = llvm::count_if(coefficients, isPresent);
  if (count == 0)
    return true;
  if (count == 1) {
    unsigned i = llvm::find_if(coefficients, isPresent) - coefficients.begin();
    // Normalized: the coefficient is 1 or -1.
    DynamicAPInt bound = coefficients[i] > 0 ? -constant : constant;
    if (constraint.isEquality || coefficients[i] > 0)
      box[i].raiseLower(bound);
    if (constraint.isEquality || coefficients[i] < 0)
      box[i].reduceUpper(bound);
    empty |= box[i].isEmpty();
    return true;
  }
  Interval range = rangeOverBox(constraint.row, box);
  bool tooSmall = range.upper && *range.upper < 0;
  bool tooLarge = constraint.isEquality && range.lower && *range.lower > 0;
  empty |= tooSmall || tooLarge;
  return !constraint.isEquality && range.lower && *range.lower >= 0;
}

void LinearSystem::simplify() {
  coupling = constraints;
  reduce();
}

void LinearSystem::reduce() {
  // A pass over the constraints that absorbs none leaves nothing for another.
  for (size_t before = coupling.size() + 1;
       !empty && coupling.size() < before;) {
    before = coupling.size();
    SmallVector<LinearConstraint> kept;
    for (LinearConstraint &constraint : coupling) {
      constraint.row = withoutFixed(constraint.row);
      if (!normalize(constraint))
        empty = true;
      else if (!absorb(constraint))
        kept.push_back(std::move(constraint));
      if (empty) {
        coupling.clear(); // some of them have been moved away
        return;
      }
    }
    coupling = std::move(kept);
  }
}

SmallVector<SmallVector<unsigned>>
LinearSystem::getComponents(ArrayRef<Row> extra) const {
  llvm::EquivalenceClasses<unsigned> classes;
  for (unsigned i = 0; i < numVariables; ++i)
    if (!box[i].isFixed())
      classes.insert(i);
  auto join = [&](ArrayRef<DynamicAPInt> row) {
    std::optional<unsigned> first;
    for (unsigned i = 0; i < numVariables; ++i) {
      if (row[i] == 0 || box[i].isFixed())
        continue;
      if (first)
        classes.unionSets(*first, i);
      else
        first = i;
    }
  };
  for (const LinearConstraint &constraint : coupling)
    join(constraint.row);
  for (const Row &row : extra)
    join(row);
  SmallVector<SmallVector<unsigned>> components;
  for (auto it = classes.begin(), end = classes.end(); it != end; ++it) {
    if (!it->isLeader())
      continue;
    components.emplace_back(classes.member_begin(it), classes.member_end());
    llvm::sort(components.back());
  }
  llvm::sort(components);
  return components;
}

Row polytile::tile::restrictRow(ArrayRef<DynamicAPInt> row,
                                ArrayRef<unsigned> component) {
  Row result;
  for (unsigned i : component)
    result.push_back(row[i]);
  result.push_back(row.back());
  return result;
}

SmallVector<LinearConstraint>
LinearSystem::getComponentConstraints(ArrayRef<unsigned> component) const {
  SmallVector<LinearConstraint> result;
  for (const LinearConstraint &constraint : coupling)
    if (llvm::any_of(component,
                     [&](unsigned i) { return constraint.row[i] != 0; }))
      result.push_back(
          {restrictRow(constraint.row, component), constraint.isEquality});
  for (auto [position, variable] : llvm::enumerate(component)) {
    Row row(component.size() + 1, DynamicAPInt(0));
    if (box[variable].lower) {
      row[position] = 1;
      row.back() = -*box[variable].lower;
      result.push_back({row, false});
    }
    if (box[variable].upper) {
      row[position] = -1;
      row.back() = *box[variable].upper;
      result.push_back({row, false});
    }
  }
  return result;
}

void LinearSystem::solveComponent(ArrayRef<unsigned> component) {
  Polyhedron polyhedron(component.size(), getComponentConstraints(component));
  SmallVector<Row> units;
  for (unsigned i = 0; i < component.size(); ++i) {
    units.emplace_back(component.size() + 1, DynamicAPInt(0));
    units.back()[i] = 1;
  }
  SmallVector<Interval> ranges;
  if (!polyhedron.isKnownEmpty())
    ranges = polyhedron.rangesOf(units);
  empty = polyhedron.isKnownEmpty();
  if (empty)
    return;
  for (auto [range, variable] : llvm::zip(ranges, component))
    box[variable] = range;
}

void LinearSystem::solve() {
  for (ArrayRef<unsigned> component : getComponents()) {
    if (empty)
      return;
    if (component.size() > 1)
      solveComponent(component);
  }
  reduce();
}

Interval LinearSystem::rangeOf(ArrayRef<DynamicAPInt> row) const {
  Row form = withoutFixed(row);
  Interval sum{form.back(), form.back()};
  for (ArrayRef<unsigned> component : getComponents()) {
    Row part = restrictRow(form, component);
    part.back() = 0;
    auto count = llvm::count_if(
        part, [](const DynamicAPInt &value) { return value != 0; });
    if (count == 0)
      continue;
    Interval range;
    if (count == 1) {
      Row whole = form;
      whole.back() = 0;
      for (unsigned i = 0; i < numVariables; ++i)
        if (!llvm::is_contained(component, i))
          whole[i] = 0;
      range = rangeOverBox(whole, box);
    } else {
      Polyhedron polyhedron(component.size(),
                            getComponentConstraints(component));
      range = polyhedron.rangesOf(part).front();
    }
    auto add = [](std::optional<DynamicAPInt> &total,
                  const std::optional<DynamicAPInt> &bound) {
      if (total && bound)
        *total += *bound;
      else
        total.reset();
    };
    add(sum.lower, range.lower);
    add(sum.upper, range.upper);
  }
  return sum;
}
