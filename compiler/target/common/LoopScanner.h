//===- LoopScanner.h - Loops over the points of a LinearDomain --*- C++ -*-===//
//
// Turns constraints into loop bounds: each one bounds the last of its variables
// in the order of the loops, so that the innermost body needs no test.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_COMMON_LOOPSCANNER_H
#define POLYTILE_COMPILER_TARGET_COMMON_LOOPSCANNER_H

#include "compiler/target/common/IndexMath.h"
#include "compiler/target/common/LinearDomain.h"
#include "mlir/IR/Builders.h"

#include <functional>

namespace polytile::codegen {

/// Emits scf loops at the insertion point of a builder.
class LoopScanner {
public:
  /// Produces the next values of the loop-carried ones, at the innermost point.
  using Body = std::function<mlir::FailureOr<llvm::SmallVector<mlir::Value>>(
      mlir::ValueRange carried)>;

  /// `order` lists the variables to loop over, outermost first; all others have
  /// to be given by setValue().
  LoopScanner(mlir::OpBuilder &builder, mlir::Location loc,
              const LinearDomain &domain, llvm::ArrayRef<unsigned> order);

  void setValue(unsigned variable, mlir::Value value) {
    values[variable] = value;
  }
  /// Narrows the loop over `variable` to [lower, upper).
  void setLimits(unsigned variable, mlir::Value lower, mlir::Value upper) {
    limits[variable] = {lower, upper};
  }

  /// Visits only the values of `variable` that are `first` modulo `step`, where
  /// 0 <= first < step: what one of `step` threads does. No equality may
  /// determine the variable.
  void setStride(unsigned variable, mlir::Value first, int64_t step) {
    stride = {variable, first, step};
  }

  /// Repeats the body instead of looping, as long as that makes no more than
  /// `points` copies.
  void setUnrolling(int64_t points) { unrolling = points; }

  /// Makes the innermost loop carry partial results of at most `length` points
  /// each: `start` gives what one starts from, `combine` adds it to the values
  /// carried so far.
  struct Blocks {
    int64_t length = 0;
    std::function<llvm::SmallVector<mlir::Value>()> start;
    std::function<llvm::SmallVector<mlir::Value>(mlir::ValueRange carried,
                                                 mlir::ValueRange partial)>
        combine;
  };
  void setBlocks(Blocks innermost) { blocks = std::move(innermost); }

  /// The condition under which the given variables have points at all; null
  /// when they always may.
  mlir::Value guard();

  /// Loops over the points and returns the carried values after the last one.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> scan(mlir::ValueRange initial,
                                                       const Body &body) {
    return scanLevel(0, initial, body);
  }

  /// The value of `expr` where its variables are known.
  mlir::Value evaluate(llvm::ArrayRef<int64_t> expr);
  mlir::Value valueOf(unsigned variable) const { return values[variable]; }

private:
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  scanLevel(size_t level, mlir::ValueRange carried, const Body &body);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  scanSolved(size_t level, const LinearConstraint &equality,
             mlir::ValueRange carried, const Body &body);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  scanBlocks(size_t level, mlir::Value lower, mlir::Value upper,
             mlir::ValueRange carried, const Body &body);
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  emitLoop(size_t level, mlir::Value lower, mlir::Value upper,
           mlir::ValueRange carried, const Body &body);
  mlir::Value holds(const LinearConstraint &constraint);
  std::pair<mlir::Value, mlir::Value> bounds(size_t level);
  bool isStrided(size_t level) const {
    return stride.step > 1 && stride.variable == order[level];
  }
  int64_t stepOf(size_t level) const {
    return isStrided(level) ? stride.step : 1;
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  IndexMath math;
  const LinearDomain &domain;
  llvm::SmallVector<unsigned> order;
  llvm::SmallVector<mlir::Value> values;
  llvm::SmallDenseMap<unsigned, std::pair<mlir::Value, mlir::Value>> limits;
  /// The constraints whose last variable is order[level]; those on given
  /// variables alone.
  llvm::SmallVector<llvm::SmallVector<LinearConstraint>> byLevel;
  llvm::SmallVector<LinearConstraint> given;
  struct Stride {
    unsigned variable = 0;
    mlir::Value first;
    int64_t step = 1;
  };

  Blocks blocks;
  Stride stride;
  int64_t unrolling = 1;
};

} // namespace polytile::codegen

#endif // POLYTILE_COMPILER_TARGET_COMMON_LOOPSCANNER_H
