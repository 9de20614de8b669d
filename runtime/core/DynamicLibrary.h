// A vendor's loader, opened at run time: a machine without it misses a device,
// not the whole runtime.
#pragma once

#include "runtime/core/Status.h"

namespace polytile::runtime {

/// Never closed once it is open: loaders and the drivers behind them leave
/// threads and exit handlers behind.
class DynamicLibrary {
public:
  /// Opens the file that `variable` of the environment names, else the first of
  /// `names` (null-terminated list) that there is. NOT_FOUND says what was
  /// tried and why it failed.
  Status open(const char *variable, const char *const *names);
  /// Takes what the process has already, when it has `symbol` and `variable`
  /// doesn't name a file. False otherwise.
  bool openFromProcess(const char *variable, const char *symbol);
  bool isOpen() const { return handle != nullptr; }
  const std::string &name() const { return opened; }

  /// Null when there is no such symbol.
  void *find(const char *symbol) const;
  template <typename Function> Function function(const char *symbol) const {
    return reinterpret_cast<Function>(find(symbol));
  }

private:
  void *handle = nullptr;
  std::string opened;
};

} // namespace polytile::runtime
