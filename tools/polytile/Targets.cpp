//===- Targets.cpp - What to compile for, from words and devices ----------===//
//
// Files are read and devices asked here, so that the compiler stays free of
// both.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Targets.h"

#include "tools/polytile/Failure.h"
#include "tools/polytile/Program.h"

#include <fmt/format.h>

using namespace polytile::cli;

namespace {

bool isGpu(std::string_view kind) {
  return kind == "opencl" || kind == "vulkan";
}

std::string describe(const std::string &name) {
  ptl_device *raw = nullptr;
  check(ptl_device_open(name.c_str(), nullptr, &raw), ExitCode::Device);
  Device device(raw);
  return ptl_device_description(raw);
}

/// One word as the compiler takes it.
std::string readTarget(const std::string &word) {
  if (word == "cpu:0")
    return "cpu";
  if (isGpu(kindOfDevice(word)) && word.find(':') != std::string::npos &&
      word.find('=') == std::string::npos)
    return fmt::format("{}={}", kindOfDevice(word), describe(word));
  size_t equals = word.find('=');
  std::string kind = word.substr(0, equals);
  if (!isGpu(kind) && kind != "cpu")
    fail(ExitCode::Usage,
         fmt::format(
             "--target {} isn't known: take cpu, opencl or vulkan (any "
             "device of that kind), opencl=FILE (a description, as "
             "'polytile devices NAME' prints it), or a device such as opencl:0",
             word));
  if (equals == std::string::npos || kind == "cpu" ||
      word.substr(equals + 1) == "generic")
    return word;
  std::string text = readFile(word.substr(equals + 1));
  size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string::npos || text[start] != '{')
    fail(ExitCode::UserError,
         fmt::format("{}: this is no device description, which is a JSON "
                     "object: see 'polytile devices NAME'",
                     word.substr(equals + 1)));
  size_t end = text.find_last_not_of(" \t\r\n");
  return fmt::format("{}={}", kind, text.substr(start, end + 1 - start));
}

} // namespace

std::string_view polytile::cli::kindOfDevice(std::string_view name) {
  return name.substr(0, name.find(':'));
}

Targets polytile::cli::readTargets(const std::vector<std::string> &words,
                                   const std::string &cpuLevel) {
  Targets targets;
  targets.cpuLevel = cpuLevel;
  for (const std::string &word : words)
    targets.text += (targets.text.empty() ? "" : ",") + readTarget(word);
  return targets;
}

Targets polytile::cli::targetsOf(const ptl_device *device) {
  std::string_view kind = kindOfDevice(ptl_device_name(device));
  if (isGpu(kind))
    return {fmt::format("{}={}", kind, ptl_device_description(device)), ""};
  // A device that runs nothing has no level: compile for this machine.
  const char *level = ptl_device_cpu_level(device);
  return {"cpu", level ? level : ""};
}
