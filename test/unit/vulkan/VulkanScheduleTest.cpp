// Random schedules of dispatches, copies and fills over the same memory,
// against a model on the host: what barriers must order, under the validation
// layer's check for hazards.
#include "test/unit/vulkan/VulkanTestSupport.h"

#include <cstring>
#include <random>

using namespace polytile;
using namespace polytile::runtime;
namespace pkg = polytile::package;

namespace {

constexpr uint32_t kSlots = 6, kFloats = 16;
constexpr uint64_t kSlotBytes = kFloats * sizeof(float), kSpacing = 512;

/// Six temporaries, a schedule over them, and what they hold in the end.
class RandomSchedule {
public:
  explicit RandomSchedule(unsigned seed) : random(seed) {
    variant.kernels = {test::kernel("add_f32")};
    for (uint32_t slot = 0; slot < kSlots; ++slot)
      // onEveryDevice multiplies arena offsets by eight.
      variant.buffers.push_back(
          {pkg::BufferKind::Temporary, 0, kSlotBytes, slot * kSpacing / 8});
    variant.buffers.push_back(
        {pkg::BufferKind::Output, 0, kSlots * kSlotBytes, 0});
    variant.arenaBytes = kSlots * kSpacing;
    model.resize(kSlots, std::vector<float>(kFloats));
    for (uint32_t slot = 0; slot < kSlots; ++slot)
      fill(slot);
    for (int step = 0; step < 40; ++step)
      addStep();
    for (uint32_t slot = 0; slot < kSlots; ++slot) {
      pkg::BindingDesc out = test::writes(kSlots, kSlotBytes);
      out.byteOffset = slot * kSlotBytes;
      variant.steps.push_back(
          {pkg::CopyDesc{test::reads(slot, kSlotBytes), out}});
    }
  }

  pkg::EntryDesc entry() const {
    return {"random", {}, {test::f32("out", {kSlots, kFloats})}, {}, {variant}};
  }
  std::vector<float> expected() const {
    std::vector<float> all;
    for (const std::vector<float> &slot : model)
      all.insert(all.end(), slot.begin(), slot.end());
    return all;
  }

private:
  uint32_t slot() { return random() % kSlots; }

  void addStep() {
    switch (random() % 4) {
    case 0:
      return fill(slot());
    case 1:
      return copy();
    default:
      return add();
    }
  }

  void fill(uint32_t to) {
    float value = float(random() % 8);
    std::vector<uint8_t> pattern(4);
    std::memcpy(pattern.data(), &value, 4);
    variant.steps.push_back(
        {pkg::FillDesc{test::writes(to, kSlotBytes), pattern}});
    model[to].assign(kFloats, value);
  }

  /// A part of one slot into another.
  void copy() {
    uint32_t from = slot(), to = slot();
    if (from == to)
      return;
    uint64_t count = 1 + random() % 8, source = random() % (kFloats - count),
             target = random() % (kFloats - count);
    pkg::BindingDesc read = test::reads(from, count * 4),
                     write = test::writes(to, count * 4);
    read.byteOffset = source * 4;
    write.byteOffset = target * 4;
    read.alignment = write.alignment = 4;
    variant.steps.push_back({pkg::CopyDesc{read, write}});
    std::copy_n(model[from].begin() + int64_t(source), count,
                model[to].begin() + int64_t(target));
  }

  void add() {
    uint32_t a = slot(), b = slot(), c = slot();
    if (c == a || c == b)
      return;
    variant.steps.push_back(
        test::dispatch(0,
                       {test::reads(a, kSlotBytes), test::reads(b, kSlotBytes),
                        test::writes(c, kSlotBytes)},
                       kFloats));
    // Whole numbers below 2^24, since 40 sums at most double 8 some 20 times.
    for (uint32_t i = 0; i < kFloats; ++i)
      model[c][i] = model[a][i] + model[b][i];
  }

  std::mt19937 random;
  pkg::VariantDesc variant;
  std::vector<std::vector<float>> model;
};

} // namespace

TEST_CASE("random schedules give what their steps give in order") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  for (unsigned seed = 0; seed < 40; ++seed) {
    RandomSchedule schedule(seed);
    std::shared_ptr<Executable> executable =
        test::prepare(device, schedule.entry());
    std::shared_ptr<Buffer> out;
    test::need(Buffer::create(device, kSlots * kSlotBytes, out));
    std::vector<std::shared_ptr<Buffer>> outputs{out};
    for (int again = 0; again < 2; ++again) {
      INFO("seed " << seed);
      test::need(executable->run({}, outputs));
      REQUIRE(test::contents(*out) == schedule.expected());
    }
  }
}
