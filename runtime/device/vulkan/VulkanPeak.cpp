// Measures copy bandwidth with vkCmdCopyBuffer and with a kernel, of which the
// better counts, and the FMA rate with a kernel of independent chains.
#include "runtime/device/vulkan/VulkanPeak.h"

#include "runtime/device/vulkan/SpirvAssembler.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace polytile::runtime {
namespace {

constexpr uint32_t kLocalSize = 128, kChains = 8, kUnrolled = 16,
                   kIterations = 128;
/// Of one thread; a multiply and an add.
constexpr double kFlops = 2.0 * kChains * kUnrolled * kIterations;

/// The kernel, in the words of C, on a buffer of floats `data`:
///   a = data[0], b = data[1], x[c] = data[c]           c < kChains
///   repeat kIterations: repeat kUnrolled: x[c] = fma(x[c], a, b)
///   data[64 + thread % 64] = sum of x[c]
/// What a and b are isn't known to the compiler, so nothing folds.
class FmaKernel {
public:
  std::vector<uint32_t> make() {
    declare();
    uint32_t entry = spirv.id(), body = spirv.id(), next = spirv.id(),
             done = spirv.id(), head = spirv.id();
    constexpr uint32_t function = 54, label = 248, branch = 249,
                       conditional = 250, loopMerge = 246, phi = 245, add = 128,
                       less = 176, floatAdd = 129, store = 62, bitAnd = 199,
                       bitOr = 197, load = 61, extract = 81, end = 56,
                       returns = 253;
    spirv.add(function, {voidType, main, 0, functionType});
    spirv.add(label, {entry});
    uint32_t ids = spirv.value(load, triple, {global});
    uint32_t thread = spirv.value(extract, integer, {ids, 0});
    uint32_t low = spirv.value(bitAnd, integer, {thread, constant(63)});
    uint32_t place = spirv.value(bitOr, integer, {low, constant(64)});
    uint32_t a = loadFloat(0), b = loadFloat(1);
    uint32_t first[kChains], carried[kChains], last[kChains];
    for (uint32_t c = 0; c < kChains; ++c) {
      first[c] = loadFloat(c);
      last[c] = 0;
    }
    spirv.add(branch, {head});
    spirv.add(label, {head});
    // The last values of an iteration have ids that are taken now.
    uint32_t after[kChains], count = spirv.id(), counted = spirv.id();
    spirv.add(phi, {integer, count, constant(0), entry, counted, next});
    for (uint32_t c = 0; c < kChains; ++c) {
      after[c] = spirv.id();
      carried[c] = spirv.id();
      spirv.add(phi, {real, carried[c], first[c], entry, after[c], next});
    }
    uint32_t goesOn =
        spirv.value(less, boolean, {count, constant(kIterations)});
    spirv.add(loopMerge, {done, next, 0});
    spirv.add(conditional, {goesOn, body, done});
    spirv.add(label, {body});
    for (uint32_t c = 0; c < kChains; ++c)
      last[c] = carried[c];
    for (uint32_t step = 0; step < kUnrolled; ++step)
      for (uint32_t c = 0; c < kChains; ++c) {
        uint32_t result = step + 1 == kUnrolled ? after[c] : spirv.id();
        constexpr uint32_t extended = 12, fma = 50;
        spirv.add(extended, {real, result, library, fma, last[c], a, b});
        last[c] = result;
      }
    spirv.add(branch, {next});
    spirv.add(label, {next});
    spirv.add(add, {integer, counted, count, constant(1)});
    spirv.add(branch, {head});
    spirv.add(label, {done});
    uint32_t sum = carried[0];
    for (uint32_t c = 1; c < kChains; ++c)
      sum = spirv.value(floatAdd, real, {sum, carried[c]});
    spirv.add(store, {pointerTo(place), sum});
    spirv.add(returns, {});
    spirv.add(end, {});
    return spirv.finish();
  }

private:
  void declare() {
    constexpr uint32_t capability = 17, import = 11, model = 14, entry = 15,
                       mode = 16, decorate = 71, decorateMember = 72,
                       compute = 5, storageBuffer = 12, input = 1,
                       variable = 59, pointer = 32;
    for (uint32_t *each :
         {&library, &main, &global, &data, &voidType, &functionType, &integer,
          &real, &boolean, &triple, &array, &block})
      *each = spirv.id();
    spirv.add(capability, {1});
    spirv.add(import, {library}, "GLSL.std.450");
    spirv.add(model, {0, 1});
    spirv.add(entry, {compute, main}, "fma", {global});
    spirv.add(mode, {main, 17, kLocalSize, 1, 1});
    spirv.add(decorate, {global, 11, 28}); // GlobalInvocationId
    spirv.add(decorate, {array, 6, sizeof(float)});
    spirv.add(decorateMember, {block, 0, 35, 0});
    spirv.add(decorate, {block, 2});
    spirv.add(decorate, {data, 34, 0});
    spirv.add(decorate, {data, 33, 0});
    spirv.add(19, {voidType});
    spirv.add(33, {functionType, voidType});
    spirv.add(21, {integer, 32, 0});
    spirv.add(22, {real, 32});
    spirv.add(20, {boolean});
    spirv.add(23, {triple, integer, 3});
    spirv.add(29, {array, real});
    spirv.add(30, {block, array});
    uint32_t toTriple = spirv.id(), toBlock = spirv.id();
    toReal = spirv.id();
    spirv.add(pointer, {toTriple, input, triple});
    spirv.add(pointer, {toBlock, storageBuffer, block});
    spirv.add(pointer, {toReal, storageBuffer, real});
    spirv.add(variable, {toTriple, global, input});
    spirv.add(variable, {toBlock, data, storageBuffer});
    for (uint32_t value :
         {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 63u, 64u, kIterations})
      constants.push_back({value, spirv.value(43, integer, {value})});
  }

