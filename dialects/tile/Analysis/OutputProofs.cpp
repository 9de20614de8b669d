//===- OutputProofs.cpp - Which elements of a result are written ----------===//
//
// Two proofs over the valid points x of a contraction with output map f:
//   covers:      for every element o of the result there is an x with f(x) = o.
//   writes once: f(x) = f(x') only for x = x'.
// Both fall apart by components: variables that share neither a constraint nor
// an output index are independent.
//
// Coverage eliminates x from { f(x) = o, constraints(x) }: equalities first,
// then one variable after the other by Fourier and Motzkin's method with the
// "dark shadow" of Pugh's Omega test, which loses points but invents none:
//   from  a*x + l >= 0  and  u - b*x >= 0  follows an integer x when
//   a*u + b*l >= (a - 1)*(b - 1).
// Example: O[y] = +(I[y + r - 1]), r < 3, y < 8. From r >= 0, r >= 1 - y,
// r <= 2, r <= 8 - y come 2 >= 0, 8 - y >= 0, 1 + y >= 0, 7 >= 0: true for all
// y. What that leaves open is enumerated when it is small.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Analysis/IterationDomain.h"

#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace polytile::tile;

/// Elimination gives up beyond so many constraints, enumeration beyond so many
/// points or elements.
static constexpr size_t maxConstraints = 256;
static constexpr int64_t maxPoints = 1 << 16;

//===----------------------------------------------------------------------===//
// Coverage by elimination
//===----------------------------------------------------------------------===//

namespace {
/// Proves that for every o in a box some integer x satisfies constraints on
/// (x, o). Columns: x, then o, then the constant.
class ForAllExists {
public:
  ForAllExists(unsigned numInner, SmallVector<Interval> outerBox)
      : numInner(numInner), outerBox(std::move(outerBox)) {}

  void add(Row row, bool isEquality) {
    constraints.push_back({std::move(row), isEquality});
  }

  /// False when it could not be proven.
  bool prove() {
    return solveEqualities() && eliminateInner() && holdsOnOuterBox();
  }

private:
  bool solveEqualities();
  bool solveEquality(Row equality);
  bool eliminateInner();
  bool eliminate(unsigned inner);
  bool holdsOnOuterBox() const;
  Interval outerRange(const Row &row) const {
    return rangeOverBox(ArrayRef(row).drop_front(numInner), outerBox);
  }

  unsigned numInner;
  SmallVector<Interval> outerBox;
  SmallVector<LinearConstraint> constraints;
};
} // namespace

/// Solves `equality` for an inner variable, after column operations of
/// determinant 1 have left only one of them in it.
bool ForAllExists::solveEquality(Row equality) {
  std::optional<unsigned> pivot;
  while (true) {
    unsigned occurring = 0;
    pivot.reset();
    for (unsigned j = 0; j < numInner; ++j) {
      occurring += equality[j] != 0;
      if (equality[j] != 0 &&
          (!pivot || abs(equality[j]) < abs(equality[*pivot])))
        pivot = j;
    }
    if (occurring <= 1)
      break;
    for (unsigned j = 0; j < numInner; ++j) {
      if (j == *pivot || equality[j] == 0)
        continue;
      DynamicAPInt quotient = floorDiv(equality[j], equality[*pivot]);
      equality[j] -= quotient * equality[*pivot];
      for (LinearConstraint &constraint : constraints)
        constraint.row[j] -= quotient * constraint.row[*pivot];
    }
  }
  if (!pivot) {
    Interval range = outerRange(equality);
    return range.isFixed() && *range.lower == 0;
  }
  // pivot * x + rest == 0 has an integer x for every o only if pivot divides
  // all of the rest.
  DynamicAPInt divisor = equality[*pivot];
  for (DynamicAPInt &value : equality) {
    if (value % divisor != 0)
      return false;
    value /= divisor;
  }
  for (LinearConstraint &constraint : constraints) {
    DynamicAPInt factor = constraint.row[*pivot];
    for (auto [value, solved] : llvm::zip(constraint.row, equality))
      value -= factor * solved;
  }
  return true;
}

bool ForAllExists::solveEqualities() {
  while (true) {
    auto *it = llvm::find_if(
        constraints, [](const LinearConstraint &c) { return c.isEquality; });
    if (it == constraints.end())
      return true;
    Row equality = std::move(it->row);
    constraints.erase(it);
    if (!solveEquality(std::move(equality)))
      return false;
  }
}

bool ForAllExists::eliminate(unsigned inner) {
  SmallVector<LinearConstraint> lower, upper, kept;
  for (LinearConstraint &constraint : constraints) {
    const DynamicAPInt &coefficient = constraint.row[inner];
    (coefficient > 0   ? lower
     : coefficient < 0 ? upper
                       : kept)
        .push_back(std::move(constraint));
  }
  for (const LinearConstraint &low : lower)
    for (const LinearConstraint &high : upper) {
      DynamicAPInt a = low.row[inner], b = -high.row[inner];
      LinearConstraint shadow{low.row, false};
      for (auto [value, other] : llvm::zip(shadow.row, high.row))
        value = b * value + a * other;
      shadow.row.back() -= (a - 1) * (b - 1);
      if (!normalize(shadow))
        return false;
      auto isSame = [&](const LinearConstraint &c) {
        return c.row == shadow.row;
      };
      if (llvm::none_of(kept, isSame))
        kept.push_back(std::move(shadow));
      if (kept.size() > maxConstraints)
        return false;
    }
  constraints = std::move(kept);
  return true;
}

