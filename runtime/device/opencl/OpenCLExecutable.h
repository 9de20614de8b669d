// An entry on an OpenCL device: its programs, and the queue and kernels of each
// run in flight.
#pragma once

#include "runtime/device/opencl/OpenCLDevice.h"

namespace polytile::runtime {

class OpenCLExecutable final : public GpuExecutable {
public:
  OpenCLExecutable(std::shared_ptr<OpenCLDevice> device, cl_device_id id,
                   std::shared_ptr<const Package> package, size_t entry,
                   size_t variant);
  ~OpenCLExecutable() override { retire(); }
  /// Builds the programs, and checks that the compiled kernels can be launched.
  Status buildKernels();

private:
  struct State;
  class Recorder;

  Status makeRunState(std::unique_ptr<RunState> &state) override;
  Status execute(GpuRun &run) override;
  Status checkCompiled(size_t kernel, cl_kernel compiled) const;
  Status makeKernel(size_t kernel, OpenCLHandle<cl_kernel> &made) const;
  Status readTimes(Recorder &recorder);

  OpenCLDevice &opencl;
  cl_device_id id;
  std::vector<std::shared_ptr<OpenCLProgram>> programs; ///< of each kernel
};

} // namespace polytile::runtime