  /// \pre declare() made it
  uint32_t constant(uint32_t value) const {
    auto found =
        std::find_if(constants.begin(), constants.end(),
                     [&](const auto &each) { return each.first == value; });
    return found->second;
  }
  uint32_t pointerTo(uint32_t index) {
    return spirv.value(65, toReal, {data, constant(0), index});
  }
  uint32_t loadFloat(uint32_t index) {
    return spirv.value(61, real, {pointerTo(constant(index))});
  }

  SpirvAssembler spirv{0x00010300};
  uint32_t library = 0, main = 0, global = 0, data = 0, voidType = 0,
           functionType = 0, integer = 0, real = 0, boolean = 0, triple = 0,
           array = 0, block = 0, toReal = 0;
  std::vector<std::pair<uint32_t, uint32_t>> constants;
};

/// The kernel, in the words of C, on a buffer of vectors `data`:
///   data[thread + count] = data[thread]
/// NVIDIA's driver copies by an engine of its own, at a fifth of this rate.
class CopyKernel {
public:
  static constexpr uint32_t kSize = 256;

  std::vector<uint32_t> make(uint32_t count) {
    uint32_t main = spirv.id(), global = spirv.id(), data = spirv.id(),
             array = spirv.id(), block = spirv.id();
    spirv.add(17, {1});                              // capability Shader
    spirv.add(14, {0, 1});                           // Logical GLSL450
    spirv.add(15, {5, main}, "copy", {global});      // entry point
    spirv.add(16, {main, 17, kSize, 1, 1});          // LocalSize
    spirv.add(71, {global, 11, 28});                 // GlobalInvocationId
    spirv.add(71, {array, 6, 4 * sizeof(uint32_t)}); // ArrayStride
    spirv.add(72, {block, 0, 35, 0});                // Offset
    spirv.add(71, {block, 2});                       // Block
    spirv.add(71, {data, 34, 0});                    // DescriptorSet
    spirv.add(71, {data, 33, 0});                    // Binding
    uint32_t nothing = spirv.type(19, {}), function = spirv.type(33, {nothing}),
             integer = spirv.type(21, {32, 0}),
             triple = spirv.type(23, {integer, 3}),
             four = spirv.type(23, {integer, 4});
    spirv.add(29, {array, four});
    spirv.add(30, {block, array});
    uint32_t toTriple = spirv.type(32, {1, triple}),
             toBlock = spirv.type(32, {12, block}),
             toFour = spirv.type(32, {12, four});
    spirv.add(59, {toTriple, global, 1});
    spirv.add(59, {toBlock, data, 12});
    uint32_t zero = spirv.value(43, integer, {0}),
             distance = spirv.value(43, integer, {count});
    spirv.add(54, {nothing, main, 0, function});
    spirv.add(248, {spirv.id()}); // label
    uint32_t ids = spirv.value(61, triple, {global});
    uint32_t thread = spirv.value(81, integer, {ids, 0});
    uint32_t from = spirv.value(65, toFour, {data, zero, thread});
    uint32_t moved = spirv.value(61, four, {from});
    uint32_t place = spirv.value(128, integer, {thread, distance});
    spirv.add(62, {spirv.value(65, toFour, {data, zero, place}), moved});
    spirv.add(253, {});
    spirv.add(56, {});
    return spirv.finish();
  }

private:
  SpirvAssembler spirv{0x00010300};
};

/// Submits commands and takes the time.
class Stopwatch {
public:
  explicit Stopwatch(VulkanContext &context) : context(context) {}
  ~Stopwatch() {
    const VulkanDeviceFunctions &vk = context.functions();
    if (fence)
      vk.DestroyFence(context.handle(), fence, nullptr);
    if (pool)
      vk.DestroyCommandPool(context.handle(), pool, nullptr);
  }
  Status open() {
    PTL_TRY(context.makeCommandPool(pool));
    PTL_TRY(context.makeCommandBuffer(pool, commands));
    return context.makeFence(fence);
  }

