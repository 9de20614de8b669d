//===- DomainOracleTest.cpp - Random domains against enumeration ----------===//
//
// Whatever the analysis says of a small domain, enumerating a box that surely
// holds it must say as well. Coverage may be missed, but never be claimed
// wrongly; everything else must be equal.
//
//===----------------------------------------------------------------------===//

#include "test/unit/tile/Contraction.h"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace polytile::tile;

namespace {

/// A linear form in small numbers, and its text.
struct Form {
  std::vector<int64_t> coefficients;
  int64_t constant = 0;

  int64_t at(const std::vector<int64_t> &point) const {
    int64_t sum = constant;
    for (size_t i = 0; i < point.size(); ++i)
      sum += coefficients[i] * point[i];
    return sum;
  }
  std::string text() const {
    std::string result = std::to_string(constant);
    for (size_t i = 0; i < coefficients.size(); ++i)
      if (coefficients[i] != 0)
        result += " + x" + std::to_string(i) + " * " +
                  std::to_string(coefficients[i]);
    return result;
  }
};

struct RandomDomain {
  unsigned numVariables;
  std::vector<Form> subscripts, outputs, inequalities, equalities;
  std::vector<Form> differences; ///< forms that are not 0
  std::vector<int64_t> inputShape, outputShape;

  explicit RandomDomain(std::mt19937 &random) {
    auto pick = [&](int low, int high) {
      return std::uniform_int_distribution<int>(low, high)(random);
    };
    numVariables = pick(1, 3);
    auto form = [&](int reach) {
      Form result;
      for (unsigned i = 0; i < numVariables; ++i)
        result.coefficients.push_back(pick(0, 2) == 0 ? 0
                                                      : pick(-reach, reach));
      result.constant = pick(-2, 3);
      return result;
    };
    // One subscript for each variable keeps the domain in a small box.
    for (unsigned i = 0; i < numVariables; ++i) {
      Form unit;
      unit.coefficients.assign(numVariables, 0);
      unit.coefficients[i] = 1;
      subscripts.push_back(unit);
      inputShape.push_back(pick(0, 7) == 0 ? pick(0, 1) : pick(2, 6));
    }
    for (int i = pick(0, 1); i > 0; --i) {
      subscripts.push_back(form(2));
      inputShape.push_back(pick(1, 6));
    }
    for (int i = pick(1, 2); i > 0; --i) {
      outputs.push_back(form(2));
      outputShape.push_back(pick(1, 5));
    }
    for (int i = pick(0, 2); i > 0; --i)
      inequalities.push_back(form(3));
    for (int i = pick(0, 3) / 3; i > 0; --i)
      equalities.push_back(form(3));
    for (int i = pick(0, 4) / 4; i > 0; --i)
      differences.push_back(form(2));
  }

  static std::string join(const std::vector<Form> &forms,
                          const std::string &suffix = "") {
    std::string result;
    for (const Form &form : forms)
      result += (result.empty() ? "" : ", ") + form.text() + suffix;
    return result;
  }
  static std::string shape(const std::vector<int64_t> &sizes) {
    std::string result;
    for (int64_t size : sizes)
      result += std::to_string(size) + "x";
    return result;
  }
  Contraction build() const {
    std::string names, domain = join(inequalities, " >= 0"),
                       exact = join(equalities, " == 0");
    for (unsigned i = 0; i < numVariables; ++i)
      names += (i ? ", x" : "x") + std::to_string(i);
    if (!domain.empty() && !exact.empty())
      domain += ", ";
    domain += exact;
    // As the importer writes !=: a variable tells the side.
    for (size_t i = 0; i < differences.size(); ++i) {
      const std::string side = "s" + std::to_string(i),
                        form = differences[i].text(),
                        far = " * 1125899906842624 - 1";
      names += ", " + side;
      domain += (domain.empty() ? "" : ", ") + side + " >= 0, 1 - " + side +
                " >= 0, " + form + " + " + side + far + " >= 0, -(" + form +
                ") + (1 - " + side + ")" + far + " >= 0";
    }
    return {names,
            {{shape(inputShape), join(subscripts)}},
            {shape(outputShape), join(outputs)},
            domain};
  }

