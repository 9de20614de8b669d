// The null driver. It takes the first variant whatever that requires, and
// leaves outputs as they are.
#include "runtime/device/null/NullDevice.h"

#include "runtime/core/Json.h"

namespace polytile::runtime {
namespace {

class NullExecutable final : public Executable {
public:
  using Executable::Executable;
  Status run(BufferSpan, BufferSpan) override { return {}; }
  uint64_t scratchBytes() const override { return 0; }
};

class NullDevice final : public Device {
public:
  explicit NullDevice(const DeviceOptions &options)
      : Device("null:0", options.memoryLimit) {
    JsonWriter writer;
    writer.beginObject()
        .member("version", uint64_t(1))
        .member("name", name())
        .member("kind", "null")
        .member("driver", "null")
        .member("hardware", "none: runs nothing")
        .endObject();
    json = writer.text();
  }

  Status prepare(std::shared_ptr<const Package> package, size_t entry,
                 std::shared_ptr<Executable> &executable) override {
    if (package->entries[entry].variants.empty())
      return fail(PTL_STATUS_INCOMPATIBLE,
                  inQuotes(package->entries[entry].name), " has no variants");
    executable = std::make_shared<NullExecutable>(shared_from_this(),
                                                  std::move(package), entry, 0);
    return {};
  }

  Status measurePeak(ptl_device_peak &) override {
    return fail(PTL_STATUS_UNSUPPORTED,
                "the null device has no speed to measure");
  }
};

} // namespace

Status makeNullDevice(const DeviceOptions &options,
                      std::shared_ptr<Device> &device) {
  device = std::make_shared<NullDevice>(options);
  return {};
}

} // namespace polytile::runtime
