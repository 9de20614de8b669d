// The structural check: good modules pass, each kind of damage is found, and
// no damage crashes it.
#include "compiler/target/spirv/StructuralCheck.h"
#include "test/unit/spirv/SpirvRunner.h"

#include <catch2/catch.hpp>
#include <random>

using namespace polytile::spirv_target;
using namespace polytile::spirv_target::test;
using Catch::Contains;

namespace {

using Words = std::vector<uint32_t>;

const char *const text = R"(
kernel.func @k(%X: memref<256xi8> {kernel.access = "read"}, %Y: memref<256xf32> {kernel.access = "write"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %S = kernel.workgroup_memory : memref<64xf32, #gpu.address_space<workgroup>>
  %Y4 = kernel.vector_view %Y : memref<256xf32> to memref<64xvector<4xf32>>
  %t = gpu.thread_id x
  %x = memref.load %X[%t] : memref<256xi8>
  %f = arith.sitofp %x : i8 to f32
  memref.store %f, %S[%t] : memref<64xf32, #gpu.address_space<workgroup>>
  gpu.barrier
  %g = memref.load %S[%t] : memref<64xf32, #gpu.address_space<workgroup>>
  memref.store %g, %Y[%t] : memref<256xf32>
  %v = vector.splat %g : vector<4xf32>
  memref.store %v, %Y4[%t] : memref<64xvector<4xf32>>
  kernel.return
}
)";

polytile::schedule::DeviceDescription generic() {
  return *polytile::schedule::DeviceDescription::generic("vulkan");
}

Words goodModule() { return compile(text, generic()).front().words; }

/// Where the n-th instruction with an opcode begins.
size_t find(const Words &words, uint16_t opcode, int number = 0) {
  for (size_t at = 5; at < words.size(); at += words[at] >> 16)
    if ((words[at] & 0xffff) == opcode && number-- == 0)
      return at;
  FAIL("no instruction " << opcode);
  return 0;
}

void erase(Words &words, size_t at) {
  auto begin = words.begin() + static_cast<std::ptrdiff_t>(at);
  words.erase(begin, begin + (words[at] >> 16));
}

std::string problem(const Words &words) {
  return checkStructure(words).value_or("none");
}

} // namespace

TEST_CASE("a good module has no problem") {
  CHECK(problem(goodModule()) == "none");
}

TEST_CASE("damaged headers") {
  Words words = goodModule();
  CHECK(problem({}) == "it is shorter than a header");
  words[0] = 0x03022307;
  CHECK_THAT(problem(words), Contains("magic"));
  words = goodModule();
  words[1] = 0x00020000;
  CHECK_THAT(problem(words), Contains("version"));
  words = goodModule();
  words[3] = 5;
  CHECK_THAT(problem(words), Contains("id"));
  words[3] = 0xffffffff;
  CHECK_THAT(problem(words), Contains("bound"));
}

TEST_CASE("capabilities") {
  Words words = goodModule();
  size_t at = find(words, 17, 1); // the storage of 8 bits
  erase(words, at);
  CHECK_THAT(problem(words), Contains("narrow type needs capability"));
  words = goodModule();
  words.insert(words.begin() + 5, {2u << 16 | 17, 10u}); // Float64
  CHECK_THAT(problem(words), Contains("declared and not used"));
  words = goodModule();
  erase(words, find(words, 10)); // SPV_KHR_8bit_storage
  CHECK_THAT(problem(words), Contains("SPV_KHR_8bit_storage"));
}

TEST_CASE("entry points") {
  Words words = goodModule();
  size_t at = find(words, 15);
  words[at] -= 1u << 16;
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(at + 4));
  CHECK_THAT(problem(words), Contains("isn't in the interface"));
  words = goodModule();
  erase(words, find(words, 16));
  CHECK_THAT(problem(words), Contains("LocalSize"));
  words = goodModule();
  erase(words, find(words, 15));
  CHECK_THAT(problem(words), Contains("entry point"));
}

TEST_CASE("decorations of buffers") {
  const struct {
    uint32_t decoration;
    const char *message;
  } rows[] = {{33, "has no binding"}, {34, "has no binding"},
              {2, "isn't a Block"},   {6, "with a stride"},
              {20, "aren't Aliased"}, {11, "isn't a builtin"}};
  for (const auto &row : rows) {
    Words words = goodModule();
    for (int number = 0;; ++number) {
      size_t at = find(words, 71, number);
      if (words[at + 2] != row.decoration)
        continue;
      erase(words, at);
      break;
    }
    INFO(row.decoration);
    CHECK_THAT(problem(words), Contains(row.message));
  }
}

TEST_CASE("ids") {
  Words twice = goodModule();
  size_t load = find(twice, 61), second = find(twice, 61, 1);
  twice[second + 2] = twice[load + 2];
  CHECK_THAT(problem(twice), Contains("defined twice"));
  Words undefined = goodModule();
  size_t store = find(undefined, 62);
  undefined[store + 2] = undefined[3];
  undefined[3] += 1;
  CHECK_THAT(problem(undefined), Contains("before it is defined"));
}

TEST_CASE("blocks") {
  Words words = goodModule();
  erase(words, find(words, 253)); // the return
  CHECK_THAT(problem(words), Contains("doesn't end with a branch"));
}

TEST_CASE("no damage crashes the check") {
  const Words whole = goodModule();
  std::mt19937 random(1);
  for (size_t length = 0; length < whole.size(); ++length)
    CHECK(checkStructure({whole.data(), length}).has_value());
  for (int i = 0; i < 20000; ++i) {
    Words words = whole;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      uint32_t &word = words[random() % words.size()];
      word = random() % 2 ? uint32_t(random()) : word ^ (1u << random() % 32);
    }
    (void)checkStructure(words);
  }
}
