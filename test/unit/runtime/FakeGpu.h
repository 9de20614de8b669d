// A GPU without hardware: device memory is host memory that only the driver's
// functions touch, kernels are C++, and commands between two barriers run in
// the reverse order, so that a barrier too few shows.
#pragma once

#include "runtime/core/GpuDevice.h"

#include <atomic>
#include <cstring>

namespace polytile::test {

class FakeMemory final : public runtime::DeviceMemory {
public:
  using Held = std::shared_ptr<std::atomic<uint64_t>>;
  FakeMemory(uint64_t size, Held total)
      : DeviceMemory(size), held(std::move(total)),
        bytes(new unsigned char[size]) {
    std::memset(bytes.get(), 0xCD, size);
    *held += size;
  }
  ~FakeMemory() override { *held -= size(); }
  unsigned char *data() const { return bytes.get(); }

private:
  Held held;
  std::unique_ptr<unsigned char[]> bytes;
};

/// Its kernels are "add" (C = A + B), "double" (C = 2 * A), "first" (C[0] =
/// A[0] and nothing else): of as many floats as there are workgroups.
class FakeGpu final : public runtime::GpuDevice {
public:
  static std::shared_ptr<FakeGpu> make(uint64_t memoryBytes = 1 << 20,
                                       uint64_t memoryLimit = 0);
  FakeGpu(runtime::GpuCapabilities capabilities, uint64_t memoryLimit)
      : GpuDevice(std::move(capabilities), memoryLimit) {}
  ~FakeGpu() override { releasePool(); }

  runtime::Status upload(runtime::DeviceMemory &to, uint64_t offset,
                         const void *data, uint64_t bytes) override;
  runtime::Status download(const runtime::DeviceMemory &from, uint64_t offset,
                           void *data, uint64_t bytes) override;
  runtime::Status measurePeak(ptl_device_peak &) override { return {}; }

  std::atomic<int> allocations{0}, uploads{0}, barriers{0}, dispatches{0};
  /// In blocks, idle ones of the pool among them.
  const FakeMemory::Held heldBytes = std::make_shared<std::atomic<uint64_t>>(0);

private:
  friend class FakeExecutable;
  runtime::Status
  allocate(uint64_t bytes,
           std::unique_ptr<runtime::DeviceMemory> &memory) override;
  runtime::Status clear(runtime::DeviceMemory &memory, uint64_t bytes) override;
  runtime::Status
  makeExecutable(std::shared_ptr<const runtime::Package> package, size_t entry,
                 size_t variant,
                 std::shared_ptr<runtime::Executable> &executable) override;
};

} // namespace polytile::test
