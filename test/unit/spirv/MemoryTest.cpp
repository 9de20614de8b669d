// Memory: views of workgroup and private arrays, packed narrow elements that
// neighbours write at once, barriers, shuffles and loops.
#include "test/unit/spirv/SpirvRunner.h"

#include <catch2/catch.hpp>
#include <numeric>

using namespace polytile::spirv_target::test;
using Catch::Contains;

namespace {

std::vector<int32_t> firstNumbers(int count) {
  std::vector<int32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

} // namespace

TEST_CASE("workgroup memory as numbers and as vectors") {
  // Items write numbers in reverse, and read vectors.
  std::string text = R"(
kernel.func @k(%X: memref<256xi32> {kernel.access = "read"}, %R: memref<256xi32> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %S = kernel.workgroup_memory "tile" : memref<256xi32, #gpu.address_space<workgroup>>
  %S4 = kernel.vector_view %S : memref<256xi32, #gpu.address_space<workgroup>> to memref<64xvector<4xi32>, #gpu.address_space<workgroup>>
  %R4 = kernel.vector_view %R : memref<256xi32> to memref<64xvector<4xi32>>
  %t = gpu.thread_id x
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c255 = arith.constant 255 : index
  %c256 = arith.constant 256 : index
  scf.for %k = %c0 to %c256 step %c64 {
    %i = arith.addi %t, %k : index
    %x = memref.load %X[%i] : memref<256xi32>
    %j = arith.subi %c255, %i : index
    memref.store %x, %S[%j] : memref<256xi32, #gpu.address_space<workgroup>>
  }
  gpu.barrier
  %v = memref.load %S4[%t] : memref<64xvector<4xi32>, #gpu.address_space<workgroup>>
  memref.store %v, %R4[%t] : memref<64xvector<4xi32>>
  kernel.return
}
)";
  std::vector<int32_t> x = firstNumbers(256), expected(x.rbegin(), x.rend());
  CHECK(valuesOf<int32_t>(run(text, deviceWithout({}), {bytesOf(x)}, 1024)) ==
        expected);
}

TEST_CASE("narrow workgroup and private memory") {
  // Halves of a vector of i8 go through workgroup memory as vectors of i32,
  // numbers through private memory.
  std::string text = R"(
kernel.func @k(%X: memref<1024xi8> {kernel.access = "read"}, %R: memref<1024xi8> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %S = kernel.workgroup_memory : memref<1024xi8, #gpu.address_space<workgroup>>
  %S4 = kernel.vector_view %S : memref<1024xi8, #gpu.address_space<workgroup>> to memref<64xvector<4xi32>, #gpu.address_space<workgroup>>
  %N = kernel.workgroup_memory : memref<64xi16, #gpu.address_space<workgroup>>
  %P = memref.alloca() : memref<4xi16, #gpu.address_space<private>>
  %X4 = kernel.vector_view %X : memref<1024xi8> to memref<64xvector<4xi32>>
  %X1 = kernel.vector_view %X : memref<1024xi8> to memref<256xvector<4xi8>>
  %R4 = kernel.vector_view %R : memref<1024xi8> to memref<64xvector<4xi32>>
  %t = gpu.thread_id x
  %c63 = arith.constant 63 : index
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %x = memref.load %X4[%t] : memref<64xvector<4xi32>>
  memref.store %x, %S4[%t] : memref<64xvector<4xi32>, #gpu.address_space<workgroup>>
  %b = memref.load %X1[%t] : memref<256xvector<4xi8>>
  %zero = arith.constant 0 : i16
  %e0 = vector.extract %b[0] : i8 from vector<4xi8>
  %w0 = arith.extsi %e0 : i8 to i16
  memref.store %w0, %P[%c0] : memref<4xi16, #gpu.address_space<private>>
  %e1 = vector.extract %b[1] : i8 from vector<4xi8>
  %w1 = arith.extsi %e1 : i8 to i16
  memref.store %w1, %P[%c1] : memref<4xi16, #gpu.address_space<private>>
  %c2 = arith.constant 2 : index
  %s = scf.for %k = %c0 to %c2 step %c1 iter_args(%a = %zero) -> i16 {
    %p = memref.load %P[%k] : memref<4xi16, #gpu.address_space<private>>
    %q = arith.addi %a, %p : i16
    scf.yield %q : i16
  }
  memref.store %s, %N[%t] : memref<64xi16, #gpu.address_space<workgroup>>
  gpu.barrier
  %j = arith.subi %c63, %t : index
  %y = memref.load %S4[%j] : memref<64xvector<4xi32>, #gpu.address_space<workgroup>>
  %n = memref.load %N[%j] : memref<64xi16, #gpu.address_space<workgroup>>
  %m = arith.extsi %n : i16 to i32
  %z = vector.insert %m, %y [3] : i32 into vector<4xi32>
  memref.store %z, %R4[%t] : memref<64xvector<4xi32>>
  kernel.return
}
)";
  std::vector<int8_t> x(1024);
  for (int i = 0; i < 1024; ++i)
    x[i] = int8_t(i * 37 + i / 7);
  std::vector<int8_t> expected(1024);
  for (int t = 0; t < 64; ++t) {
    int j = 63 - t;
    std::copy_n(&x[j * 16], 16, &expected[t * 16]);
    int32_t sum = int32_t(x[j * 4]) + x[j * 4 + 1];
    std::memcpy(&expected[t * 16 + 12], &sum, 4);
  }
  for (const auto &device :
       {deviceWithout({}), deviceWithout({"i8", "i16"}),
        deviceWithout({"i8", "i16", "storage8", "storage16"})})
    CHECK(valuesOf<int8_t>(run(text, device, {bytesOf(x)}, 1024)) == expected);
}

