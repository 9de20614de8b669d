// What is missing on a machine is said in words, and nothing crashes.
#include "test/unit/vulkan/VulkanTestSupport.h"

#include <filesystem>

using namespace polytile;
using namespace polytile::runtime;
using Catch::Contains;

namespace {

/// Why Vulkan isn't offered, by the list and by opening.
std::string reason() {
  std::vector<ListedDevice> devices;
  test::need(listVulkanDevices(devices));
  REQUIRE(devices.size() == 1);
  CHECK(devices[0].name == "vulkan");
  CHECK(devices[0].description.empty());
  std::shared_ptr<Device> device;
  Status status = makeVulkanDevice(0, {}, device);
  CHECK(status.code() == PTL_STATUS_UNSUPPORTED);
  CHECK(status.message() == devices[0].reason);
  return devices[0].reason;
}

} // namespace

TEST_CASE("no loader") {
  test::Variable library("POLYTILE_VULKAN_LIBRARY", "/no/such/libvulkan.so.1");
  CHECK_THAT(reason(), Contains("no Vulkan loader") &&
                           Contains("/no/such/libvulkan.so.1"));
}

TEST_CASE("a library that is no loader") {
  test::Variable library("POLYTILE_VULKAN_LIBRARY", "libc.so.6");
  CHECK_THAT(reason(), Contains("libc.so.6 is no Vulkan loader"));
}

TEST_CASE("a loader without drivers") {
  test::Variable files("VK_ICD_FILENAMES", "/no/such/icd.json");
  test::Variable newer("VK_DRIVER_FILES", "/no/such/icd.json");
  CHECK_THAT(reason(), Contains("no driver (ICD)"));
}

TEST_CASE("a device without memory isn't offered") {
  // Mesa's compiler for AMD without its hardware.
  constexpr const char *driver =
      "/usr/share/vulkan/icd.d/radeon_icd.x86_64.json";
  if (!std::filesystem::exists(driver)) {
    WARN("skipped: no " << driver);
    return;
  }
  test::Variable files("VK_ICD_FILENAMES", driver);
  test::Variable newer("VK_DRIVER_FILES", driver);
  test::Variable hardware("RADV_FORCE_FAMILY", "NAVI21");
  std::vector<ListedDevice> devices;
  test::need(listVulkanDevices(devices));
  REQUIRE(devices.size() == 1);
  CHECK_THAT(devices[0].name, Contains("NAVI21"));
  CHECK_THAT(devices[0].reason, Contains("no memory"));
  std::shared_ptr<Device> device;
  CHECK(makeVulkanDevice(0, {}, device).code() == PTL_STATUS_NOT_FOUND);
}

TEST_CASE("no validation layer") {
  test::Variable path("VK_LAYER_PATH", "/no/such/folder");
  CHECK_THAT(reason(), Contains("VK_LAYER_KHRONOS_validation") &&
                           Contains("vulkan-validationlayers"));
}

TEST_CASE("the list describes devices and gives the order to open them by") {
  std::vector<ListedDevice> devices, again;
  test::need(listVulkanDevices(devices));
  test::need(listVulkanDevices(again));
  REQUIRE(!devices.empty());
  REQUIRE(devices.size() == again.size());
  unsigned index = 0;
  for (size_t i = 0; i < devices.size(); ++i) {
    CHECK(devices[i].name == again[i].name);
    CHECK(devices[i].description == again[i].description);
    if (!devices[i].reason.empty())
      continue;
    CHECK(devices[i].name == "vulkan:" + std::to_string(index));
    std::shared_ptr<Device> device;
    test::need(makeVulkanDevice(index++, {}, device));
    CHECK(device->name() == devices[i].name);
    CHECK(device->description() == devices[i].description);
  }
  std::shared_ptr<Device> device;
  CHECK(makeVulkanDevice(index, {}, device).code() == PTL_STATUS_NOT_FOUND);
}

TEST_CASE("what validation finds fails the next call, once") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  VulkanContext &context = device->context();
  VkBufferCreateInfo info{}; // without its type
  info.size = 64;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  VkBuffer buffer = VK_NULL_HANDLE;
  context.functions().CreateBuffer(context.handle(), &info, nullptr, &buffer);
  if (buffer)
    context.functions().DestroyBuffer(context.handle(), buffer, nullptr);
  std::shared_ptr<Buffer> made;
  Status status = Buffer::create(device, 64, made);
  CHECK(status.code() == PTL_STATUS_INTERNAL);
  CHECK_THAT(status.message(), Contains("validation") && Contains("VUID"));
  test::need(Buffer::create(device, 64, made));
}
