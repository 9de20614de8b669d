//===- DeviceTrial.h - How fast a device is, and whether it is right -*- C++
//-*-===//
//
// What `polytile setup` finds out about each device before it recommends one.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_DEVICETRIAL_H
#define POLYTILE_TOOLS_POLYTILE_DEVICETRIAL_H

#include "tools/polytile/Handles.h"
#include "tools/polytile/Options.h"

#include <string>

namespace polytile::cli {

struct DeviceTrial {
  enum class Check {
    Passed,
    Failed,
    Skipped ///< there is no compiler to make the program with
  };

  std::string name;     ///< "vulkan:0"
  std::string hardware; ///< as its description says
  /// The test suite runs on devices of its kind; others are experimental.
  bool isTested = false;
  double copyBytesPerSecond = 0;
  double f32FlopsPerSecond = 0;
  double launchSeconds = 0; ///< of one small kernel, waited for; 0: unknown
  Check check = Check::Skipped;
  std::string problem; ///< why something of the above is missing or wrong

  /// Whether a program should be run there by default.
  bool isRecommendable() const {
    return check == Check::Passed ||
           (check == Check::Skipped && isTested && problem.empty());
  }
  /// Larger is better: half of programs wait for memory, half for arithmetic.
  double score() const { return copyBytesPerSecond * f32FlopsPerSecond; }
};

/// Opens the device, measures it (about a second), and runs a small program
/// whose results are compared with the interpreter's. What goes wrong is told
/// in `problem`. `description` is the device's.
DeviceTrial tryDevice(const Options &options, const std::string &name,
                      const std::string &description);

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_DEVICETRIAL_H
