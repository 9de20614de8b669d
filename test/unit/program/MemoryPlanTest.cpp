// Tests of the memory plan: nothing overlaps, and the arena stays near the
// largest live set, on lives as networks have them and on random ones.
#include "dialects/program/Transforms/MemoryPlan.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <random>

using namespace polytile::program;

namespace {

bool livesTogether(const LiveRange &a, const LiveRange &b) {
  return a.first <= b.last && b.first <= a.last;
}

/// Checks the plan's promises, and returns arena / largest live set.
double checkPlan(const std::vector<LiveRange> &ranges) {
  MemoryPlan plan = planMemory(ranges, 64);
  REQUIRE(plan.offsets.size() == ranges.size());
  for (size_t i = 0; i < ranges.size(); ++i) {
    REQUIRE(plan.offsets[i] % 64 == 0);
    REQUIRE(plan.offsets[i] + ranges[i].bytes <= plan.arenaBytes);
    for (size_t j = 0; j < i; ++j) {
      if (!livesTogether(ranges[i], ranges[j]))
        continue;
      bool isApart = plan.offsets[i] + ranges[i].bytes <= plan.offsets[j] ||
                     plan.offsets[j] + ranges[j].bytes <= plan.offsets[i] ||
                     ranges[i].bytes == 0 || ranges[j].bytes == 0;
      REQUIRE(isApart);
    }
  }
  return plan.liveBytes == 0 ? 1
                             : double(plan.arenaBytes) / double(plan.liveBytes);
}

} // namespace

TEST_CASE("nothing needs no memory") {
  REQUIRE(planMemory({}, 64).arenaBytes == 0);
  REQUIRE(checkPlan({{0, 0, 3}, {0, 1, 2}}) == 1);
}

TEST_CASE("a chain alternates between two places") {
  std::vector<LiveRange> ranges;
  for (int64_t i = 0; i < 100; ++i)
    ranges.push_back({4096, i, i + 1});
  REQUIRE(checkPlan(ranges) == 1);
}

TEST_CASE("forward values live until the backward pass") {
  std::vector<LiveRange> ranges;
  for (int64_t i = 0; i < 200; ++i) {
    ranges.push_back({1000 + 64 * (i % 7), i, 400 - i});
    ranges.push_back({5000, 200 + i, 202 + i});
  }
  REQUIRE(checkPlan(ranges) <= 1.5);
}

TEST_CASE("random lives stay within the bound") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<LiveRange> ranges;
    for (int64_t i = 0; i < 150; ++i) {
      int64_t length = random() % 8 == 0 ? random() % 100 : random() % 6;
      int64_t bytes = int64_t(1) << random() % 16;
      ranges.push_back({bytes + int64_t(random() % 100), i, i + length});
    }
    INFO("seed " << seed);
    REQUIRE(checkPlan(ranges) <= 1.5);
  }
}

TEST_CASE("20000 temporaries are planned in a second") {
  std::vector<LiveRange> ranges;
  for (int64_t i = 0; i < 20000; ++i)
    ranges.push_back({64 * (1 + i % 50), i, i + 20});
  auto start = std::chrono::steady_clock::now();
  MemoryPlan plan = planMemory(ranges, 64);
  std::chrono::duration<double> taken =
      std::chrono::steady_clock::now() - start;
  REQUIRE(plan.arenaBytes <= plan.liveBytes * 3 / 2);
  REQUIRE(taken.count() < 1);
}
