//===- KernelRunner.h - Compiles and runs kernels in a test -----*- C++ -*-===//
//
// A kernel is given as text; it is compiled for each level that this machine
// has, run over its work items in uneven parts, and compared with what the
// reference interpreter says of the same text.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TEST_UNIT_CPU_KERNELS_KERNELRUNNER_H
#define POLYTILE_TEST_UNIT_CPU_KERNELS_KERNELRUNNER_H

#include <cstdint>
#include <string>
#include <vector>

namespace polytile::cpu::test {

/// What the arguments hold.
enum class Fill {
  /// Whole numbers from -4 to 4, or 0 to 8: sums and products of them are
  /// exact.
  SmallWhole,
  /// Numbers of all magnitudes, with zeros, infinities, NaN and the extremes of
  /// the type among them.
  Edges,
  /// Fractions from -2 to 2.
  Fractions,
};

struct Expectation {
  Fill fill = Fill::SmallWhole;
  /// How far floats may be from the interpreter's: 0 means the same bits, up to
  /// NaN's payload; else units in the last place of the larger of the two and
  /// `scale`.
  double ulps = 0;
  double scale = 0;
};

/// Compiles the function in `text`, runs it and compares; the differences
/// found, empty when there are none.
std::string compareWithInterpreter(const std::string &text,
                                   const Expectation &expectation = {});

/// The levels that this machine has.
std::vector<std::string> levels();

} // namespace polytile::cpu::test

#endif // POLYTILE_TEST_UNIT_CPU_KERNELS_KERNELRUNNER_H
