// Device memory: blocks that don't overlap, limits, transfers of any size at
// any offset.
#include "test/unit/vulkan/VulkanTestSupport.h"

#include <algorithm>
#include <numeric>
#include <random>

using namespace polytile;
using namespace polytile::runtime;
using Catch::Contains;
using test::MemoryKind;

namespace {

VulkanMemory &asVulkan(const std::unique_ptr<DeviceMemory> &memory) {
  return static_cast<VulkanMemory &>(*memory);
}

} // namespace

TEST_CASE("blocks are aligned, apart, and used again") {
  std::unique_ptr<VulkanContext> context =
      test::openContext(MemoryKind::AsItIs);
  VulkanHeap heap(*context);
  std::mt19937 random(1);
  std::vector<std::unique_ptr<DeviceMemory>> blocks;
  for (int step = 0; step < 2000; ++step) {
    if (!blocks.empty() && random() % 5 < 2) {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      blocks.pop_back();
      continue;
    }
    uint64_t bytes = 64 * (1 + random() % 20000);
    blocks.emplace_back();
    test::need(heap.allocate(bytes, blocks.back()));
    CHECK(blocks.back()->size() == bytes);
    CHECK(asVulkan(blocks.back()).offset() % 256 == 0);
  }
  std::vector<std::array<uint64_t, 3>> places;
  for (const auto &block : blocks)
    places.push_back({asVulkan(block).allocationId(), asVulkan(block).offset(),
                      asVulkan(block).offset() + block->size()});
  std::sort(places.begin(), places.end());
  for (size_t i = 1; i < places.size(); ++i)
    CHECK(
        (places[i - 1][0] != places[i][0] || places[i - 1][2] <= places[i][1]));
  // Everything freed, a block of the largest shared size fits again.
  uint64_t first = places[0][0];
  blocks.clear();
  std::unique_ptr<DeviceMemory> one, two;
  test::need(heap.allocate(64, one));
  test::need(heap.allocate(64, two));
  CHECK(asVulkan(one).allocationId() == asVulkan(two).allocationId());
  CHECK(asVulkan(one).allocationId() >= first);
  CHECK(asVulkan(one).offset() == 0);
}

TEST_CASE("what the device hasn't is out of memory, and less succeeds after") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  uint64_t all = device->capabilities().memoryBytes;
  std::shared_ptr<Buffer> buffer;
  Status status = Buffer::create(device, all + 64, buffer);
  CHECK(status.code() == PTL_STATUS_OUT_OF_MEMORY);
  CHECK_THAT(status.message(), Contains(std::to_string(all + 64)));
  std::unique_ptr<VulkanContext> context =
      test::openContext(MemoryKind::AsItIs);
  VulkanHeap heap(*context);
  std::vector<std::unique_ptr<DeviceMemory>> blocks;
  for (;;) {
    std::unique_ptr<DeviceMemory> block;
    status = heap.allocate(all / 4 / 256 * 256, block);
    if (!status.ok())
      break;
    blocks.push_back(std::move(block));
    REQUIRE(blocks.size() <= 4);
  }
  CHECK(status.code() == PTL_STATUS_OUT_OF_MEMORY);
  blocks.clear();
  std::unique_ptr<DeviceMemory> block;
  test::need(heap.allocate(all / 8 / 256 * 256, block));
}

TEST_CASE("transfers of any size at any offset") {
  MemoryKind kind = GENERATE(MemoryKind::AsItIs, MemoryKind::Discrete);
  std::shared_ptr<VulkanDevice> device = test::openVulkan(kind);
  constexpr uint64_t piece = uint64_t(4) << 20;
  std::mt19937 random(2);
  for (uint64_t bytes :
       {uint64_t(1), uint64_t(3), uint64_t(64), uint64_t(65537), piece - 1,
        piece, 2 * piece + 13, 5 * piece + 1}) {
    std::shared_ptr<Buffer> buffer;
    test::need(Buffer::create(device, bytes + 7, buffer));
    std::vector<uint8_t> expected(bytes + 7, 0);
    CHECK(test::contents<uint8_t>(*buffer) == expected);
    for (uint64_t offset : {uint64_t(0), uint64_t(1), uint64_t(7)}) {
      std::vector<uint8_t> data(bytes);
      for (uint8_t &byte : data)
        byte = static_cast<uint8_t>(random());
      std::copy(data.begin(), data.end(),
                expected.begin() + static_cast<int64_t>(offset));
      test::need(buffer->write(offset, data.data(), bytes));
      CHECK(test::contents<uint8_t>(*buffer) == expected);
      std::vector<uint8_t> back(bytes);
      test::need(buffer->read(offset, back.data(), bytes));
      CHECK(back == data);
    }
  }
}

TEST_CASE("memory that was used comes back as zeros") {
  MemoryKind kind = GENERATE(MemoryKind::AsItIs, MemoryKind::Discrete);
  std::shared_ptr<VulkanDevice> device = test::openVulkan(kind);
  for (uint64_t bytes : {uint64_t(4), uint64_t(100), uint64_t(1) << 20}) {
    for (int round = 0; round < 2; ++round) {
      std::shared_ptr<Buffer> buffer;
      test::need(Buffer::create(device, bytes, buffer));
      std::vector<uint8_t> ones(bytes, 1);
      CHECK(test::contents<uint8_t>(*buffer) == std::vector<uint8_t>(bytes, 0));
      test::need(buffer->write(0, ones.data(), bytes));
    }
  }
}
