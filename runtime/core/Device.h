// What a driver provides: a device that makes buffers and prepares entries, and
// executables that run them.
//
// The defaults are those of a device whose memory is the host's. Drivers with
// memory of their own build on core/GpuDevice.h.
#pragma once

#include "runtime/core/PackageModel.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace polytile::runtime {

class Buffer;
class Executable;

/// Options after defaults; see ptl_device_options.
struct DeviceOptions {
  uint32_t threadCount = 0; ///< 0: the driver decides
  uint64_t memoryLimit = 0; ///< 0: none
  std::string cpuLevel;     ///< empty: what the machine has
};

/// One device. Thread-safe; lives as long as anything made on it.
class Device : public std::enable_shared_from_this<Device> {
public:
  Device(std::string name, uint64_t memoryLimit)
      : account(std::make_shared<MemoryAccount>(memoryLimit)),
        deviceName(std::move(name)) {}
  virtual ~Device() = default;

  const std::string &name() const { return deviceName; }
  const std::string &description() const { return json; }
  virtual std::string_view cpuLevel() const { return ""; }
  virtual uint32_t threadCount() const { return 1; }
  /// Whether kernels work on host memory directly.
  virtual bool hasHostMemory() const { return true; }
  /// Allocates zeroed memory.
  virtual Status createBuffer(uint64_t bytes, std::shared_ptr<Buffer> &buffer);
  /// Takes the best variant that the device satisfies; see Package.fbs.
  virtual Status prepare(std::shared_ptr<const Package> package, size_t entry,
                         std::shared_ptr<Executable> &executable) = 0;
  virtual Status measurePeak(ptl_device_peak &peak) = 0;
  /// Allocates on the device's account; before it gives up, it frees the
  /// scratch that idle executables keep.
  Status allocate(uint64_t bytes, bool zeroed, Memory &memory);
  /// Executables enter and leave by themselves.
  void enter(Executable *executable);
  void leave(Executable *executable);

  const std::shared_ptr<MemoryAccount> account;

protected:
  /// What variants are written for: "cpu".
  virtual std::string_view target() const { return ""; }
  /// Whether a variant may require this here.
  virtual bool satisfies(const std::string &requirement) const;
  /// Of two variants that hold, that of the higher level is taken.
  virtual int levelOf(const Variant &) const { return 0; }
  /// INCOMPATIBLE lists what each variant requires, and what is lacking here.
  Status chooseVariant(const Entry &entry, size_t &best) const;
  /// Has idle executables free what they keep.
  void trimExecutables();

  std::string json; ///< set by the driver's constructor

private:
  std::string deviceName;
  std::mutex executablesMutex;
  std::set<Executable *> executables;
};

/// Memory that kernels of its device can use. This class is host memory: owned,
/// or the caller's (which devices with memory of their own copy in each run).
class Buffer {
public:
  /// What Device::createBuffer makes.
  static Status create(std::shared_ptr<Device> device, uint64_t bytes,
                       std::shared_ptr<Buffer> &buffer);
  static Status wrap(std::shared_ptr<Device> device, void *data, uint64_t bytes,
                     void (*release)(void *), void *user,
                     std::shared_ptr<Buffer> &buffer);
  /// Host memory that is its contents.
  static Status createInHostMemory(std::shared_ptr<Device> device,
                                   uint64_t bytes,
                                   std::shared_ptr<Buffer> &buffer);
  virtual ~Buffer();
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  /// Its host memory; null where the contents are the device's.
  unsigned char *data() const { return begin; }
  uint64_t size() const { return bytes; }
  const std::shared_ptr<Device> &device() const { return owner; }
  /// Two buffers overlap where their ranges [address(), address() + size()) do;
  /// never across the host's memory and a device's.
  uint64_t address() const { return place; }
  /// [offset, offset + length) lies inside.
  Status checkRange(uint64_t offset, uint64_t length) const;
  /// Copies out and waits. \pre the range lies inside
  virtual Status read(uint64_t offset, void *data, uint64_t length);
  /// Copies in and waits. \pre the range lies inside
  virtual Status write(uint64_t offset, const void *data, uint64_t length);
  /// A host pointer to a range until unmap(). Maps nest and see each other's
  /// writes. \pre the range lies inside
  Status map(ptl_map_access access, uint64_t offset, uint64_t length,
             void **data);
  /// Ends the latest map and hands what was written to the device.
  Status unmap();
  bool isMapped() const { return mapCount.load() != 0; }

