//===- DevicesCommand.cpp - polytile devices ------------------------------===//
//
// What can be opened, with its limits; what can't, and why; and which one a
// program gets. Opens nothing: the descriptions say it all.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Failure.h"
#include "tools/polytile/Handles.h"
#include "tools/polytile/Json.h"
#include "tools/polytile/Options.h"
#include "tools/polytile/Table.h"

#include <fmt/format.h>

using namespace polytile::cli;

namespace {

std::string orDash(uint64_t number) {
  return number ? fmt::format("{}", number) : "-";
}

/// The CPU's description names its memory beside its limits.
std::vector<std::string> describe(const Json &device) {
  const Json &limits = device["limits"];
  uint64_t memory = limits["memory_bytes"].count();
  uint64_t units = limits["compute_units"].count();
  return {device["name"].text(),
          device["hardware"].text(),
          device["api"].isNull() ? device["cpu_level"].text()
                                 : device["api"].text(),
          formatBytes(memory ? memory : device["memory_bytes"].count()),
          orDash(units ? units : device["threads"].count()),
          formatBytes(limits["binding_bytes"].count()),
          orDash(limits["workgroup_size"].count()),
          formatBytes(limits["workgroup_memory_bytes"].count()),
          orDash(device["subgroup"]["size"].count())};
}

/// Driver and features of a GPU; a CPU's are those of its level.
void printDetails(const Json &device) {
  if (device["kind"].text() == "cpu")
    return;
  std::string features;
  for (const Json &feature : device["features"].items())
    features += (features.empty() ? "" : ", ") + feature.text();
  for (const Json &matrix : device["cooperative_matrices"].items())
    features += fmt::format(", {}x{}x{} {} in {}", matrix["m"].count(),
                            matrix["n"].count(), matrix["k"].count(),
                            matrix["a"].text(), matrix["result"].text());
  fmt::print("{}  {}: {}\n", device["name"].text(), device["driver"].text(),
             features.empty() ? "no optional features" : features);
}

void printText(const ptl_device_list *list, const char *chosen,
               const char *origin) {
  std::vector<std::vector<std::string>> rows = {
      {"device", "hardware", "api", ">memory", ">units", ">binding",
       ">workgroup", ">shared", ">subgroup"}};
  std::vector<Json> devices;
  for (size_t i = 0; i < ptl_device_list_count(list); ++i) {
    devices.push_back(Json::parse(ptl_device_list_description(list, i)));
    rows.push_back(describe(devices.back()));
  }
  fmt::print("{}", formatTable(rows));
  fmt::print("interpreter  the reference evaluator: slow, for comparison\n\n");
  for (const Json &device : devices)
    printDetails(device);
  for (size_t i = 0; i < ptl_device_list_refused_count(list); ++i)
    fmt::print("not offered: {}: {}\n", ptl_device_list_refused_name(list, i),
               ptl_device_list_refused_reason(list, i));
  fmt::print("default: {} (from {})\n", chosen, origin);
}

/// `text` as a string of JSON.
std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text)
    if (c == '"' || c == '\\')
      quoted += fmt::format("\\{}", c);
    else if (static_cast<unsigned char>(c) < 0x20)
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      quoted += c;
  return quoted + "\"";
}

void printJson(const ptl_device_list *list, const char *chosen,
               const char *origin) {
  fmt::print("{{\"default\": {}, \"origin\": {}, \"devices\": [", quote(chosen),
             quote(origin));
  for (size_t i = 0; i < ptl_device_list_count(list); ++i)
    fmt::print("{}{}", i ? ", " : "", ptl_device_list_description(list, i));
  fmt::print("], \"not_offered\": [");
  for (size_t i = 0; i < ptl_device_list_refused_count(list); ++i)
    fmt::print("{}{{\"name\": {}, \"reason\": {}}}", i ? ", " : "",
               quote(ptl_device_list_refused_name(list, i)),
               quote(ptl_device_list_refused_reason(list, i)));
  fmt::print("]}}\n");
}

/// The description of one device, as --target KIND=FILE takes it.
int printOne(const ptl_device_list *list, const std::string &name) {
  std::string names;
  for (size_t i = 0; i < ptl_device_list_count(list); ++i) {
    const char *known = ptl_device_list_name(list, i);
    if (name == known || name + ":0" == known) {
      fmt::print("{}\n", ptl_device_list_description(list, i));
      return 0;
    }
    names += fmt::format("{}{}", i ? ", " : "", known);
  }
  fail(ExitCode::Device,
       fmt::format("no device '{}'; there are: {}", name, names));
}

} // namespace

int polytile::cli::devicesCommand(const Options &options) {
  ptl_device_list *raw = nullptr;
  check(ptl_device_list_create(&raw), ExitCode::Device);
  DeviceList list(raw);
  if (!options.device.empty())
    return printOne(raw, options.device);
  char chosen[256];
  const char *origin = nullptr;
  check(ptl_device_resolve(nullptr, chosen, sizeof(chosen), &origin),
        ExitCode::Device);
  (options.json ? printJson : printText)(raw, chosen, origin);
  return 0;
}
