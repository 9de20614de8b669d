// polytile-pipeline-statistics: compiles SPIR-V kernels with a Vulkan driver
// and prints what the driver says of them.
//
//   polytile-pipeline-statistics DEVICE-NAME FILE.spv...
//
// For the report on vendors' compilers (tools/scripts/vendor-report.py): RADV
// compiles for hardware that isn't there when RADV_FORCE_FAMILY names it, and
// tells registers, spills and occupancy. Prints a line of JSON for each file:
// {"file": "...", "statistics": {"VGPRs": 32, ...}} or {"file": "...", "error":
// "..."}. Nothing is run.
#include <dlfcn.h>
#include <fmt/format.h>
#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

PFN_vkGetInstanceProcAddr getInstanceProcAddr = nullptr;
VkInstance instance = VK_NULL_HANDLE;

/// A function of the loader or, once there is an instance, of the driver.
template <typename Function> Function load(const char *name) {
  auto function =
      reinterpret_cast<Function>(getInstanceProcAddr(instance, name));
  if (!function)
    throw std::runtime_error(fmt::format("the Vulkan loader has no {}", name));
  return function;
}

#define LOAD(name) load<PFN_##name>(#name)

void check(VkResult result, const char *what) {
  if (result < 0)
    throw std::runtime_error(fmt::format("{} failed with VkResult {}", what,
                                         static_cast<int>(result)));
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result + "\"";
}

/// What has to be known of a module to make a pipeline of it.
struct Kernel {
  std::vector<uint32_t> words;
  std::string entryPoint;
  uint32_t bindings = 0;
};

Kernel readKernel(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  if (bytes.size() < 20 || bytes.size() % 4 != 0)
    throw std::runtime_error("isn't a SPIR-V module");
  Kernel kernel;
  kernel.words.resize(bytes.size() / 4);
  std::memcpy(kernel.words.data(), bytes.data(), bytes.size());
  constexpr uint32_t entryPointCode = 15, decorateCode = 71,
                     bindingDecoration = 33;
  for (size_t at = 5; at < kernel.words.size();) {
    const uint32_t *word = &kernel.words[at];
    const size_t count = word[0] >> 16;
    if (count == 0 || at + count > kernel.words.size())
      throw std::runtime_error("is a damaged SPIR-V module");
    if ((word[0] & 0xffff) == entryPointCode)
      kernel.entryPoint = reinterpret_cast<const char *>(word + 3);
    if ((word[0] & 0xffff) == decorateCode && count > 3 &&
        word[2] == bindingDecoration)
      kernel.bindings = std::max(kernel.bindings, word[3] + 1);
    at += count;
  }
  return kernel;
}

/// A device of the driver with every feature that it has, since kernels may
/// need any.
class Device {
public:
  explicit Device(std::string_view wanted) {
    void *library = dlopen("libvulkan.so.1", RTLD_NOW);
    if (!library)
      throw std::runtime_error(dlerror());
    getInstanceProcAddr = reinterpret_cast<PFN_vkGetInstanceProcAddr>(
        dlsym(library, "vkGetInstanceProcAddr"));
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.apiVersion = VK_API_VERSION_1_3;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    check(LOAD(vkCreateInstance)(&info, nullptr, &instance),
          "vkCreateInstance");
    choose(wanted);
    create();
  }

  std::string statistics(const Kernel &kernel) const;

private:
  void choose(std::string_view wanted);
  void create();
  VkPipeline compile(const Kernel &kernel) const;

  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
};

void Device::choose(std::string_view wanted) {
  uint32_t count = 0;
  auto enumerate = LOAD(vkEnumeratePhysicalDevices);
  check(enumerate(instance, &count, nullptr), "vkEnumeratePhysicalDevices");
  std::vector<VkPhysicalDevice> devices(count);
  check(enumerate(instance, &count, devices.data()),
        "vkEnumeratePhysicalDevices");
  std::string found;
  for (VkPhysicalDevice candidate : devices) {
    VkPhysicalDeviceProperties properties;
    LOAD(vkGetPhysicalDeviceProperties)(candidate, &properties);
    found += fmt::format(" '{}'", properties.deviceName);
    if (std::string_view(properties.deviceName).find(wanted) !=
        std::string_view::npos)
      physical = candidate;
  }
  if (!physical)
    throw std::runtime_error(fmt::format(
        "no Vulkan device is called '{}'; there are:{}", wanted, found));
}

