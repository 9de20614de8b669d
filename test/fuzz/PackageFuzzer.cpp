// Feeds arbitrary bytes to the package loader: it must accept or refuse them
// with a status, and never crash. Since a checksum stops most damaged input at
// the door, what is accepted is also described and prepared on the null device.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <polytile/runtime.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static ptl_device *device = nullptr;
  if (!device && ptl_device_open("null:0", nullptr, &device))
    std::abort();

  ptl_package *package = nullptr;
  ptl_status *status = ptl_package_load_memory(data, size, &package);
  if ((status == nullptr) != (package != nullptr))
    std::abort();
  ptl_status_destroy(status);
  if (!package)
    return 0;
  (void)ptl_package_description(package);
  for (size_t entry = 0; entry < ptl_package_entry_count(package); ++entry) {
    ptl_executable *executable = nullptr;
    ptl_status_destroy(
        ptl_executable_create(device, package, entry, &executable));
    ptl_executable_destroy(executable);
  }
  ptl_package_destroy(package);
  return 0;
}
