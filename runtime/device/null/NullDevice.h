// The null driver: accepts every package and runs nothing, so that everything
// above a driver can be tested alone.
#pragma once

#include "runtime/core/Device.h"

namespace polytile::runtime {

Status makeNullDevice(const DeviceOptions &options,
                      std::shared_ptr<Device> &device);

} // namespace polytile::runtime
