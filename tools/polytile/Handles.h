//===- Handles.h - Owners of the runtime's handles --------------*- C++ -*-===//
//
// The tool uses the C API, as any program would, and destroys by scope.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_HANDLES_H
#define POLYTILE_TOOLS_POLYTILE_HANDLES_H

#include <polytile/runtime.h>

#include <memory>

namespace polytile::cli {

template <auto destroy> struct Destroy {
  template <typename T> void operator()(T *handle) const { destroy(handle); }
};

using Device = std::unique_ptr<ptl_device, Destroy<ptl_device_destroy>>;
using DeviceList =
    std::unique_ptr<ptl_device_list, Destroy<ptl_device_list_destroy>>;
using Buffer = std::unique_ptr<ptl_buffer, Destroy<ptl_buffer_destroy>>;
using Package = std::unique_ptr<ptl_package, Destroy<ptl_package_destroy>>;
using Executable =
    std::unique_ptr<ptl_executable, Destroy<ptl_executable_destroy>>;
using Profile = std::unique_ptr<ptl_profile, Destroy<ptl_profile_destroy>>;
using TensorFile =
    std::unique_ptr<ptl_tensor_file, Destroy<ptl_tensor_file_destroy>>;

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_HANDLES_H
