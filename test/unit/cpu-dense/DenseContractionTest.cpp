// Dense contractions against plain enumeration, on sizes around every tile.
#include "test/unit/cpu-dense/DenseRunner.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace polytile::cpu::test;

namespace {

int64_t count(const std::vector<int64_t> &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<>());
}

/// Small whole numbers, so that every sum is exact in any order.
std::vector<double> numbers(int64_t size, unsigned seed) {
  std::vector<double> values(size);
  for (double &value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = int(seed >> 24) % 9 - 4;
  }
  return values;
}

/// Values between unreadable guards: a read or write outside is seen as NaN in
/// the result or as a changed guard.
template <typename T> class Guarded {
public:
  static constexpr int64_t guard = 64;
  explicit Guarded(int64_t size) : size(size), all(size + 2 * guard, bad()) {}
  explicit Guarded(const std::vector<double> &values)
      : Guarded(static_cast<int64_t>(values.size())) {
    std::copy(values.begin(), values.end(), data());
  }
  T *data() { return all.data() + guard; }
  bool intact() const {
    T expected = bad();
    for (int64_t i = 0; i != guard; ++i)
      if (std::memcmp(&all[i], &expected, sizeof(T)) ||
          std::memcmp(&all[guard + size + i], &expected, sizeof(T)))
        return false;
    return true;
  }

private:
  static T bad() { return std::numeric_limits<T>::quiet_NaN(); }
  int64_t size;
  std::vector<T> all;
};

/// Runs `op`, once in one call and once item by item, and compares.
template <typename T>
bool agrees(const Contraction &op, const std::vector<int64_t> &extents,
            unsigned vectorBits) {
  auto runner = DenseRunner::compile(op, vectorBits);
  if (!runner)
    return false;
  auto a = numbers(count(op.aShape), 1), b = numbers(count(op.bShape), 2);
  std::vector<double> expected = runner->reference(a, b, extents);
  Guarded<T> aData(a), bData(b);
  const auto &plan = runner->plan();
  for (bool single : {false, true}) {
    Guarded<T> c(static_cast<int64_t>(expected.size()));
    std::vector<char> workspace(plan.workspaceBytes + 128, char(0xff));
    char *aligned = workspace.data() + 64 -
                    reinterpret_cast<uintptr_t>(workspace.data()) % 64;
    if (single)
      for (int64_t item = plan.items; item-- > 0;)
        runner->run(aData.data(), bData.data(), c.data(), item, item + 1,
                    aligned);
    else
      runner->run(aData.data(), bData.data(), c.data(), 0, plan.items, aligned);
    if (!c.intact() || !std::equal(expected.begin(), expected.end(), c.data()))
      return false;
  }
  return true;
}

std::vector<unsigned> widths() {
  std::vector<unsigned> result = {128};
  for (unsigned bits : {256u, 512u})
    if (bits <= widestVectors())
      result.push_back(bits);
  return result;
}

Contraction product(int64_t m, int64_t n, int64_t k, bool transposeA,
                    bool transposeB) {
  Contraction op;
  op.indices = "m, n, k";
  op.c = "m, n";
  op.cShape = {m, n};
  op.a = transposeA ? "k, m" : "m, k";
  op.aShape = transposeA ? std::vector{k, m} : std::vector{m, k};
  op.b = transposeB ? "n, k" : "k, n";
  op.bShape = transposeB ? std::vector{n, k} : std::vector{k, n};
  return op;
}

} // namespace

TEST_CASE("matrix products of odd sizes") {
  const int64_t sizes[] = {4, 7, 13, 16, 17, 31, 33, 64, 100};
  unsigned next = 7;
  for (unsigned bits : widths())
    for (int64_t m : sizes)
      for (int i = 0; i != 2; ++i) {
        next = next * 1664525u + 1013904223u;
        int64_t n = sizes[(next >> 16) % 9], k = sizes[(next >> 24) % 9];
        bool ta = next & 0x4000, tb = next & 0x8000;
        INFO(bits << " bits: " << m << "x" << n << "x" << k << (ta ? " A'" : "")
                  << (tb ? " B'" : ""));
        CHECK(agrees<float>(product(m, n, k, ta, tb), {m, n, k}, bits));
      }
}

