// Counts the occurrences of the failure that POLYTILE_SIMULATE names.
#include "runtime/core/Simulation.h"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>

namespace polytile::runtime {

bool isSimulated(const char *failure) {
  static std::mutex mutex;
  static std::string counted;
  static uint64_t seen = 0;
  static std::atomic<bool> isCounting{false};
  const char *variable = std::getenv("POLYTILE_SIMULATE");
  bool isSet = variable && *variable;
  if (!isSet && !isCounting.load(std::memory_order_relaxed))
    return false;
  std::lock_guard lock(mutex);
  isCounting = isSet;
  if (!isSet) { // the same failure may be asked for again
    counted.clear();
    return false;
  }
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
