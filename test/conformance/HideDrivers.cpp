// Part of every test program that is built with sanitizers: hides the drivers
// of vendors from the loaders of OpenCL and Vulkan.
//
// They don't live with sanitizers: Intel's opens libraries in a way that
// AddressSanitizer ends the process for, others leave memory behind when they
// are unloaded. What drivers share is tested on one without hardware.
#include <cstdlib>
#include <initializer_list>

namespace {

const struct HideDrivers {
  HideDrivers() {
    for (const char *variable :
         {"OCL_ICD_VENDORS", "VK_DRIVER_FILES", "VK_ICD_FILENAMES"})
      setenv(variable, "/nowhere", 1);
  }
} hideDrivers;

} // namespace
