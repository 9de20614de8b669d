// Records the commands of a run into command buffers, and submits them.
#include "runtime/device/vulkan/VulkanRecording.h"

#include <algorithm>

namespace polytile::runtime {

VulkanRecording::~VulkanRecording() {
  for (std::unique_ptr<Segment> &segment : segments) {
    if (segment->isPending)
      (void)program.context.await(segment->fence).ok();
    destroy(*segment);
  }
}

void VulkanRecording::destroy(Segment &segment) {
  const VulkanDeviceFunctions &vk = program.context.functions();
  VkDevice device = program.context.handle();
  if (segment.queries)
    vk.DestroyQueryPool(device, segment.queries, nullptr);
  for (VkDescriptorPool pool : segment.descriptorPools)
    vk.DestroyDescriptorPool(device, pool, nullptr);
  if (segment.fence)
    vk.DestroyFence(device, segment.fence, nullptr);
  if (segment.pool)
    vk.DestroyCommandPool(device, segment.pool, nullptr);
}

Status VulkanRecording::makeSegment(Segment &segment) {
  VulkanContext &context = program.context;
  if (!segment.pool)
    PTL_TRY(context.makeCommandPool(segment.pool));
  if (!segment.commands)
    PTL_TRY(context.makeCommandBuffer(segment.pool, segment.commands));
  if (!segment.fence)
    PTL_TRY(context.makeFence(segment.fence));
  if (!isProfiled || segment.queries || !context.probe().timestampBits)
    return {};
  VkQueryPoolCreateInfo info{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
  info.queryType = VK_QUERY_TYPE_TIMESTAMP;
  info.queryCount = 2 * kSegmentCommands;
  return context.check(context.functions().CreateQueryPool(
                           context.handle(), &info, nullptr, &segment.queries),
                       "vkCreateQueryPool");
}

/// Takes the next segment; \pre it isn't under way.
Status VulkanRecording::openSegment() {
  VulkanContext &context = program.context;
  const VulkanDeviceFunctions &vk = context.functions();
  size_t index = opened++ % kMostSegments;
  if (index == segments.size())
    segments.push_back(std::make_unique<Segment>());
  Segment &segment = *segments[index];
  used = std::max(used, index + 1);
  PTL_TRY(makeSegment(segment));
  PTL_TRY(context.check(vk.ResetCommandPool(context.handle(), segment.pool, 0),
                        "vkResetCommandPool"));
  for (VkDescriptorPool pool : segment.descriptorPools)
    PTL_TRY(context.check(vk.ResetDescriptorPool(context.handle(), pool, 0),
                          "vkResetDescriptorPool"));
  segment.poolsUsed = 0;
  segment.count = 0;
  segment.timed.clear();
  bound = Bound();
  PTL_TRY(context.begin(segment.commands, 0));
  if (isProfiled && segment.queries)
    vk.CmdResetQueryPool(segment.commands, segment.queries, 0,
                         2 * kSegmentCommands);
  // What transfers, other runs and the segment before wrote.
  context.barrier(segment.commands);
  hasTransfers = isNarrow = false;
  current = &segment;
  return {};
}

Status VulkanRecording::closeSegment() {
  VulkanContext &context = program.context;
  Segment &segment = *current;
  current = nullptr;
  if (context.probe().sharesMemory())
    context.showToHost(segment.commands);
  PTL_TRY(context.check(context.functions().EndCommandBuffer(segment.commands),
                        "vkEndCommandBuffer"));
  PTL_TRY(context.check(
      context.functions().ResetFences(context.handle(), 1, &segment.fence),
      "vkResetFences"));
  PTL_TRY(context.submit({&segment.commands, 1}, segment.fence));
  segment.isPending = true;
  return {};
}

Status VulkanRecording::finish(Segment &segment, KernelCounters &counters) {
  if (segment.isPending)
    PTL_TRY(program.context.await(segment.fence));
  segment.isPending = false;
  return isProfiled ? readTimes(segment, counters) : Status();
}

Status VulkanRecording::readTimes(Segment &segment, KernelCounters &counters) {
  if (!segment.queries) {
    for (uint32_t kernel : segment.timed)
      counters.add(kernel, 0);
    return {};
  }
  if (segment.timed.empty())
    return {};
  VulkanContext &context = program.context;
  const VulkanProbe &probe = context.probe();
  std::vector<uint64_t> stamps(2 * segment.timed.size());
  PTL_TRY(context.check(context.functions().GetQueryPoolResults(
                            context.handle(), segment.queries, 0,
                            static_cast<uint32_t>(stamps.size()),
                            stamps.size() * sizeof(uint64_t), stamps.data(),
                            sizeof(uint64_t),
                            VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
                        "vkGetQueryPoolResults"));
  uint64_t mask = probe.timestampBits >= 64
                      ? ~uint64_t(0)
                      : (uint64_t(1) << probe.timestampBits) - 1;
  double period = double(probe.properties.limits.timestampPeriod);
  for (size_t i = 0; i < segment.timed.size(); ++i) {
    uint64_t ticks = (stamps[2 * i + 1] - stamps[2 * i]) & mask;
    counters.add(segment.timed[i],
                 static_cast<uint64_t>(double(ticks) * period));
  }
  return {};
}

Status VulkanRecording::record(Key newKey, const GpuSchedule &schedule,
                               const GpuRun &run, KernelCounters &counters) {
  isWhole = false;
  isProfiled = run.isProfiled;
  used = 0;
  opened = 0;
  PTL_TRY(openSegment());
  PTL_TRY(schedule.walk(run.arguments, [&](const GpuCommand &command) {
    return add(command, run, counters);
  }));
  PTL_TRY(closeSegment());
  for (size_t i = 0; i < used; ++i)
    PTL_TRY(finish(*segments[i], counters));
  isWhole = opened <= kMostSegments;
  key = std::move(newKey);
  return {};
}

Status VulkanRecording::replay(KernelCounters &counters) {
  VulkanContext &context = program.context;
  std::vector<VkCommandBuffer> commands;
  for (size_t i = 0; i < used; ++i)
    commands.push_back(segments[i]->commands);
  Segment &last = *segments[used - 1];
  PTL_TRY(context.check(
      context.functions().ResetFences(context.handle(), 1, &last.fence),
      "vkResetFences"));
  PTL_TRY(context.submit(commands, last.fence));
  last.isPending = true;
  PTL_TRY(context.await(last.fence));
  last.isPending = false;
  for (size_t i = 0; i < used && isProfiled; ++i)
    PTL_TRY(readTimes(*segments[i], counters));
  return {};
}

Status VulkanRecording::add(const GpuCommand &command, const GpuRun &run,
                            KernelCounters &counters) {
  if (current->count == kSegmentCommands) {
    PTL_TRY(closeSegment());
    if (opened >= kMostSegments)
      PTL_TRY(finish(*segments[opened % kMostSegments], counters));
    PTL_TRY(openSegment());
  } else {
    addBarrier(command);
  }
  hasTransfers |= command.kind != GpuCommand::Kind::Dispatch;
  ++current->count;
  switch (command.kind) {
  case GpuCommand::Kind::Dispatch:
    return addDispatch(command, run);
  case GpuCommand::Kind::Fill:
    addFill(command, run);
    return {};
  case GpuCommand::Kind::Copy:
    addCopy(command, run);
    return {};
  }
  return {};
}

/// Between dispatches a barrier that leaves transfers out is cheaper. A
/// transfer that follows one, and would need no barrier of its own, needs one
/// then.
void VulkanRecording::addBarrier(const GpuCommand &command) {
  bool isDispatch = command.kind == GpuCommand::Kind::Dispatch;
  if (isDispatch && !hasTransfers) {
    if (!command.barrier && !isProfiled)
      return;
    program.context.dispatchBarrier(current->commands);
    isNarrow = true;
    return;
  }
  if (!command.barrier && !isProfiled && !isNarrow)
    return;
  program.context.barrier(current->commands);
  hasTransfers = isNarrow = false;
}

Status VulkanRecording::makeDescriptorPool(Segment &segment) {
  VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                            program.dispatches * program.mostBindings};
  VkDescriptorPoolCreateInfo info{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
  info.maxSets = program.dispatches;
  info.poolSizeCount = 1;
  info.pPoolSizes = &size;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  PTL_TRY(program.context.check(
      program.context.functions().CreateDescriptorPool(program.context.handle(),
                                                       &info, nullptr, &pool),
      "vkCreateDescriptorPool"));
  segment.descriptorPools.push_back(pool);
  return {};
}

Status VulkanRecording::makeSet(VkDescriptorSetLayout layout,
                                VkDescriptorSet &set) {
  VulkanContext &context = program.context;
  VkDescriptorSetAllocateInfo info{
      VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
  info.descriptorSetCount = 1;
  info.pSetLayouts = &layout;
  for (bool isFresh = false;;) {
    if (current->poolsUsed == 0 || isFresh) {
      if (current->poolsUsed == current->descriptorPools.size())
        PTL_TRY(makeDescriptorPool(*current));
      ++current->poolsUsed;
    }
    info.descriptorPool = current->descriptorPools[current->poolsUsed - 1];
    VkResult result = context.functions().AllocateDescriptorSets(
        context.handle(), &info, &set);
    bool isFull = result == VK_ERROR_OUT_OF_POOL_MEMORY ||
                  result == VK_ERROR_FRAGMENTED_POOL;
    if (!isFull || isFresh)
      return context.check(result, "vkAllocateDescriptorSets");
    isFresh = true;
  }
}

namespace {

bool sameRanges(std::span<const GpuRange> a, std::span<const GpuRange> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const GpuRange &x, const GpuRange &y) {
                      return x.storage == y.storage && x.offset == y.offset &&
                             x.size == y.size;
                    });
}

const VulkanMemory &memoryOf(const GpuRun &run, const GpuRange &range) {
  return static_cast<const VulkanMemory &>(*run.storages[range.storage]);
}

} // namespace

/// Binds a descriptor set for the command's ranges; the one that is bound will
/// do for the same kernel on the same ranges.
Status VulkanRecording::bind(const GpuCommand &command, const GpuRun &run) {
  const VulkanKernel &kernel = program.kernels[command.kernel];
  const VulkanDeviceFunctions &vk = program.context.functions();
  if (bound.kernel != command.kernel)
    vk.CmdBindPipeline(current->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                       kernel.pipeline);
  else if (sameRanges(bound.ranges, command.ranges))
    return {};
  bound.kernel = command.kernel;
  bound.ranges.assign(command.ranges.begin(), command.ranges.end());
  if (command.ranges.empty())
    return {};
  PTL_TRY(makeSet(kernel.layout.set, bound.set));
  std::vector<VkDescriptorBufferInfo> buffers;
  for (const GpuRange &range : command.ranges) {
    const VulkanMemory &memory = memoryOf(run, range);
    buffers.push_back({memory.buffer(), memory.offset() + range.offset,
                       std::min(range.size, memory.size() - range.offset)});
  }
  VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
  write.dstSet = bound.set;
  write.descriptorCount = static_cast<uint32_t>(buffers.size());
  write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  write.pBufferInfo = buffers.data();
  vk.UpdateDescriptorSets(program.context.handle(), 1, &write, 0, nullptr);
  vk.CmdBindDescriptorSets(current->commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                           kernel.layout.pipeline, 0, 1, &bound.set, 0,
                           nullptr);
  return {};
}

Status VulkanRecording::addDispatch(const GpuCommand &command,
                                    const GpuRun &run) {
  const VulkanDeviceFunctions &vk = program.context.functions();
  PTL_TRY(bind(command, run));
  uint32_t stamp = static_cast<uint32_t>(2 * current->timed.size());
  bool isTimed = isProfiled && current->queries;
  if (isTimed)
    vk.CmdWriteTimestamp(current->commands,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, current->queries,
                         stamp);
  vk.CmdDispatch(current->commands, command.grid[0], command.grid[1],
                 command.grid[2]);
  if (isTimed)
    vk.CmdWriteTimestamp(current->commands,
                         VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, current->queries,
                         stamp + 1);
  if (isProfiled)
    current->timed.push_back(command.kernel);
  return {};
}

/// Copies the pattern over [begin, end) of a fill that begins at `start`.
void VulkanRecording::addPatternCopies(const VulkanMemory &memory,
                                       uint64_t start, uint64_t begin,
                                       uint64_t end,
                                       std::span<const unsigned char> pattern) {
  if (begin == end)
    return;
  constexpr size_t mostRegions = 1024;
  VulkanPatterns::Place place = program.patterns.find(pattern);
  std::vector<VkBufferCopy> regions;
  auto flush = [&] {
    program.context.functions().CmdCopyBuffer(
        current->commands, place.buffer, memory.buffer(),
        static_cast<uint32_t>(regions.size()), regions.data());
    regions.clear();
  };
  for (uint64_t at = begin; at < end;) {
    uint64_t length = std::min(end - at, place.length);
    regions.push_back({place.offset + (at - start) % pattern.size(),
                       memory.offset() + at, length});
    at += length;
    if (regions.size() == mostRegions)
      flush();
  }
  if (!regions.empty())
    flush();
}

/// [3, 14) with the bytes of a word "abcd": the ends by copies, the middle by
/// vkCmdFillBuffer with the word turned to where it begins.
///   3 | 4 5 6 7  8 9 10 11 | 12 13
///   a | b c d a  b c d  a  | b  c
void VulkanRecording::addFill(const GpuCommand &command, const GpuRun &run) {
  const GpuRange &range = command.ranges[0];
  const VulkanMemory &memory = memoryOf(run, range);
  std::span<const unsigned char> pattern = command.pattern;
  uint64_t start = range.offset, end = range.offset + range.size;
  bool isOneWord =
      pattern.size() <= 4 ||
      std::equal(pattern.begin(), pattern.begin() + 4, pattern.begin() + 4);
  uint64_t first = std::min((start + 3) / 4 * 4, end), last = end / 4 * 4;
  if (!isOneWord || first >= last) {
    if (isOneWord && start % 4 == 0 && end % 4 == 0)
      return;
    addPatternCopies(memory, start, start, end, pattern);
    return;
  }
  uint32_t word = 0;
  for (uint64_t i = 0; i < 4; ++i)
    word |= uint32_t(pattern[(first - start + i) % pattern.size()]) << (8 * i);
  addPatternCopies(memory, start, start, first, pattern);
  program.context.functions().CmdFillBuffer(current->commands, memory.buffer(),
                                            memory.offset() + first,
                                            last - first, word);
  addPatternCopies(memory, start, last, end, pattern);
}

void VulkanRecording::addCopy(const GpuCommand &command, const GpuRun &run) {
  const GpuRange &from = command.ranges[0], &to = command.ranges[1];
  const VulkanMemory &source = memoryOf(run, from), &target = memoryOf(run, to);
  VkBufferCopy region{source.offset() + from.offset,
                      target.offset() + to.offset, to.size};
  program.context.functions().CmdCopyBuffer(current->commands, source.buffer(),
                                            target.buffer(), 1, &region);
}

} // namespace polytile::runtime
