// Measures what a Vulkan device reaches at best.
#pragma once

#include "runtime/device/vulkan/VulkanHeap.h"

namespace polytile::runtime {

/// Copies between two large buffers, and multiplies and adds in registers.
/// Takes about half a second.
Status measureVulkanPeak(VulkanContext &context, VulkanHeap &heap,
                         ptl_device_peak &peak);

} // namespace polytile::runtime
