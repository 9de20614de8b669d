// Builds pipelines.
#include "runtime/device/vulkan/VulkanKernels.h"

#include "runtime/core/DiskCache.h"
#include "runtime/core/ThreadPool.h"
#include "runtime/device/vulkan/SpirvInspection.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <set>

namespace polytile::runtime {
namespace {

/// How many bindings each kernel's dispatches have; nothing where there are
/// none.
Status countBindings(const std::vector<Step> &steps,
                     std::vector<std::optional<uint32_t>> &counts,
                     const Variant &variant) {
  for (const Step &step : steps) {
    if (const auto *loop = std::get_if<Loop>(&step.operation))
      PTL_TRY(countBindings(loop->body, counts, variant));
    const auto *dispatch = std::get_if<Dispatch>(&step.operation);
    if (!dispatch)
      continue;
    std::optional<uint32_t> &count = counts[dispatch->kernel];
    uint32_t here = static_cast<uint32_t>(dispatch->bindings.size());
    if (count.value_or(here) != here)
      return fail(PTL_STATUS_CORRUPT, "kernel ",
                  inQuotes(variant.kernels[dispatch->kernel].symbol),
                  " is dispatched with ", *count, " and with ", here,
                  " bindings");
    count = here;
  }
  return {};
}

template <typename Value> void append(std::string &text, const Value &value) {
  text.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

/// What compiled pipelines depend on: the device, its driver, the modules and
/// how they are compiled.
std::string cacheKey(const VulkanProbe &probe, const Package &package,
                     const Variant &variant) {
  std::string key = "pipelines 1 ";
  append(key, probe.uuid);
  append(key, probe.properties.vendorID);
  append(key, probe.properties.deviceID);
  append(key, probe.properties.driverVersion);
  append(key, probe.properties.pipelineCacheUUID);
  std::set<uint32_t> modules;
  for (const Kernel &kernel : variant.kernels) {
    key += kernel.symbol + " ";
    append(key, kernel.subgroupSize);
    if (modules.insert(kernel.module).second)
      key += hashText(package.modules[kernel.module].bytes);
  }
  return key;
}

/// Whether the driver itself wrote these bytes for this device: some drivers
/// crash over a cache that isn't theirs.
bool isOwnCache(const VulkanProbe &probe, Bytes bytes) {
  VkPipelineCacheHeaderVersionOne header;
  if (bytes.size() < sizeof(header))
    return false;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const VkPhysicalDeviceProperties &device = probe.properties;
  return header.headerSize >= sizeof(header) &&
         header.headerSize <= bytes.size() &&
         header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
         header.vendorID == device.vendorID &&
         header.deviceID == device.deviceID &&
         !std::memcmp(header.pipelineCacheUUID, device.pipelineCacheUUID,
                      VK_UUID_SIZE);
}

/// A pipeline cache that begins with what is on disk and ends there.
class StoredCache {
public:
  StoredCache(VulkanContext &context, std::string key)
      : context(context), key(std::move(key)) {}
  ~StoredCache() {
    if (cache)
      context.functions().DestroyPipelineCache(context.handle(), cache,
                                               nullptr);
  }
  StoredCache(const StoredCache &) = delete;
  StoredCache &operator=(const StoredCache &) = delete;

  Status open() {
    Memory stored;
    bool isStored = isCacheEnabled() && readCache("vulkan", key, stored) &&
                    isOwnCache(context.probe(), {stored.data(), stored.size()});
    VkPipelineCacheCreateInfo info{
        VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
    info.initialDataSize = isStored ? stored.size() : 0;
    info.pInitialData = isStored ? stored.data() : nullptr;
    before = info.initialDataSize;
    return context.check(context.functions().CreatePipelineCache(
                             context.handle(), &info, nullptr, &cache),
                         "vkCreatePipelineCache");
  }

  /// Writes what has been added; failures only cost time later.
  void store() {
    if (!isCacheEnabled())
      return;
    auto get = context.functions().GetPipelineCacheData;
    size_t size = 0;
    if (get(context.handle(), cache, &size, nullptr) != VK_SUCCESS ||
        size == before)
      return;
    std::vector<unsigned char> bytes(size);
    if (get(context.handle(), cache, &size, bytes.data()) == VK_SUCCESS)
      writeCache("vulkan", key, {bytes.data(), size});
  }

  VkPipelineCache handle() const { return cache; }

private:
  VulkanContext &context;
  std::string key;
  VkPipelineCache cache = VK_NULL_HANDLE;
  size_t before = 0;
};

} // namespace

VulkanKernels::~VulkanKernels() {
  for (const VulkanKernel &kernel : kernels)
    if (kernel.pipeline)
      context.functions().DestroyPipeline(context.handle(), kernel.pipeline,
                                          nullptr);
}

Status VulkanKernels::makePipeline(const Kernel &source, VkShaderModule module,
                                   VkPipelineCache cache,
                                   VulkanKernel &kernel) {
  const VulkanProbe &probe = context.probe();
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size{
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
  size.requiredSubgroupSize = source.subgroupSize;
  VkComputePipelineCreateInfo info{
      VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.layout = kernel.layout.pipeline;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = source.symbol.c_str();
  bool isFixed = probe.subgroupMin == probe.subgroupMax;
  if (source.subgroupSize && !isFixed) {
    info.stage.pNext = &size;
    // Lanes are then numbered as threads are.
    if (probe.features.sizeControl.computeFullSubgroups &&
        source.workgroupSize[0] % source.subgroupSize == 0)
      info.stage.flags |=
          VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
  }
  VkResult result = context.functions().CreateComputePipelines(
      context.handle(), cache, 1, &info, nullptr, &kernel.pipeline);
  if (result == VK_SUCCESS)
    return {};
  kernel.pipeline = VK_NULL_HANDLE;
  if (result == VK_ERROR_OUT_OF_HOST_MEMORY ||
      result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_DEVICE_LOST)
    return context.check(result, "vkCreateComputePipelines");
  return fail(PTL_STATUS_KERNEL_FAILED, "the driver of ", probe.name, " (",
              probe.driver,
              ") can't compile it: vkCreateComputePipelines gave ",
              vulkanResultText(result));
}

Status VulkanKernels::compile(const Package &package, const Kernel &source,
                              VkPipelineCache cache, VulkanKernel &kernel) {
  Bytes bytes = package.modules[source.module].bytes;
  SpirvFacts facts;
  PTL_TRY(inspectSpirv(bytes, source.symbol, facts));
  const VulkanProbe &probe = context.probe();
  PTL_TRY(checkSpirv(facts, source, kernel.bindings, probe));
  bool isInRange = source.subgroupSize >= probe.subgroupMin &&
                   source.subgroupSize <= probe.subgroupMax;
  if (source.subgroupSize && source.subgroupSize != probe.subgroupSize &&
      !(probe.hasSizeControl && isInRange))
    return fail(PTL_STATUS_INCOMPATIBLE, "it needs subgroups of ",
                source.subgroupSize, "; ", probe.name, " has ",
                probe.subgroupSize);
  PTL_TRY(context.layout(kernel.bindings, kernel.layout));
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = bytes.size();
  info.pCode = reinterpret_cast<const uint32_t *>(bytes.data());
  VkShaderModule module = VK_NULL_HANDLE;
  PTL_TRY(context.check(context.functions().CreateShaderModule(
                            context.handle(), &info, nullptr, &module),
                        "vkCreateShaderModule"));
  Status status = makePipeline(source, module, cache, kernel);
  context.functions().DestroyShaderModule(context.handle(), module, nullptr);
  return status;
}

/// Compiling takes 50 to 800 ms a kernel on some drivers, so each processor
/// takes the next one.
Status VulkanKernels::compileAll(const Package &package, const Variant &variant,
                                 VkPipelineCache cache) {
  std::vector<size_t> used;
  for (size_t i = 0; i < kernels.size(); ++i)
    if (kernels[i].isUsed)
      used.push_back(i);
  std::vector<Status> statuses(used.size());
  auto work = [&](unsigned, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      size_t kernel = used[static_cast<size_t>(i)];
      const Kernel &source = variant.kernels[kernel];
      Status &status = statuses[static_cast<size_t>(i)];
      try {
        status = compile(package, source, cache, kernels[kernel])
                     .within("kernel " + inQuotes(source.symbol));
      } catch (const std::bad_alloc &) { // nothing may leave a thread
        status = Status(outOfMemoryStatus());
      }
    }
  };
  constexpr unsigned mostThreads = 16;
  unsigned threads =
      static_cast<unsigned>(std::min<size_t>(used.size(), mostThreads));
  threads = std::min(threads, usableCoreCount());
  if (threads <= 1)
    work(0, 0, static_cast<int64_t>(used.size()));
  else
    ThreadPool(threads).forEach(static_cast<int64_t>(used.size()), 1, work);
  for (Status &status : statuses)
    PTL_TRY(std::move(status));
  return {};
}

Status VulkanKernels::build(const Package &package, const Variant &variant) {
  std::vector<std::optional<uint32_t>> counts(variant.kernels.size());
  PTL_TRY(countBindings(variant.steps, counts, variant));
  kernels.resize(variant.kernels.size());
  bool isAny = false;
  for (size_t i = 0; i < kernels.size(); ++i) {
    kernels[i].isUsed = counts[i].has_value();
    kernels[i].bindings = counts[i].value_or(0);
    isAny |= kernels[i].isUsed;
  }
  if (!isAny)
    return {};
  StoredCache cache(context, cacheKey(context.probe(), package, variant));
  PTL_TRY(cache.open());
  PTL_TRY(compileAll(package, variant, cache.handle()));
  cache.store();
  return {};
}

} // namespace polytile::runtime
