//===- CompiledLibrary.h - The math library as machine code -----*- C++ -*-===//
//
// Lowers every function of the library with MLIR's own conversions and loads
// the result, so that a test calls what GPU kernels call.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TEST_UNIT_GPUMATH_COMPILEDLIBRARY_H
#define POLYTILE_TEST_UNIT_GPUMATH_COMPILEDLIBRARY_H

#include <string>

namespace polytile::gpu::test {

/// A loaded library; the process keeps it.
class CompiledLibrary {
public:
  /// With `isFused`, multiply-adds round once, as on devices that have them;
  /// else every operation rounds.
  explicit CompiledLibrary(bool isFused);

  /// What went wrong; empty when nothing did.
  std::string problem;

  template <typename Function> Function *get(const std::string &name) const {
    return reinterpret_cast<Function *>(find(name));
  }

private:
  void *find(const std::string &name) const;
  void *handle = nullptr;
};

/// True when this machine has fused multiply-adds.
bool canFuse();

} // namespace polytile::gpu::test

#endif // POLYTILE_TEST_UNIT_GPUMATH_COMPILEDLIBRARY_H