bool ForAllExists::eliminateInner() {
  for (LinearConstraint &constraint : constraints)
    if (!normalize(constraint))
      return false;
  for (unsigned remaining = numInner; remaining != 0; --remaining) {
    // The variable whose shadow loses least goes first; of these, the one that
    // makes the fewest constraints. So O[9*a + b], b < 9, eliminates b.
    std::optional<unsigned> best;
    DynamicAPInt leastLoss;
    size_t fewest = 0;
    for (unsigned j = 0; j < numInner; ++j) {
      DynamicAPInt greatestLower(0), greatestUpper(0);
      size_t lower = 0, upper = 0;
      for (const LinearConstraint &constraint : constraints) {
        const DynamicAPInt &coefficient = constraint.row[j];
        lower += coefficient > 0;
        upper += coefficient < 0;
        greatestLower = std::max(greatestLower, coefficient);
        greatestUpper = std::max(greatestUpper, -coefficient);
      }
      if (lower + upper == 0)
        continue;
      DynamicAPInt loss = lower == 0 || upper == 0
                              ? DynamicAPInt(0)
                              : (greatestLower - 1) * (greatestUpper - 1);
      if (!best || loss < leastLoss ||
          (loss == leastLoss && lower * upper < fewest)) {
        best = j;
        leastLoss = loss;
        fewest = lower * upper;
      }
    }
    if (!best)
      return true;
    if (!eliminate(*best))
      return false;
  }
  return true;
}

bool ForAllExists::holdsOnOuterBox() const {
  return llvm::all_of(constraints, [&](const LinearConstraint &constraint) {
    Interval range = outerRange(constraint.row);
    return range.lower && *range.lower >= 0;
  });
}

//===----------------------------------------------------------------------===//
// Coverage by enumeration
//===----------------------------------------------------------------------===//

namespace {
/// The points of a small component, and the elements that they write.
struct Enumeration {
  ArrayRef<LinearConstraint> constraints;
  ArrayRef<Row> outputs;
  ArrayRef<int64_t> sizes;
  SmallVector<Interval> ranges;
  SmallVector<DynamicAPInt> point;
  llvm::BitVector written;

  /// Visits all values of the variables from `depth` on.
  void visit(unsigned depth);
};
} // namespace

static DynamicAPInt evaluate(const Row &row, ArrayRef<DynamicAPInt> point) {
  DynamicAPInt sum = row.back();
  for (auto [value, coefficient] : llvm::zip(point, row))
    sum += value * coefficient;
  return sum;
}

void Enumeration::visit(unsigned depth) {
  if (depth != ranges.size()) {
    for (point[depth] = *ranges[depth].lower;
         point[depth] <= *ranges[depth].upper; ++point[depth])
      visit(depth + 1);
    return;
  }
  for (const LinearConstraint &constraint : constraints) {
    DynamicAPInt value = evaluate(constraint.row, point);
    if (constraint.isEquality ? value != 0 : value < 0)
      return;
  }
  int64_t element = 0;
  for (auto [row, size] : llvm::zip(outputs, sizes))
    element = element * size + int64_t(evaluate(row, point));
  written.set(element);
}

/// True when enumeration shows that the component writes all combinations of
/// its output indices.
static bool coversByEnumeration(ArrayRef<LinearConstraint> constraints,
                                ArrayRef<Row> outputs, ArrayRef<int64_t> sizes,
                                SmallVector<Interval> ranges) {
  DynamicAPInt points(1), elements(1);
  for (const Interval &range : ranges)
    points *= *range.upper - *range.lower + 1;
  for (int64_t size : sizes)
    elements *= DynamicAPInt(size);
  if (points > maxPoints || elements > points)
    return false;
  Enumeration enumeration{constraints,       outputs, sizes,
                          std::move(ranges), {},      {}};
  enumeration.point.resize(enumeration.ranges.size());
  enumeration.written.resize(int64_t(elements));
  enumeration.visit(0);
  return enumeration.written.all();
}

//===----------------------------------------------------------------------===//
// IterationDomain
//===----------------------------------------------------------------------===//

/// The coefficients of `row` on the variables of `component`, with the values
/// of fixed variables in the constant.
static Row restrictOutput(const LinearSystem &system, const Row &row,
                          ArrayRef<unsigned> component) {
  return restrictRow(system.withoutFixed(row), component);
}

static bool mentions(const Row &row, ArrayRef<unsigned> variables) {
  return llvm::any_of(variables, [&](unsigned i) { return row[i] != 0; });
}

