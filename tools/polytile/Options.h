//===- Options.h - What the command line says -------------------*- C++ -*-===//
//
// Plain data between the option parser (main.cpp, the only file that includes
// it: it is slow to compile) and the commands.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_OPTIONS_H
#define POLYTILE_TOOLS_POLYTILE_OPTIONS_H

#include <cstdint>
#include <string>
#include <vector>

namespace polytile::cli {

/// One structure for all commands; each reads what it has options for.
struct Options {
  std::string file;
  std::string function;
  std::string device;
  std::vector<std::string> inputs;  ///< NAME=FILE or NAME=NUMBER
  std::vector<std::string> outputs; ///< NAME=FILE
  std::vector<std::string> shapes;  ///< NAME=DIMS:TYPE
  std::vector<std::string> targets;
  std::string cpuLevel;
  std::string emit = "package";
  std::string outputFile;
  std::string dumpDirectory;
  uint32_t threads = 0;
  bool noCache = false;
  bool json = false;
  bool yes = false; ///< take what is recommended, ask nothing
  double benchSeconds = 1;
  std::vector<std::string> commandLine; ///< all words, for reproducers
};

int runCommand(const Options &options);
int compileCommand(const Options &options);
int checkCommand(const Options &options);
int devicesCommand(const Options &options);
int setupCommand(const Options &options);
int benchCommand(const Options &options);

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_OPTIONS_H
