// What every driver must say when something goes wrong, and that it goes on
// afterwards: wrong arguments, memory, damaged packages, kernels that don't
// build or don't fit, a lost device.
#include "test/conformance/ConformanceSupport.h"

using namespace polytile;
using namespace polytile::test;

namespace {

/// The same entry, changed for the target of a device.
package::EntryDesc changed(package::EntryDesc entry, const Kind &kind,
                           void (*change)(package::VariantDesc &)) {
  entry = onEveryDevice(entry);
  for (package::VariantDesc &variant : entry.variants)
    if (kind.name.starts_with(variant.target))
      change(variant);
  return entry;
}

/// Another executable works as ever.
void checkStillWorks(const Kind &kind, const Device &device) {
  Executable add = need(Executable::create(device, load(addEntry(16))));
  Buffer A = bufferOf(device, ramp(16)), C = need(Buffer::create(device, 64));
  need(add.run({&A, &A}, {&C}));
  if (kind.runsKernels)
    CHECK(contents(C)[15] == 30);
}

} // namespace

TEST_CASE("wrong arguments are named") {
  for (const Kind &kind : testDevices()) {
    INFO(kind.name);
    Device device = need(Device::open(kind.name)),
           other = need(Device::open(kind.name));
    Package package = load(addEntry(16));
    Executable add = need(Executable::create(device, package));
    Buffer A = need(Buffer::create(device, 64)),
           C = need(Buffer::create(device, 64));
    Buffer small = need(Buffer::create(device, 60)),
           foreign = need(Buffer::create(other, 64));
    CHECK_THAT(add.run({&A}, {&C}).message(),
               Catch::Contains("takes 2 inputs, not 1"));
    CHECK_THAT(add.run({&A, nullptr}, {&C}).message(),
               Catch::Contains("input 1 (B) is null"));
    CHECK_THAT(add.run({&A, &small}, {&C}).message(),
               Catch::Contains("f32[16], 64 bytes; its buffer has 60"));
    CHECK_THAT(add.run({&A, &foreign}, {&C}).message(),
               Catch::Contains("belongs to another device"));
    CHECK(!Status(ptl_executable_run(nullptr, nullptr, 0, nullptr, 0)).ok());
    CHECK(!Executable::create(device, package, 1).ok());
  }
}

TEST_CASE(
    "running out of memory is a status, and smaller work succeeds afterwards") {
  for (const Kind &kind : testDevices()) {
    INFO(kind.name);
    DeviceOptions options;
    options.memoryLimitBytes = 1 << 20;
    Device device = need(Device::open(kind.name, options));
    auto large = Buffer::create(device, (1 << 20) + 1);
    CHECK(large.status().code() == PTL_STATUS_OUT_OF_MEMORY);
    CHECK_THAT(large.status().message(), Catch::Contains("1048576"));
    Buffer small = need(Buffer::create(device, 1 << 19));
    CHECK(need(device.memoryUsage()).in_use_bytes == 1 << 19);
    CHECK(Buffer::create(device, UINT64_MAX).status().code() ==
          PTL_STATUS_OUT_OF_MEMORY);
    CHECK(Buffer::create(device, UINT64_MAX / 2).status().code() ==
          PTL_STATUS_OUT_OF_MEMORY);
    CHECK(need(device.memoryUsage()).in_use_bytes == 1 << 19);
  }
}

TEST_CASE("a device that has no more memory says so, and goes on") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    {
      Simulated failure("out-of-memory");
      auto refused = Buffer::create(device, 1 << 20);
      CHECK(refused.status().code() == PTL_STATUS_OUT_OF_MEMORY);
      CHECK_THAT(refused.status().message(), Catch::Contains("1048576"));
    }
    checkStillWorks(kind, device);
  }
}

TEST_CASE("a run that has no memory for its temporaries says so, and goes on") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    DeviceOptions options;
    options.memoryLimitBytes = 1 << 20;
    Device device = need(Device::open(kind.name, options));
    Executable twice =
        need(Executable::create(device, load(twiceEntry(100000))));
    Buffer A = need(Buffer::create(device, 400000)),
           C = need(Buffer::create(device, 400000));
    Status status = twice.run({&A}, {&C});
    CHECK(status.code() == PTL_STATUS_OUT_OF_MEMORY);
    CHECK_THAT(status.message(), Catch::Contains("1048576"));
    checkStillWorks(kind, device);
  }
}