  bool isValid(const std::vector<int64_t> &point) const {
    for (size_t i = 0; i < subscripts.size(); ++i)
      if (int64_t s = subscripts[i].at(point); s < 0 || s >= inputShape[i])
        return false;
    for (size_t i = 0; i < outputs.size(); ++i)
      if (int64_t o = outputs[i].at(point); o < 0 || o >= outputShape[i])
        return false;
    for (const Form &form : inequalities)
      if (form.at(point) < 0)
        return false;
    for (const Form &form : equalities)
      if (form.at(point) != 0)
        return false;
    for (const Form &form : differences)
      if (form.at(point) == 0)
        return false;
    return true;
  }
};

/// What enumeration finds.
struct Truth {
  std::vector<int64_t> lower, upper;
  std::map<std::vector<int64_t>, int> writes;

  explicit Truth(const RandomDomain &domain) {
    std::vector<int64_t> point(domain.numVariables, 0);
    visit(domain, point, 0);
  }
  bool writesOnce() const {
    for (auto &[element, count] : writes)
      if (count > 1)
        return false;
    return true;
  }

private:
  void visit(const RandomDomain &domain, std::vector<int64_t> &point,
             unsigned depth) {
    if (depth < point.size()) {
      for (point[depth] = 0; point[depth] < domain.inputShape[depth];
           ++point[depth])
        visit(domain, point, depth + 1);
      return;
    }
    if (!domain.isValid(point))
      return;
    if (lower.empty())
      lower = upper = point;
    for (size_t i = 0; i < point.size(); ++i) {
      lower[i] = std::min(lower[i], point[i]);
      upper[i] = std::max(upper[i], point[i]);
    }
    std::vector<int64_t> element;
    for (const Form &form : domain.outputs)
      element.push_back(form.at(point));
    ++writes[element];
  }
};

} // namespace

TEST_CASE("the analysis of random domains agrees with enumeration") {
  std::mt19937 random(20261124);
  int covering = 0, proven = 0;
  for (int round = 0; round < 2000; ++round) {
    RandomDomain domain(random);
    Contraction contraction = domain.build();
    REQUIRE(contraction.op);
    Truth truth(domain);
    IterationDomain analysis = IterationDomain::get(contraction.op);
    auto ranges = analysis.computeRanges();
    INFO("round " << round << ": ins " << RandomDomain::shape(domain.inputShape)
                  << " [" << RandomDomain::join(domain.subscripts) << "] out "
                  << RandomDomain::shape(domain.outputShape) << " ["
                  << RandomDomain::join(domain.outputs)
                  << "] >= 0: " << RandomDomain::join(domain.inequalities)
                  << " == 0: " << RandomDomain::join(domain.equalities));
    REQUIRE(mlir::succeeded(ranges));
    REQUIRE(ranges->isEmpty == truth.lower.empty());
    if (!ranges->isEmpty) {
      ranges->lower.resize(domain.numVariables);
      ranges->upper.resize(domain.numVariables);
      REQUIRE(std::vector<int64_t>(ranges->lower.begin(),
                                   ranges->lower.end()) == truth.lower);
      REQUIRE(std::vector<int64_t>(ranges->upper.begin(),
                                   ranges->upper.end()) == truth.upper);
    }
    int64_t elements = 1;
    for (int64_t size : domain.outputShape)
      elements *= size;
    bool covered = static_cast<int64_t>(truth.writes.size()) == elements;
    bool claimed = analysis.coversOutput();
    covering += covered;
    proven += claimed;
    REQUIRE(claimed == covered); // exact as well, since these are small
    REQUIRE(analysis.writesOnce() == truth.writesOnce());
  }
  CHECK(covering == proven);
  CHECK(covering > 50);
}
