// The functions of the OpenCL loader, found at run time, and owners of what
// they make.
//
// Only version 1.2 is used, whatever a device has. POLYTILE_OPENCL_LIBRARY
// names another loader than libOpenCL.so.1; a process that has OpenCL already
// (linked, or preloaded as oclgrind does) is served by that.
#pragma once

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "runtime/core/DynamicLibrary.h"

#include <utility>

namespace polytile::runtime {

#define PTL_OPENCL_FUNCTIONS(X)                                                \
  X(BuildProgram)                                                              \
  X(CreateBuffer)                                                              \
  X(CreateCommandQueue)                                                        \
  X(CreateContext)                                                             \
  X(CreateKernel)                                                              \
  X(CreateProgramWithBinary)                                                   \
  X(CreateProgramWithSource)                                                   \
  X(CreateSubBuffer)                                                           \
  X(EnqueueCopyBuffer)                                                         \
  X(EnqueueFillBuffer)                                                         \
  X(EnqueueMapBuffer)                                                          \
  X(EnqueueMigrateMemObjects)                                                  \
  X(EnqueueNDRangeKernel)                                                      \
  X(EnqueueReadBuffer)                                                         \
  X(EnqueueUnmapMemObject)                                                     \
  X(EnqueueWriteBuffer)                                                        \
  X(Finish)                                                                    \
  X(Flush)                                                                     \
  X(GetDeviceIDs)                                                              \
  X(GetDeviceInfo)                                                             \
  X(GetEventProfilingInfo)                                                     \
  X(GetKernelWorkGroupInfo)                                                    \
  X(GetPlatformIDs)                                                            \
  X(GetPlatformInfo)                                                           \
  X(GetProgramBuildInfo)                                                       \
  X(GetProgramInfo)                                                            \
  X(ReleaseCommandQueue)                                                       \
  X(ReleaseContext)                                                            \
  X(ReleaseEvent)                                                              \
  X(ReleaseKernel)                                                             \
  X(ReleaseMemObject)                                                          \
  X(ReleaseProgram)                                                            \
  X(SetKernelArg)                                                              \
  X(WaitForEvents)

/// The loader's functions without their "cl": api.Finish(queue).
struct OpenCLApi {
#define PTL_DECLARE(name) decltype(&::cl##name) name = nullptr;
  PTL_OPENCL_FUNCTIONS(PTL_DECLARE)
#undef PTL_DECLARE

  /// The functions, which live as long as the process. NOT_FOUND: there is no
  /// loader, or one that lacks OpenCL 1.2, in words for the user.
  static Status open(const OpenCLApi *&api);
};

/// "CL_OUT_OF_RESOURCES (-5)".
std::string openCLErrorText(cl_int code);

/// The status for a code that a function returned, "clFinish: CL_...". What
/// means that memory ran out or that the device is gone gets that code.
Status
openCLFailure(cl_int code, const std::string &what,
              std::source_location place = std::source_location::current());

/// Owns one reference to an OpenCL object.
template <typename Raw> class OpenCLHandle {
public:
  using Release = cl_int(CL_API_CALL *)(Raw);
  OpenCLHandle() = default;
  OpenCLHandle(Raw raw, Release release) : raw(raw), release(release) {}
  OpenCLHandle(OpenCLHandle &&other) noexcept { *this = std::move(other); }
  OpenCLHandle &operator=(OpenCLHandle &&other) noexcept {
    if (this != &other) {
      reset();
      raw = std::exchange(other.raw, nullptr);
      release = other.release;
    }
    return *this;
  }
  ~OpenCLHandle() { reset(); }
  void reset() {
    if (raw)
      release(std::exchange(raw, nullptr));
  }
  Raw get() const { return raw; }
  explicit operator bool() const { return raw != nullptr; }

private:
  Raw raw = nullptr;
  Release release = nullptr;
};

} // namespace polytile::runtime

/// Returns a failure of an OpenCL call to the caller.
#define PTL_CL_TRY(code, what)                                                 \
  do {                                                                         \
    if (cl_int ptlCode = (code); ptlCode != CL_SUCCESS)                        \
      return ::polytile::runtime::openCLFailure(ptlCode, what);                \
  } while (false)
