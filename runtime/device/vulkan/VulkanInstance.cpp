// The Vulkan loader by dlopen, the instance, and the validation layer.
#include "runtime/device/vulkan/VulkanInstance.h"

#include "runtime/core/DynamicLibrary.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>

namespace polytile::runtime {
namespace {

constexpr const char *kValidationLayer = "VK_LAYER_KHRONOS_validation";

/// "", "1" or "sync".
std::string_view validationRequest() {
  const char *value = std::getenv("POLYTILE_VULKAN_VALIDATION");
  if (!value || !std::strcmp(value, "0"))
    return "";
  return value;
}

Status openLibrary(DynamicLibrary &library) {
  const char *const names[] = {"libvulkan.so.1", nullptr};
  Status opened = library.open("POLYTILE_VULKAN_LIBRARY", names);
  if (opened.ok())
    return {};
  return fail(PTL_STATUS_UNSUPPORTED, "no Vulkan loader: ", opened.message(),
              "; it comes with the package libvulkan1 or the GPU's driver");
}

bool has(const std::vector<VkExtensionProperties> &extensions,
         const char *name) {
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](const VkExtensionProperties &extension) {
                       return !std::strcmp(extension.extensionName, name);
                     });
}

std::vector<VkExtensionProperties>
instanceExtensions(const VulkanGlobalFunctions &vk, const char *layer) {
  uint32_t count = 0;
  std::vector<VkExtensionProperties> extensions;
  if (vk.EnumerateInstanceExtensionProperties(layer, &count, nullptr) !=
      VK_SUCCESS)
    return extensions;
  extensions.resize(count);
  VkResult result =
      vk.EnumerateInstanceExtensionProperties(layer, &count, extensions.data());
  extensions.resize(result == VK_SUCCESS || result == VK_INCOMPLETE ? count
                                                                    : 0);
  return extensions;
}

} // namespace

