//===- KernelSplitBindings.cpp - Several bindings for a large buffer ------===//
//
// Splitting the buffer rather than the dispatch works for every kernel,
// whatever its access pattern: a matrix product reads windows of its operands
// in every workgroup.
//
// An example with small numbers: 300 floats and bindings of at most 1024 bytes
// give windows of 256 and 44 floats. Element 270 is element 14 of the second.
// Through a view as vectors of 4, windows have 64 and 11 vectors, and vector 67
// is vector 3 of the second: a vector never lies in two windows, since their
// size is a multiple of 16 bytes.
//
//===----------------------------------------------------------------------===//

#include "dialects/kernel/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

#include <numeric>

namespace polytile::kernel {
#define GEN_PASS_DEF_KERNELSPLITBINDINGS
#include "dialects/kernel/Transforms/Passes.h.inc"
} // namespace polytile::kernel

using namespace mlir;
using namespace polytile::kernel;

namespace {

uint64_t bytesOf(MemRefType type) {
  return type.getNumElements() * getMemoryBytes(type.getElementType());
}

/// The windows on one buffer, of one element type.
struct Windows {
  SmallVector<Value> memory;
  int64_t elements = 0; ///< of every window but the last
};

/// Builds `makeAccess(window, index)` for the window that `index` lies in, from
/// window `first` on.
Value pickWindow(OpBuilder &builder, Location loc, const Windows &windows,
                 size_t first, Value index, Type result,
                 function_ref<Value(OpBuilder &, Value, Value)> makeAccess) {
  if (first + 1 == windows.memory.size())
    return makeAccess(builder, windows.memory[first], index);
  Value size = builder.create<arith::ConstantIndexOp>(loc, windows.elements);
  Value isHere = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult,
                                               index, size);
  auto branch = builder.create<scf::IfOp>(
      loc, result ? TypeRange(result) : TypeRange(), isHere,
      /*withElseRegion=*/true);
  auto fill = [&](OpBuilder inside, auto make) {
    Value value = make(inside);
    if (result)
      inside.create<scf::YieldOp>(loc, value);
  };
  fill(branch.getThenBodyBuilder(), [&](OpBuilder &inside) {
    return makeAccess(inside, windows.memory[first], index);
  });
  fill(branch.getElseBodyBuilder(), [&](OpBuilder &inside) {
    Value rest = inside.create<arith::SubIOp>(loc, index, size);
    return pickWindow(inside, loc, windows, first + 1, rest, result,
                      makeAccess);
  });
  return result ? branch.getResult(0) : Value();
}

void replaceLoad(memref::LoadOp load, const Windows &windows) {
  OpBuilder builder(load);
  Location loc = load.getLoc();
  Value value =
      pickWindow(builder, loc, windows, 0, load.getIndices()[0], load.getType(),
                 [&](OpBuilder &inside, Value memory, Value index) -> Value {
                   return inside.create<memref::LoadOp>(loc, memory, index);
                 });
  load.replaceAllUsesWith(value);
  load.erase();
}

void replaceStore(memref::StoreOp store, const Windows &windows) {
  OpBuilder builder(store);
  Location loc = store.getLoc();
  pickWindow(builder, loc, windows, 0, store.getIndices()[0], Type(),
             [&](OpBuilder &inside, Value memory, Value index) -> Value {
               inside.create<memref::StoreOp>(loc, store.getValueToStore(),
                                              memory, index);
               return Value();
             });
  store.erase();
}

Windows viewWindows(VectorViewOp view, const Windows &windows) {
  OpBuilder builder(view);
  int64_t bytes = getMemoryBytes(view.getType().getElementType());
  int64_t sourceBytes =
      getMemoryBytes(view.getSource().getType().getElementType());
  Windows views;
  views.elements = windows.elements * sourceBytes / bytes;
  int64_t rest = view.getType().getNumElements();
  for (Value memory : windows.memory) {
    int64_t count = std::min(views.elements, rest);
    rest -= count;
    auto type = MemRefType::get({count}, view.getType().getElementType());
    views.memory.push_back(
        builder.create<VectorViewOp>(view.getLoc(), type, memory));
  }
  return views;
}

