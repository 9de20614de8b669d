// The saved choice of a device: one line in a file of its own,
// $XDG_CONFIG_HOME/polytile/device or ~/.config/polytile/device.
#include "runtime/core/Settings.h"

#include "runtime/core/File.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace polytile::runtime {
namespace {

const char *environment(const char *name) {
  const char *value = std::getenv(name);
  return value && *value ? value : nullptr;
}

/// The folder, empty when there is no home.
std::string settingsFolder() {
  if (const char *config = environment("XDG_CONFIG_HOME"))
    return std::string(config) + "/polytile";
  if (const char *home = environment("HOME"))
    return std::string(home) + "/.config/polytile";
  return {};
}

} // namespace

std::string resolveDeviceName(const char *argument, const char *&origin) {
  origin = "argument";
  if (argument && *argument)
    return argument;
  origin = "POLYTILE_DEVICE";
  if (const char *name = environment("POLYTILE_DEVICE"))
    return name;
  origin = "settings";
  std::string folder = settingsFolder();
  Memory contents;
  if (!folder.empty() &&
      readFile((folder + "/device").c_str(), contents).ok()) {
    std::string name(reinterpret_cast<const char *>(contents.data()),
                     contents.size());
    name = name.substr(0, name.find_first_of("\r\n"));
    if (!name.empty())
      return name;
  }
  origin = "default";
  return "cpu:0";
}

Status saveDeviceChoice(const char *name) {
  std::string folder = settingsFolder();
  if (folder.empty())
    return fail(
        PTL_STATUS_NOT_FOUND,
        "no place for settings: neither XDG_CONFIG_HOME nor HOME is set");
  std::string path = folder + "/device";
  if (!name || !*name) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      return fail(PTL_STATUS_IO, "can't remove ", path, ": ",
                  std::strerror(errno));
    return {};
  }
  if (!makeFolders(folder))
    return fail(PTL_STATUS_IO, "can't make ", folder, ": ",
                std::strerror(errno));
  std::string line = std::string(name) + "\n";
  std::span<const unsigned char> piece(
      reinterpret_cast<const unsigned char *>(line.data()), line.size());
  return writeFile(path.c_str(), {&piece, 1});
}

} // namespace polytile::runtime