TEST_CASE("neighbours in one packed word are written at once") {
  for (const char *type : {"i8", "i16"}) {
    INFO(type);
    std::string in = std::string("memref<4096x") + type + ">";
    std::string text =
        "kernel.func @k(%X: " + in + " {kernel.access = \"read\"}, %R: " + in +
        " {kernel.access = \"write\"}) workgroup [64, 1, 1] grid [64, 1, 1] {\n"
        "  %g = gpu.block_id x\n  %t = gpu.thread_id x\n"
        "  %c64 = arith.constant 64 : index\n"
        "  %b = arith.muli %t, %c64 : index\n  %i = arith.addi %b, %g : index\n"
        "  %x = memref.load %X[%i] : " +
        in + "\n  memref.store %x, %R[%i] : " + in + "\n  kernel.return\n}\n";
    size_t bytes = 4096 * (type[1] == '8' ? 1 : 2);
    Bytes x(bytes);
    for (size_t i = 0; i < bytes; ++i)
      x[i] = static_cast<unsigned char>(i * 13 + i / 256);
    CHECK(run(text, deviceWithout({"storage8", "storage16"}), {x}, bytes, 64,
              64) == x);
  }
}

TEST_CASE("workgroup memory is packed where wide elements don't fit") {
  // Transposed by numbers, and reversed by vectors.
  std::string text = R"(
kernel.func @k(%X: memref<4096xi16> {kernel.access = "read"}, %R: memref<4096xi16> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %S = kernel.workgroup_memory : memref<4096xi16, #gpu.address_space<workgroup>>
  %S4 = kernel.vector_view %S : memref<4096xi16, #gpu.address_space<workgroup>> to memref<1024xvector<4xi16>, #gpu.address_space<workgroup>>
  %R4 = kernel.vector_view %R : memref<4096xi16> to memref<1024xvector<4xi16>>
  %t = gpu.thread_id x
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %c1023 = arith.constant 1023 : index
  scf.for %k = %c0 to %c64 step %c1 {
    %a = arith.muli %k, %c64 : index
    %i = arith.addi %a, %t : index
    %b = arith.muli %t, %c64 : index
    %j = arith.addi %b, %k : index
    %x = memref.load %X[%i] : memref<4096xi16>
    memref.store %x, %S[%j] : memref<4096xi16, #gpu.address_space<workgroup>>
  }
  gpu.barrier
  scf.for %k = %c0 to %c16 step %c1 {
    %a = arith.muli %k, %c64 : index
    %i = arith.addi %a, %t : index
    %j = arith.subi %c1023, %i : index
    %v = memref.load %S4[%j] : memref<1024xvector<4xi16>, #gpu.address_space<workgroup>>
    memref.store %v, %R4[%i] : memref<1024xvector<4xi16>>
  }
  kernel.return
}
)";
  std::vector<int16_t> x(4096), expected(4096);
  for (int i = 0; i < 4096; ++i)
    x[i] = int16_t(i * 31 - 7);
  for (int i = 0; i < 4096; ++i) {
    int j = (1023 - i / 4) * 4 + i % 4;
    expected[i] = x[j % 64 * 64 + j / 64];
  }
  for (const auto &features : {std::vector<std::string>{"i16"},
                               std::vector<std::string>{"i16", "storage16"}}) {
    auto device = deviceWithout(features);
    device.limits.workgroupMemoryBytes = 8192;
    CHECK(valuesOf<int16_t>(run(text, device, {bytesOf(x)}, 8192)) == expected);
  }
}

