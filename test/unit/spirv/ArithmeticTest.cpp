// Integer and float operations of kernels against the same ones in C++:
// narrow integers live in 32-bit registers with garbage above, so each
// operation is tried on values whose upper bits it must not see.
#include "test/unit/spirv/SpirvRunner.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

using namespace polytile::spirv_target::test;

namespace {

constexpr int count = 256;

/// A kernel that applies `body` (from %x and %y, both `type`, to %r of type
/// `result`) to each pair of elements. The sums that it takes have bits beyond
/// the type's.
std::string kernelOf(const std::string &type, const std::string &result,
                     const std::string &body) {
  std::string in = "memref<256x" + type + ">",
              out = "memref<256x" + result + ">";
  return "kernel.func @k(%X: " + in + " {kernel.access = \"read\"}, %Y: " + in +
         " {kernel.access = \"read\"}, %R: " + out +
         " {kernel.access = \"write\"}) workgroup [64, 1, 1] grid [4, 1, 1] {\n"
         "  %g = gpu.block_id x\n  %t = gpu.thread_id x\n"
         "  %c64 = arith.constant 64 : index\n"
         "  %b = arith.muli %g, %c64 : index\n"
         "  %i = arith.addi %b, %t : index\n"
         "  %x = memref.load %X[%i] : " +
         in +
         "\n"
         "  %y = memref.load %Y[%i] : " +
         in + "\n" + body + "  memref.store %r, %R[%i] : " + out +
         "\n  kernel.return\n}\n";
}

template <typename T> std::vector<T> randomIntegers(int seed) {
  std::mt19937_64 random(seed);
  std::vector<T> values(count);
  for (T &value : values) {
    value = static_cast<T>(random());
    if (random() % 4 == 0)
      value = static_cast<T>(random() % 5) - static_cast<T>(2);
  }
  values[0] = std::numeric_limits<T>::min();
  values[1] = std::numeric_limits<T>::max();
  values[2] = 0;
  values[3] = static_cast<T>(-1);
  return values;
}

template <typename T> struct Operation {
  std::string body;
  std::function<T(T, T)> expected;
};

/// Division by zero and of the least by -1 is undefined.
template <typename T> bool divides(T x, T y) {
  return y != 0 && !(x == std::numeric_limits<T>::min() && y == T(-1));
}

template <typename T> std::vector<Operation<T>> integerOperations() {
  using U = std::make_unsigned_t<T>;
  unsigned bits = sizeof(T) * 8;
  std::string type = "i" + std::to_string(bits);
  std::string amount = "  %m = arith.constant " + std::to_string(bits - 1) +
                       " : " + type + "\n  %a = arith.andi %y, %m : " + type +
                       "\n";
  auto binary = [&](const std::string &name) {
    return "  %r = arith." + name + " %x, %y : " + type + "\n";
  };
  // The sum overflows the type, the quotient must not see it.
  auto ofSum = [&](const std::string &name) {
    return "  %s = arith.addi %x, %x : " + type + "\n  %r = arith." + name +
           " %s, %y : " + type + "\n";
  };
  auto compare = [&](const std::string &name) {
    return "  %s = arith.addi %x, %x : " + type + "\n  %c = arith.cmpi " +
           name + ", %s, %y : " + type + "\n  %r = arith.extui %c : i1 to " +
           type + "\n";
  };
  auto shift = [&](const std::string &name) {
    return amount + "  %s = arith.addi %x, %x : " + type + "\n  %r = arith." +
           name + " %s, %a : " + type + "\n";
  };
  auto twice = [](T x) { return static_cast<T>(U(x) + U(x)); };
  auto amountOf = [bits](T y) { return static_cast<U>(y) & (bits - 1); };
  std::vector<Operation<T>> all = {
      {binary("addi"), [](T x, T y) { return T(U(x) + U(y)); }},
      {binary("subi"), [](T x, T y) { return T(U(x) - U(y)); }},
      {binary("muli"), [](T x, T y) { return T(uint64_t(U(x)) * U(y)); }},
      {binary("andi"), [](T x, T y) { return T(x & y); }},
      {binary("ori"), [](T x, T y) { return T(x | y); }},
      {binary("xori"), [](T x, T y) { return T(x ^ y); }},
      {ofSum("divui"),
       [=](T x, T y) { return y ? T(U(twice(x)) / U(y)) : T(0); }},
      {ofSum("remui"),
       [=](T x, T y) { return y ? T(U(twice(x)) % U(y)) : T(0); }},
      {ofSum("divsi"),
       [=](T x, T y) { return divides(twice(x), y) ? T(twice(x) / y) : T(0); }},
      {ofSum("remsi"),
       [=](T x, T y) { return divides(twice(x), y) ? T(twice(x) % y) : T(0); }},
      {ofSum("floordivsi"),
       [=](T x, T y) {
         return divides(twice(x), y)
                    ? T(twice(x) / y -
                        (twice(x) % y != 0 && (twice(x) < 0) != (y < 0)))
                    : T(0);
       }},
      {ofSum("ceildivsi"),
       [=](T x, T y) {
         return divides(twice(x), y)
                    ? T(twice(x) / y +
                        (twice(x) % y != 0 && (twice(x) < 0) == (y < 0)))
                    : T(0);
       }},
      {ofSum("ceildivui"),
       [=](T x, T y) {
         return y ? T(U(twice(x)) / U(y) + (U(twice(x)) % U(y) != 0)) : T(0);
       }},
      {ofSum("minsi"), [=](T x, T y) { return std::min(twice(x), y); }},
      {ofSum("maxsi"), [=](T x, T y) { return std::max(twice(x), y); }},
      {ofSum("minui"),
       [=](T x, T y) { return T(std::min(U(twice(x)), U(y))); }},
      {ofSum("maxui"),
       [=](T x, T y) { return T(std::max(U(twice(x)), U(y))); }},
      {compare("eq"), [=](T x, T y) { return T(twice(x) == y); }},
      {compare("ne"), [=](T x, T y) { return T(twice(x) != y); }},
      {compare("slt"), [=](T x, T y) { return T(twice(x) < y); }},
      {compare("sle"), [=](T x, T y) { return T(twice(x) <= y); }},
      {compare("sgt"), [=](T x, T y) { return T(twice(x) > y); }},
      {compare("sge"), [=](T x, T y) { return T(twice(x) >= y); }},
      {compare("ult"), [=](T x, T y) { return T(U(twice(x)) < U(y)); }},
      {compare("ule"), [=](T x, T y) { return T(U(twice(x)) <= U(y)); }},
      {compare("ugt"), [=](T x, T y) { return T(U(twice(x)) > U(y)); }},
      {compare("uge"), [=](T x, T y) { return T(U(twice(x)) >= U(y)); }},
      {shift("shli"), [=](T x, T y) { return T(U(twice(x)) << amountOf(y)); }},
      {shift("shrui"), [=](T x, T y) { return T(U(twice(x)) >> amountOf(y)); }},
      {shift("shrsi"), [=](T x, T y) { return T(twice(x) >> amountOf(y)); }},
  };
  return all;
}

template <typename T>
void checkIntegers(const polytile::schedule::DeviceDescription &device) {
  std::string type = "i" + std::to_string(sizeof(T) * 8);
  std::vector<T> x = randomIntegers<T>(1), y = randomIntegers<T>(2);
  for (const Operation<T> &operation : integerOperations<T>()) {
    INFO(operation.body);
    bool divides = operation.body.find("div") != std::string::npos ||
                   operation.body.find("rem") != std::string::npos;
    std::vector<T> divisors = y;
    for (int i = 0; i < count; ++i)
      if (divides && !::divides(T(x[i] * 2), y[i]))
        divisors[i] = 3;
    std::vector<T> result = valuesOf<T>(
        run(kernelOf(type, type, operation.body), device,
            {bytesOf(x), bytesOf(divisors)}, count * sizeof(T), 64, 4));
    std::vector<T> expected(count);
    for (int i = 0; i < count; ++i)
      expected[i] = operation.expected(x[i], divisors[i]);
    CHECK(result == expected);
  }
}

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

std::vector<float> edgyFloats(int seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  const float edges[] = {0.0f, -0.0f, INFINITY, -INFINITY,
                         NAN,  1.0f,  -1.0f,    3.4e38f};
  for (float &value : values)
    value = random() % 3 ? std::ldexp(float(random() % 2001) - 1000.0f,
                                      int(random() % 40) - 20)
                         : edges[random() % 8];
  return values;
}

} // namespace

