// Listing and opening Vulkan devices.
#include "runtime/device/vulkan/VulkanDevice.h"

#include "runtime/device/vulkan/VulkanExecutable.h"
#include "runtime/device/vulkan/VulkanPeak.h"

namespace polytile::runtime {
namespace {

/// A device that was asked for its limits, usable or not.
struct Probed {
  std::shared_ptr<VulkanProbe> probe;
  Status status; ///< why it can't be used
};

/// Probes all; indices count those that are usable.
Status probeAll(std::shared_ptr<VulkanInstance> &instance,
                std::vector<Probed> &devices) {
  PTL_TRY(VulkanInstance::open(instance));
  std::vector<VkPhysicalDevice> handles;
  PTL_TRY(enumerateVulkanDevices(*instance, handles));
  uint32_t usable = 0;
  for (VkPhysicalDevice handle : handles) {
    Probed probed;
    probed.probe = std::make_shared<VulkanProbe>();
    probed.status = probeVulkanDevice(*instance, handle, usable, *probed.probe);
    usable += probed.status.ok();
    devices.push_back(std::move(probed));
  }
  return {};
}

} // namespace

Status listVulkanDevices(std::vector<ListedDevice> &devices) {
  std::shared_ptr<VulkanInstance> instance;
  std::vector<Probed> probed;
  Status status = probeAll(instance, probed);
  if (!status.ok())
    devices.push_back({"vulkan", "", status.message()});
  for (const Probed &each : probed) {
    if (each.status.ok())
      devices.push_back(
          {each.probe->name, each.probe->capabilities().describe(), ""});
    else
      devices.push_back(
          {"vulkan (" + each.probe->hardware + ")", "", each.status.message()});
  }
  return {};
}

Status makeVulkanDevice(unsigned index, const DeviceOptions &options,
                        std::shared_ptr<Device> &device) {
  std::shared_ptr<VulkanInstance> instance;
  std::vector<Probed> probed;
  PTL_TRY(probeAll(instance, probed));
  unsigned usable = 0;
  for (const Probed &each : probed) {
    if (!each.status.ok() || usable++ != index)
      continue;
    std::unique_ptr<VulkanContext> context;
    PTL_TRY(VulkanContext::open(instance, each.probe, context)
                .within("opening " + each.probe->hardware));
    device =
        std::make_shared<VulkanDevice>(std::move(context), options.memoryLimit);
    return {};
  }
  return fail(PTL_STATUS_NOT_FOUND, "of ", probed.size(),
              " Vulkan devices there are ", usable, " that can be used");
}

VulkanDevice::VulkanDevice(std::unique_ptr<VulkanContext> context,
                           uint64_t memoryLimit)
    : GpuDevice(context->probe().capabilities(), memoryLimit),
      opened(std::move(context)), heap(*opened), transfers(*opened, heap) {}

VulkanDevice::~VulkanDevice() { releasePool(); }

Status VulkanDevice::noted(Status status) {
  if (status.code() == PTL_STATUS_DEVICE_LOST) {
    markLost(status.message());
    return checkAlive();
  }
  return status.ok() ? opened->instance().takeValidationError()
                     : std::move(status);
}

Status VulkanDevice::upload(DeviceMemory &to, uint64_t offset, const void *data,
                            uint64_t bytes) {
  return noted(
      transfers.upload(static_cast<VulkanMemory &>(to), offset, data, bytes));
}

Status VulkanDevice::download(const DeviceMemory &from, uint64_t offset,
                              void *data, uint64_t bytes) {
  return noted(transfers.download(static_cast<const VulkanMemory &>(from),
                                  offset, data, bytes));
}

Status VulkanDevice::clear(DeviceMemory &memory, uint64_t bytes) {
  constexpr uint64_t unit = Memory::kAlignment;
  return noted(transfers.clear(static_cast<VulkanMemory &>(memory),
                               (bytes + unit - 1) / unit * unit));
}

Status VulkanDevice::allocate(uint64_t bytes,
                              std::unique_ptr<DeviceMemory> &memory) {
  return noted(heap.allocate(bytes, memory));
}

Status VulkanDevice::makeExecutable(std::shared_ptr<const Package> package,
                                    size_t entry, size_t variant,
                                    std::shared_ptr<Executable> &executable) {
  auto made = std::make_shared<VulkanExecutable>(
      std::static_pointer_cast<VulkanDevice>(shared_from_this()),
      std::move(package), entry, variant);
  PTL_TRY(noted(made->build()));
  executable = std::move(made);
  return {};
}

Status VulkanDevice::measurePeak(ptl_device_peak &peak) {
  PTL_TRY(checkAlive());
  return noted(measureVulkanPeak(*opened, heap, peak));
}

} // namespace polytile::runtime
