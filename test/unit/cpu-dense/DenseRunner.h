//===- DenseRunner.h - Compiles one dense contraction and calls it --------===//
//
// For tests and measurements of compiler/target/cpu/DenseContraction.h alone:
// a contraction written as tile IR is planned, emitted, compiled in memory and
// called, without the rest of the CPU target.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TEST_UNIT_CPUDENSE_DENSERUNNER_H
#define POLYTILE_TEST_UNIT_CPUDENSE_DENSERUNNER_H

#include "compiler/target/cpu/DenseContraction.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"

#include <memory>
#include <string>
#include <vector>

namespace polytile::cpu::test {

/// What is contracted: C[c] = +(A[a] * B[b]) over `indices`.
struct Contraction {
  std::vector<int64_t> aShape, bShape, cShape;
  std::string indices; ///< "m, n, k"
  std::string a, b, c; ///< "m, k"
  std::string domain = "0 == 0";
  std::string element = "f32";
};

/// The widest vectors of this machine, in bits, of those that are compiled for.
unsigned widestVectors();

/// A compiled contraction.
class DenseRunner {
public:
  /// Null when there is no plan for it; `print` writes the emitted loops to
  /// standard output.
  static std::unique_ptr<DenseRunner> compile(const Contraction &contraction,
                                              unsigned vectorBits,
                                              bool print = false);
  ~DenseRunner();

  /// Computes items [begin, end).
  void run(const void *a, const void *b, void *c, int64_t begin, int64_t end,
           void *workspace) const;
  /// The same by enumerating all index values below `extents`, with arrays of
  /// f32 or f64; the result is zero where nothing is written.
  std::vector<double> reference(const std::vector<double> &a,
                                const std::vector<double> &b,
                                const std::vector<int64_t> &extents) const;

  const DensePlan &plan() const { return thePlan; }
  double compileSeconds() const { return seconds; }

private:
  DenseRunner();

  Contraction contraction;
  DensePlan thePlan;
  double seconds = 0;
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> source, module;
  std::unique_ptr<mlir::ExecutionEngine> engine;
  void *function = nullptr;
};

} // namespace polytile::cpu::test

#endif // POLYTILE_TEST_UNIT_CPUDENSE_DENSERUNNER_H
