// The inspection of SPIR-V before a driver sees it: any damage is a status.
#include "runtime/device/vulkan/SpirvInspection.h"
#include "runtime/device/vulkan/SpirvAssembler.h"
#include "test/conformance/TestPackages.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>

using namespace polytile;
using namespace polytile::runtime;
using Catch::Contains;

namespace {

using Words = std::vector<uint32_t>;

/// The module of a kernel of the conformance suite.
Words moduleOf(const std::string &symbol) {
  package::PackageDesc package =
      test::packageOf(test::onEveryDevice(test::addEntry(4)));
  for (const package::ModuleDesc &module : package.modules) {
    std::string text(module.bytes.begin(), module.bytes.end());
    if (module.format != "spirv" || text.find(symbol) == text.npos)
      continue;
    Words words(module.bytes.size() / 4);
    std::memcpy(words.data(), module.bytes.data(), module.bytes.size());
    return words;
  }
  return {};
}

Status inspect(const Words &words, const std::string &entry,
               SpirvFacts &facts) {
  Bytes bytes{reinterpret_cast<const unsigned char *>(words.data()),
              words.size() * 4};
  return inspectSpirv(bytes, entry, facts);
}

/// A device that has nothing optional.
void fill(VulkanProbe &probe) {
  probe.name = "vulkan:0";
  probe.hardware = "a test";
  probe.version = VK_API_VERSION_1_1;
  probe.properties.limits.maxComputeSharedMemorySize = 16384;
}

Kernel kernelOf(uint32_t size) {
  Kernel kernel;
  kernel.symbol = "k";
  kernel.workgroupSize = {size, 1, 1};
  return kernel;
}

} // namespace

TEST_CASE("what a module asks for") {
  SpirvFacts facts;
  REQUIRE(inspect(moduleOf("add_f32"), "add_f32", facts).ok());
  CHECK(facts.version == 0x00010300);
  CHECK(facts.localSize == std::array<uint32_t, 3>{64, 1, 1});
  CHECK(facts.bindings == 4);
  CHECK(facts.workgroupMemoryBytes == 0);
  CHECK(facts.capabilities == std::vector<uint32_t>{1});
  REQUIRE(inspect(moduleOf("reverse_f32"), "reverse_f32", facts).ok());
  CHECK(facts.workgroupMemoryBytes == 256);
}

TEST_CASE("another entry point is named") {
  SpirvFacts facts;
  Status status = inspect(moduleOf("add_f32"), "sub_f32", facts);
  CHECK(status.code() == PTL_STATUS_CORRUPT);
  CHECK_THAT(status.message(), Contains("sub_f32"));
}

TEST_CASE("cut, changed and random modules are statuses") {
  const Words whole = moduleOf("reverse_f32");
  REQUIRE(!whole.empty());
  SpirvFacts facts;
  for (size_t length = 0; length < whole.size(); ++length)
    (void)inspect(Words(whole.begin(), whole.begin() + int64_t(length)),
                  "reverse_f32", facts)
        .ok();
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    Words words = whole;
    for (unsigned changes = 1 + random() % 4; changes; --changes)
      words[random() % words.size()] ^= 1u << random() % 32;
    (void)inspect(words, "reverse_f32", facts).ok();
  }
  for (int round = 0; round < 2000; ++round) {
    Words words{0x07230203, 0x00010300, 0, 100, 0};
    for (unsigned i = random() % 50; i; --i)
      words.push_back(random() % 3 ? (random() % 6) << 16 | random() % 80
                                   : static_cast<uint32_t>(random()));
    (void)inspect(words, "k", facts).ok();
  }
}

TEST_CASE("what the device lacks is named with the numbers") {
  VulkanProbe probe;
  fill(probe);
  SpirvFacts facts;
  facts.version = 0x00010300;
  facts.localSize = {64, 1, 1};
  facts.bindings = 2;
  auto check = [&] { return checkSpirv(facts, kernelOf(64), 2, probe); };
  CHECK(check().ok());
  facts.capabilities = {1, 10};
  CHECK(check().code() == PTL_STATUS_INCOMPATIBLE);
  CHECK_THAT(check().message(), Contains("Float64") && Contains("a test"));
  facts.capabilities = {5297};
  CHECK_THAT(check().message(), Contains("5297"));
  facts.capabilities = {1};
  facts.version = 0x00010600;
  CHECK_THAT(check().message(), Contains("1.6") && Contains("1.3"));
  facts.version = 0x00010000;
  facts.workgroupMemoryBytes = 32768;
  CHECK(check().code() == PTL_STATUS_UNSUPPORTED);
  CHECK_THAT(check().message(), Contains("32768") && Contains("16384"));
  facts.workgroupMemoryBytes = 0;
  facts.bindings = 3;
  CHECK(check().code() == PTL_STATUS_CORRUPT);
  facts.bindings = 2;
  facts.localSize = {32, 1, 1};
  CHECK(check().code() == PTL_STATUS_CORRUPT);
}

TEST_CASE("the assembler packs names and operands") {
  SpirvAssembler spirv(0x00010300);
  uint32_t one = spirv.id();
  spirv.add(15, {5, one}, "main", {7});
  uint32_t two = spirv.value(43, one, {9});
  CHECK(spirv.finish() == Words{0x07230203, 0x00010300, 0, 3, 0, 6u << 16 | 15,
                                5, one, 0x6e69616d, 0, 7, 4u << 16 | 43, one,
                                two, 9});
}
