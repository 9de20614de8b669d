// Which device a program uses when it doesn't say, and the one setting that is
// saved for it.
#pragma once

#include "runtime/core/Status.h"

namespace polytile::runtime {

/// Argument, POLYTILE_DEVICE, saved setting, "cpu:0": the first that isn't
/// empty. `origin` says which.
std::string resolveDeviceName(const char *argument, const char *&origin);

/// Saves the choice; null or empty removes it.
Status saveDeviceChoice(const char *name);

} // namespace polytile::runtime
