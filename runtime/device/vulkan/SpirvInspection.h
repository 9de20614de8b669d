// Reads a SPIR-V module far enough to know that a driver can be given it:
// drivers trust what they get, and crash or lose the device over what they
// can't do.
//
// Source: the SPIR-V specification, 1.6: section 2.3 (physical layout),
// section 3.42 (instructions).
#pragma once

#include "runtime/device/vulkan/VulkanProbe.h"

namespace polytile::runtime {

/// What one entry point of a module asks for.
struct SpirvFacts {
  uint32_t version = 0; ///< 0x00MMmm00
  std::vector<uint32_t> capabilities;
  std::array<uint32_t, 3> localSize{0, 0, 0};
  uint64_t workgroupMemoryBytes = 0; ///< of all variables, a lower bound
  uint32_t bindings = 0;             ///< one more than the highest in set 0
};

/// CORRUPT when the words are no module, or it has no such entry point.
Status inspectSpirv(Bytes bytes, const std::string &entryPoint,
                    SpirvFacts &facts);

/// INCOMPATIBLE or UNSUPPORTED name what the device lacks; CORRUPT what the
/// module and the package say differently.
Status checkSpirv(const SpirvFacts &facts, const Kernel &kernel,
                  size_t bindings, const VulkanProbe &probe);

} // namespace polytile::runtime