TEST_CASE("shuffles within a subgroup") {
  std::string text = R"(
kernel.func @k(%X: memref<64xi32> {kernel.access = "read"}, %R: memref<256xi32> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %t = gpu.thread_id x
  %x = memref.load %X[%t] : memref<64xi32>
  %c1 = arith.constant 1 : i32
  %size = gpu.subgroup_size : index
  %width = arith.index_cast %size : index to i32
  %a, %va = gpu.shuffle xor %x, %c1, %width : i32
  %b, %vb = gpu.shuffle up %x, %c1, %width : i32
  %c, %vc = gpu.shuffle down %x, %c1, %width : i32
  %d, %vd = gpu.shuffle idx %x, %c1, %width : i32
  %lane = gpu.lane_id
  %lanes = arith.index_cast %lane : index to i32
  %c0 = arith.constant 0 : i32
  %first = arith.cmpi eq, %lanes, %c0 : i32
  %up = arith.select %first, %x, %b : i32
  %least = arith.subi %width, %c1 : i32
  %last = arith.cmpi eq, %lanes, %least : i32
  %down = arith.select %last, %x, %c : i32
  %o1 = arith.constant 64 : index
  %o2 = arith.constant 128 : index
  %o3 = arith.constant 192 : index
  %p1 = arith.addi %t, %o1 : index
  %p2 = arith.addi %t, %o2 : index
  %p3 = arith.addi %t, %o3 : index
  memref.store %a, %R[%t] : memref<256xi32>
  memref.store %up, %R[%p1] : memref<256xi32>
  memref.store %down, %R[%p2] : memref<256xi32>
  memref.store %d, %R[%p3] : memref<256xi32>
  kernel.return
}
)";
  auto device = deviceWithout({});
  int size = static_cast<int>(device.subgroup.size);
  REQUIRE(size > 1);
  std::vector<int32_t> x = firstNumbers(64);
  std::vector<int32_t> result =
      valuesOf<int32_t>(run(text, device, {bytesOf(x)}, 1024));
  for (int i = 0; i < 64; ++i) {
    CHECK(result[i] == (i ^ 1));
    CHECK(result[64 + i] == (i % size == 0 ? i : i - 1));
    CHECK(result[128 + i] == (i % size == size - 1 ? i : i + 1));
    CHECK(result[192 + i] == i / size * size + 1);
  }
  auto bare = deviceWithout({"subgroup_shuffle"});
  CHECK_THAT(refusal(text, bare), Contains("subgroup_shuffle"));
}

