// What the C API's handles point to, and the guard that keeps exceptions
// inside.
//
// A handle is a counted reference: destroying it drops one, and the object
// lives as long as others hold it.
#pragma once

#include "runtime/core/Device.h"
#include "runtime/core/Stream.h"
#include "runtime/core/TensorFile.h"
#include "runtime/device/Registry.h"

#include <exception>
#include <new>
#include <system_error>

struct ptl_device {
  std::shared_ptr<polytile::runtime::Device> object;
};
struct ptl_device_list {
  std::vector<polytile::runtime::ListedDevice> devices; ///< can be opened
  std::vector<polytile::runtime::ListedDevice> refused; ///< and what can't
};
struct ptl_buffer {
  std::shared_ptr<polytile::runtime::Buffer> object;
};
struct ptl_package {
  std::shared_ptr<const polytile::runtime::Package> object;
};
struct ptl_executable {
  std::shared_ptr<polytile::runtime::Executable> object;
};
struct ptl_stream {
  std::shared_ptr<polytile::runtime::Device> device;
  polytile::runtime::Stream object;
};
struct ptl_event {
  std::shared_ptr<polytile::runtime::Event> object;
};
struct ptl_profile {
  std::shared_ptr<polytile::runtime::Executable> executable;
  std::vector<polytile::runtime::KernelTimes> times;
};
struct ptl_tensor_file {
  polytile::runtime::HostTensors tensors;
};

namespace polytile::runtime {

/// Runs the body of an API function: what it throws (only the standard library
/// does, for want of memory or threads) becomes a status.
template <typename Body> ptl_status *guarded(Body body) noexcept {
  try {
    return body().release();
  } catch (const std::bad_alloc &) {
    return outOfMemoryStatus();
  } catch (const std::system_error &error) {
    try {
      return fail(PTL_STATUS_OUT_OF_MEMORY,
                  "the system has no more threads: ", error.what())
          .release();
    } catch (...) {
      return outOfMemoryStatus();
    }
  } catch (const std::exception &error) {
    try {
      return fail(PTL_STATUS_INTERNAL, "unexpected: ", error.what()).release();
    } catch (...) {
      return outOfMemoryStatus();
    }
  }
}

/// The failure for a handle that is null. `name` is the parameter's.
inline Status
nullArgument(const char *name,
             std::source_location place = std::source_location::current()) {
  return fail(CodeAt(PTL_STATUS_INVALID_ARGUMENT, place), name, " is null");
}

} // namespace polytile::runtime

/// Returns INVALID_ARGUMENT from a body when a parameter is null.
#define PTL_NOT_NULL(parameter)                                                \
  if (!(parameter))                                                            \
  return ::polytile::runtime::nullArgument(#parameter)
