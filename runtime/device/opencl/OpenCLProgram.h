// Programs: OpenCL C built for one device, kept on disk as the driver's binary.
#pragma once

#include "runtime/core/PackageModel.h"
#include "runtime/device/opencl/OpenCLApi.h"

namespace polytile::runtime {

/// What building needs to know.
struct OpenCLBuild {
  const OpenCLApi &api;
  cl_context context;
  cl_device_id device;
  std::string deviceKey; ///< names the device and its driver's version
};

/// A built program. Thread-safe: kernels are made by those that use them.
class OpenCLProgram {
public:
  /// From the cache, else from source. KERNEL_FAILED holds the first lines of
  /// the build's log.
  static Status build(const OpenCLBuild &how, Bytes source,
                      const std::string &options,
                      std::shared_ptr<OpenCLProgram> &program);
  explicit OpenCLProgram(OpenCLHandle<cl_program> program)
      : program(std::move(program)) {}

  cl_program handle() const { return program.get(); }

private:
  OpenCLHandle<cl_program> program;
};

} // namespace polytile::runtime
