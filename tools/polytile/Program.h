//===- Program.h - From a file on the command line to an executable -*- C++
//-*-===//
//
// What `run`, `compile` and `bench` share: compiling through the cache, opening
// the device, finding the entry.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_PROGRAM_H
#define POLYTILE_TOOLS_POLYTILE_PROGRAM_H

#include "tools/polytile/CompilerLibrary.h"
#include "tools/polytile/Handles.h"
#include "tools/polytile/Options.h"
#include "tools/polytile/Targets.h"
#include "tools/polytile/Tensors.h"

#include <string>
#include <vector>

namespace polytile::cli {

/// True for a package by its name or its first bytes.
bool isPackageFile(const std::string &path);

/// The whole file; fails when it can't be read.
std::string readFile(const std::string &path);

/// Inputs as the compiler's C API takes them; they point into `inputs`.
std::vector<ptlc_tensor> describeInputs(const std::vector<Input> &inputs);

/// Calls the compiler under a crash reporter. Prints warnings; fails with the
/// diagnostics on an error.
CompilerResult compileSource(const Options &options, const std::string &source,
                             const std::vector<Input> &inputs, ptlc_emit emit,
                             const Targets &targets);

/// Evaluates with the interpreter, as compileSource compiles.
CompilerResult interpretSource(const Options &options,
                               const std::string &source,
                               const std::vector<Input> &inputs,
                               const std::vector<OutputFile> &outputs);

/// The device's name by the order of precedence, "interpreter" included.
std::string resolveDevice(const Options &options);

/// A function ready to run on a device.
struct Program {
  Device device;
  Package package;
  Executable executable;
  size_t entry = 0;
  std::vector<ptl_tensor_info> inputs;
  std::vector<ptl_tensor_info> outputs;
};

/// Opens the device, loads or compiles `options.file` for the inputs, and
/// prepares its entry.
Program loadProgram(const Options &options, const std::string &device,
                    const std::vector<Input> &inputs);

/// Fails, with a suggestion, when a named output isn't one of `names`.
void checkOutputNames(const std::vector<OutputFile> &outputs,
                      const std::vector<std::string> &names);

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_PROGRAM_H
