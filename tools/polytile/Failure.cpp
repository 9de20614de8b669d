//===- Failure.cpp - How a command ends early -----------------------------===//
//
// One place that words errors without a source location.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Failure.h"

using namespace polytile::cli;

void polytile::cli::fail(ExitCode code, const std::string &message) {
  throw Failure{code, "polytile: error: " + message + "\n"};
}

void polytile::cli::check(ptl_status *status, ExitCode code,
                          const std::string &what) {
  if (!status)
    return;
  if (ptl_status_get_code(status) == PTL_STATUS_INTERNAL)
    code = ExitCode::Internal;
  std::string message = ptl_status_message(status);
  ptl_status_destroy(status);
  // The runtime names the file by itself where it knows it.
  bool isNamed = what.empty() || message.find(what) != std::string::npos;
  fail(code, isNamed ? message : what + ": " + message);
}