TEST_CASE("a lost device says so from then on, and can be opened again") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable add = need(Executable::create(device, load(addEntry(16))));
    Buffer A = bufferOf(device, ramp(16)), C = need(Buffer::create(device, 64));
    {
      Simulated failure("device-lost:2");
      need(add.run({&A, &A}, {&C}));
      for (int repeat = 0; repeat < 3; ++repeat) {
        Status status = add.run({&A, &A}, {&C});
        CHECK(status.code() == PTL_STATUS_DEVICE_LOST);
        CHECK_THAT(status.message(), Catch::Contains(kind.name));
      }
    }
    CHECK(add.run({&A, &A}, {&C}).code() == PTL_STATUS_DEVICE_LOST);
    CHECK(Buffer::create(device, 64).status().code() == PTL_STATUS_DEVICE_LOST);
    Device again = need(Device::open(kind.name));
    checkStillWorks(kind, again);
  }
}

TEST_CASE("a kernel that doesn't build is a status with its name") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    {
      Simulated failure("build-failure");
      auto refused = Executable::create(device, load(addEntry(17)));
      CHECK(!refused.ok());
      CHECK_THAT(refused.status().message(), Catch::Contains("add_f32"));
    }
    if (kind.name.starts_with("opencl")) {
      package::PackageDesc broken = packageOf(onEveryDevice(addEntry(17)));
      std::string text =
          "__kernel void add_f32(__global float *a) { nonsense; }";
      broken.modules[1].bytes.assign(text.begin(), text.end());
      std::vector<uint8_t> bytes = package::writePackage(broken);
      auto refused = Executable::create(
          device, need(Package::loadMemory(bytes.data(), bytes.size())));
      CHECK(!refused.ok());
      CHECK_THAT(refused.status().message(),
                 Catch::Contains("add_f32") && Catch::Contains("nonsense"));
    }
    checkStillWorks(kind, device);
  }
}

TEST_CASE("a kernel that isn't in its module is a status with its name") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    auto refused = Executable::create(
        device,
        load(changed(addEntry(16), kind, [](package::VariantDesc &variant) {
          variant.kernels[0].symbol = "missing";
        })));
    CHECK(!refused.ok());
    CHECK_THAT(refused.status().message(), Catch::Contains("missing"));
    checkStillWorks(kind, device);
  }
}

TEST_CASE("a kernel over a limit is refused with what it needs and what there "
          "is") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    auto memory = Executable::create(
        device,
        load(changed(addEntry(16), kind, [](package::VariantDesc &variant) {
          variant.kernels[0].workgroupMemoryBytes = 1 << 29;
        })));
    CHECK(memory.status().code() == PTL_STATUS_UNSUPPORTED);
    CHECK_THAT(memory.status().message(),
               Catch::Contains("add_f32") && Catch::Contains("536870912"));
    auto subgroup = Executable::create(
        device,
        load(changed(addEntry(16), kind, [](package::VariantDesc &variant) {
          variant.kernels[0].subgroupSize = 128;
        })));
    CHECK(subgroup.status().code() == PTL_STATUS_UNSUPPORTED);
    CHECK_THAT(subgroup.status().message(), Catch::Contains("128"));
    checkStillWorks(kind, device);
  }
}

TEST_CASE("requirements that a device doesn't meet are named") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    for (const char *requirement :
         {"made-up-feature", "workgroup_memory_bytes>=1099511627776"}) {
      package::EntryDesc entry = onEveryDevice(addEntry(16));
      for (package::VariantDesc &variant : entry.variants)
        variant.requirements = {requirement};
      entry.variants.erase(entry.variants.begin()); // the CPU's
      auto refused = Executable::create(device, load(entry));
      CHECK(refused.status().code() == PTL_STATUS_INCOMPATIBLE);
      CHECK_THAT(refused.status().message(), Catch::Contains(requirement));
    }
    checkStillWorks(kind, device);
  }
}

TEST_CASE("a package without code for the device says so") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    package::EntryDesc entry = onEveryDevice(addEntry(16));
    std::string target = kind.name.substr(0, kind.name.find(':'));
    std::erase_if(entry.variants, [&](const package::VariantDesc &variant) {
      return variant.target == target;
    });
    auto refused = Executable::create(device, load(entry));
    CHECK(refused.status().code() == PTL_STATUS_INCOMPATIBLE);
    CHECK_THAT(refused.status().message(), Catch::Contains(target));
  }
}

TEST_CASE("damage to a package is found, wherever it is", "[cpu]") {
  std::vector<uint8_t> good =
      package::writePackage(packageOf(onEveryDevice(twiceEntry(100))));
  size_t found = 0, tried = 0;
  for (size_t at = 0; at < good.size(); at += 97, ++tried) {
    std::vector<uint8_t> bytes = good;
    bytes[at] ^= 0x40;
    found += !Package::loadMemory(bytes.data(), bytes.size()).ok();
    found += !Package::loadMemory(good.data(), at).ok();
  }
  CHECK(found == 2 * tried);
}
