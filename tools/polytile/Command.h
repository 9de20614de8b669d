//===- Command.h - What the commands of polytile share ----------*- C++ -*-===//
//
// Exit codes, the exception that ends a command, and one function for each
// command. Inside of this program errors are exceptions: main turns them into
// a message and an exit code, so that no file is left half written.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_COMMAND_H
#define POLYTILE_TOOLS_POLYTILE_COMMAND_H

#include <polytile/runtime.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace polytile::tool {

enum ExitCode {
  ExitSuccess = 0,
  ExitUserError = 1,
  ExitUsage = 2,
  ExitDevice = 3,
  ExitBug = 70,
};

/// Ends the command. The message goes to standard error; one that is rendered
/// already (a diagnostic of the compiler) is printed as it stands.
class Failure : public std::exception {
public:
  explicit Failure(std::string message, ExitCode code = ExitUserError,
                   bool rendered = false)
      : message(std::move(message)), code(code), rendered(rendered) {}

  const char *what() const noexcept override { return message.c_str(); }

  std::string message;
  ExitCode code;
  bool rendered;
};

/// Throws unless the status is good. Trouble with a device exits with 3, a bug
/// of the runtime with 70, the rest (files, packages) with 1.
void require(const Status &status);

/// The value, or the failure that `require` throws.
template <typename T> T require(Result<T> result) {
  if (!result)
    require(result.status());
  return std::move(*result);
}

/// Options that several commands have.
struct DeviceChoice {
  std::string name; ///< empty: POLYTILE_DEVICE, the saved choice, cpu:0
  uint32_t threads = 0;
};

struct RunOptions {
  std::string file, function;
  DeviceChoice device;
  std::vector<std::string> inputs, outputs; ///< NAME=VALUE
  std::string cpuLevel;
  bool noCache = false;
};

struct CompileOptions {
  std::string file, function;
  std::vector<std::string> shapes; ///< NAME=DIMS:TYPE
  std::string target = "cpu", cpuLevel = "native", emit = "package", output;
  std::string dumpDirectory;
};

struct BenchOptions {
  std::string file, function;
  std::vector<std::string> shapes;
  DeviceChoice device;
  std::string cpuLevel;
  double seconds = 1;
  bool json = false, noCache = false;
};

/// Each returns normally on success, and throws Failure otherwise.
void runCommand(const RunOptions &options);
void compileCommand(const CompileOptions &options);
void checkCommand(const std::string &file);
void devicesCommand(bool json);
void benchCommand(const BenchOptions &options);

} // namespace polytile::tool

#endif // POLYTILE_TOOLS_POLYTILE_COMMAND_H