  /// Records `count` repetitions of the body and runs them.
  Status time(uint32_t count, const std::function<void(VkCommandBuffer)> &body,
              double &seconds) {
    using Clock = std::chrono::steady_clock;
    const VulkanDeviceFunctions &vk = context.functions();
    PTL_TRY(context.check(vk.ResetCommandPool(context.handle(), pool, 0),
                          "vkResetCommandPool"));
    PTL_TRY(context.begin(commands, 0));
    for (uint32_t i = 0; i < count; ++i) {
      context.barrier(commands);
      body(commands);
    }
    PTL_TRY(context.check(vk.EndCommandBuffer(commands), "vkEndCommandBuffer"));
    PTL_TRY(context.check(vk.ResetFences(context.handle(), 1, &fence),
                          "vkResetFences"));
    Clock::time_point begin = Clock::now();
    PTL_TRY(context.submit({&commands, 1}, fence));
    PTL_TRY(context.await(fence));
    seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return {};
  }

  /// Repeats until it takes long enough to be told apart from the cost of a
  /// submission, and gives the best time of one repetition.
  Status best(const std::function<void(VkCommandBuffer)> &body,
              double &seconds) {
    constexpr double longEnough = 0.03;
    constexpr uint32_t most = 4096;
    uint32_t count = 1;
    double total = 0;
    PTL_TRY(time(count, body, total));
    PTL_TRY(time(count, body, total));
    while (total < longEnough && count < most) {
      count = std::min(most, std::max(2 * count, static_cast<uint32_t>(
                                                     count * longEnough /
                                                     std::max(total, 1e-6))));
      PTL_TRY(time(count, body, total));
    }
    seconds = total / count;
    for (int i = 0; i < 3; ++i) {
      PTL_TRY(time(count, body, total));
      seconds = std::min(seconds, total / count);
    }
    return {};
  }

private:
  VulkanContext &context;
  VkCommandPool pool = VK_NULL_HANDLE;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  VkFence fence = VK_NULL_HANDLE;
};

/// The pipeline of a kernel with one buffer, and a set for it.
class PeakPipeline {
public:
  explicit PeakPipeline(VulkanContext &context) : context(context) {}
  ~PeakPipeline() {
    const VulkanDeviceFunctions &vk = context.functions();
    if (sets)
      vk.DestroyDescriptorPool(context.handle(), sets, nullptr);
    if (pipeline)
      vk.DestroyPipeline(context.handle(), pipeline, nullptr);
    if (module)
      vk.DestroyShaderModule(context.handle(), module, nullptr);
  }

