//===- CrashReport.h - A reproducer when the compiler breaks ----*- C++ -*-===//
//
// While one is alive, a fatal signal (an assertion of the compiler, a bad
// pointer, an overflown stack) writes a copy of the source, prints the command
// that repeats the crash, and exits with 70.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_CRASHREPORT_H
#define POLYTILE_TOOLS_POLYTILE_CRASHREPORT_H

#include "tools/polytile/Arguments.h"

#include <csignal>
#include <string>
#include <vector>

namespace polytile::tool {

struct SourceText;

/// Not more than one at a time: signals are the process's.
class CrashReport {
public:
  CrashReport(const SourceText &source, const std::vector<Argument> &arguments,
              const std::string &function, const std::string &command);
  ~CrashReport();
  CrashReport(const CrashReport &) = delete;
  CrashReport &operator=(const CrashReport &) = delete;

  /// Writes the copy now, and returns the message with the command. Calls only
  /// what a signal handler may call, but for making the string.
  std::string write() const;

private:
  static void handle(int signal);
  void writeCopy() const;

  const std::string &text;
  std::string path, message;
  std::vector<char> stack;
  static const CrashReport *active;
};

} // namespace polytile::tool

#endif // POLYTILE_TOOLS_POLYTILE_CRASHREPORT_H