TEST_CASE("loops and selections with results") {
  // The lengths of Collatz sequences, and sums that a selection may end.
  std::string text = R"(
func.func private @next(%n: i32) -> i32 {
  %one = arith.constant 1 : i32
  %three = arith.constant 3 : i32
  %low = arith.trunci %n : i32 to i1
  %r = scf.if %low -> i32 {
    %a = arith.muli %n, %three : i32
    %b = arith.addi %a, %one : i32
    scf.yield %b : i32
  } else {
    %h = arith.shrui %n, %one : i32
    scf.yield %h : i32
  }
  return %r : i32
}
kernel.func @k(%X: memref<64xi32> {kernel.access = "read"}, %R: memref<64xi32> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %t = gpu.thread_id x
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %x = memref.load %X[%t] : memref<64xi32>
  %r:2 = scf.while (%n = %x, %steps = %c0) : (i32, i32) -> (i32, i32) {
    %go = arith.cmpi ugt, %n, %c1 : i32
    scf.condition(%go) %steps, %n : i32, i32
  } do {
  ^bb0(%steps: i32, %n: i32):
    %m = func.call @next(%n) : (i32) -> i32
    %s = arith.addi %steps, %c1 : i32
    scf.yield %m, %s : i32, i32
  }
  %i0 = arith.constant 0 : index
  %i1 = arith.constant 1 : index
  %pair:2 = scf.for %k = %i0 to %t step %i1 iter_args(%a = %c0, %b = %c1) -> (i32, i32) {
    %n = arith.index_cast %k : index to i32
    %sum = arith.addi %a, %n : i32
    scf.yield %b, %sum : i32, i32
  }
  %d = arith.addi %r#0, %pair#0 : i32
  memref.store %d, %R[%t] : memref<64xi32>
  kernel.return
}
)";
  std::vector<int32_t> x(64), expected(64);
  for (int i = 0; i < 64; ++i) {
    x[i] = i * 7 + 1;
    int steps = 0;
    for (int64_t n = x[i]; n > 1; n = n % 2 ? 3 * n + 1 : n / 2)
      ++steps;
    int a = 0, b = 1;
    for (int k = 0; k < i; ++k) {
      int sum = a + k;
      a = b;
      b = sum;
    }
    expected[i] = steps + a;
  }
  CHECK(valuesOf<int32_t>(run(text, deviceWithout({}), {bytesOf(x)}, 256)) ==
        expected);
}

TEST_CASE("indices of 64 bits") {
  std::string text = R"(
kernel.func @k(%X: memref<256xi8> {kernel.access = "read"}, %R: memref<256xi8> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [4, 1, 1] attributes {index_bits = 64 : i32} {
  %g = gpu.block_id x
  %t = gpu.thread_id x
  %c64 = arith.constant 64 : index
  %huge = arith.constant 4294967296 : index
  %b = arith.muli %g, %c64 : index
  %i = arith.addi %b, %t : index
  %far = arith.addi %i, %huge : index
  %near = arith.remui %far, %huge : index
  %x = memref.load %X[%near] : memref<256xi8>
  %isFar = arith.cmpi uge, %far, %huge : index
  %one = arith.extui %isFar : i1 to i8
  %y = arith.addi %x, %one : i8
  memref.store %y, %R[%i] : memref<256xi8>
  kernel.return
}
)";
  Bytes x(256), expected(256);
  for (int i = 0; i < 256; ++i) {
    x[i] = static_cast<unsigned char>(i);
    expected[i] = static_cast<unsigned char>(i + 1);
  }
  for (const auto &device : {deviceWithout({}), deviceWithout({"storage8"})})
    CHECK(run(text, device, {x}, 256, 64, 4) == expected);
}

TEST_CASE("what the device lacks is named") {
  std::string text = R"(
kernel.func @wide(%X: memref<64xi64> {kernel.access = "read"}, %R: memref<64xf64> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  kernel.return
}
)";
  CHECK_THAT(refusal(text, deviceWithout({"i64"})),
             Contains("kernel 'wide' needs 64-bit integers") &&
                 Contains("vulkan:0") && Contains("'i64'"));
  CHECK_THAT(refusal(text, deviceWithout({"f64"})),
             Contains("kernel 'wide' needs f64"));
}
