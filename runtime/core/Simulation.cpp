// Counts the occurrences of the failure that POLYTILE_SIMULATE names.
#include "runtime/core/Simulation.h"

#include <cstdlib>
#include <mutex>
#include <string>

namespace polytile::runtime {

bool isSimulated(const char *failure) {
  const char *variable = std::getenv("POLYTILE_SIMULATE");
  if (!variable || !*variable)
    return false;
  static std::mutex mutex;
  static std::string counted;
  static uint64_t seen = 0;
  std::lock_guard lock(mutex);
  if (counted != variable) {
    counted = variable;
    seen = 0;
  }
  size_t colon = counted.find(':');
  if (counted.substr(0, colon) != failure)
    return false;
  uint64_t which = 1;
  if (colon != counted.npos)
    which = std::strtoull(counted.c_str() + colon + 1, nullptr, 10);
  return ++seen == which;
}

} // namespace polytile::runtime
