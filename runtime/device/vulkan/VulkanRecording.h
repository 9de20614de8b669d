// The commands of one run, recorded for the memory that it runs on, and
// submitted again as long as that stays the same.
//
// Commands go into segments: command buffers with their descriptors and a
// fence. A segment is submitted as soon as it is full, so that the device works
// while the next one is recorded. Schedules of more commands than all segments
// hold go round, waiting for the oldest, and are recorded in every run.
#pragma once

#include "runtime/core/GpuDevice.h"
#include "runtime/device/vulkan/VulkanHeap.h"
#include "runtime/device/vulkan/VulkanKernels.h"

namespace polytile::runtime {

/// Fill patterns in device memory, for what vkCmdFillBuffer can't do: patterns
/// of 8 bytes, and ends that aren't at multiples of 4.
class VulkanPatterns {
public:
  /// Finds the fills that need it.
  void collect(const std::vector<Step> &steps);
  Status upload(GpuDevice &device);

  struct Place {
    VkBuffer buffer;
    uint64_t offset; ///< where the pattern begins
    uint64_t length; ///< how long it goes on, without the last repetition
  };
  /// \pre collect() saw it
  Place find(std::span<const unsigned char> pattern) const;

private:
  std::map<std::vector<unsigned char>, std::pair<uint64_t, uint64_t>> places;
  std::vector<unsigned char> contents;
  PooledMemory memory;
};

/// What recordings of an executable have in common.
struct VulkanProgram {
  VulkanContext &context;
  const VulkanKernels &kernels;
  const VulkanPatterns &patterns;
  uint32_t mostBindings = 1; ///< of one kernel
  uint32_t dispatches = 1;   ///< of one run, cut at some thousand
};

/// One recording. Used by one run at a time.
class VulkanRecording {
public:
  using Key = std::vector<uint64_t>;

  explicit VulkanRecording(const VulkanProgram &program) : program(program) {}
  /// Waits for what is under way.
  ~VulkanRecording();
  VulkanRecording(const VulkanRecording &) = delete;
  VulkanRecording &operator=(const VulkanRecording &) = delete;

  /// Whether it can be submitted as it is for this key.
  bool matches(const Key &other) const { return isWhole && key == other; }
  /// Records and submits all commands, and waits.
  Status record(Key key, const GpuSchedule &schedule, const GpuRun &run,
                KernelCounters &counters);
  /// Submits again and waits.
  Status replay(KernelCounters &counters);

private:
  static constexpr uint32_t kSegmentCommands = 4096, kMostSegments = 16;
  struct Segment {
    VkCommandPool pool = VK_NULL_HANDLE;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkFence fence = VK_NULL_HANDLE;
    bool isPending = false;
    uint32_t count = 0;
    std::vector<VkDescriptorPool> descriptorPools;
    size_t poolsUsed = 0;
    VkQueryPool queries = VK_NULL_HANDLE;
    std::vector<uint32_t> timed; ///< the kernel of each pair of timestamps
  };
  /// What is bound in the open segment.
  struct Bound {
    uint32_t kernel = ~uint32_t(0);
    VkDescriptorSet set = VK_NULL_HANDLE;
    std::vector<GpuRange> ranges;
  };

  Status makeSegment(Segment &segment);
  Status openSegment();
  Status closeSegment();
  Status finish(Segment &segment, KernelCounters &counters);
  Status readTimes(Segment &segment, KernelCounters &counters);
  Status add(const GpuCommand &command, const GpuRun &run,
             KernelCounters &counters);
  void addBarrier(const GpuCommand &command);
  Status addDispatch(const GpuCommand &command, const GpuRun &run);
  void addFill(const GpuCommand &command, const GpuRun &run);
  void addCopy(const GpuCommand &command, const GpuRun &run);
  void addPatternCopies(const VulkanMemory &memory, uint64_t start,
                        uint64_t begin, uint64_t end,
                        std::span<const unsigned char> pattern);
  Status bind(const GpuCommand &command, const GpuRun &run);
  Status makeSet(VkDescriptorSetLayout layout, VkDescriptorSet &set);
  Status makeDescriptorPool(Segment &segment);
  void destroy(Segment &segment);

  const VulkanProgram &program;
  Key key;
  bool isWhole = false;    ///< all commands of the key are in the segments
  bool isProfiled = false; ///< with timestamps
  std::vector<std::unique_ptr<Segment>> segments;
  size_t used = 0;            ///< segments of this recording
  uint64_t opened = 0;        ///< by this recording, the same one twice as two
  Segment *current = nullptr; ///< open for commands
  Bound bound;
  bool hasTransfers = false; ///< since the last barrier
  bool isNarrow = false;     ///< the last barrier was for dispatches alone
};

} // namespace polytile::runtime
