// The one place that knows every driver; drivers know nothing of each other.
#include "runtime/device/Registry.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/null/NullDevice.h"
#include "runtime/device/opencl/OpenCLDevice.h"
#include "runtime/device/vulkan/VulkanDevice.h"

#include <charconv>

namespace polytile::runtime {
namespace {

Status listCpu(std::vector<ListedDevice> &devices) {
  std::shared_ptr<Device> cpu;
  PTL_TRY(makeCpuDevice({}, cpu));
  devices.push_back({cpu->name(), cpu->description(), ""});
  return {};
}

using MakeOne = Status (*)(const DeviceOptions &, std::shared_ptr<Device> &);
using MakeOneOf = Status (*)(unsigned, const DeviceOptions &,
                             std::shared_ptr<Device> &);

struct Driver {
  std::string_view name;
  Status (*list)(std::vector<ListedDevice> &); ///< null: not listed
  MakeOneOf makeOneOf;                         ///< or
  MakeOne makeOne;                             ///< which has no other than :0
};

constexpr Driver kDrivers[] = {
    {"cpu", listCpu, nullptr, makeCpuDevice},
    {"opencl", listOpenCLDevices, makeOpenCLDevice, nullptr},
    {"vulkan", listVulkanDevices, makeVulkanDevice, nullptr},
    {"null", nullptr, nullptr, makeNullDevice},
};

/// "opencl:12" -> 12, "opencl" -> 0; false for anything else.
bool parseIndex(std::string_view name, std::string_view driver,
                unsigned &index) {
  if (!name.starts_with(driver))
    return false;
  name.remove_prefix(driver.size());
  index = 0;
  if (name.empty())
    return true;
  auto [end, error] =
      std::from_chars(name.data() + 1, name.data() + name.size(), index);
  return name[0] == ':' && name.size() > 1 && error == std::errc() &&
         end == name.data() + name.size();
}

/// "cpu:0, opencl:0; not offered: vulkan (no loader ...)"
std::string whatThereIs() {
  std::vector<ListedDevice> devices;
  if (!listDevices(devices).ok())
    return "unknown";
  std::string offered, refused;
  for (const ListedDevice &device : devices) {
    if (device.reason.empty())
      offered += (offered.empty() ? "" : ", ") + device.name;
    else
      refused += (refused.empty() ? "; not offered: " : "; ") + device.name +
                 ": " + device.reason;
  }
  return offered + refused;
}

} // namespace

Status listDevices(std::vector<ListedDevice> &devices) {
  for (const Driver &driver : kDrivers)
    if (driver.list)
      PTL_TRY(driver.list(devices));
  return {};
}

Status openDevice(const std::string &name, const DeviceOptions &options,
                  std::shared_ptr<Device> &device) {
  for (const Driver &driver : kDrivers) {
    unsigned index = 0;
    if (!parseIndex(name, driver.name, index))
      continue;
    Status status;
    if (driver.makeOneOf)
      status = driver.makeOneOf(index, options, device);
    else if (index == 0)
      status = driver.makeOne(options, device);
    else
      break;
    if (status.code() != PTL_STATUS_NOT_FOUND)
      return std::move(status).within(inQuotes(name));
    return fail(PTL_STATUS_NOT_FOUND, "no device ", inQuotes(name), ": ",
                status.message(), "; there are: ", whatThereIs());
  }
  return fail(PTL_STATUS_NOT_FOUND, "no device ", inQuotes(name),
              "; there are: ", whatThereIs());
}

} // namespace polytile::runtime
