//===- DevicesCommand.cpp - polytile devices ------------------------------===//
//
// What can be opened, which one a program gets, and why.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Failure.h"
#include "tools/polytile/Handles.h"
#include "tools/polytile/Options.h"

#include <fmt/format.h>

using namespace polytile::cli;

int polytile::cli::devicesCommand(const Options &options) {
  ptl_device_list *raw = nullptr;
  check(ptl_device_list_create(&raw), ExitCode::Device);
  DeviceList list(raw);
  char chosen[256];
  const char *origin = nullptr;
  check(ptl_device_resolve(nullptr, chosen, sizeof(chosen), &origin),
        ExitCode::Device);
  size_t count = ptl_device_list_count(raw);
  if (options.json) {
    fmt::print("{{\"default\": \"{}\", \"origin\": \"{}\", \"devices\": [",
               chosen, origin);
    for (size_t i = 0; i < count; ++i)
      fmt::print("{}{}", i ? ", " : "", ptl_device_list_description(raw, i));
    fmt::print("]}}\n");
    return 0;
  }
  for (size_t i = 0; i < count; ++i) {
    ptl_device *opened = nullptr;
    const char *name = ptl_device_list_name(raw, i);
    check(ptl_device_open(name, nullptr, &opened), ExitCode::Device);
    Device device(opened);
    const char *level = ptl_device_cpu_level(opened);
    fmt::print("{}  {}, {} threads\n", name, level ? level : "",
               ptl_device_thread_count(opened));
  }
  fmt::print("interpreter  the reference evaluator: slow, for comparison\n");
  fmt::print("default: {} (from {})\n", chosen, origin);
  return 0;
}
