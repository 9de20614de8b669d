//===- Failure.h - How a command ends early ---------------------*- C++ -*-===//
//
// The exit codes are part of the interface: scripts tell by them whose turn it
// is.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_FAILURE_H
#define POLYTILE_TOOLS_POLYTILE_FAILURE_H

#include <polytile/runtime.h>

#include <string>

namespace polytile::cli {

enum class ExitCode : int {
  Success = 0,
  UserError = 1, ///< the program, its inputs or a file is wrong
  Usage = 2,     ///< the command line is malformed
  Device = 3,    ///< no such device, or it failed
  Internal = 70, ///< a bug of ours
};

/// Thrown inside the tool only; main prints `text` and exits with `code`.
struct Failure {
  ExitCode code;
  std::string text; ///< whole lines, as they are printed
};

/// Throws "polytile: error: MESSAGE".
[[noreturn]] void fail(ExitCode code, const std::string &message);

/// Throws when `status` is one: with `code`, or Internal for a bug of the
/// runtime. `what` stands before the message: "a.npy". Destroys the status.
void check(ptl_status *status, ExitCode code, const std::string &what = "");

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_FAILURE_H
