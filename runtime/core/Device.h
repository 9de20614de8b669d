// What a driver provides: a device that prepares entries, and executables that
// run them. Buffers are host memory for the drivers of today; a driver with
// memory of its own overrides how they are made.
#pragma once

#include "runtime/core/PackageModel.h"

#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace polytile::runtime {

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
  std::string json; ///< set by the driver's constructor

private:
  std::string deviceName;
  std::mutex executablesMutex;
  std::set<Executable *> executables;
};

/// Host memory that kernels of its device can use: owned, or the caller's.
class Buffer {
public:
  static Status create(std::shared_ptr<Device> device, uint64_t bytes,
                       std::shared_ptr<Buffer> &buffer);
  static Status wrap(std::shared_ptr<Device> device, void *data, uint64_t bytes,
                     void (*release)(void *), void *user,
                     std::shared_ptr<Buffer> &buffer);
  ~Buffer();

  unsigned char *data() const { return begin; }
  uint64_t size() const { return bytes; }
  const std::shared_ptr<Device> &device() const { return owner; }
  /// [offset, offset + length) lies inside.
  Status checkRange(uint64_t offset, uint64_t length) const;

  int maps = 0;              ///< outstanding ptl_buffer_map
  std::vector<int64_t> dims; ///< of an imported tensor

private:
  std::shared_ptr<Device> owner;
  Memory memory;
  unsigned char *begin = nullptr;
  uint64_t bytes = 0;
  void (*release)(void *) = nullptr;
  void *user = nullptr;
};

using BufferSpan = std::span<const std::shared_ptr<Buffer>>;

/// Times of one kernel since the last reset.
struct KernelTimes {
  uint64_t calls = 0;
  uint64_t nanoseconds = 0;
};

/// An entry that is ready to run. Thread-safe.
class Executable {
public:
  Executable(std::shared_ptr<Device> device,
             std::shared_ptr<const Package> package, size_t entry,
             size_t variant);
  virtual ~Executable() = default;

  /// Checks the arguments against the entry: counts, sizes, device, overlaps.
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
