// Opens the first Vulkan device for tests, as it is or as if its memory weren't
// the host's, so that transfers through staging memory run on lavapipe, too.
#pragma once

#include "runtime/device/vulkan/VulkanDevice.h"
#include "test/conformance/TestPackages.h"

#include <catch2/catch.hpp>
#include <cstdlib>

namespace polytile::test {

enum class MemoryKind { AsItIs, Discrete };

inline void need(const runtime::Status &status) {
  INFO(status.message());
  REQUIRE(status.ok());
}

/// Sets a variable of the environment for a scope.
class Variable {
public:
  Variable(const char *name, const char *value);
  ~Variable();

private:
  std::string name, before;
  bool wasSet;
};

std::unique_ptr<runtime::VulkanContext> openContext(MemoryKind kind);
std::shared_ptr<runtime::VulkanDevice>
openVulkan(MemoryKind kind = MemoryKind::AsItIs);

/// An entry made ready on a device.
std::shared_ptr<runtime::Executable>
prepare(const std::shared_ptr<runtime::VulkanDevice> &device,
        const package::EntryDesc &entry);
runtime::Status
tryToPrepare(const std::shared_ptr<runtime::VulkanDevice> &device,
             const package::PackageDesc &package,
             std::shared_ptr<runtime::Executable> &executable);

std::shared_ptr<runtime::Buffer>
bufferOf(const std::shared_ptr<runtime::VulkanDevice> &device,
         const std::vector<float> &values);

template <typename T = float> std::vector<T> contents(runtime::Buffer &buffer) {
  std::vector<T> values(buffer.size() / sizeof(T));
  need(buffer.read(0, values.data(), buffer.size()));
  return values;
}

} // namespace polytile::test
