// The drivers that this runtime has, and opening a device by its name.
#pragma once

#include "runtime/core/Device.h"

namespace polytile::runtime {

struct ListedDevice {
  std::string name;
  std::string description;
};

/// What can be opened on this machine, best default first.
Status listDevices(std::vector<ListedDevice> &devices);

/// Opens "driver:index"; ":0" may be left out.
Status openDevice(const std::string &name, const DeviceOptions &options,
                  std::shared_ptr<Device> &device);

} // namespace polytile::runtime
