// A shared object from a package, loaded from memory.
#pragma once

#include "runtime/core/PackageModel.h"

#include <memory>

namespace polytile::runtime {

/// Unloads when destroyed. Any thread.
class CpuModule {
public:
  /// CORRUPT when the bytes aren't a shared object for this machine or can't be
  /// loaded.
  static Status load(Bytes bytes, std::shared_ptr<CpuModule> &module);
  ~CpuModule();
  CpuModule(const CpuModule &) = delete;
  CpuModule &operator=(const CpuModule &) = delete;

  /// Null when there is no such symbol.
  void *find(const char *symbol) const;

private:
  CpuModule() = default;
  int file = -1;
  void *library = nullptr;
};

} // namespace polytile::runtime
