//===- CpuTarget.h - Kernels of tile IR to a shared object for the CPU ----===//
//
// The whole interface of the CPU code generator: what a kernel function may
// hold, what is made of it, and the stops on the way that can be printed.
//
// A kernel is a `func.func` with the unit attribute `program.kernel` whose body
// is static, bounds-inferred tile IR on tensors:
//   - elementwise operations of broadcast-compatible shapes, constants,
//     tile.index, tile.reshape and tile.gather;
//   - contractions, with elementwise producers and consumers.
// One contraction whose consumers all have its shape is computed in one sweep
// that is split into work items; any other mix is computed step by step in one
// work item.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_CPUTARGET_H
#define POLYTILE_COMPILER_TARGET_CPU_CPUTARGET_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <cstdint>
#include <string>
#include <vector>

namespace polytile::cpu {

/// How kernels are compiled.
struct CpuOptions {
  /// "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", or "native": the best of
  /// these that this machine has.
  std::string level = "native";
  /// 0 to 3; the level of LLVM's optimisation pipeline.
  unsigned optimizationLevel = 3;
  /// Runs MLIR's verifier after every pass and LLVM's before code generation:
  /// for tests and debugging.
  bool verifyEach = false;
};

/// What the host schedule has to know of one compiled kernel.
struct CompiledKernel {
  /// The exported symbol, of type `ptl_kernel_fn`
  /// (runtime/abi/polytile_kernel_abi.h): the name of the function. Its
  /// bindings are the function's arguments in order, then its results in order.
  std::string symbol;
  /// Independent work items of a dispatch; 0 when there is nothing to compute.
  int64_t items = 0;
  /// The fewest consecutive items that are worth a call of their own: about 20
  /// microseconds of work.
  int64_t grain = 1;
  /// Scratch that each concurrent call needs, in bytes; 0 for none.
  int64_t workspaceBytes = 0;
  /// Estimated arithmetic operations, and bytes read and written, of the whole
  /// dispatch.
  uint64_t flops = 0;
  uint64_t bytes = 0;
};

/// A shared object that needs no other library, and its kernels in the order of
/// the module's functions.
struct CompiledModule {
  std::vector<char> sharedObject;
  std::vector<CompiledKernel> kernels;
  /// The concrete level it was compiled for: what the machine that runs it must
  /// have.
  std::string level;
};

/// Where emission can stop: loops and linalg operations on memrefs, LLVM IR
/// after optimisation, assembly.
enum class CpuStage { Linalg, LLVM, Assembly };

/// The concrete level that `level` names ("native" becomes what this machine
/// has); fails, without a message, for an unknown name.
mlir::FailureOr<std::string> resolveLevel(llvm::StringRef level);

/// Adds the dialects that the code generator produces, and their translation to
/// LLVM IR, to `registry`.
void registerCpuDialects(mlir::DialectRegistry &registry);

/// Registers the CPU passes for polytile-opt.
void registerCpuPasses();

/// Compiles every kernel of `module`, which is consumed: its functions are
/// lowered in place. Emits located diagnostics for what it refuses. Thread-safe
/// for modules of different contexts; only linking is serialised. The context
/// needs the dialects of `registerCpuDialects`.
mlir::FailureOr<CompiledModule> compileKernels(mlir::ModuleOp module,
                                               const CpuOptions &options);

/// Lowers `module` as compileKernels does, stops at `stage` and prints the
/// kernels there.
llvm::LogicalResult emitKernels(mlir::ModuleOp module,
                                const CpuOptions &options, CpuStage stage,
                                llvm::raw_ostream &output);

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_CPUTARGET_H
