// Finds the devices under test.
#include "test/conformance/ConformanceSupport.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <sstream>

namespace polytile::test {
namespace {

/// An implementation that the project's scripts install: its kind of device,
/// and a word of its description.
struct Implementation {
  const char *name, *kind, *word;
};
constexpr Implementation implementations[] = {
    {"pocl", "opencl:", "portable computing language"},
    {"rusticl", "opencl:", "rusticl"},
    {"lavapipe", "vulkan:", "llvmpipe"}};

/// Off by default, and wanted in every test: rusticl's device on the CPU, and
/// checks of our calls to Vulkan.
const bool isEnvironmentSet = [] {
  setenv("RUSTICL_ENABLE", "llvmpipe", 0);
  setenv("POLYTILE_VULKAN_VALIDATION", "1", 0);
  return true;
}();

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// The runtime's name; empty when there is no such device.
std::string resolve(const std::string &name) {
  const Implementation *wanted =
      std::find_if(std::begin(implementations), std::end(implementations),
                   [&](const Implementation &i) { return name == i.name; });
  if (wanted == std::end(implementations))
    return name;
  ptl_device_list *list = nullptr;
  need(Status(ptl_device_list_create(&list)));
  std::string found;
  for (size_t i = 0; found.empty() && i < ptl_device_list_count(list); ++i) {
    std::string candidate = ptl_device_list_name(list, i);
    std::string said = lower(ptl_device_list_description(list, i));
    if (candidate.starts_with(wanted->kind) &&
        said.find(wanted->word) != said.npos)
      found = candidate;
  }
  ptl_device_list_destroy(list);
  return found;
}

} // namespace

const std::vector<Kind> &testDevices() {
  static const std::vector<Kind> devices = [] {
    const char *variable = std::getenv("POLYTILE_TEST_DEVICES");
    std::istringstream names(variable ? variable : "null:0,cpu:0");
    std::vector<Kind> kinds;
    for (std::string name; std::getline(names, name, ',');) {
      std::string resolved = resolve(name);
      kinds.push_back({resolved.empty() ? name : resolved,
                       !resolved.starts_with("null"),
                       resolved.starts_with("cpu")});
    }
    return kinds;
  }();
  REQUIRE(!devices.empty());
  return devices;
}

Simulated::Simulated(const char *failure) {
  setenv("POLYTILE_SIMULATE", failure, 1);
}

Simulated::~Simulated() { unsetenv("POLYTILE_SIMULATE"); }

} // namespace polytile::test
