// The pipelines of a variant: checked, compiled in parallel, and kept on disk
// between processes.
#pragma once

#include "runtime/device/vulkan/VulkanContext.h"

namespace polytile::runtime {

/// A kernel that can be dispatched.
struct VulkanKernel {
  VkPipeline pipeline = VK_NULL_HANDLE;
  VulkanLayout layout; ///< the context's
  uint32_t bindings = 0;
  bool isUsed = false; ///< something dispatches it
};

/// One for each kernel of a variant; those that nothing dispatches stay empty.
class VulkanKernels {
public:
  explicit VulkanKernels(VulkanContext &context) : context(context) {}
  ~VulkanKernels();
  VulkanKernels(const VulkanKernels &) = delete;
  VulkanKernels &operator=(const VulkanKernels &) = delete;

  /// A failure names the kernel: CORRUPT, INCOMPATIBLE, UNSUPPORTED, or
  /// KERNEL_FAILED when the driver can't compile it.
  Status build(const Package &package, const Variant &variant);
  const VulkanKernel &operator[](size_t kernel) const {
    return kernels[kernel];
  }

private:
  Status compile(const Package &package, const Kernel &source,
                 VkPipelineCache cache, VulkanKernel &kernel);
  Status makePipeline(const Kernel &source, VkShaderModule module,
                      VkPipelineCache cache, VulkanKernel &kernel);
  Status compileAll(const Package &package, const Variant &variant,
                    VkPipelineCache cache);

  VulkanContext &context;
  std::vector<VulkanKernel> kernels;
};

} // namespace polytile::runtime
