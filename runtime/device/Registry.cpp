// The one place that knows every driver; drivers know nothing of each other.
#include "runtime/device/Registry.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/null/NullDevice.h"

namespace polytile::runtime {

Status listDevices(std::vector<ListedDevice> &devices) {
  std::shared_ptr<Device> cpu;
  DeviceOptions options;
  PTL_TRY(makeCpuDevice(options, cpu));
  devices.push_back({cpu->name(), cpu->description(), ""});
  return {};
}

Status openDevice(const std::string &name, const DeviceOptions &options,
                  std::shared_ptr<Device> &device) {
  if (name == "cpu:0" || name == "cpu")
    return makeCpuDevice(options, device);
  if (name == "null:0" || name == "null")
    return makeNullDevice(options, device);
  return fail(PTL_STATUS_NOT_FOUND, "no device ", inQuotes(name),
              "; there are: cpu:0");
}

} // namespace polytile::runtime
