//===- DenseBoxes.cpp - Cuts an output where its windows leave ------------===//
//
// Interval arithmetic, box by box:
//
//   1. A constraint that holds all over the box is done with; one that fails
//      all over it means unwritten elements, which is a refusal.
//   2. A constraint on one reduction variable alone, the outputs being fixed,
//      tightens that variable.
//   3. A constraint on an output variable splits the box: the values from which
//      on it always holds stay together, and so do neighbours for which it
//      leaves the same reduction; others become boxes of their own.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/DenseBoxes.h"

#include "llvm/Support/MathExtras.h"

#include <optional>

using namespace mlir;

namespace polytile::cpu {
namespace {

class BoxSplitter {
public:
  BoxSplitter(const LinearDomain &domain, unsigned limit)
      : domain(domain), limit(limit) {}

  LogicalResult split(VariableBox box);

  SmallVector<VariableBox, 0> boxes;

private:
  enum class Step { Holds, Tightened, Split, Refused };

  Step apply(const LinearConstraint &constraint, VariableBox &box);
  LogicalResult splitAt(const LinearConstraint &constraint, unsigned variable,
                        const VariableBox &box);
  std::optional<unsigned> boundedAlone(const LinearConstraint &constraint,
                                       unsigned variable,
                                       const VariableBox &box) const;

  const LinearDomain &domain;
  unsigned limit;
};

} // namespace

static Range rangeOver(const VariableBox &box, ArrayRef<int64_t> expr) {
  Range range{expr.back(), expr.back()};
  for (auto [coefficient, variable] : llvm::zip(expr, box)) {
    range.lower +=
        coefficient * (coefficient > 0 ? variable.lower : variable.upper);
    range.upper +=
        coefficient * (coefficient > 0 ? variable.upper : variable.lower);
  }
  return range;
}

/// The values of a variable with coefficient `a` for which `a * v + rest` is
/// not negative, cut from `range`.
static Range clip(Range range, int64_t a, int64_t rest) {
  if (a > 0)
    range.lower = std::max(range.lower, llvm::divideCeilSigned(-rest, a));
  else
    range.upper = std::min(range.upper, llvm::divideFloorSigned(rest, -a));
  return range;
}

/// The least value of `constraint` over `box` without the term of `variable`.
static int64_t leastRest(const LinearConstraint &constraint, unsigned variable,
                         const VariableBox &box) {
  LinearExpr rest = constraint.expr;
  rest[variable] = 0;
  return rangeOver(box, rest).lower;
}

BoxSplitter::Step BoxSplitter::apply(const LinearConstraint &constraint,
                                     VariableBox &box) {
  Range range = rangeOver(box, constraint.expr);
  if (constraint.isEquality)
    return range.lower == 0 && range.upper == 0 ? Step::Holds : Step::Refused;
  if (range.lower >= 0)
    return Step::Holds;
  if (range.upper < 0)
    return Step::Refused;
  SmallVector<unsigned> free;
  for (unsigned v = 0; v != box.size(); ++v)
    if (constraint.expr[v] != 0 && box[v].size() > 1)
      free.push_back(v);
  if (free.front() < domain.numOutputs)
    return succeeded(splitAt(constraint, free.front(), box)) ? Step::Split
                                                             : Step::Refused;
  if (free.size() > 1)
    return Step::Refused;
  unsigned v = free.front();
  box[v] = clip(box[v], constraint.expr[v], leastRest(constraint, v, box));
  return box[v].size() > 0 ? Step::Tightened : Step::Refused;
}

/// The reduction variable that, once `variable` has a value, the constraint
/// bounds alone; none where it bounds several, or other outputs.
std::optional<unsigned>
BoxSplitter::boundedAlone(const LinearConstraint &constraint, unsigned variable,
                          const VariableBox &box) const {
  std::optional<unsigned> found;
  for (unsigned v = 0; v != box.size(); ++v) {
    if (v == variable || constraint.expr[v] == 0 || box[v].size() == 1)
      continue;
    if (found || v < domain.numOutputs)
      return std::nullopt;
    found = v;
  }
  return found;
}

LogicalResult BoxSplitter::splitAt(const LinearConstraint &constraint,
                                   unsigned variable, const VariableBox &box) {
  Range whole = box[variable];
  Range always = clip(whole, constraint.expr[variable],
                      leastRest(constraint, variable, box));
  // With windows that are spread out, neighbours often have the same points:
  // for y + 4 * r - 4 >= 0 the first four y all begin at r = 1.
  std::optional<unsigned> reduction = boundedAlone(constraint, variable, box);
  auto rangeAt = [&](int64_t value) {
    VariableBox part = box;
    part[variable] = {value, value};
    return clip(box[*reduction], constraint.expr[*reduction],
                leastRest(constraint, *reduction, part));
  };
  for (int64_t value = whole.lower; value <= whole.upper; ++value) {
    VariableBox part = box;
    part[variable] = {value, value};
    if (always.lower <= value && value <= always.upper) {
      part[variable] = always;
    } else if (reduction) {
      Range range = rangeAt(value);
      if (range.size() < 1)
        return failure();
      part[*reduction] = range;
      Range &group = part[variable];
      for (; group.upper < whole.upper && group.upper + 1 != always.lower;
           ++group.upper) {
        Range next = rangeAt(group.upper + 1);
        if (next.lower != range.lower || next.upper != range.upper)
          break;
      }
    }
    value = part[variable].upper;
    if (failed(split(std::move(part))))
      return failure();
  }
  return success();
}

LogicalResult BoxSplitter::split(VariableBox box) {
  for (size_t i = 0; i < domain.constraints.size();) {
    switch (apply(domain.constraints[i], box)) {
    case Step::Holds:
      ++i;
      break;
    case Step::Tightened:
      i = 0; // Another constraint may have come to hold or to fail.
      break;
    case Step::Split:
      return success();
    case Step::Refused:
      return failure();
    }
  }
  boxes.push_back(std::move(box));
  return success(boxes.size() <= limit);
}

FailureOr<SmallVector<VariableBox, 0>>
splitIntoBoxes(const LinearDomain &domain, unsigned limit) {
  if (domain.isEmpty ||
      llvm::any_of(domain.ranges, [](Range range) { return range.size() < 1; }))
    return failure();
  BoxSplitter splitter(domain, limit);
  VariableBox whole(domain.ranges.begin(), domain.ranges.end());
  if (failed(splitter.split(std::move(whole))))
    return failure();
  return std::move(splitter.boxes);
}

} // namespace polytile::cpu
