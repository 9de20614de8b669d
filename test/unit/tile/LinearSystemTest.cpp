//===- LinearSystemTest.cpp - Rows, equalities, components ----------------===//
//
// The steps below the iteration domain, each with numbers small enough to check
// by hand.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/Analysis/LinearSystem.h"

#include <catch2/catch.hpp>

#include <initializer_list>

using namespace polytile::tile;

namespace {

Row row(std::initializer_list<int64_t> values) {
  Row result;
  for (int64_t value : values)
    result.push_back(DynamicAPInt(value));
  return result;
}

} // namespace

TEST_CASE("constraints are divided by their common divisor") {
  LinearConstraint inequality{row({4, -6, -3}), false};
  CHECK(normalize(inequality));
  CHECK(inequality.row == row({2, -3, -2})); // floor(-3 / 2)
  LinearConstraint equality{row({4, -6, 8}), true};
  CHECK(normalize(equality));
  CHECK(equality.row == row({2, -3, 4}));
  LinearConstraint odd{row({4, -6, 3}), true};
  CHECK_FALSE(normalize(odd));
  LinearConstraint constant{row({0, 0, -1}), false};
  CHECK_FALSE(normalize(constant));
}

TEST_CASE("solutions of equalities are parametrised") {
  auto solution = solveEqualities(2, {{row({2, -3, 0}), true}});
  REQUIRE(solution);
  REQUIRE(solution->numParameters == 1);
  // x = 3t, y = 2t, up to the sign of t
  DynamicAPInt x = solution->variables[0][0], y = solution->variables[1][0];
  CHECK(abs(x) == 3);
  CHECK(x * 2 == y * 3);
  CHECK(solution->substitute(row({2, -3, 5})) == row({0, 5}));
  CHECK_FALSE(solveEqualities(2, {{row({2, 4, 1}), true}}));
  CHECK(solveEqualities(2, {{row({1, 0, -4}), true}, {row({1, 1, 0}), true}})
            ->numParameters == 0);
}

TEST_CASE("variables that share no constraint are apart") {
  LinearSystem system(4);
  for (unsigned i = 0; i < 4; ++i) {
    Row unit(5, DynamicAPInt(0));
    unit[i] = 1;
    system.addInterval(unit, DynamicAPInt(0), DynamicAPInt(i == 3 ? 0 : 9));
  }
  system.addInequality(row({1, -1, 0, 0, 0}));
  system.simplify();
  using Components = llvm::SmallVector<llvm::SmallVector<unsigned>>;
  CHECK(system.getComponents() == Components{{0, 1}, {2}});
  CHECK(system.getComponents(row({0, 1, 1, 1, 0})) == Components{{0, 1, 2}});
  CHECK(system.getCoupling().size() == 1);
}

TEST_CASE("what the bounds imply is dropped") {
  LinearSystem system(2);
  system.addInterval(row({1, 0, 0}), DynamicAPInt(0), DynamicAPInt(3));
  system.addInterval(row({0, 1, 0}), DynamicAPInt(4), DynamicAPInt(9));
  system.addInequality(row({-1, 1, 0})); // y >= x holds anyway
  system.simplify();
  CHECK(system.getCoupling().empty());
  CHECK_FALSE(system.isKnownEmpty());
  system.addInequality(row({1, -1, -1})); // x > y never
  system.simplify();
  CHECK(system.isKnownEmpty());
}

TEST_CASE("a sum's range adds those of its components") {
  LinearSystem system(3);
  system.addInterval(row({1, 0, 0, 0}), DynamicAPInt(0), DynamicAPInt(5));
  system.addInterval(row({0, 1, 0, 0}), DynamicAPInt(0), DynamicAPInt(5));
  system.addInterval(row({0, 0, 1, 0}), DynamicAPInt(-1), DynamicAPInt(1));
  system.addInequality(row({-1, -1, 0, 5})); // x + y <= 5
  system.simplify();
  system.solve();
  Interval range = system.rangeOf(row({1, 1, 10, 2}));
  CHECK(*range.lower == -8);
  CHECK(*range.upper == 17);
}

TEST_CASE("emptiness is decided over the integers") {
  // 1 <= 2x - 2y <= 1
  CHECK(LinearSystem::isIntegerEmpty(
      2, {{row({2, -2, -1}), false}, {row({-2, 2, 1}), false}}));
  // 1/4 <= x <= 3/4 through 4x in [1, 3], unbounded y beside it
  CHECK(LinearSystem::isIntegerEmpty(
      2, {{row({4, 0, -1}), false}, {row({-4, 0, 3}), false}}));
  CHECK_FALSE(LinearSystem::isIntegerEmpty(2, {{row({3, -5, -1}), true}}));
}
