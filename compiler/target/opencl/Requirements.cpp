//===- Requirements.cpp - What kernels need of a device -------------------===//
//
// Drivers report these limits late and in their own words, or lose the device.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/opencl/Requirements.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace llvm;
using namespace mlir;

namespace polytile::opencl {

namespace {

template <typename Test> bool anyType(Operation *root, Test test) {
  auto has = [&](Type type) {
    if (auto memory = dyn_cast<MemRefType>(type))
      type = memory.getElementType();
    return test(getElementTypeOrSelf(type));
  };
  return root
      ->walk([&](Operation *op) {
        bool found = llvm::any_of(op->getResultTypes(), has);
        for (Region &region : op->getRegions())
          found |= llvm::any_of(region.getArgumentTypes(), has);
        return found ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

template <typename... Ops> bool anyOp(Operation *root) {
  return root
      ->walk([](Operation *op) {
        return isa<Ops...>(op) ? WalkResult::interrupt()
                               : WalkResult::advance();
      })
      .wasInterrupted();
}

bool usesDoubles(Operation *root) {
  return anyType(root, [](Type type) { return type.isF64(); });
}

bool usesSubgroups(Operation *root) {
  return anyOp<gpu::ShuffleOp, gpu::LaneIdOp, gpu::SubgroupIdOp,
               gpu::SubgroupSizeOp>(root);
}

InFlightDiagnostic complain(kernel::FuncOp kernel) {
  return kernel.emitError("kernel '") << kernel.getName() << "' ";
}

LogicalResult checkFeatures(kernel::FuncOp kernel,
                            const schedule::DeviceDescription &device) {
  SmallVector<StringRef> needed;
  if (ArrayAttr listed = kernel.getRequiresAttr())
    for (StringAttr feature : listed.getAsRange<StringAttr>())
      needed.push_back(feature.getValue());
  if (usesDoubles(kernel))
    needed.push_back(schedule::feature::F64);
  if (anyType(kernel, [](Type type) { return type.isInteger(64); }))
    needed.push_back(schedule::feature::I64);
  if (usesSubgroups(kernel))
    needed.push_back(schedule::feature::SubgroupShuffle);
  for (StringRef feature : needed)
    if (!device.has(feature))
      return complain(kernel) << "needs '" << feature << "', which "
                              << device.describe() << " doesn't have";
  return success();
}

LogicalResult checkWorkgroup(kernel::FuncOp kernel,
                             const schedule::DeviceDescription &device) {
  const schedule::Limits &limits = device.limits;
  if (kernel.getWorkgroupItems() > limits.workgroupSize)
    return complain(kernel)
           << "has " << kernel.getWorkgroupItems()
           << " work items in a workgroup; " << device.describe() << " allows "
           << limits.workgroupSize;
  for (unsigned dim = 0; dim != 3; ++dim)
    if (kernel.getWorkgroupSize()[dim] > limits.workgroupSizes[dim])
      return complain(kernel)
             << "has " << kernel.getWorkgroupSize()[dim] << " work items along "
             << "xyz"[dim] << "; " << device.describe() << " allows "
             << limits.workgroupSizes[dim];
  const uint64_t bytes = kernel.getWorkgroupMemoryBytes();
  if (bytes > limits.workgroupMemoryBytes)
    return complain(kernel)
           << "needs " << bytes << " bytes of workgroup memory; "
           << device.describe() << " has " << limits.workgroupMemoryBytes;
  const schedule::Subgroup &subgroup = device.subgroup;
  if (auto size = kernel.getSubgroupSize())
    if (*size < subgroup.min || *size > subgroup.max)
      return complain(kernel)
             << "needs subgroups of " << *size << "; " << device.describe()
             << " has " << subgroup.min << " to " << subgroup.max;
  return success();
}

LogicalResult checkBindings(kernel::FuncOp kernel,
                            const schedule::DeviceDescription &device) {
  const schedule::Limits &limits = device.limits;
  if (kernel.getNumArguments() > limits.bindings)
    return complain(kernel)
           << "has " << kernel.getNumArguments() << " buffers; "
           << device.describe() << " allows " << limits.bindings;
  for (auto [number, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    auto memory = cast<MemRefType>(type);
    const uint64_t bytes = memory.getNumElements() *
                           kernel::getMemoryBytes(memory.getElementType());
    if (bytes > limits.bindingBytes)
      return complain(kernel)
             << "has a buffer '" << kernel.getBindingName(number) << "' of "
             << bytes << " bytes; " << device.describe() << " allows "
             << limits.bindingBytes;
  }
  return success();
}

} // namespace

Usage findUsage(ModuleOp module) {
  Usage usage;
  usage.doubles = usesDoubles(module);
  usage.halves = anyOp<kernel::HalfToFloatOp, kernel::FloatToHalfOp>(module);
  usage.shuffles = anyOp<gpu::ShuffleOp>(module);
  usage.subgroups = usesSubgroups(module);
  return usage;
}

LogicalResult checkRequirements(kernel::FuncOp kernel,
                                const schedule::DeviceDescription &device) {
  if (failed(checkFeatures(kernel, device)) ||
      failed(checkWorkgroup(kernel, device)))
    return failure();
  return checkBindings(kernel, device);
}

} // namespace polytile::opencl