TEST_CASE("integers of 8 bits") { checkIntegers<int8_t>(deviceWithout({})); }

TEST_CASE("integers of 8 bits in packed words") {
  checkIntegers<int8_t>(deviceWithout({"storage8", "i8"}));
}

TEST_CASE("integers of 16 bits") { checkIntegers<int16_t>(deviceWithout({})); }

TEST_CASE("integers of 16 bits in packed words") {
  checkIntegers<int16_t>(deviceWithout({"storage16", "i16"}));
}

TEST_CASE("integers of 32 bits") { checkIntegers<int32_t>(deviceWithout({})); }

TEST_CASE("integers of 64 bits") { checkIntegers<int64_t>(deviceWithout({})); }

TEST_CASE("comparisons of floats see NaN as arith says") {
  const struct {
    const char *name;
    std::function<bool(float, float)> expected;
  } rows[] = {
      {"oeq", [](float x, float y) { return x == y; }},
      {"ogt", [](float x, float y) { return x > y; }},
      {"oge", [](float x, float y) { return x >= y; }},
      {"olt", [](float x, float y) { return x < y; }},
      {"ole", [](float x, float y) { return x <= y; }},
      {"one", [](float x, float y) { return x < y || x > y; }},
      {"ord", [](float x, float y) { return x == x && y == y; }},
      {"ueq", [](float x, float y) { return !(x < y || x > y); }},
      {"ugt", [](float x, float y) { return !(x <= y); }},
      {"uge", [](float x, float y) { return !(x < y); }},
      {"ult", [](float x, float y) { return !(x >= y); }},
      {"ule", [](float x, float y) { return !(x > y); }},
      {"une", [](float x, float y) { return x != y; }},
      {"uno", [](float x, float y) { return x != x || y != y; }},
      {"true", [](float, float) { return true; }},
      {"false", [](float, float) { return false; }},
  };
  std::vector<float> x = edgyFloats(1), y = edgyFloats(2);
  for (int i = 0; i < count; i += 7)
    y[i] = x[i];
  for (const auto &row : rows) {
    INFO(row.name);
    std::string body = std::string("  %c = arith.cmpf ") + row.name +
                       ", %x, %y : f32\n  %r = arith.uitofp %c : i1 to f32\n";
    for (const auto &device :
         {deviceWithout({}), deviceWithout({"nan_preserve_f32"})}) {
      std::vector<float> result =
          valuesOf<float>(run(kernelOf("f32", "f32", body), device,
                              {bytesOf(x), bytesOf(y)}, count * 4, 64, 4));
      std::vector<float> expected(count);
      for (int i = 0; i < count; ++i)
        expected[i] = row.expected(x[i], y[i]) ? 1.0f : 0.0f;
      CHECK(result == expected);
    }
  }
}