  Status open(const std::vector<uint32_t> &words, const char *entry,
              const VulkanMemory &memory) {
    const VulkanDeviceFunctions &vk = context.functions();
    VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
    info.codeSize = words.size() * sizeof(uint32_t);
    info.pCode = words.data();
    PTL_TRY(context.check(
        vk.CreateShaderModule(context.handle(), &info, nullptr, &module),
        "vkCreateShaderModule"));
    PTL_TRY(context.layout(1, layout));
    VkComputePipelineCreateInfo pipelineInfo{
        VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
    pipelineInfo.layout = layout.pipeline;
    pipelineInfo.stage.sType =
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    pipelineInfo.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    pipelineInfo.stage.module = module;
    pipelineInfo.stage.pName = entry;
    PTL_TRY(context.check(
        vk.CreateComputePipelines(context.handle(), VK_NULL_HANDLE, 1,
                                  &pipelineInfo, nullptr, &pipeline),
        "vkCreateComputePipelines"));
    return openSet(memory);
  }

  void dispatch(VkCommandBuffer commands, uint32_t workgroups) const {
    const VulkanDeviceFunctions &vk = context.functions();
    vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                             layout.pipeline, 0, 1, &set, 0, nullptr);
    vk.CmdDispatch(commands, workgroups, 1, 1);
  }

private:
  Status openSet(const VulkanMemory &memory) {
    const VulkanDeviceFunctions &vk = context.functions();
    VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1};
    VkDescriptorPoolCreateInfo poolInfo{
        VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
    poolInfo.maxSets = 1;
    poolInfo.poolSizeCount = 1;
    poolInfo.pPoolSizes = &size;
    PTL_TRY(context.check(
        vk.CreateDescriptorPool(context.handle(), &poolInfo, nullptr, &sets),
        "vkCreateDescriptorPool"));
    VkDescriptorSetAllocateInfo setInfo{
        VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
    setInfo.descriptorPool = sets;
    setInfo.descriptorSetCount = 1;
    setInfo.pSetLayouts = &layout.set;
    PTL_TRY(context.check(
        vk.AllocateDescriptorSets(context.handle(), &setInfo, &set),
        "vkAllocateDescriptorSets"));
    VkDescriptorBufferInfo buffer{memory.buffer(), memory.offset(),
                                  memory.size()};
    VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
    write.dstSet = set;
    write.descriptorCount = 1;
    write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    write.pBufferInfo = &buffer;
    vk.UpdateDescriptorSets(context.handle(), 1, &write, 0, nullptr);
    return {};
  }

  VulkanContext &context;
  VulkanLayout layout;
  VkShaderModule module = VK_NULL_HANDLE;
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkDescriptorPool sets = VK_NULL_HANDLE;
  VkDescriptorSet set = VK_NULL_HANDLE;
};

/// Copies one half of a buffer to the other.
Status measureCopyKernel(VulkanContext &context, VulkanHeap &heap,
                         Stopwatch &stopwatch, double &bytesPerSecond) {
  constexpr uint64_t vectorBytes = 16;
  const VulkanProbe &probe = context.probe();
  const VkPhysicalDeviceLimits &limits = probe.properties.limits;
  bool isCpu = probe.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  uint64_t most = std::min<uint64_t>(
      {limits.maxStorageBufferRange, probe.memoryBytes() / 8,
       probe.largestAllocation, uint64_t(isCpu ? 128 : 512) << 20});
  uint64_t groups = most / (2 * vectorBytes * CopyKernel::kSize);
  groups = std::min<uint64_t>(groups, limits.maxComputeWorkGroupCount[0]);
  groups = std::min<uint64_t>(groups, 65535);
  uint64_t count = groups * CopyKernel::kSize;
  if (limits.maxComputeWorkGroupInvocations < CopyKernel::kSize || !count)
    return {};
  std::unique_ptr<DeviceMemory> block;
  PTL_TRY(heap.allocate(2 * count * vectorBytes, block));
  PeakPipeline pipeline(context);
  PTL_TRY(pipeline.open(CopyKernel().make(static_cast<uint32_t>(count)), "copy",
                        static_cast<VulkanMemory &>(*block)));
  double seconds = 0;
  PTL_TRY(stopwatch.best(
      [&](VkCommandBuffer commands) {
        pipeline.dispatch(commands, static_cast<uint32_t>(groups));
      },
      seconds));
  bytesPerSecond = std::max(
      bytesPerSecond, 2 * static_cast<double>(count * vectorBytes) / seconds);
  return {};
}

Status measureCopy(VulkanContext &context, VulkanHeap &heap,
                   Stopwatch &stopwatch, double &bytesPerSecond) {
  const VulkanProbe &probe = context.probe();
  bool isCpu = probe.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  uint64_t bytes = uint64_t(isCpu ? 64 : 512) << 20;
  bytes = std::min({bytes, probe.memoryBytes() / 8, probe.largestAllocation});
  bytes = bytes / 256 * 256;
  std::unique_ptr<DeviceMemory> from, to;
  PTL_TRY(heap.allocate(bytes, from));
  PTL_TRY(heap.allocate(bytes, to));
  auto &source = static_cast<VulkanMemory &>(*from);
  auto &target = static_cast<VulkanMemory &>(*to);
  const VulkanDeviceFunctions &vk = context.functions();
  double seconds = 0;
  PTL_TRY(stopwatch.time(
      1,
      [&](VkCommandBuffer commands) {
        vk.CmdFillBuffer(commands, source.buffer(), source.offset(), bytes, 1);
      },
      seconds));
  PTL_TRY(stopwatch.best(
      [&](VkCommandBuffer commands) {
        VkBufferCopy region{source.offset(), target.offset(), bytes};
        vk.CmdCopyBuffer(commands, source.buffer(), target.buffer(), 1,
                         &region);
      },
      seconds));
  bytesPerSecond = 2 * double(bytes) / seconds;
  return {};
}

Status measureFma(VulkanContext &context, VulkanHeap &heap,
                  Stopwatch &stopwatch, double &flopsPerSecond) {
  constexpr uint64_t bytes = 128 * sizeof(float);
  constexpr uint32_t half = 0x3f000000; // 0.5f
  std::unique_ptr<DeviceMemory> block;
  PTL_TRY(heap.allocate(bytes, block));
  auto &memory = static_cast<VulkanMemory &>(*block);
  PeakPipeline pipeline(context);
  PTL_TRY(pipeline.open(FmaKernel().make(), "fma", memory));
  double seconds = 0;
  PTL_TRY(stopwatch.time(
      1,
      [&](VkCommandBuffer commands) {
        context.functions().CmdFillBuffer(commands, memory.buffer(),
                                          memory.offset(), bytes, half);
      },
      seconds));
  // Enough threads for any GPU; a processor needs few.
  bool isCpu =
      context.probe().properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  uint32_t workgroups = isCpu ? 64 : 16384;
  workgroups =
      std::min(workgroups,
               context.probe().properties.limits.maxComputeWorkGroupCount[0]);
  PTL_TRY(stopwatch.best(
      [&](VkCommandBuffer commands) {
        pipeline.dispatch(commands, workgroups);
      },
      seconds));
  flopsPerSecond = kFlops * kLocalSize * workgroups / seconds;
  return {};
}

} // namespace

Status measureVulkanPeak(VulkanContext &context, VulkanHeap &heap,
                         ptl_device_peak &peak) {
  Stopwatch stopwatch(context);
  PTL_TRY(stopwatch.open());
  PTL_TRY(measureFma(context, heap, stopwatch, peak.f32_flops_per_second));
  PTL_TRY(measureCopy(context, heap, stopwatch, peak.copy_bytes_per_second));
  return measureCopyKernel(context, heap, stopwatch,
                           peak.copy_bytes_per_second);
}

} // namespace polytile::runtime
