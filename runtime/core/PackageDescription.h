// What a package holds, as JSON: for listings, bug
// reports and people.
#pragma once

#include "runtime/core/PackageModel.h"

namespace polytile::runtime {

std::string describePackage(const Package &package);

} // namespace polytile::runtime