TEST_CASE("flat, narrow and deep products") {
  for (unsigned bits : widths()) {
    INFO(bits << " bits");
    CHECK(agrees<float>(product(1, 300, 5, false, false), {1, 300, 5}, bits));
    CHECK(agrees<float>(product(3, 130, 9, false, false), {3, 130, 9}, bits));
    CHECK(agrees<float>(product(9, 1, 50, true, false), {9, 1, 50}, bits));
    CHECK(agrees<float>(product(70, 3, 20, true, true), {70, 3, 20}, bits));
    CHECK(agrees<float>(product(20, 40, 1601, false, true), {20, 40, 1601},
                        bits));
    CHECK(agrees<float>(product(90, 530, 3, true, true), {90, 530, 3}, bits));
  }
}

TEST_CASE("products in double precision") {
  for (unsigned bits : widths()) {
    Contraction op = product(37, 43, 29, true, true);
    op.element = "f64";
    INFO(bits << " bits");
    CHECK(agrees<double>(op, {37, 43, 29}, bits));
  }
}

TEST_CASE("batches, and axes that merge") {
  Contraction op;
  op.indices = "b, i, m, n, k, l";
  op.aShape = {3, 2, 5, 4, 6};
  op.a = "b, i, m, k, l";
  op.bShape = {3, 4, 6, 9};
  op.b = "b, k, l, n";
  op.cShape = {3, 2, 5, 9};
  op.c = "b, i, m, n";
  for (unsigned bits : widths())
    CHECK(agrees<float>(op, {3, 2, 5, 9, 4, 6}, bits));
}

TEST_CASE("convolutions with padding and strides") {
  for (unsigned bits : widths())
    for (int64_t stride : {1, 2})
      for (int64_t pad : {0, 1, 2}) {
        int64_t size = 11, out = (size + 2 * pad - 3) / stride + 1;
        Contraction op;
        op.indices = "n, y, x, f, r, s, c";
        auto window = [&](const char *at, const char *step) {
          return std::to_string(stride) + " * " + at + " + " + step + " - " +
                 std::to_string(pad);
        };
        op.aShape = {2, size, size, 5};
        op.a = "n, " + window("y", "r") + ", " + window("x", "s") + ", c";
        op.bShape = {3, 3, 5, 19};
        op.b = "r, s, c, f";
        op.cShape = {2, out, out, 19};
        op.c = "n, y, x, f";
        INFO(bits << " bits, stride " << stride << ", padding " << pad);
        CHECK(agrees<float>(op, {2, out, out, 19, 3, 3, 5}, bits));
      }
}

TEST_CASE("spread-out windows need few boxes") {
  Contraction op;
  op.indices = "y, x, f, r, s, c";
  op.aShape = {15, 14, 3};
  op.a = "y + 4 * r - 4, x + 5 * s - 5, c";
  op.bShape = {3, 3, 3, 8};
  op.b = "r, s, c, f";
  op.cShape = {15, 14, 8};
  op.c = "y, x, f";
  for (unsigned bits : widths())
    CHECK(agrees<float>(op, {15, 14, 8, 3, 3, 3}, bits));
  auto runner = DenseRunner::compile(op, 256);
  REQUIRE(runner);
  CHECK(runner->plan().boxes.size() == 9);
}

TEST_CASE("a convolution with channels first") {
  Contraction op;
  op.indices = "n, f, y, x, c, r, s";
  op.aShape = {2, 3, 9, 20};
  op.a = "n, c, y + r - 1, x + s - 1";
  op.bShape = {6, 3, 3, 3};
  op.b = "f, c, r, s";
  op.cShape = {2, 6, 9, 20};
  op.c = "n, f, y, x";
  for (unsigned bits : widths())
    CHECK(agrees<float>(op, {2, 6, 9, 20, 3, 3, 3}, bits));
}

TEST_CASE("what is left to guarded loops") {
  unsigned bits = 256;
  CHECK(!DenseRunner::compile(product(2, 5, 9, false, true), bits));
  Contraction triangle = product(9, 9, 9, false, false);
  triangle.domain = "m - k >= 0, k - n >= 0";
  CHECK(!DenseRunner::compile(triangle, bits));
  Contraction partly = product(9, 9, 9, false, false);
  partly.domain = "m - 3 >= 0";
  CHECK(!DenseRunner::compile(partly, bits));
}
