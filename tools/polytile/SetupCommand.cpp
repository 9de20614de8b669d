//===- SetupCommand.cpp - polytile setup ----------------------------------===//
//
// Tries every device, shows what came out, and saves which one programs use
// when they don't say. Works without LLVM: results are not checked then.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/DeviceTrial.h"
#include "tools/polytile/Failure.h"
#include "tools/polytile/Table.h"

#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <unistd.h>

using namespace polytile::cli;

namespace {

std::string orDash(double value, const char *format) {
  return value > 0 ? fmt::format(fmt::runtime(format), value) : "-";
}

std::string describeCheck(const DeviceTrial &trial) {
  switch (trial.check) {
  case DeviceTrial::Check::Passed:
    return "right";
  case DeviceTrial::Check::Failed:
    return "FAILED";
  case DeviceTrial::Check::Skipped:
    break;
  }
  return "not checked";
}

void print(const std::vector<DeviceTrial> &trials) {
  std::vector<std::vector<std::string>> rows = {
      {"device", "hardware", ">copy GB/s", ">f32 GFLOP/s", ">launch us",
       "results", "support"}};
  for (const DeviceTrial &trial : trials)
    rows.push_back({trial.name, trial.hardware,
                    orDash(trial.copyBytesPerSecond / 1e9, "{:.1f}"),
                    orDash(trial.f32FlopsPerSecond / 1e9, "{:.1f}"),
                    orDash(trial.launchSeconds * 1e6, "{:.1f}"),
                    describeCheck(trial),
                    trial.isTested ? "tested" : "experimental"});
  fmt::print("{}", formatTable(rows));
  for (const DeviceTrial &trial : trials)
    if (!trial.problem.empty())
      fmt::print("{}: {}\n", trial.name, trial.problem);
}

/// Every device of the list, or the one that is asked for.
std::vector<DeviceTrial> tryDevices(const Options &options) {
  ptl_device_list *raw = nullptr;
  check(ptl_device_list_create(&raw), ExitCode::Device);
  DeviceList list(raw);
  std::vector<DeviceTrial> trials;
  std::string names;
  for (size_t i = 0; i < ptl_device_list_count(raw); ++i) {
    std::string name = ptl_device_list_name(raw, i);
    names += (names.empty() ? "" : ", ") + name;
    if (!options.device.empty() && options.device != name &&
        options.device + ":0" != name)
      continue;
    fmt::print(stderr, "trying {} ...\n", name);
    trials.push_back(
        tryDevice(options, name, ptl_device_list_description(raw, i)));
  }
  if (trials.empty())
    fail(ExitCode::Device,
         fmt::format("no device '{}'; there are: {}", options.device, names));
  return trials;
}

const DeviceTrial *recommend(const std::vector<DeviceTrial> &trials) {
  const DeviceTrial *best = nullptr;
  for (const DeviceTrial &trial : trials)
    if (trial.isRecommendable() && (!best || trial.score() > best->score()))
      best = &trial;
  return best;
}

/// The user's answer, among the names of `trials`.
std::string ask(const std::vector<DeviceTrial> &trials,
                const DeviceTrial *recommended) {
  while (true) {
    fmt::print("device to use{}: ",
               recommended ? fmt::format(" [{}]", recommended->name) : "");
    std::fflush(stdout);
    std::string answer;
    if (!std::getline(std::cin, answer))
      return "";
    if (answer.empty() && recommended)
      return recommended->name;
    for (const DeviceTrial &trial : trials)
      if (answer == trial.name || answer + ":0" == trial.name)
        return trial.name;
    fmt::print("there is no device '{}'\n", answer);
  }
}

void save(const std::string &name) {
  check(ptl_device_save_choice(name.c_str()), ExitCode::UserError);
  fmt::print("saved: programs use {} unless --device or POLYTILE_DEVICE says "
             "otherwise\n",
             name);
  if (const char *set = std::getenv("POLYTILE_DEVICE"); set && *set)
    fmt::print("note: POLYTILE_DEVICE is set to '{}' now, which goes first\n",
               set);
}

} // namespace

int polytile::cli::setupCommand(const Options &options) {
  std::vector<DeviceTrial> trials = tryDevices(options);
  print(trials);
  const DeviceTrial *best = recommend(trials);
  if (!best && (options.yes || !options.device.empty()))
    fail(ExitCode::Device, "nothing is saved: no device passed");
  if (!options.device.empty()) {
    save(best->name);
    return 0;
  }
  if (best)
    fmt::print("recommended: {}\n", best->name);
  std::string name = options.yes ? best->name : "";
  if (!options.yes && isatty(STDIN_FILENO))
    name = ask(trials, best);
  if (name.empty())
    fail(ExitCode::Usage,
         "nothing is saved: name a device with --device, or take the "
         "recommended one with --yes");
  save(name);
  return 0;
}
