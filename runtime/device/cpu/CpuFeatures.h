// What this processor can do, asked of the processor: features by LLVM's names,
// and the x86-64 levels they add up to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace polytile::runtime {

/// 1 to 4 for "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"; 0 for anything
/// else.
int cpuLevelFromName(std::string_view name);
/// The other way; "" unless 1 <= level <= 4.
std::string_view cpuLevelName(int level);
/// The names of all levels, for messages.
std::string_view cpuLevelNames();

/// Features and level of the processor at hand, with what the operating system
/// saves of its registers.
struct CpuFeatures {
  int level = 0;
  std::vector<std::string_view> features; ///< "avx2", "avx512bf16", ... sorted

  bool has(std::string_view feature) const;
  /// Cuts to a level: features that only exist above it are dropped as well.
  CpuFeatures limitedTo(int level) const;
};

/// Detected once.
const CpuFeatures &hostCpuFeatures();

/// The processor's own name, trimmed.
std::string hostCpuName();

} // namespace polytile::runtime