void Device::create() {
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executables{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR};
  VkPhysicalDeviceVulkan13Features features13{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, &executables};
  VkPhysicalDeviceVulkan12Features features12{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &features13};
  VkPhysicalDeviceVulkan11Features features11{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &features12};
  VkPhysicalDeviceFeatures2 features{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &features11};
  LOAD(vkGetPhysicalDeviceFeatures2)(physical, &features);
  // The runtime doesn't ask for it either, and it costs registers.
  features.features.robustBufferAccess = VK_FALSE;
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  const char *extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features};
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = 1;
  info.ppEnabledExtensionNames = &extension;
  check(LOAD(vkCreateDevice)(physical, &info, nullptr, &device),
        "vkCreateDevice");
}

VkPipeline Device::compile(const Kernel &kernel) const {
  VkShaderModuleCreateInfo moduleInfo{
      VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  moduleInfo.codeSize = kernel.words.size() * 4;
  moduleInfo.pCode = kernel.words.data();
  VkShaderModule module = VK_NULL_HANDLE;
  check(LOAD(vkCreateShaderModule)(device, &moduleInfo, nullptr, &module),
        "vkCreateShaderModule");

  std::vector<VkDescriptorSetLayoutBinding> bindings;
  for (uint32_t number = 0; number != kernel.bindings; ++number)
    bindings.push_back({number, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1,
                        VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
  VkDescriptorSetLayoutCreateInfo setInfo{
      VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  setInfo.bindingCount = kernel.bindings;
  setInfo.pBindings = bindings.data();
  VkDescriptorSetLayout set = VK_NULL_HANDLE;
  check(LOAD(vkCreateDescriptorSetLayout)(device, &setInfo, nullptr, &set),
        "vkCreateDescriptorSetLayout");
  VkPipelineLayoutCreateInfo layoutInfo{
      VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  layoutInfo.setLayoutCount = 1;
  layoutInfo.pSetLayouts = &set;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  check(LOAD(vkCreatePipelineLayout)(device, &layoutInfo, nullptr, &layout),
        "vkCreatePipelineLayout");

  VkComputePipelineCreateInfo info{
      VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
  info.stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO};
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = module;
  info.stage.pName = kernel.entryPoint.c_str();
  info.layout = layout;
  VkPipeline pipeline = VK_NULL_HANDLE;
  check(LOAD(vkCreateComputePipelines)(device, VK_NULL_HANDLE, 1, &info,
                                       nullptr, &pipeline),
        "vkCreateComputePipelines");
  return pipeline;
}

/// The driver's numbers for the one executable of a compute pipeline, as a JSON
/// object.
std::string Device::statistics(const Kernel &kernel) const {
  VkPipelineExecutableInfoKHR info{
      VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR};
  info.pipeline = compile(kernel);
  auto query = LOAD(vkGetPipelineExecutableStatisticsKHR);
  uint32_t count = 0;
  check(query(device, &info, &count, nullptr),
        "vkGetPipelineExecutableStatisticsKHR");
  std::vector<VkPipelineExecutableStatisticKHR> all(
      count, {VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR});
  check(query(device, &info, &count, all.data()),
        "vkGetPipelineExecutableStatisticsKHR");
  std::string result;
  for (const VkPipelineExecutableStatisticKHR &each : all) {
    result +=
        fmt::format("{}{}: ", result.empty() ? "" : ", ", quoted(each.name));
    switch (each.format) {
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR:
      result += fmt::format("{}", each.value.f64);
      break;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR:
      result += fmt::format("{}", each.value.i64);
      break;
    default:
      result += fmt::format("{}", each.value.u64);
    }
  }
  return "{" + result + "}";
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} DEVICE-NAME FILE.spv...\n", argv[0]);
    return 2;
  }
  try {
    Device device(argv[1]);
    for (int number = 2; number != argc; ++number) {
      try {
        fmt::print("{{\"file\": {}, \"statistics\": {}}}\n",
                   quoted(argv[number]),
                   device.statistics(readKernel(argv[number])));
      } catch (const std::exception &problem) {
        fmt::print("{{\"file\": {}, \"error\": {}}}\n", quoted(argv[number]),
                   quoted(problem.what()));
      }
      std::fflush(stdout);
    }
  } catch (const std::exception &problem) {
    fmt::print(stderr, "{}: {}\n", argv[0], problem.what());
    return 1;
  }
  return 0;
}
