// The drivers that this runtime has, and opening a device by its name.
#pragma once

#include "runtime/core/Device.h"
#include "runtime/core/ListedDevice.h"

namespace polytile::runtime {

/// What there is on this machine: cpu:0, then opencl:N, then vulkan:N, each
/// driver's in its own stable order, and among them what can't be offered, with
/// the reason.
Status listDevices(std::vector<ListedDevice> &devices);

/// Opens "driver:index"; ":0" may be left out.
Status openDevice(const std::string &name, const DeviceOptions &options,
                  std::shared_ptr<Device> &device);

} // namespace polytile::runtime
