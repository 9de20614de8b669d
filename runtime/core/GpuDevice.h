// What GPU drivers share: pooled device memory that is counted, buffers in it,
// and executables that bring arguments, arena and constants together for a run.
//
// A driver provides few functions: allocate, upload, download, clear (class
// GpuDevice), build kernels, and record the commands of one run and wait
// (class GpuExecutable).
#pragma once

#include "runtime/core/GpuCapabilities.h"
#include "runtime/core/GpuSchedule.h"

#include <map>

namespace polytile::runtime {

/// A block of a device's memory: the driver derives from it. Never used by two
/// runs at once, unless both only read. Dropped by its owner only when the
/// device is done with it.
class DeviceMemory {
public:
  explicit DeviceMemory(uint64_t bytes) : bytes(bytes) {}
  virtual ~DeviceMemory() = default;
  uint64_t size() const { return bytes; }

private:
  uint64_t bytes;
};

class GpuDevice;

/// A block that is in use: counted on the device's account, and given back to
/// its pool at the end.
class PooledMemory {
public:
  PooledMemory() = default;
  PooledMemory(PooledMemory &&other) noexcept { *this = std::move(other); }
  PooledMemory &operator=(PooledMemory &&other) noexcept;
  ~PooledMemory() { reset(); }
  void reset();
  DeviceMemory *get() const { return block.get(); }
  explicit operator bool() const { return block != nullptr; }

private:
  friend class GpuDevice;
  GpuDevice *device = nullptr; ///< outlives every block of it
  std::unique_ptr<DeviceMemory> block;
  uint64_t counted = 0;
};

/// A device with memory of its own. Its subclass's destructor calls
/// releasePool() before it closes the device.
class GpuDevice : public Device {
public:
  GpuDevice(GpuCapabilities capabilities, uint64_t memoryLimit);

  const GpuCapabilities &capabilities() const { return known; }
  bool hasHostMemory() const override { return false; }
  Status createBuffer(uint64_t bytes, std::shared_ptr<Buffer> &buffer) override;
  /// Chooses a variant, checks that it fits, and has it made.
  Status prepare(std::shared_ptr<const Package> package, size_t entry,
                 std::shared_ptr<Executable> &executable) override;

  /// At least `bytes` and 64; the rest of what the pool rounds up to is there
  /// as well. OUT_OF_MEMORY when the limit or the device has no more, even
  /// after idle memory was freed.
  Status take(uint64_t bytes, bool zeroed, PooledMemory &memory);

  // What the driver does. Any thread; each returns when it is done.
  virtual Status upload(DeviceMemory &to, uint64_t offset, const void *data,
                        uint64_t bytes) = 0;
  virtual Status download(const DeviceMemory &from, uint64_t offset, void *data,
                          uint64_t bytes) = 0;

  /// Every later use of the device fails with this reason. For DEVICE_LOST.
  void markLost(const std::string &reason);
  /// DEVICE_LOST once it is.
  Status checkAlive() const;

protected:
  /// A block of exactly `bytes` (a multiple of 64, never 0); contents are
  /// anything.
  virtual Status allocate(uint64_t bytes,
                          std::unique_ptr<DeviceMemory> &memory) = 0;
  /// Sets the first `bytes` (rounded up to a multiple of 64) to zero.
  virtual Status clear(DeviceMemory &memory, uint64_t bytes) = 0;
  /// Builds the kernels of a variant that fits. The result derives from
  /// GpuExecutable.
  virtual Status makeExecutable(std::shared_ptr<const Package> package,
                                size_t entry, size_t variant,
                                std::shared_ptr<Executable> &executable) = 0;
  /// Frees idle memory.
  void releasePool();

  std::string_view target() const override { return known.kind; }
  bool satisfies(const std::string &requirement) const override {
    return known.satisfies(requirement);
  }

private:
  friend class PooledMemory;
  Status takeBlock(uint64_t bytes, std::unique_ptr<DeviceMemory> &block);
  void giveBack(std::unique_ptr<DeviceMemory> block, uint64_t counted);

  GpuCapabilities known;
  std::mutex poolMutex;
  std::multimap<uint64_t, std::unique_ptr<DeviceMemory>> pool; ///< by size
  uint64_t pooledBytes = 0;
  mutable std::mutex lostMutex;
  std::atomic<bool> lost{false};
  std::string lostReason;
};

/// A buffer in device memory.
class GpuBuffer final : public Buffer {
public:
  GpuBuffer(std::shared_ptr<GpuDevice> device, uint64_t bytes,
            PooledMemory memory);
  Status read(uint64_t offset, void *data, uint64_t length) override;
  Status write(uint64_t offset, const void *data, uint64_t length) override;
  DeviceMemory &memory() const { return *block.get(); }

private:
  GpuDevice &gpu;
  PooledMemory block;
};

/// What a driver keeps for one run at a time: a queue, command buffers,
/// descriptors. Runs that follow one another reuse it.
class RunState {
public:
  virtual ~RunState() = default;
};

/// One run, as the driver sees it.
struct GpuRun {
  const GpuArguments &arguments;
  /// The memory of each storage; see GpuSchedule.h.
  std::span<DeviceMemory *const> storages;
  RunState &state;
  /// Call GpuExecutable::counters().add for each dispatch.
  bool isProfiled = false;
};

/// An entry on a GPU. Derived classes build their kernels when they are made.
class GpuExecutable : public Executable {
public:
  GpuExecutable(std::shared_ptr<GpuDevice> device,
                std::shared_ptr<const Package> package, size_t entry,
                size_t variant);

  Status run(BufferSpan inputs, BufferSpan outputs) final;
  uint64_t scratchBytes() const final { return commands.arenaBytes(); }
  void trim() final;
  void setProfiling(bool enabled) final { profiling.store(enabled); }
  std::vector<KernelTimes> times(bool reset) final {
    return kernelCounters.times(reset);
  }

protected:
  /// The first thing that a derived class's destructor calls: from then on
  /// nobody asks for memory back.
  void retire();
  /// Makes what a run needs for itself.
  virtual Status makeRunState(std::unique_ptr<RunState> &state) = 0;
  /// Records schedule().walk(run.arguments, ...), submits it and waits. After a
  /// failure the run state is dropped. A failure of the device itself calls
  /// GpuDevice::markLost.
  virtual Status execute(GpuRun &run) = 0;

  const GpuSchedule &schedule() const { return commands; }
  KernelCounters &counters() { return kernelCounters; }
  /// "kernel 'matmul' (matmul.tile:3)", for messages.
  std::string kernelText(size_t kernel) const;

private:
  struct Scratch {
    PooledMemory arena;
    std::unique_ptr<RunState> state;
  };
  Status takeScratch(std::unique_ptr<Scratch> &scratch);
  Status uploadConstants();
  Status runWith(Scratch &scratch, const GpuArguments &arguments);

  GpuDevice &gpu;
  GpuSchedule commands;
  KernelCounters kernelCounters;
  std::atomic<bool> profiling{false};
  std::mutex constantsMutex;
  std::vector<PooledMemory> constants; ///< uploaded by the first run
  std::mutex scratchMutex;
  std::vector<std::unique_ptr<Scratch>> idle;
};

} // namespace polytile::runtime
