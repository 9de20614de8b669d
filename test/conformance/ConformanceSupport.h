// What the parts of the conformance suite share: which devices they run on, and
// short ways to make buffers and executables that fail a test with the message.
#pragma once

#include "polytile/runtime.hpp"
#include "test/conformance/TestPackages.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <vector>

namespace polytile::test {

/// A device under test. The null device accepts everything and runs nothing, so
/// results are compared only where kernels run.
struct Kind {
  std::string name; ///< to open it by
  bool runsKernels;
  bool isCpu;
  /// opencl, vulkan: kernels run elsewhere, in memory that isn't the host's.
  bool isGpu() const { return runsKernels && !isCpu; }
};

/// Those of POLYTILE_TEST_DEVICES, separated by commas; "null:0,cpu:0" when it
/// isn't set. A name is the runtime's, or "pocl", "rusticl" or "lavapipe": that
/// implementation, wherever it stands in the list. A device that isn't there
/// fails the test.
const std::vector<Kind> &testDevices();

/// The value, or a failed test that shows the message.
template <typename T> T need(Result<T> result) {
  if (!result.ok())
    FAIL(result.status().message());
  return std::move(*result);
}

inline void need(const Status &status) {
  INFO(status.message() << " at " << status.place());
  REQUIRE(status.ok());
}

/// A package of the entry for every device that it can run on.
inline Package load(const package::EntryDesc &entry) {
  std::vector<uint8_t> bytes =
      package::writePackage(packageOf(onEveryDevice(entry)));
  return need(Package::loadMemory(bytes.data(), bytes.size()));
}

inline Buffer bufferOf(const Device &device, const std::vector<float> &values) {
  Buffer buffer = need(Buffer::create(device, values.size() * 4));
  need(buffer.write(values.data(), values.size() * 4));
  return buffer;
}

template <typename T = float> std::vector<T> contents(const Buffer &buffer) {
  std::vector<T> values(buffer.size() / sizeof(T));
  need(buffer.read(values.data(), buffer.size()));
  return values;
}

inline std::vector<float> ramp(size_t n, float start = 0) {
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), start);
  return values;
}

/// Sets POLYTILE_SIMULATE for a scope.
class Simulated {
public:
  explicit Simulated(const char *failure);
  ~Simulated();
};

} // namespace polytile::test
