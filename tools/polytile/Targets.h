//===- Targets.h - What to compile for, from words and devices --*- C++ -*-===//
//
// The compiler takes one text (ptlc_options.target); users give files and names
// of devices.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_TARGETS_H
#define POLYTILE_TOOLS_POLYTILE_TARGETS_H

#include "tools/polytile/Handles.h"

#include <string>
#include <string_view>
#include <vector>

namespace polytile::cli {

/// How code is made for a device or a package.
struct Targets {
  std::string text;     ///< as ptlc_options.target takes it; empty: the default
  std::string cpuLevel; ///< empty: native
};

/// "cpu" for "cpu:0".
std::string_view kindOfDevice(std::string_view name);

/// The words of --target: cpu, opencl or vulkan (any device of the kind), those
/// with "=generic", "=FILE" (a device description) or, for cpu, "=LEVEL", and
/// names of devices of this machine ("vulkan:0"). Fails with what is allowed.
Targets readTargets(const std::vector<std::string> &words,
                    const std::string &cpuLevel);

/// Code for exactly this device.
Targets targetsOf(const ptl_device *device);

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_TARGETS_H