bool IterationDomain::componentCovers(ArrayRef<unsigned> component,
                                      ArrayRef<unsigned> dimensions) const {
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  SmallVector<Row> outputs;
  SmallVector<int64_t> sizes;
  SmallVector<Interval> outerBox, ranges;
  for (unsigned dimension : dimensions) {
    outputs.push_back(restrictOutput(system, outputRows[dimension], component));
    sizes.push_back(shape[dimension]);
    outerBox.push_back({DynamicAPInt(0), DynamicAPInt(sizes.back()) - 1});
  }
  for (unsigned i : component)
    ranges.push_back(system.getBox()[i]);

  // One variable alone: all values of an index that is the variable itself.
  if (component.size() == 1)
    return dimensions.size() == 1 && abs(outputs[0][0]) == 1 &&
           *ranges[0].upper - *ranges[0].lower + 1 == sizes[0];

  SmallVector<LinearConstraint> constraints =
      system.getComponentConstraints(component);
  unsigned numInner = component.size(), numOuter = dimensions.size();
  ForAllExists query(numInner, outerBox);
  auto widen = [&](const Row &row) {
    Row wide(ArrayRef(row).drop_back());
    wide.resize(numInner + numOuter, DynamicAPInt(0));
    wide.push_back(row.back());
    return wide;
  };
  for (const LinearConstraint &constraint : constraints)
    query.add(widen(constraint.row), constraint.isEquality);
  for (auto [position, output] : llvm::enumerate(outputs)) {
    Row row = widen(output);
    row[numInner + position] = -1;
    query.add(std::move(row), /*isEquality=*/true);
  }
  return query.prove() ||
         coversByEnumeration(constraints, outputs, sizes, std::move(ranges));
}

bool IterationDomain::coversOutput() const {
  if (op.getYield().getCondition())
    return false;
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  if (llvm::is_contained(shape, 0))
    return true;
  if (system.isKnownEmpty())
    return false;
  unsigned numFree = 0;
  for (ArrayRef<unsigned> component : system.getComponents(outputRows)) {
    SmallVector<unsigned> dimensions;
    for (auto [dimension, row] : llvm::enumerate(outputRows))
      if (mentions(row, component))
        dimensions.push_back(dimension);
    numFree += dimensions.size();
    if (!dimensions.empty() && !componentCovers(component, dimensions))
      return false;
  }
  // What no component names is a constant: it covers a dimension of size 1.
  unsigned numTrivial =
      llvm::count_if(llvm::seq<size_t>(0, shape.size()), [&](size_t i) {
        Row row = system.withoutFixed(outputRows[i]);
        return llvm::all_of(ArrayRef(row).drop_back(),
                            [](const DynamicAPInt &c) { return c == 0; }) &&
               shape[i] == 1;
      });
  return numFree + numTrivial == shape.size();
}

bool IterationDomain::componentWritesOnce(ArrayRef<unsigned> component) const {
  unsigned size = component.size();
  SmallVector<Row> outputs;
  for (const Row &row : outputRows)
    if (mentions(row, component))
      outputs.push_back(restrictOutput(system, row, component));
  SmallVector<LinearConstraint> constraints =
      system.getComponentConstraints(component);

  // The difference of two points that write one element is a zero of the
  // output's and the equalities' coefficients. If 0 is the only one, done.
  SmallVector<LinearConstraint> zeros;
  for (const Row &row : outputs)
    zeros.push_back({row, true});
  for (const LinearConstraint &constraint : constraints)
    if (constraint.isEquality)
      zeros.push_back(constraint);
  for (LinearConstraint &zero : zeros)
    zero.row.back() = 0;
  if (solveEqualities(size, zeros)->numParameters == 0)
    return true;
  if (size == 1)
    return false;

  // Otherwise look for two points x, x' with x_i < x'_i for some i.
  auto place = [&](const Row &row, unsigned first) {
    Row wide(2 * size + 1, DynamicAPInt(0));
    std::copy(row.begin(), row.end() - 1, wide.begin() + first);
    wide.back() = row.back();
    return wide;
  };
  SmallVector<LinearConstraint> pair;
  for (const LinearConstraint &constraint : constraints)
    for (unsigned first : {0u, size})
      pair.push_back({place(constraint.row, first), constraint.isEquality});
  for (const Row &row : outputs) {
    Row difference = place(row, 0);
    for (unsigned i = 0; i < size; ++i)
      difference[size + i] = -row[i];
    difference.back() = 0;
    pair.push_back({std::move(difference), true});
  }
  for (unsigned i = 0; i < size; ++i) {
    if (component[i] >= op.getNumIndices())
      continue;
    Row before(2 * size + 1, DynamicAPInt(0));
    before[i] = -1;
    before[size + i] = 1;
    before.back() = -1;
    pair.push_back({std::move(before), false});
    if (!LinearSystem::isIntegerEmpty(2 * size, pair))
      return false;
    pair.pop_back();
  }
  return true;
}

bool IterationDomain::writesOnce() const {
  return system.isKnownEmpty() ||
         llvm::all_of(system.getComponents(outputRows),
                      [&](ArrayRef<unsigned> component) {
                        return componentWritesOnce(component);
                      });
}
