// Conversions: all 65,536 halves both ways, ties and edges of f32 to f16, and
// numbers of every width to every other.
#include "test/unit/spirv/SpirvRunner.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace polytile::spirv_target::test;

namespace {

/// The value of a half, by its definition.
double halfValue(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double sign = bits & 0x8000 ? -1.0 : 1.0;
  if (exponent == 31)
    return mantissa ? NAN : sign * INFINITY;
  return exponent ? sign * std::ldexp(1024 + mantissa, exponent - 25)
                  : sign * std::ldexp(mantissa, -24);
}

/// The half nearest to a value, ties to even, by search.
uint16_t nearestHalf(float value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(double(value));
  if (magnitude >= 65520)
    return sign | 0x7c00;
  int low = 0, high = 0x7bff;
  while (low < high) { // the greatest half not above
    int middle = (low + high + 1) / 2;
    if (halfValue(uint16_t(middle)) <= magnitude)
      low = middle;
    else
      high = middle - 1;
  }
  double below = magnitude - halfValue(uint16_t(low));
  double next = low == 0x7bff ? 65536 : halfValue(uint16_t(low + 1));
  double above = next - magnitude;
  bool up = above < below || (above == below && (low & 1));
  return sign | uint16_t(low + up);
}

std::string halvesKernel(const std::string &from, const std::string &to,
                         const std::string &operation, int lanes) {
  std::string vector =
      lanes == 1 ? "" : "vector<" + std::to_string(lanes) + "x";
  std::string end = lanes == 1 ? "" : ">";
  std::string fromType = vector + from + end, toType = vector + to + end;
  std::string size = std::to_string(65536 / lanes);
  std::string in = "memref<65536x" + from + ">",
              out = "memref<65536x" + to + ">";
  std::string inView = "memref<" + size + "x" + fromType + ">",
              outView = "memref<" + size + "x" + toType + ">";
  std::string text =
      "kernel.func @k(%A: " + in + " {kernel.access = \"read\"}, %B: " + out +
      " {kernel.access = \"write\"}) workgroup [64, 1, 1] grid [" +
      std::to_string(1024 / lanes) +
      ", 1, 1] {\n"
      "  %g = gpu.block_id x\n  %t = gpu.thread_id x\n"
      "  %c64 = arith.constant 64 : index\n"
      "  %b = arith.muli %g, %c64 : index\n  %i = arith.addi %b, %t : index\n";
  if (lanes > 1)
    text += "  %X = kernel.vector_view %A : " + in + " to " + inView +
            "\n  %Y = kernel.vector_view %B : " + out + " to " + outView + "\n";
  std::string source = lanes > 1 ? "%X" : "%A",
              target = lanes > 1 ? "%Y" : "%B";
  return text + "  %x = memref.load " + source + "[%i] : " + inView +
         "\n  %y = kernel." + operation + " %x : " + fromType + " to " +
         toType + "\n  memref.store %y, " + target + "[%i] : " + outView +
         "\n  kernel.return\n}\n";
}

std::vector<polytile::schedule::DeviceDescription> halfDevices() {
  return {deviceWithout({}), deviceWithout({"f16"}),
          deviceWithout({"f16", "storage16", "i16"})};
}

float asFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

} // namespace

TEST_CASE("every half as f32") {
  std::vector<uint16_t> halves(65536);
  for (int i = 0; i < 65536; ++i)
    halves[i] = uint16_t(i);
  for (const auto &device : halfDevices())
    for (int lanes : {1, 2, 4}) {
      std::vector<uint32_t> result = valuesOf<uint32_t>(
          run(halvesKernel("i16", "f32", "half_to_float", lanes), device,
              {bytesOf(halves)}, 65536 * 4, 64, 1024 / lanes));
      int wrong = 0;
      for (int i = 0; i < 65536; ++i) {
        double expected = halfValue(uint16_t(i));
        float actual = asFloat(result[i]);
        bool same = std::isnan(expected)
                        ? std::isnan(actual)
                        : actual == expected &&
                              std::signbit(actual) == std::signbit(expected);
        wrong += !same;
      }
      INFO(lanes << " lanes");
      CHECK(wrong == 0);
    }
}

TEST_CASE("f32 to the nearest half") {
  // Around every half, and everywhere.
  std::vector<uint32_t> values;
  for (int i = 0; i < 0x7c00; i += 3) {
    double middle = (halfValue(uint16_t(i)) + halfValue(uint16_t(i + 1))) / 2;
    float value = i == 0x7bff ? 65520.0f : float(middle);
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    for (int step = -1; step <= 1; ++step)
      values.push_back(bits + uint32_t(step));
  }
  std::mt19937 random(3);
  while (values.size() < 65536)
    values.push_back(uint32_t(random()));
  const uint32_t edges[] = {0,          0x80000000, 0x7f800000, 0xff800000,
                            0x7fc00000, 0x7f800001, 0x7fffffff, 1,
                            0x33000000, 0x33000001, 0x32ffffff, 0x477fefff,
                            0x477ff000, 0x387fffff, 0x007fffff, 0x38800000};
  std::copy(std::begin(edges), std::end(edges), values.end() - 16);
  for (const auto &device : halfDevices())
    for (int lanes : {1, 2, 4}) {
      std::vector<uint16_t> result = valuesOf<uint16_t>(
          run(halvesKernel("f32", "i16", "float_to_half", lanes), device,
              {bytesOf(values)}, 65536 * 2, 64, 1024 / lanes));
      int wrong = 0;
      for (int i = 0; i < 65536; ++i) {
        float value = asFloat(values[i]);
        bool same = std::isnan(value) ? std::isnan(halfValue(result[i]))
                                      : result[i] == nearestHalf(value);
        if (!same && wrong++ < 5)
          UNSCOPED_INFO(value << " gives " << result[i]);
      }
      INFO(lanes << " lanes");
      CHECK(wrong == 0);
    }
}

