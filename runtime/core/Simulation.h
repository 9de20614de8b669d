// Failures that a test asks for by name, since hardware doesn't produce them on
// demand: POLYTILE_SIMULATE=device-lost, out-of-memory or build-failure.
//
// "device-lost:3" fails the third run (and, since the device is lost, all after
// it); "out-of-memory:3" the third allocation alone; without a number the first
// one. The count starts anew when the variable changes.
#pragma once

#include "runtime/core/Status.h"

namespace polytile::runtime {

/// Whether this occurrence of `failure` is the one to fail. Any thread.
bool isSimulated(const char *failure);

} // namespace polytile::runtime
