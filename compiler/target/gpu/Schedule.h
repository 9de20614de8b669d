//===- Schedule.h - Ways to compute a kernel on a GPU -----------*- C++ -*-===//
//
// A schedule turns one kernel function of tile IR into a kernel.func: it
// decides what a thread and a workgroup compute, creates a KernelEmitter with
// that launch, emits the body of one thread, and finishes:
//
//   FailureOr<kernel::FuncOp> tryCopy(func::FuncOp source,
//                                     LoweringContext &context) {
//     if (!isCopy(source))
//       return failure(); // nothing was created or reported: try the next
//     KernelEmitter emitter(source, context,
//                           Launch::linear(elements, context.device));
//     Value i = emitter.beginThreads(elements); // ends the others
//     ...
//     return emitter.finish({emitter.named("kind", "copy")});
//   }
//
// The table in LowerKernels.cpp says in which order they are tried; the last
// ones take everything.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_GPU_SCHEDULE_H
#define POLYTILE_COMPILER_TARGET_GPU_SCHEDULE_H

#include "compiler/schedule/DeviceDescription.h"
#include "compiler/target/common/ElementEvaluator.h"
#include "compiler/target/common/IndexMath.h"
#include "compiler/target/gpu/GpuScalars.h"
#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <array>

namespace polytile::gpu {

/// What all kernels of a module are lowered with.
struct LoweringContext {
  mlir::ModuleOp module;
  const schedule::DeviceDescription &device;
};

/// How many threads a kernel has.
struct Launch {
  /// Threads of a workgroup.
  std::array<int64_t, 3> workgroup = {1, 1, 1};
  /// Workgroups. What exceeds the device's grid in x goes on in y: a kernel
  /// counts workgroups by KernelEmitter::groupNumber().
  std::array<int64_t, 3> grid = {1, 1, 1};
  /// Workgroups that have work; a folded grid may have more.
  int64_t groups = 1;

  /// `groups` workgroups of `size` threads along x, folded over x and y.
  static Launch grouped(int64_t groups, int64_t size,
                        const schedule::DeviceDescription &device);
  /// At least `threads` threads along x, in workgroups of a size that suits
  /// the device: at most `workgroup` threads, which is a power of two.
  static Launch linear(int64_t threads,
                       const schedule::DeviceDescription &device,
                       int64_t workgroup = 256);
};

/// Where a result goes: the value whose elements are stored, and its binding.
struct Store {
  mlir::Value tensor;
  mlir::Value buffer;
};

/// The element type of a binding that holds tile elements `element`.
mlir::Type bindingType(mlir::Type element);

/// 64 where a position or a constraint of `source` may exceed 31 bits (loops
/// compare indices as signed), else 32.
unsigned indexBitsFor(mlir::func::FuncOp source);

/// Creates a kernel and emits into it. A kernel that isn't finished vanishes
/// with its emitter.
class KernelEmitter {
public:
  KernelEmitter(mlir::func::FuncOp source, LoweringContext &context,
                const Launch &launch);
  ~KernelEmitter();
  KernelEmitter(const KernelEmitter &) = delete;
  KernelEmitter &operator=(const KernelEmitter &) = delete;

  codegen::IndexMath math() { return {builder, loc}; }

  /// Ids, as index values that are emitted at the top of the kernel once.
  /// `dimension` is 0 to 2.
  mlir::Value threadId(unsigned dimension = 0);
  mlir::Value blockId(unsigned dimension = 0);
  /// The number of the workgroup in a grid folded over x and y.
  mlir::Value groupNumber();

  /// For launches of Launch::linear: the number of the thread; from here on
  /// only threads below `count` go on.
  mlir::Value beginThreads(int64_t count);
  /// For launches of Launch::grouped: the number of the workgroup; from here on
  /// only workgroups that have work go on. The condition is the same for all
  /// threads of a workgroup, so barriers may follow.
  mlir::Value beginGroups();
  /// Emits what follows inside of `if (condition)`, until the end of the
  /// kernel.
  void onlyIf(mlir::Value condition);

  void barrier();
  /// Flat memory that the threads of a workgroup share.
  mlir::Value workgroupMemory(int64_t count, mlir::Type element,
                              llvm::StringRef name = "");
  /// A flat array of the thread's own.
  mlir::Value privateMemory(int64_t count, mlir::Type element);
  /// `buffer` as vectors of `lanes` (2 or 4) elements; a binding's last one may
  /// reach into padding.
  mlir::Value vectorView(mlir::Value buffer, int64_t lanes);

  mlir::NamedAttribute named(llvm::StringRef name, llvm::StringRef value) {
    return builder.getNamedAttr(name, builder.getStringAttr(value));
  }
  mlir::NamedAttribute named(llvm::StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }

  /// Ends the kernel, notes what was chosen (`schedule`, for readers), and
  /// removes the source function.
  kernel::FuncOp finish(llvm::ArrayRef<mlir::NamedAttribute> schedule);

  /// A feature that the kernel needs beside what its types say.
  void require(llvm::StringRef feature) {
    requirements.push_back(feature.str());
  }

private:
  void createFunction();
  mlir::Value memoize(mlir::Value &slot,
                      llvm::function_ref<mlir::Value(mlir::OpBuilder &)> make);

  mlir::func::FuncOp source;
  LoweringContext &context;
  Launch launch;
  std::array<mlir::Value, 3> threadIds, blockIds;
  std::vector<std::string> requirements;

public:
  mlir::Location loc;
  mlir::OpBuilder builder;
  kernel::FuncOp function;
  GpuScalars scalars;
  codegen::ElementEvaluator evaluator;
  /// The results of the source function and their bindings; the evaluator knows
  /// the bindings of the arguments.
  llvm::SmallVector<Store> stores;
};

/// The only contraction of `source`; null when there is none or more than one.
tile::ContractOp onlyContraction(mlir::func::FuncOp source);

/// True when all results of `source` have the shape of `contract` and follow
/// from it by elementwise operations of that shape.
bool isEpilogueOf(tile::ContractOp contract, mlir::func::FuncOp source);

/// Stores all results of `emitter` at `indices`, where `contract` has
/// `element`: the epilogue of a contraction.
llvm::LogicalResult storeEpilogue(KernelEmitter &emitter,
                                  tile::ContractOp contract,
                                  mlir::Value element,
                                  mlir::ValueRange indices);

// The schedules. Each fails without a message where it doesn't fit; the last
// two take everything, and report what can't be computed.
mlir::FailureOr<kernel::FuncOp> tryCooperativeGemm(mlir::func::FuncOp source,
                                                   LoweringContext &context);
mlir::FailureOr<kernel::FuncOp> tryGemm(mlir::func::FuncOp source,
                                        LoweringContext &context);
mlir::FailureOr<kernel::FuncOp> tryElementwise(mlir::func::FuncOp source,
                                               LoweringContext &context);
mlir::FailureOr<kernel::FuncOp> tryTransposition(mlir::func::FuncOp source,
                                                 LoweringContext &context);
mlir::FailureOr<kernel::FuncOp> tryRows(mlir::func::FuncOp source,
                                        LoweringContext &context);
mlir::FailureOr<kernel::FuncOp> tryColumns(mlir::func::FuncOp source,
                                           LoweringContext &context);
mlir::FailureOr<kernel::FuncOp> tryTeams(mlir::func::FuncOp source,
                                         LoweringContext &context);
mlir::FailureOr<kernel::FuncOp> tryContraction(mlir::func::FuncOp source,
                                               LoweringContext &context);

} // namespace polytile::gpu

#endif // POLYTILE_COMPILER_TARGET_GPU_SCHEDULE_H
