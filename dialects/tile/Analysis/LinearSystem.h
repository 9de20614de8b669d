//===- LinearSystem.h - Integer points of affine constraints ----*- C++ -*-===//
//
// A conjunction of affine constraints over integer variables, split into
// independent components. Most contractions of a network bound each variable by
// itself: those are solved by comparing numbers. What remains goes to MLIR's
// Presburger library, after its equalities were solved over the integers, so
// that every answer is exact and every search ends.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_ANALYSIS_LINEARSYSTEM_H
#define POLYTILE_DIALECTS_TILE_ANALYSIS_LINEARSYSTEM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DynamicAPInt.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace polytile::tile {

using llvm::DynamicAPInt;

/// An affine form: one coefficient for each variable, then the constant.
using Row = llvm::SmallVector<DynamicAPInt, 8>;

/// An affine constraint: the form is zero, or not negative.
struct LinearConstraint {
  Row row;
  bool isEquality = false;
};

/// The least and the greatest value of something; absent where there is none.
struct Interval {
  std::optional<DynamicAPInt> lower, upper;

  /// Makes the interval no wider than `bound` on one side.
  void raiseLower(const DynamicAPInt &bound);
  void reduceUpper(const DynamicAPInt &bound);
  bool isEmpty() const { return lower && upper && *lower > *upper; }
  bool isFixed() const { return lower && upper && *lower == *upper; }
  bool isBounded() const { return lower && upper; }
};

/// Divides `constraint` by the greatest common divisor of its coefficients,
/// rounding the constant of an inequality down. Returns false when the
/// constraint has no solution, as `2x == 1`.
bool normalize(LinearConstraint &constraint);

/// The range of `row` over the box `ranges`, one interval for each variable.
Interval rangeOverBox(llvm::ArrayRef<DynamicAPInt> row,
                      llvm::ArrayRef<Interval> ranges);

/// The part of `row` on the variables of `component`, with the constant.
Row restrictRow(llvm::ArrayRef<DynamicAPInt> row,
                llvm::ArrayRef<unsigned> component);

/// The solutions of equalities over the integers, by unimodular elimination:
/// they are `x = matrix * t + offset` for all integer vectors `t`. For `2x ==
/// 3y` that is x = 3t, y = 2t.
struct EqualitySolution {
  /// One row for each variable: coefficients of `t`, then the offset.
  llvm::SmallVector<Row> variables;
  unsigned numParameters = 0;

  /// Rewrites a form over the variables as one over `t`.
  Row substitute(llvm::ArrayRef<DynamicAPInt> row) const;
};

/// The solutions of the equalities among `constraints`, or nothing when there
/// are none. Inequalities are ignored.
std::optional<EqualitySolution>
solveEqualities(unsigned numVariables,
                llvm::ArrayRef<LinearConstraint> constraints);

/// A conjunction of affine constraints over integer variables.
///
/// Add constraints, call `simplify` once, then ask.
class LinearSystem {
public:
  explicit LinearSystem(unsigned numVariables)
      : numVariables(numVariables), box(numVariables) {}

  unsigned getNumVariables() const { return numVariables; }

  /// Adds `row >= 0`, or `row == 0`.
  void addInequality(Row row) {
    constraints.push_back({std::move(row), false});
  }
  void addEquality(Row row) { constraints.push_back({std::move(row), true}); }
  void addInterval(const Row &row, const DynamicAPInt &lower,
                   const DynamicAPInt &upper);

  /// All constraints, as added.
  llvm::ArrayRef<LinearConstraint> getConstraints() const {
    return constraints;
  }

  /// Turns constraints on one variable into bounds, puts fixed variables into
  /// the others, and drops what the bounds imply.
  void simplify();

  /// True when there are no integer points, which `simplify` or `solve` found.
  bool isKnownEmpty() const { return empty; }

  /// The bounds of each variable that constraints on it alone give. They are
  /// exact for a variable that no coupling constraint names; for others after
  /// `solve`.
  llvm::ArrayRef<Interval> getBox() const { return box; }

  /// Constraints of several variables that the box does not imply.
  llvm::ArrayRef<LinearConstraint> getCoupling() const { return coupling; }

  /// Makes the box exact: the least and greatest value of each variable over
  /// the integer points, absent where a variable is not bounded.
  void solve();

  /// The range of `row` over the integer points; `solve` must have run and
  /// found points.
  Interval rangeOf(llvm::ArrayRef<DynamicAPInt> row) const;

  /// True when the system has no integer points. Exact.
  static bool isIntegerEmpty(unsigned numVariables,
                             llvm::ArrayRef<LinearConstraint> constraints);

  /// Variables that constraints couple, as lists of their numbers; `extra` rows
  /// couple their variables as well. Fixed variables are in none.
  llvm::SmallVector<llvm::SmallVector<unsigned>>
  getComponents(llvm::ArrayRef<Row> extra = {}) const;

  /// The coupling constraints and the bounds of the variables of a component,
  /// as constraints on these variables alone.
  llvm::SmallVector<LinearConstraint>
  getComponentConstraints(llvm::ArrayRef<unsigned> component) const;

  /// `row` with fixed variables replaced by their values.
  Row withoutFixed(llvm::ArrayRef<DynamicAPInt> row) const;

private:
  bool absorb(const LinearConstraint &constraint);
  void reduce();
  void solveComponent(llvm::ArrayRef<unsigned> component);

  unsigned numVariables;
  bool empty = false;
  llvm::SmallVector<LinearConstraint> constraints;
  llvm::SmallVector<LinearConstraint> coupling;
  llvm::SmallVector<Interval> box;
};

} // namespace polytile::tile

#endif // POLYTILE_DIALECTS_TILE_ANALYSIS_LINEARSYSTEM_H
