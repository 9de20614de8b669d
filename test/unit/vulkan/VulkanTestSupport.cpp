// Devices and executables for the Vulkan tests.
#include "test/unit/vulkan/VulkanTestSupport.h"

#include "runtime/core/PackageLoader.h"

using namespace polytile::runtime;

namespace polytile::test {
namespace {

/// Before any instance is made.
[[maybe_unused]] const bool isValidating = [] {
  ::setenv("POLYTILE_VULKAN_VALIDATION", "sync", /*overwrite=*/0);
  ::setenv("POLYTILE_CACHE", "off", 0);
  return true;
}();

} // namespace

Variable::Variable(const char *name, const char *value) : name(name) {
  const char *old = std::getenv(name);
  wasSet = old != nullptr;
  before = old ? old : "";
  ::setenv(name, value, 1);
}

Variable::~Variable() {
  if (wasSet)
    ::setenv(name.c_str(), before.c_str(), 1);
  else
    ::unsetenv(name.c_str());
}

std::unique_ptr<VulkanContext> openContext(MemoryKind kind) {
  std::shared_ptr<VulkanInstance> instance;
  need(VulkanInstance::open(instance));
  REQUIRE(instance->isValidating());
  std::vector<VkPhysicalDevice> handles;
  need(enumerateVulkanDevices(*instance, handles));
  auto probe = std::make_shared<VulkanProbe>();
  need(probeVulkanDevice(*instance, handles[0], 0, *probe));
  if (kind == MemoryKind::Discrete)
    probe->properties.deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
  std::unique_ptr<VulkanContext> context;
  need(VulkanContext::open(instance, probe, context));
  return context;
}

std::shared_ptr<VulkanDevice> openVulkan(MemoryKind kind) {
  return std::make_shared<VulkanDevice>(openContext(kind), 0);
}

Status tryToPrepare(const std::shared_ptr<VulkanDevice> &device,
                    const package::PackageDesc &package,
                    std::shared_ptr<Executable> &executable) {
  std::vector<uint8_t> bytes = package::writePackage(package);
  std::shared_ptr<const Package> loaded;
  PTL_TRY(loadPackageMemory({bytes.data(), bytes.size()}, loaded));
  return device->prepare(loaded, 0, executable);
}

std::shared_ptr<Executable> prepare(const std::shared_ptr<VulkanDevice> &device,
                                    const package::EntryDesc &entry) {
  std::shared_ptr<Executable> executable;
  need(tryToPrepare(device, packageOf(onEveryDevice(entry)), executable));
  return executable;
}

std::shared_ptr<Buffer> bufferOf(const std::shared_ptr<VulkanDevice> &device,
                                 const std::vector<float> &values) {
  std::shared_ptr<Buffer> buffer;
  need(Buffer::create(device, values.size() * sizeof(float), buffer));
  need(buffer->write(0, values.data(), buffer->size()));
  return buffer;
}

} // namespace polytile::test