/// Lets every use of `buffer` go through the windows. Fails at an operation
/// that takes a buffer as a whole.
LogicalResult replaceUses(Value buffer, const Windows &windows) {
  for (Operation *user : llvm::make_early_inc_range(buffer.getUsers())) {
    if (auto load = dyn_cast<memref::LoadOp>(user)) {
      replaceLoad(load, windows);
    } else if (auto store = dyn_cast<memref::StoreOp>(user)) {
      replaceStore(store, windows);
    } else if (auto view = dyn_cast<VectorViewOp>(user)) {
      if (failed(replaceUses(view, viewWindows(view, windows))))
        return failure();
      view.erase();
    } else {
      return user->emitError()
             << "'" << user->getName()
             << "' can't use a buffer that is split into several bindings";
    }
  }
  return success();
}

struct KernelSplitBindings
    : polytile::kernel::impl::KernelSplitBindingsBase<KernelSplitBindings> {
  using KernelSplitBindingsBase::KernelSplitBindingsBase;

  void runOnOperation() override {
    // Bindings of a package begin at multiples of 64 bytes; that suits the
    // widest vector, too.
    uint64_t step =
        std::lcm<uint64_t>(std::max<uint64_t>(offsetAlignment, 1), 64);
    windowBytes = bindingBytes / step * step;
    for (auto kernel : getOperation().getOps<FuncOp>())
      if (failed(split(kernel)))
        return signalPassFailure();
  }

private:
  uint64_t countWindows(Type type) const {
    uint64_t bytes = bytesOf(cast<MemRefType>(type));
    return bytes <= bindingBytes ? 1 : llvm::divideCeil(bytes, windowBytes);
  }
  LogicalResult checkCount(FuncOp kernel) const;
  LogicalResult split(FuncOp kernel);
  Windows addWindows(FuncOp kernel, unsigned at, unsigned number);

  uint64_t windowBytes = 0;
};

LogicalResult KernelSplitBindings::checkCount(FuncOp kernel) const {
  uint64_t count = 0, largest = 0;
  for (Type type : kernel.getArgumentTypes()) {
    largest = std::max(largest, bytesOf(cast<MemRefType>(type)));
    if (largest > bindingBytes && windowBytes == 0)
      return kernel.emitError()
             << device.getValue() << " has no binding of 64 bytes";
    count += countWindows(type);
  }
  if (largest <= bindingBytes || count <= maxBindings)
    return success();
  return kernel.emitError()
         << device.getValue() << " binds at most " << bindingBytes.getValue()
         << " bytes at once; a tensor of " << largest
         << " bytes is read or written here, and the kernel would need "
         << count << " bindings of " << maxBindings.getValue();
}

/// Replaces argument `at`, binding `number`, by its windows.
Windows KernelSplitBindings::addWindows(FuncOp kernel, unsigned at,
                                        unsigned number) {
  auto type = cast<MemRefType>(kernel.getArgument(at).getType());
  Builder builder(kernel.getContext());
  NamedAttrList attributes(kernel.getArgAttrDict(at));
  attributes.set(bindingAttrName, builder.getI64IntegerAttr(number));
  uint64_t elementBytes = getMemoryBytes(type.getElementType());
  Windows windows;
  windows.elements = windowBytes / elementBytes;
  uint64_t count = countWindows(type);
  for (uint64_t i = 0; i < count; ++i) {
    int64_t first = i * windows.elements;
    int64_t size =
        count == 1 ? type.getNumElements()
                   : std::min(windows.elements, type.getNumElements() - first);
    attributes.set(offsetAttrName,
                   builder.getI64IntegerAttr(first * elementBytes));
    kernel.insertArgument(at + 1 + i,
                          MemRefType::get({size}, type.getElementType()),
                          attributes.getDictionary(kernel.getContext()),
                          kernel.getArgument(at).getLoc());
    windows.memory.push_back(kernel.getArgument(at + 1 + i));
  }
  return windows;
}

LogicalResult KernelSplitBindings::split(FuncOp kernel) {
  if (failed(checkCount(kernel)))
    return failure();
  SmallVector<Type> types(kernel.getArgumentTypes());
  if (llvm::all_of(types, [&](Type type) { return countWindows(type) == 1; }))
    return success();
  for (unsigned number = 0; number < types.size(); ++number)
    if (kernel.getArgAttr(number, mayAliasAttrName))
      return kernel.emitError("a buffer that is updated in place can't be "
                              "split into several bindings");
  unsigned at = 0;
  for (unsigned number = 0; number < types.size(); ++number) {
    Windows windows = addWindows(kernel, at, number);
    Value old = kernel.getArgument(at);
    if (windows.memory.size() == 1)
      old.replaceAllUsesWith(windows.memory.front());
    else if (failed(replaceUses(old, windows)))
      return failure();
    kernel.eraseArgument(at);
    at += windows.memory.size();
  }
  return success();
}

} // namespace