TEST_CASE("sums and products aren't fused unless they may be") {
  // x * y is inexact, so a fused x * y - (x * y) isn't 0.
  std::vector<float> x(count), y(count);
  for (int i = 0; i < count; ++i) {
    x[i] = 1.0f + float(i + 1) * 0x1p-23f;
    y[i] = 1.0f + float(3 * i + 1) * 0x1p-23f;
  }
  std::string body = "  %p = arith.mulf %x, %y : f32\n"
                     "  %q = arith.mulf %x, %y : f32\n"
                     "  %r = arith.subf %p, %q : f32\n";
  std::vector<float> result =
      valuesOf<float>(run(kernelOf("f32", "f32", body), deviceWithout({}),
                          {bytesOf(x), bytesOf(y)}, count * 4, 64, 4));
  CHECK(result == std::vector<float>(count, 0.0f));
}

TEST_CASE("constant zeros keep signs and NaN") {
  const struct {
    const char *body;
    float (*expected)(float);
  } rows[] = {
      {"  %z = arith.constant 0.0 : f32\n  %r = arith.addf %x, %z : f32\n",
       [](float x) { return x + 0.0f; }},
      {"  %z = arith.constant -0.0 : f32\n  %r = arith.addf %z, %x : f32\n",
       [](float x) { return x + -0.0f; }},
      {"  %z = arith.constant 0.0 : f32\n  %r = arith.subf %x, %z : f32\n",
       [](float x) { return x - 0.0f; }},
      {"  %z = arith.constant -0.0 : f32\n  %r = arith.subf %x, %z : f32\n",
       [](float x) { return x - -0.0f; }},
      {"  %z = arith.constant 0.0 : f32\n  %r = arith.mulf %x, %z : f32\n",
       [](float x) { return x * 0.0f; }},
      {"  %z = arith.constant -0.0 : f32\n  %r = arith.mulf %z, %x : f32\n",
       [](float x) { return x * -0.0f; }},
      {"  %r = arith.subf %x, %x : f32\n", [](float x) { return x - x; }}};
  std::vector<float> x = edgyFloats(4);
  for (const auto &row : rows) {
    INFO(row.body);
    std::vector<float> result =
        valuesOf<float>(run(kernelOf("f32", "f32", row.body), deviceWithout({}),
                            {bytesOf(x), bytesOf(x)}, count * 4, 64, 4));
    for (int i = 0; i < count; ++i) {
      float expected = row.expected(x[i]);
      INFO(x[i] << " gives " << result[i]);
      CHECK((std::isnan(expected)
                 ? std::isnan(result[i])
                 : result[i] == expected &&
                       std::signbit(result[i]) == std::signbit(expected)));
    }
  }
}

