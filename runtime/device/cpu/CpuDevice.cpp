// The CPU driver: opening, describing, choosing a variant.
#include "runtime/device/cpu/CpuDevice.h"

#include "runtime/core/Json.h"
#include "runtime/device/cpu/CpuExecutable.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace polytile::runtime {
namespace {

constexpr uint32_t kMostThreads = 1024;

Status chooseLevel(const DeviceOptions &options, int &level) {
  level = 4;
  const char *name = options.cpuLevel.empty() ? std::getenv("POLYTILE_CPU")
                                              : options.cpuLevel.c_str();
  if (!name || !*name || !std::strcmp(name, "native"))
    return {};
  level = cpuLevelFromName(name);
  if (level)
    return {};
  return fail(PTL_STATUS_INVALID_ARGUMENT,
              options.cpuLevel.empty() ? "POLYTILE_CPU is "
                                       : "the CPU level is ",
              inQuotes(name), "; allowed are native, ", cpuLevelNames());
}

Status chooseThreads(const DeviceOptions &options, uint32_t &threads) {
  threads = options.threadCount;
  const char *text = std::getenv("POLYTILE_NUM_THREADS");
  if (threads == 0 && text && *text) {
    auto [end, error] =
        std::from_chars(text, text + std::strlen(text), threads);
    if (error != std::errc() || *end || threads == 0)
      return fail(PTL_STATUS_INVALID_ARGUMENT, "POLYTILE_NUM_THREADS is ",
                  inQuotes(text), "; allowed is 1 to ", kMostThreads);
  }
  if (threads == 0)
    threads = std::min(usableCoreCount(), kMostThreads);
  if (threads > kMostThreads)
    return fail(PTL_STATUS_INVALID_ARGUMENT, threads,
                " threads; allowed is 1 to ", kMostThreads);
  return {};
}

uint64_t systemValue(int name) {
  long value = ::sysconf(name);
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

std::string describeCpu(const std::string &name, const CpuFeatures &features,
                        uint32_t threads) {
  JsonWriter json;
  json.beginObject()
      .member("version", uint64_t(1))
      .member("name", name)
      .member("kind", "cpu")
      .member("driver", "cpu")
      .member("hardware", hostCpuName())
      .member("cpu_level", cpuLevelName(features.level))
      .key("features")
      .beginArray();
  for (std::string_view feature : features.features)
    json.value(feature);
  json.endArray()
      .member("threads", uint64_t(threads))
      .member("vector_bytes", uint64_t(features.level >= 4   ? 64
                                       : features.level == 3 ? 32
                                                             : 16))
      .key("cache_bytes")
      .beginObject()
      .member("l1d", systemValue(_SC_LEVEL1_DCACHE_SIZE))
      .member("l2", systemValue(_SC_LEVEL2_CACHE_SIZE))
      .member("l3", systemValue(_SC_LEVEL3_CACHE_SIZE))
      .endObject()
      .member("memory_bytes",
              systemValue(_SC_PHYS_PAGES) * systemValue(_SC_PAGESIZE))
      .key("limits")
      .beginObject()
      .member("buffer_alignment_bytes", Memory::kAlignment)
      .endObject()
      .endObject();
  return json.text();
}

} // namespace

Status makeCpuDevice(const DeviceOptions &options,
                     std::shared_ptr<Device> &device) {
  int level;
  uint32_t threads;
  PTL_TRY(chooseLevel(options, level));
  PTL_TRY(chooseThreads(options, threads));
  device = std::make_shared<CpuDevice>(
      options.memoryLimit, hostCpuFeatures().limitedTo(level), threads);
  return {};
}

CpuDevice::CpuDevice(uint64_t memoryLimit, CpuFeatures available,
                     uint32_t threadCount)
    : Device("cpu:0", memoryLimit), features(std::move(available)),
      threads(threadCount) {
  json = describeCpu(name(), features, threads);
}

ThreadPool &CpuDevice::pool() {
  std::call_once(poolOnce,
                 [&] { threadPool = std::make_unique<ThreadPool>(threads); });
  return *threadPool;
}

Status CpuDevice::module(const Package &package, uint32_t index,
                         std::shared_ptr<CpuModule> &module) {
  const Module &source = package.modules[index];
#if defined(__x86_64__)
  constexpr std::string_view format = "elf-x86_64";
#else
  constexpr std::string_view format = "elf-aarch64";
#endif
  if (source.format != format)
    return fail(PTL_STATUS_INCOMPATIBLE, "module ", index, " is ",
                inQuotes(source.format), ", not ", inQuotes(format));
  std::lock_guard lock(modulesMutex);
  std::weak_ptr<CpuModule> &known = modules[source.bytes.data()];
  module = known.lock();
  if (module)
    return {};
  PTL_TRY(CpuModule::load(source.bytes, module)
              .within("module " + std::to_string(index)));
  known = module;
  return {};
}

bool CpuDevice::satisfies(const std::string &requirement) const {
  int level = cpuLevelFromName(requirement);
  return level ? level <= features.level : features.has(requirement);
}

int CpuDevice::levelOf(const Variant &variant) const {
  int level = 1;
  for (const std::string &requirement : variant.requirements)
    level = std::max(level, cpuLevelFromName(requirement));
  return level;
}

Status CpuDevice::prepare(std::shared_ptr<const Package> package, size_t entry,
                          std::shared_ptr<Executable> &executable) {
  size_t variant = 0;
  PTL_TRY(chooseVariant(package->entries[entry], variant));
  auto self = std::static_pointer_cast<CpuDevice>(shared_from_this());
  return CpuExecutable::make(std::move(self), std::move(package), entry,
                             variant, executable);
}

Status CpuDevice::measurePeak(ptl_device_peak &peak) {
  peak = measureCpuPeak(pool(), features.level);
  return {};
}

} // namespace polytile::runtime
