// An entry of the list of devices, as the drivers write it.
#pragma once

#include <string>

namespace polytile::runtime {

/// A device that can be opened, or something that should have been one.
struct ListedDevice {
  /// "opencl:0". Of what isn't offered: the driver and, where it is known, the
  /// hardware: "opencl", "vulkan (llvmpipe)". Indices count only what is
  /// offered.
  std::string name;
  std::string description; ///< JSON; empty when it isn't offered
  /// Why it isn't offered, in words for the user, with what helps; empty for a
  /// device that can be opened.
  std::string reason;
};

} // namespace polytile::runtime
