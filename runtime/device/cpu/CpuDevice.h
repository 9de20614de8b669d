// The CPU driver: picks the variant for this processor's level and runs its
// kernels on a thread pool.
#pragma once

#include "runtime/core/Device.h"
#include "runtime/core/ThreadPool.h"
#include "runtime/device/cpu/CpuFeatures.h"
#include "runtime/device/cpu/CpuModule.h"

#include <map>

namespace polytile::runtime {

/// Opens cpu:0. INVALID_ARGUMENT for a level or thread count, from the options
/// or the environment (POLYTILE_CPU, POLYTILE_NUM_THREADS), that is none.
Status makeCpuDevice(const DeviceOptions &options,
                     std::shared_ptr<Device> &device);

class CpuDevice final : public Device {
public:
  CpuDevice(uint64_t memoryLimit, CpuFeatures features, uint32_t threads);

  std::string_view cpuLevel() const override {
    return cpuLevelName(features.level);
  }
  uint32_t threadCount() const override { return threads; }
  Status prepare(std::shared_ptr<const Package> package, size_t entry,
                 std::shared_ptr<Executable> &executable) override;
  Status measurePeak(ptl_device_peak &peak) override;

  /// Its threads start with the first use.
  ThreadPool &pool();
  /// Loads a module, or hands out the one that is loaded already. The caller
  /// keeps the package alive.
  Status module(const Package &package, uint32_t index,
                std::shared_ptr<CpuModule> &module);

private:
  std::string_view target() const override { return "cpu"; }
  bool satisfies(const std::string &requirement) const override;
  int levelOf(const Variant &variant) const override;

  CpuFeatures features;
  uint32_t threads;
  std::once_flag poolOnce;
  std::unique_ptr<ThreadPool> threadPool;
  std::mutex modulesMutex;
  std::map<const unsigned char *, std::weak_ptr<CpuModule>>
      modules; ///< by the bytes' address
};

/// Measures peak rates with vectors of at most this level, on all threads of
/// the pool.
ptl_device_peak measureCpuPeak(ThreadPool &pool, int level);

} // namespace polytile::runtime
