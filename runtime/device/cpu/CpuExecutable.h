// An entry on the CPU: its kernels' addresses, its schedule, and scratch memory
// that is kept from run to run.
#pragma once

#include "runtime/abi/polytile_kernel_abi.h"
#include "runtime/device/cpu/CpuDevice.h"

#include <atomic>

namespace polytile::runtime {

class CpuExecutable final : public Executable {
public:
  /// Loads the modules and finds the kernels.
  static Status make(std::shared_ptr<CpuDevice> device,
                     std::shared_ptr<const Package> package, size_t entry,
                     size_t variant, std::shared_ptr<Executable> &executable);
  CpuExecutable(std::shared_ptr<CpuDevice> device,
                std::shared_ptr<const Package> package, size_t entry,
                size_t variant);
  ~CpuExecutable() override { cpu.leave(this); }

  Status run(BufferSpan inputs, BufferSpan outputs) override;
  uint64_t scratchBytes() const override {
    return variant().arenaBytes + workspaceStride * cpu.threadCount();
  }
  void trim() override;
  void setProfiling(bool enabled) override {
    profiling.store(enabled, std::memory_order_relaxed);
  }
  std::vector<KernelTimes> times(bool reset) override {
    return counters.times(reset);
  }

private:
  /// What one run needs for itself; runs at the same time have one each.
  struct Scratch {
    Memory arena, workspace;
    std::vector<unsigned char *> bases; ///< of each buffer of the variant
    std::vector<void *> bindings;       ///< of the dispatch that runs
    std::vector<Memory> staged; ///< copies of arguments that aren't aligned
    int64_t iterations[8] = {}; ///< of the enclosing loops
    int depth = 0;
  };

  Status loadKernels(const Package &package);
  Status takeScratch(std::unique_ptr<Scratch> &scratch);
  Status bindArguments(Scratch &scratch, BufferSpan inputs, BufferSpan outputs);
  void copyBack(Scratch &scratch, BufferSpan outputs);
  Status execute(Scratch &scratch, const std::vector<Step> &steps);
  Status execute(Scratch &scratch, const Dispatch &dispatch);
  Status execute(Scratch &scratch, const Fill &fill);
  Status execute(Scratch &scratch, const Copy &copy);
  Status execute(Scratch &scratch, const Loop &loop);
  Status dispatchFailure(const Dispatch &dispatch, int32_t code) const;

  CpuDevice &cpu;
  std::vector<std::shared_ptr<CpuModule>> modules;
  std::vector<ptl_kernel_fn> kernels;
  std::vector<uint32_t> externals; ///< buffers that are inputs or outputs
  uint64_t workspaceStride = 0;    ///< of one thread
  size_t mostBindings = 0;
  std::mutex scratchMutex;
  std::vector<std::unique_ptr<Scratch>> idle;
  std::atomic<bool> profiling{false};
  KernelCounters counters;
};

} // namespace polytile::runtime
