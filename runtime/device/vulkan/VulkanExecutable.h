// An entry on a Vulkan device: its pipelines, and recordings of its runs.
#pragma once

#include "runtime/device/vulkan/VulkanDevice.h"
#include "runtime/device/vulkan/VulkanRecording.h"

namespace polytile::runtime {

class VulkanExecutable final : public GpuExecutable {
public:
  VulkanExecutable(std::shared_ptr<VulkanDevice> device,
                   std::shared_ptr<const Package> package, size_t entry,
                   size_t variant);
  ~VulkanExecutable() override { retire(); }

  /// Compiles its kernels.
  Status build();

protected:
  Status makeRunState(std::unique_ptr<RunState> &state) override;
  Status execute(GpuRun &run) override;

private:
  VulkanDevice &vulkan;
  VulkanKernels kernels;
  VulkanPatterns patterns;
  VulkanProgram program;
};

} // namespace polytile::runtime
