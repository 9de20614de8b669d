//===- Execution.h - A package's entry, ready to run ------------*- C++ -*-===//
//
// Opening the device, choosing the entry, matching inputs by name: what `run`
// and `bench` share.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_EXECUTION_H
#define POLYTILE_TOOLS_POLYTILE_EXECUTION_H

#include "tools/polytile/Arguments.h"
#include "tools/polytile/Command.h"

#include <string>
#include <vector>

namespace polytile::tool {

/// True for the name of a package file.
bool isPackagePath(const std::string &path);

/// The name of the device: the choice, or what the environment and the saved
/// setting say.
std::string resolveDevice(const DeviceChoice &choice);

/// Opens a device of the runtime; trouble exits with 3.
Device openDevice(const DeviceChoice &choice, const std::string &cpuLevel = "");

/// The entry for `function` (or the last one) that takes `arguments`. Throws
/// with what the nearest one takes.
size_t chooseEntry(const Package &package, const std::string &function,
                   const std::vector<Argument> &arguments);

/// One buffer for each input of the entry, in its order: the argument's
/// elements, or its number.
std::vector<Buffer> makeInputs(const Device &device, const Package &package,
                               size_t entry,
                               const std::vector<Argument> &arguments);

/// The names of an entry's outputs.
std::vector<std::string> outputNames(const Package &package, size_t entry);

/// Pointers to buffers, as the runtime takes them.
BufferList listOf(const std::vector<Buffer> &buffers);

} // namespace polytile::tool

#endif // POLYTILE_TOOLS_POLYTILE_EXECUTION_H
