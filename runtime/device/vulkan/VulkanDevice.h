// The Vulkan driver: lists and opens devices; the memory and the kernels of one
// that is open.
#pragma once

#include "runtime/core/ListedDevice.h"
#include "runtime/device/vulkan/VulkanTransfers.h"

namespace polytile::runtime {

/// Appends the devices that can be opened, and what can't be, with the reason.
/// Opens none of them.
Status listVulkanDevices(std::vector<ListedDevice> &devices);

/// Opens the device that is listed as vulkan:index. NOT_FOUND or UNSUPPORTED
/// say why there is none.
Status makeVulkanDevice(unsigned index, const DeviceOptions &options,
                        std::shared_ptr<Device> &device);

class VulkanDevice final : public GpuDevice {
public:
  VulkanDevice(std::unique_ptr<VulkanContext> context, uint64_t memoryLimit);
  ~VulkanDevice() override;

  VulkanContext &context() { return *opened; }
  Status upload(DeviceMemory &to, uint64_t offset, const void *data,
                uint64_t bytes) override;
  Status download(const DeviceMemory &from, uint64_t offset, void *data,
                  uint64_t bytes) override;
  Status measurePeak(ptl_device_peak &peak) override;

  /// Passes a status on: a lost device is lost for good, and what validation
  /// found meanwhile is a failure.
  Status noted(Status status);

protected:
  Status allocate(uint64_t bytes,
                  std::unique_ptr<DeviceMemory> &memory) override;
  Status clear(DeviceMemory &memory, uint64_t bytes) override;
  Status makeExecutable(std::shared_ptr<const Package> package, size_t entry,
                        size_t variant,
                        std::shared_ptr<Executable> &executable) override;

private:
  std::unique_ptr<VulkanContext> opened;
  VulkanHeap heap;
  VulkanTransfers transfers;
};

} // namespace polytile::runtime
