//===- LowerKernels.cpp - The pass gpu-lower-kernels ----------------------===//
//
// The table of schedules, and what is checked before one is chosen: a kernel
// that the device can't run is refused here, with the place in the source.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GpuTarget.h"
#include "compiler/target/gpu/Passes.h"
#include "compiler/target/gpu/Schedule.h"
#include "dialects/program/IR/ProgramOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace polytile::gpu {

#define GEN_PASS_DEF_GPULOWERKERNELS
#include "compiler/target/gpu/Passes.h.inc"

namespace {

using Schedule = FailureOr<kernel::FuncOp> (*)(func::FuncOp, LoweringContext &);

/// In the order in which they are tried.
constexpr Schedule schedules[] = {
    tryCooperativeGemm, tryGemm,  tryTransposition, tryRows,
    tryColumns,         tryTeams, tryContraction,   tryElementwise,
};

//===----------------------------------------------------------------------===//
// What the device can't compute
//===----------------------------------------------------------------------===//

/// What is missing for an element type, in words; null when nothing is.
const char *missingFor(Type element,
                       const schedule::DeviceDescription &device) {
  if (element.isF64() && !device.has(schedule::feature::F64))
    return "64-bit floats";
  auto integer = dyn_cast<IntegerType>(element);
  if (integer && integer.getWidth() == 64 &&
      !device.has(schedule::feature::I64))
    return "64-bit integers";
  return nullptr;
}

LogicalResult checkType(Location loc, Type type,
                        const schedule::DeviceDescription &device) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return success();
  Type element = tensor.getElementType();
  if (const char *missing = missingFor(element, device))
    return mlir::emitError(loc) << device.describe() << " has no " << missing
                                << "; a value here has elements of type "
                                << tile::spellElementType(element);
  return success();
}

/// Types and number of the bindings, and the types inside. What is larger than
/// a binding may be becomes several behind all schedules.
LogicalResult checkKernel(func::FuncOp source,
                          const schedule::DeviceDescription &device) {
  for (BlockArgument argument : source.getArguments())
    if (failed(checkType(source.getLoc(), argument.getType(), device)))
      return failure();
  WalkResult walk = source.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (failed(checkType(op->getLoc(), type, device)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return failure();
  if (indexBitsFor(source) == 64 && !device.has(schedule::feature::I64))
    return source.emitError()
           << device.describe()
           << " has no 64-bit integers, which the indices of this need";
  FunctionType type = source.getFunctionType();
  if (type.getNumInputs() + type.getNumResults() > device.limits.bindings)
    return source.emitError()
           << "this reads and writes "
           << type.getNumInputs() + type.getNumResults() << " tensors at once; "
           << device.describe() << " allows " << device.limits.bindings;
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// A diagnostic was emitted where none of the schedules takes the kernel: those
/// that take everything say why they can't.
LogicalResult lowerKernel(func::FuncOp source, LoweringContext &context) {
  if (failed(checkKernel(source, context.device)))
    return failure();
  Location loc = source.getLoc();
  bool hasReported = false;
  ScopedDiagnosticHandler handler(loc.getContext(), [&](Diagnostic &) {
    hasReported = true;
    return failure(); // goes on to the next handler
  });
  for (Schedule schedule : schedules) {
    if (succeeded(schedule(source, context)))
      return success();
    if (hasReported)
      return failure();
  }
  return mlir::emitError(loc) << "no schedule for " << context.device.kind
                              << " takes a kernel of these operations together";
}

struct LowerKernels : impl::GpuLowerKernelsBase<LowerKernels> {
  using GpuLowerKernelsBase::GpuLowerKernelsBase;

  LogicalResult initialize(MLIRContext *context) override {
    std::string problem;
    StringRef name = device;
    description = name.consume_front("generic-")
                      ? schedule::DeviceDescription::generic(name)
                      : schedule::DeviceDescription::parse(name, problem);
    if (description)
      return success();
    return mlir::emitError(UnknownLoc::get(context))
           << "'" << name << "' is no description of a device: " << problem;
  }

  void runOnOperation() override {
    LoweringContext context{getOperation(), *description};
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(program::kernelAttrName) &&
          failed(lowerKernel(function, context)))
        return signalPassFailure();
  }

  std::optional<schedule::DeviceDescription> description;
};

} // namespace

LogicalResult lowerKernels(ModuleOp module,
                           const schedule::DeviceDescription &device) {
  PassManager passes(module.getContext());
  GpuLowerKernelsOptions options;
  options.device = device.toJson();
  passes.addPass(createGpuLowerKernels(options));
  // Lanes and points that are written out repeat their index arithmetic.
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  return passes.run(module);
}

} // namespace polytile::gpu
