//===- CrashReporter.h - Reproducers for our own bugs -----------*- C++ -*-===//
//
// When the compiler breaks, by a signal or by giving up on good input, the user
// gets a file with the program, the line that runs it again, and exit code 70.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_CRASHREPORTER_H
#define POLYTILE_TOOLS_POLYTILE_CRASHREPORTER_H

#include <string>
#include <vector>

namespace polytile::cli {

/// While it lives, signals that mean a crash write the reproducer and end the
/// process with code 70. One at a time.
class CrashReporter {
public:
  /// `source` is the program's text or the package's bytes, `file` its name in
  /// `commandLine`.
  CrashReporter(const std::string &source, const std::string &file,
                const std::vector<std::string> &commandLine);
  ~CrashReporter();
  CrashReporter(const CrashReporter &) = delete;
  CrashReporter &operator=(const CrashReporter &) = delete;

  /// Writes the reproducer now; the text to print about it.
  std::string report(const std::string &what) const;
};

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_CRASHREPORTER_H
