// Repeated fill patterns in device memory.
#include "runtime/device/vulkan/VulkanRecording.h"

#include <algorithm>

namespace polytile::runtime {
namespace {

constexpr uint64_t kWord = 4;

/// Whether vkCmdFillBuffer, which repeats four bytes, can write this pattern.
bool isOneWord(std::span<const unsigned char> pattern) {
  return pattern.size() <= kWord ||
         std::equal(pattern.begin(), pattern.begin() + kWord,
                    pattern.begin() + kWord);
}

bool hasOddEnds(const Binding &binding) {
  uint64_t bits = static_cast<uint64_t>(binding.offset | binding.size);
  for (int64_t stride : binding.strides)
    bits |= static_cast<uint64_t>(stride);
  return bits % kWord != 0;
}

} // namespace

void VulkanPatterns::collect(const std::vector<Step> &steps) {
  // For ends a few bytes are enough; else the pattern is long, so that few
  // copies fill much.
  constexpr uint64_t forEnds = 16, forAll = uint64_t(64) << 10;
  for (const Step &step : steps) {
    if (const auto *loop = std::get_if<Loop>(&step.operation))
      collect(loop->body);
    const auto *fill = std::get_if<Fill>(&step.operation);
    if (!fill || (isOneWord(fill->pattern) && !hasOddEnds(fill->dst)))
      continue;
    uint64_t length = isOneWord(fill->pattern) ? forEnds : forAll;
    auto [place, isNew] =
        places.try_emplace(fill->pattern, contents.size(), length);
    if (!isNew)
      continue;
    // One repetition more: copies begin at any phase of the pattern.
    constexpr uint64_t longest = 8;
    for (uint64_t i = 0; i < length + longest; ++i)
      contents.push_back(fill->pattern[i % fill->pattern.size()]);
  }
}

Status VulkanPatterns::upload(GpuDevice &device) {
  if (contents.empty())
    return {};
  PTL_TRY(device.take(contents.size(), false, memory).within("fill patterns"));
  return device.upload(*memory.get(), 0, contents.data(), contents.size())
      .within("fill patterns");
}

VulkanPatterns::Place
VulkanPatterns::find(std::span<const unsigned char> pattern) const {
  auto found =
      places.find(std::vector<unsigned char>(pattern.begin(), pattern.end()));
  const auto &block = static_cast<const VulkanMemory &>(*memory.get());
  return {block.buffer(), block.offset() + found->second.first,
          found->second.second};
}

} // namespace polytile::runtime