  std::vector<int64_t> dims; ///< of an imported tensor

protected:
  /// A buffer in a device's own memory.
  Buffer(std::shared_ptr<Device> device, uint64_t bytes);

private:
  Buffer() = default;

  struct Map {
    bool written;
    uint64_t offset, length;
  };
  Status extendShadow(uint64_t offset, uint64_t length);

  std::shared_ptr<Device> owner;
  Memory memory;
  unsigned char *begin = nullptr;
  uint64_t bytes = 0;
  uint64_t place = 0;
  void (*release)(void *) = nullptr;
  void *user = nullptr;
  std::vector<Map> maps; ///< outstanding ones
  std::atomic<int> mapCount{0};
  /// What the host sees of device memory while it is mapped: a copy, of which
  /// [shadowBegin, shadowEnd) has been read.
  Memory shadow;
  uint64_t shadowBegin = 0, shadowEnd = 0;
};

using BufferSpan = std::span<const std::shared_ptr<Buffer>>;

/// Times of one kernel since the last reset.
struct KernelTimes {
  uint64_t calls = 0;
  uint64_t nanoseconds = 0;
};

/// Counts the calls and the time of each kernel. Thread-safe.
class KernelCounters {
public:
  explicit KernelCounters(size_t kernels) : counters(kernels) {}
  void add(size_t kernel, uint64_t nanoseconds) {
    counters[kernel].calls.fetch_add(1, std::memory_order_relaxed);
    counters[kernel].nanoseconds.fetch_add(nanoseconds,
                                           std::memory_order_relaxed);
  }
  std::vector<KernelTimes> times(bool reset);

private:
  struct Counter {
    std::atomic<uint64_t> calls{0}, nanoseconds{0};
  };
  std::vector<Counter> counters;
};

/// An entry that is ready to run. Thread-safe.
class Executable {
public:
  Executable(std::shared_ptr<Device> device,
             std::shared_ptr<const Package> package, size_t entry,
             size_t variant);
  virtual ~Executable() = default;

  /// Checks the arguments against the entry: counts, sizes, device, maps,
  /// overlaps.
  Status check(BufferSpan inputs, BufferSpan outputs) const;
  /// Runs and waits. \pre check() was content with these buffers
  virtual Status run(BufferSpan inputs, BufferSpan outputs) = 0;
  virtual uint64_t scratchBytes() const = 0;
  /// Frees what idle runs left behind. Never called for an executable under
  /// construction or destruction.
  virtual void trim() {}
  virtual void setProfiling(bool) {}
  /// One for each kernel of the variant.
  virtual std::vector<KernelTimes> times(bool /*reset*/) {
    return std::vector<KernelTimes>(variant().kernels.size());
  }

  const Entry &entry() const { return package->entries[entryIndex]; }
  const Variant &variant() const { return entry().variants[variantIndex]; }
  const std::shared_ptr<Device> &device() const { return owner; }
  const std::string &variantText() const { return text; }

protected:
  const Package &loadedPackage() const { return *package; }

private:
  Status checkOverlaps(BufferSpan inputs, BufferSpan outputs) const;
  Status checkPair(BufferSpan inputs, BufferSpan outputs, size_t output,
                   size_t other) const;

  std::shared_ptr<Device> owner;
  std::shared_ptr<const Package> package;
  size_t entryIndex, variantIndex;
  std::string text;
};

} // namespace polytile::runtime
