// Device descriptions: round trips, and what each bad one is told.
#include "compiler/schedule/DeviceDescription.h"

#include <catch2/catch.hpp>

using namespace polytile::schedule;

namespace {

/// What the runtime writes for a device, with every member.
const char *const full = R"({"version":1,"name":"vulkan:0","kind":"vulkan",
 "hardware":"A card","driver":"x 1.2","api":"Vulkan 1.3.277",
 "device_type":"gpu","features":["f16","subgroup_shuffle","from_the_future"],
 "limits":{"workgroup_size":1024,"workgroup_sizes":[1024,1024,64],
  "grid":[65535,65534,65533],"workgroup_memory_bytes":32768,
  "binding_bytes":134217728,"bindings":12,"buffer_bytes":8589934592,
  "memory_bytes":17179869184,"offset_alignment":64,"compute_units":132},
 "subgroup":{"size":32,"min":16,"max":64},
 "cooperative_matrices":[{"m":16,"n":8,"k":16,"a":"f16","b":"f16","c":"f32",
  "result":"f32"}],
 "rates":{"copy_bytes_per_second":3.0e12,"f32_flops_per_second":5e13,
  "launch_seconds":2e-6}})";

std::string problemOf(llvm::StringRef text) {
  std::string problem;
  auto device = DeviceDescription::parse(text, problem);
  CHECK_FALSE(device.has_value());
  return problem;
}

} // namespace

TEST_CASE("a full description is read and written back") {
  std::string problem;
  auto device = DeviceDescription::parse(full, problem);
  REQUIRE(device);
  CHECK(problem.empty());
  CHECK(device->describe() == "vulkan:0 (A card)");
  CHECK(device->has(feature::F16));
  CHECK_FALSE(device->has(feature::F64));
  CHECK(device->limits.grid[2] == 65533);
  CHECK(device->limits.bufferBytes == 8589934592);
  CHECK(device->subgroup.max == 64);
  REQUIRE(device->cooperativeMatrices.size() == 1);
  CHECK(device->cooperativeMatrices[0].n == 8);
  CHECK(device->rates->launchSeconds == 2e-6);
  auto again = DeviceDescription::parse(device->toJson(), problem);
  REQUIRE(again);
  CHECK(again->toJson() == device->toJson());
}

TEST_CASE("generic descriptions are complete") {
  for (llvm::StringRef name : {kind::OpenCL, kind::Vulkan}) {
    auto device = DeviceDescription::generic(name);
    REQUIRE(device);
    std::string problem;
    auto again = DeviceDescription::parse(device->toJson(), problem);
    REQUIRE(again);
    CHECK(again->toJson() == device->toJson());
    CHECK_FALSE(device->has(feature::F64));
  }
  CHECK(DeviceDescription::generic(kind::OpenCL)->has(feature::I64));
  CHECK_FALSE(DeviceDescription::generic(kind::Cpu));
}

TEST_CASE("a bad description is told what is wrong") {
  CHECK(problemOf("nonsense").find("it is no JSON") == 0);
  CHECK(problemOf("[]") == "it is no JSON object");
  CHECK(problemOf("{}").find("'version' is missing") == 0);
  CHECK(problemOf(R"({"version":2})") ==
        "it has version 2, this compiler reads version 1");
  CHECK(problemOf(R"({"version":1})").find("'kind' is missing") == 0);
  CHECK(problemOf(R"({"version":1,"kind":"cuda"})").find("\"cuda\"") !=
        std::string::npos);
  CHECK(problemOf(R"({"version":1,"kind":"opencl"})") == "'limits' is missing");
  CHECK(problemOf(R"({"version":1,"kind":"opencl","limits":{}})") ==
        "'limits.workgroup_size' is missing");
  CHECK(problemOf(R"({"version":1,"kind":"opencl","limits":
          {"workgroup_size":-1}})") ==
        "'limits.workgroup_size' must be a whole number from 1 on");
  CHECK(problemOf(R"({"version":1,"kind":"opencl","limits":
          {"workgroup_size":64,"workgroup_sizes":[64,64]}})") ==
        "'limits.workgroup_sizes' must be three whole numbers");
}

TEST_CASE("a limit beyond 32 bits is the largest that counts") {
  std::string text = full;
  text.replace(text.find("[65535,"), 7, "[8589934592,");
  std::string problem;
  auto device = DeviceDescription::parse(text, problem);
  REQUIRE(device);
  CHECK(device->limits.grid[0] == 0xffffffffu);
}