TEST_CASE("functions of floats") {
  const struct {
    const char *name;
    float (*expected)(float);
  } rows[] = {{"floor", [](float x) { return std::floor(x); }},
              {"ceil", [](float x) { return std::ceil(x); }},
              {"roundeven", [](float x) { return std::nearbyint(x); }},
              {"absf", [](float x) { return std::fabs(x); }}};
  std::vector<float> x = edgyFloats(3);
  x[0] = 0.5f, x[1] = 1.5f, x[2] = 2.5f, x[3] = -0.5f, x[4] = 8388609.0f;
  for (const auto &row : rows) {
    INFO(row.name);
    std::string body = std::string("  %r = math.") + row.name + " %x : f32\n";
    std::vector<uint32_t> result =
        valuesOf<uint32_t>(run(kernelOf("f32", "f32", body), deviceWithout({}),
                               {bytesOf(x), bytesOf(x)}, count * 4, 64, 4));
    for (int i = 0; i < count; ++i) {
      float expected = row.expected(x[i]), actual = fromBits(result[i]);
      INFO(x[i] << " gives " << actual);
      CHECK((std::isnan(expected) ? std::isnan(actual) : actual == expected));
    }
  }
}

TEST_CASE("booleans") {
  // Four of them from two numbers; the result shows one bit for each operation.
  std::string body = R"(
  %zero = arith.constant 0 : i32
  %x1 = arith.cmpi slt, %x, %zero : i32
  %y1 = arith.cmpi slt, %y, %zero : i32
  %and = arith.andi %x1, %y1 : i1
  %or = arith.ori %x1, %y1 : i1
  %xor = arith.xori %x1, %y1 : i1
  %maxu = arith.maxui %x1, %y1 : i1
  %minu = arith.minui %x1, %y1 : i1
  %maxs = arith.maxsi %x1, %y1 : i1
  %mins = arith.minsi %x1, %y1 : i1
  %eq = arith.cmpi eq, %x1, %y1 : i1
  %ult = arith.cmpi ult, %x1, %y1 : i1
  %slt = arith.cmpi slt, %x1, %y1 : i1
  %chosen = arith.select %x1, %y1, %xor : i1
  %low = arith.trunci %x : i32 to i1
  %b0 = arith.extui %and : i1 to i32
  %b1 = arith.extui %or : i1 to i32
  %b2 = arith.extui %xor : i1 to i32
  %b3 = arith.extui %maxu : i1 to i32
  %b4 = arith.extui %minu : i1 to i32
  %b5 = arith.extui %maxs : i1 to i32
  %b6 = arith.extui %mins : i1 to i32
  %b7 = arith.extui %eq : i1 to i32
  %b8 = arith.extui %ult : i1 to i32
  %b9 = arith.extui %slt : i1 to i32
  %b10 = arith.extui %chosen : i1 to i32
  %b11 = arith.extui %low : i1 to i32
  %s = arith.extsi %x1 : i1 to i32
  %one = arith.constant 1 : i32
)";
  for (int bit = 11; bit >= 0; --bit) {
    std::string number = std::to_string(bit);
    std::string last = bit == 11 ? "%s" : "%a" + std::to_string(bit + 1);
    body += "  %h" + number + " = arith.shli " + last + ", %one : i32\n  %a" +
            number + " = arith.ori %h" + number + ", %b" + number + " : i32\n";
  }
  body += "  %r = arith.ori %a0, %zero : i32\n";
  std::vector<int32_t> x = randomIntegers<int32_t>(5),
                       y = randomIntegers<int32_t>(6);
  std::vector<int32_t> result =
      valuesOf<int32_t>(run(kernelOf("i32", "i32", body), deviceWithout({}),
                            {bytesOf(x), bytesOf(y)}, count * 4, 64, 4));
  for (int i = 0; i < count; ++i) {
    bool a = x[i] < 0, b = y[i] < 0;
    // True is -1 where it is signed: the greater one is false.
    const bool bits[] = {a && b,  a || b,  a != b,         a || b,
                         a && b,  a && b,  a || b,         a == b,
                         !a && b, a && !b, a ? b : a != b, (x[i] & 1) != 0};
    uint32_t expected = a ? 0xffffffff : 0;
    for (int bit = 11; bit >= 0; --bit)
      expected = expected << 1 | (bits[bit] ? 1 : 0);
    CHECK(result[i] == static_cast<int32_t>(expected));
  }
}