std::string vulkanResultText(VkResult result) {
  switch (result) {
#define PTL_VULKAN_RESULT(name)                                                \
  case name:                                                                   \
    return #name;
    PTL_VULKAN_RESULT(VK_SUCCESS)
    PTL_VULKAN_RESULT(VK_NOT_READY)
    PTL_VULKAN_RESULT(VK_TIMEOUT)
    PTL_VULKAN_RESULT(VK_INCOMPLETE)
    PTL_VULKAN_RESULT(VK_ERROR_OUT_OF_HOST_MEMORY)
    PTL_VULKAN_RESULT(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    PTL_VULKAN_RESULT(VK_ERROR_INITIALIZATION_FAILED)
    PTL_VULKAN_RESULT(VK_ERROR_DEVICE_LOST)
    PTL_VULKAN_RESULT(VK_ERROR_MEMORY_MAP_FAILED)
    PTL_VULKAN_RESULT(VK_ERROR_LAYER_NOT_PRESENT)
    PTL_VULKAN_RESULT(VK_ERROR_EXTENSION_NOT_PRESENT)
    PTL_VULKAN_RESULT(VK_ERROR_FEATURE_NOT_PRESENT)
    PTL_VULKAN_RESULT(VK_ERROR_INCOMPATIBLE_DRIVER)
    PTL_VULKAN_RESULT(VK_ERROR_TOO_MANY_OBJECTS)
    PTL_VULKAN_RESULT(VK_ERROR_FRAGMENTED_POOL)
    PTL_VULKAN_RESULT(VK_ERROR_OUT_OF_POOL_MEMORY)
    PTL_VULKAN_RESULT(VK_ERROR_FRAGMENTATION)
    PTL_VULKAN_RESULT(VK_ERROR_INVALID_SHADER_NV)
    PTL_VULKAN_RESULT(VK_ERROR_UNKNOWN)
#undef PTL_VULKAN_RESULT
  default:
    return "Vulkan result " + std::to_string(static_cast<int>(result));
  }
}

/// What decides which loader, drivers and layers an instance has.
static std::string environmentOfInstances() {
  std::string text;
  for (const char *name :
       {"POLYTILE_VULKAN_LIBRARY", "POLYTILE_VULKAN_VALIDATION",
        "VK_DRIVER_FILES", "VK_ICD_FILENAMES", "VK_LOADER_DRIVERS_SELECT"})
    if (const char *value = std::getenv(name))
      text += std::string(name) + "=" + value + "\n";
  return text;
}

/// The latest instance is kept until the process ends, or the environment asks
/// for another: NVIDIA's driver can't be loaded and unloaded more than about 20
/// times, since each time takes thread-local memory of which there is little.
Status VulkanInstance::open(std::shared_ptr<VulkanInstance> &instance) {
  static std::mutex mutex;
  static std::weak_ptr<VulkanInstance> known;
  // Never destroyed: drivers may have ended before the process does.
  static auto &kept = *new std::shared_ptr<VulkanInstance>;
  static auto &environment = *new std::string;
  std::lock_guard lock(mutex);
  std::string current = environmentOfInstances();
  if (current != environment)
    kept.reset();
  instance = known.lock();
  if (instance)
    return {};
  std::shared_ptr<VulkanInstance> made(new VulkanInstance());
  PTL_TRY(made->load());
  PTL_TRY(made->create());
  PTL_TRY(made->loadFunctions());
  known = kept = made;
  environment = std::move(current);
  instance = std::move(made);
  return {};
}

VulkanInstance::~VulkanInstance() {
  if (messenger)
    vk.DestroyDebugUtilsMessengerEXT(instance, messenger, nullptr);
  if (instance && vk.DestroyInstance)
    vk.DestroyInstance(instance, nullptr);
}

Status VulkanInstance::load() {
  DynamicLibrary library;
  PTL_TRY(openLibrary(library));
  global.GetInstanceProcAddr =
      library.function<PFN_vkGetInstanceProcAddr>("vkGetInstanceProcAddr");
  if (!global.GetInstanceProcAddr)
    return fail(PTL_STATUS_UNSUPPORTED, library.name(),
                " is no Vulkan loader: it has no vkGetInstanceProcAddr");
#define PTL_VULKAN_LOAD(name)                                                  \
  global.name = reinterpret_cast<PFN_vk##name>(                                \
      global.GetInstanceProcAddr(VK_NULL_HANDLE, "vk" #name));
  PTL_VULKAN_GLOBAL_FUNCTIONS(PTL_VULKAN_LOAD)
#undef PTL_VULKAN_LOAD
  uint32_t version = VK_API_VERSION_1_0;
  if (global.EnumerateInstanceVersion)
    global.EnumerateInstanceVersion(&version);
  if (version < VK_API_VERSION_1_1 || !global.CreateInstance ||
      !global.EnumerateInstanceExtensionProperties ||
      !global.EnumerateInstanceLayerProperties)
    return fail(PTL_STATUS_UNSUPPORTED, "the Vulkan loader has version ",
                VK_API_VERSION_MAJOR(version), ".",
                VK_API_VERSION_MINOR(version), "; 1.1 is needed");
  return {};
}

Status VulkanInstance::chooseLayers(std::vector<const char *> &layers) {
  if (validationRequest().empty())
    return {};
  uint32_t count = 0;
  global.EnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> present(count);
  if (global.EnumerateInstanceLayerProperties(&count, present.data()) < 0)
    count = 0;
  for (uint32_t i = 0; i < count; ++i)
    if (!std::strcmp(present[i].layerName, kValidationLayer)) {
      layers.push_back(kValidationLayer);
      return {};
    }
  return fail(PTL_STATUS_UNSUPPORTED,
              "POLYTILE_VULKAN_VALIDATION is set and the layer ",
              kValidationLayer,
              " isn't installed; it comes with the package "
              "vulkan-validationlayers");
}

VkBool32
VulkanInstance::report(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                       VkDebugUtilsMessageTypeFlagsEXT,
                       const VkDebugUtilsMessengerCallbackDataEXT *data,
                       void *user) {
  if (!(severity & VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT))
    return VK_FALSE;
  auto *self = static_cast<VulkanInstance *>(user);
  const char *text = data && data->pMessage ? data->pMessage : "no message";
  std::fprintf(stderr, "Vulkan validation: %s\n", text);
  std::lock_guard lock(self->messagesMutex);
  if (!self->errors++)
    self->firstError = text;
  return VK_FALSE;
}

Status VulkanInstance::create() {
  std::vector<const char *> layers, enabled;
  PTL_TRY(chooseLayers(layers));
  VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
  application.pEngineName = "polytile";
  application.apiVersion = VK_API_VERSION_1_3;
  VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  info.pApplicationInfo = &application;
  if (has(instanceExtensions(global, nullptr),
          VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME)) {
    enabled.push_back(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
    info.flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
  }
  const VkValidationFeatureEnableEXT checks[] = {
      VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
  VkValidationFeaturesEXT features{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT};
  features.enabledValidationFeatureCount = 1;
  features.pEnabledValidationFeatures = checks;
  if (!layers.empty()) {
    enabled.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    if (validationRequest() == "sync") {
      enabled.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
      info.pNext = &features;
    }
  }
  info.enabledLayerCount = static_cast<uint32_t>(layers.size());
  info.ppEnabledLayerNames = layers.data();
  info.enabledExtensionCount = static_cast<uint32_t>(enabled.size());
  info.ppEnabledExtensionNames = enabled.data();
  VkResult result = global.CreateInstance(&info, nullptr, &instance);
  if (result == VK_SUCCESS)
    return {};
  instance = VK_NULL_HANDLE;
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
    return fail(PTL_STATUS_UNSUPPORTED,
                "the Vulkan loader finds no driver (ICD) that works; drivers "
                "are listed in /usr/share/vulkan/icd.d, /etc/vulkan/icd.d and "
                "VK_ICD_FILENAMES");
  return fail(PTL_STATUS_UNSUPPORTED, "vkCreateInstance gave ",
              vulkanResultText(result));
}

Status VulkanInstance::loadFunctions() {
  const char *missing = nullptr;
#define PTL_VULKAN_LOAD(name)                                                  \
  vk.name = reinterpret_cast<PFN_vk##name>(                                    \
      global.GetInstanceProcAddr(instance, "vk" #name));
#define PTL_VULKAN_LOAD_NEEDED(name)                                           \
  PTL_VULKAN_LOAD(name) if (!vk.name) missing = "vk" #name;
  PTL_VULKAN_INSTANCE_FUNCTIONS(PTL_VULKAN_LOAD_NEEDED)
  PTL_VULKAN_LOAD(CreateDebugUtilsMessengerEXT)
  PTL_VULKAN_LOAD(DestroyDebugUtilsMessengerEXT)
  PTL_VULKAN_LOAD(GetPhysicalDeviceCooperativeMatrixPropertiesKHR)
#undef PTL_VULKAN_LOAD_NEEDED
#undef PTL_VULKAN_LOAD
  if (missing)
    return fail(PTL_STATUS_UNSUPPORTED, "the Vulkan loader lacks ", missing);
  if (validationRequest().empty())
    return {};
  VkDebugUtilsMessengerCreateInfoEXT info{
      VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
  info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT |
                     VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  info.pfnUserCallback = report;
  info.pUserData = this;
  VkResult result = vk.CreateDebugUtilsMessengerEXT
                        ? vk.CreateDebugUtilsMessengerEXT(instance, &info,
                                                          nullptr, &messenger)
                        : VK_ERROR_EXTENSION_NOT_PRESENT;
  if (result == VK_SUCCESS)
    return {};
  messenger = VK_NULL_HANDLE;
  return fail(PTL_STATUS_UNSUPPORTED,
              "POLYTILE_VULKAN_VALIDATION is set and "
              "vkCreateDebugUtilsMessengerEXT gave ",
              vulkanResultText(result));
}

Status VulkanInstance::takeValidationError() {
  if (!isValidating())
    return {};
  std::lock_guard lock(messagesMutex);
  if (!errors)
    return {};
  uint64_t count = std::exchange(errors, 0);
  return fail(
      PTL_STATUS_INTERNAL, "the Vulkan validation layer reported ", count,
      count == 1 ? " error: " : " errors, first: ", firstError.substr(0, 1000));
}

namespace {

int kindRank(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return 0;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return 1;
  case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
    return 2;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return 4;
  default:
    return 3;
  }
}

/// What the order is made of: kind, place on the bus, name, ids.
using DeviceKey =
    std::tuple<int, std::array<uint32_t, 4>, std::string, uint32_t, uint32_t>;

DeviceKey deviceKey(const VulkanInstanceFunctions &vk,
                    VkPhysicalDevice device) {
  VkPhysicalDeviceProperties properties{};
  vk.GetPhysicalDeviceProperties(device, &properties);
  std::array<uint32_t, 4> place{};
  uint32_t count = 0;
  vk.EnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  if (vk.EnumerateDeviceExtensionProperties(device, nullptr, &count,
                                            extensions.data()) < 0)
    count = 0;
  extensions.resize(count);
  if (properties.apiVersion >= VK_API_VERSION_1_1 &&
      has(extensions, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME)) {
    VkPhysicalDevicePCIBusInfoPropertiesEXT bus{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
    VkPhysicalDeviceProperties2 all{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    all.pNext = &bus;
    vk.GetPhysicalDeviceProperties2(device, &all);
    place = {bus.pciDomain, bus.pciBus, bus.pciDevice, bus.pciFunction};
  }
  return {kindRank(properties.deviceType), place, properties.deviceName,
          properties.vendorID, properties.deviceID};
}

} // namespace

Status enumerateVulkanDevices(const VulkanInstance &instance,
                              std::vector<VkPhysicalDevice> &devices) {
  const VulkanInstanceFunctions &vk = instance.functions();
  uint32_t count = 0;
  VkResult result =
      vk.EnumeratePhysicalDevices(instance.handle(), &count, nullptr);
  std::vector<VkPhysicalDevice> found(count);
  if (result == VK_SUCCESS)
    result =
        vk.EnumeratePhysicalDevices(instance.handle(), &count, found.data());
  if (result != VK_SUCCESS && result != VK_INCOMPLETE)
    return fail(PTL_STATUS_UNSUPPORTED, "vkEnumeratePhysicalDevices gave ",
                vulkanResultText(result));
  found.resize(count);
  if (found.empty())
    return fail(PTL_STATUS_UNSUPPORTED,
                "the Vulkan loader offers no device: no driver (ICD) is "
                "installed for this machine's GPU");
  std::vector<std::pair<DeviceKey, size_t>> keyed;
  for (size_t i = 0; i < found.size(); ++i)
    keyed.emplace_back(deviceKey(vk, found[i]), i);
  std::sort(keyed.begin(), keyed.end());
  devices.clear();
  for (const auto &[key, index] : keyed)
    devices.push_back(found[index]);
  return {};
}

} // namespace polytile::runtime