namespace {

/// i8 bytes in, converted to and fro, i32 out: sixteen results for each byte.
const char *const widthsKernel = R"(
kernel.func @k(%X: memref<256xi8> {kernel.access = "read"}, %R: memref<4096xi32> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [4, 1, 1] {
  %g = gpu.block_id x
  %t = gpu.thread_id x
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  %b = arith.muli %g, %c64 : index
  %i = arith.addi %b, %t : index
  %x = memref.load %X[%i] : memref<256xi8>
  %y = arith.addi %x, %x : i8
  %r0 = arith.extsi %y : i8 to i32
  %r1 = arith.extui %y : i8 to i32
  %w2 = arith.extsi %y : i8 to i16
  %r2 = arith.extui %w2 : i16 to i32
  %w3 = arith.extui %y : i8 to i16
  %r3 = arith.extsi %w3 : i16 to i32
  %f4 = arith.sitofp %y : i8 to f32
  %r4 = arith.fptosi %f4 : f32 to i32
  %f5 = arith.uitofp %y : i8 to f32
  %r5 = arith.fptoui %f5 : f32 to i32
  %n6 = arith.index_cast %y : i8 to index
  %r6 = arith.index_cast %n6 : index to i32
  %n7 = arith.index_castui %y : i8 to index
  %r7 = arith.index_castui %n7 : index to i32
  %c1000 = arith.constant 1000 : i32
  %m8 = arith.muli %r1, %c1000 : i32
  %t8 = arith.trunci %m8 : i32 to i8
  %r8 = arith.extsi %t8 : i8 to i32
  %h9 = arith.constant 0.5 : f32
  %g9 = arith.mulf %f4, %h9 : f32
  %t9 = arith.fptosi %g9 : f32 to i8
  %r9 = arith.extsi %t9 : i8 to i32
  %v10 = vector.from_elements %x, %y, %y, %x : vector<4xi8>
  %w10 = vector.bitcast %v10 : vector<4xi8> to vector<1xi32>
  %r10 = vector.extract %w10[0] : i32 from vector<1xi32>
  %v11 = vector.splat %r10 : vector<2xi32>
  %w11 = vector.bitcast %v11 : vector<2xi32> to vector<4xi16>
  %e11 = vector.extract %w11[3] : i16 from vector<4xi16>
  %r11 = arith.extsi %e11 : i16 to i32
  %cm1 = arith.constant -1 : i8
  %d12 = arith.divui %cm1, %t8 : i8
  %z12 = arith.constant 0 : i8
  %is12 = arith.cmpi eq, %t8, %z12 : i8
  %s12 = arith.select %is12, %z12, %d12 : i8
  %r12 = arith.extui %s12 : i8 to i32
  %v13 = vector.splat %y : vector<4xi8>
  %w13 = arith.extsi %v13 : vector<4xi8> to vector<4xi32>
  %r13 = vector.extract %w13[2] : i32 from vector<4xi32>
  %f14 = arith.bitcast %f4 : f32 to i32
  %r14 = arith.ori %f14, %f14 : i32
  %k15 = arith.constant dense<[1, -2, 3, -4]> : vector<4xi8>
  %s15 = arith.muli %v13, %k15 : vector<4xi8>
  %e15 = vector.extract %s15[3] : i8 from vector<4xi8>
  %r15 = arith.extsi %e15 : i8 to i32
)";

} // namespace

TEST_CASE("numbers of one width as numbers of another") {
  std::string text = widthsKernel;
  for (int row = 0; row < 16; ++row) {
    std::string number = std::to_string(row);
    text += "  %o" + number + " = arith.constant " + std::to_string(row * 256) +
            " : index\n  %p" + number + " = arith.addi %i, %o" + number +
            " : index\n  memref.store %r" + number + ", %R[%p" + number +
            "] : memref<4096xi32>\n";
  }
  text += "  kernel.return\n}\n";
  std::vector<int8_t> x(256);
  for (int i = 0; i < 256; ++i)
    x[i] = int8_t(i);
  for (const auto &device :
       {deviceWithout({}), deviceWithout({"storage8", "i8", "i16"})}) {
    std::vector<int32_t> result =
        valuesOf<int32_t>(run(text, device, {bytesOf(x)}, 4096 * 4, 64, 4));
    for (int i = 0; i < 256; ++i) {
      int8_t y = int8_t(x[i] * 2);
      uint8_t u = uint8_t(y), a = uint8_t(x[i]);
      int8_t t8 = int8_t(u * 1000);
      float f4 = y;
      int32_t bits14;
      std::memcpy(&bits14, &f4, 4);
      uint32_t word = a | u << 8 | u << 16 | uint32_t(a) << 24;
      const int32_t expected[16] = {y,
                                    u,
                                    uint16_t(int16_t(y)),
                                    u,
                                    y,
                                    u,
                                    y,
                                    u,
                                    t8,
                                    y / 2,
                                    int32_t(word),
                                    int16_t(word >> 16),
                                    t8 ? 255 / uint8_t(t8) : 0,
                                    y,
                                    bits14,
                                    int8_t(y * -4)};
      for (int row = 0; row < 16; ++row) {
        INFO("result " << row << " of " << i);
        CHECK(result[row * 256 + i] == expected[row]);
      }
    }
  }
}
