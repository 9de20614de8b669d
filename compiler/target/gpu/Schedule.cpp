//===- Schedule.cpp - Launches, and the frame of a kernel -----------------===//
//
// What all schedules share: how threads are grouped, the kernel function with
// its bindings and ids, and what is noted on it at the end.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/Schedule.h"

#include "compiler/target/common/KernelCosts.h"
#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/common/LinearDomain.h"
#include "dialects/program/IR/ProgramOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace polytile::gpu {

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// 70000 groups on a device with 65535 in x: 2 rows of 35000.
Launch Launch::grouped(int64_t groups, int64_t size,
                       const schedule::DeviceDescription &device) {
  Launch launch;
  launch.workgroup[0] = size;
  launch.groups = std::max<int64_t>(groups, 1);
  int64_t limit = std::max<int64_t>(device.limits.grid[0], 1);
  launch.grid[1] = llvm::divideCeilSigned(launch.groups, limit);
  launch.grid[0] = llvm::divideCeilSigned(launch.groups, launch.grid[1]);
  return launch;
}

/// Smaller workgroups where there wouldn't be two for each compute unit.
Launch Launch::linear(int64_t threads,
                      const schedule::DeviceDescription &device,
                      int64_t workgroup) {
  int64_t most = std::min<int64_t>(device.limits.workgroupSize,
                                   device.limits.workgroupSizes[0]);
  int64_t size = std::min<int64_t>(
      workgroup, llvm::bit_floor<uint64_t>(std::max<int64_t>(most, 1)));
  int64_t wanted = 2 * std::max<int64_t>(device.limits.computeUnits, 1);
  while (size > 64 && llvm::divideCeilSigned(threads, size) < wanted)
    size /= 2;
  while (size > 1 && size / 2 >= threads)
    size /= 2;
  return grouped(llvm::divideCeilSigned(threads, size), size, device);
}

//===----------------------------------------------------------------------===//
// The frame of a kernel
//===----------------------------------------------------------------------===//

Type bindingType(Type element) {
  return codegen::isNarrowFloat(element)
             ? IntegerType::get(element.getContext(), 16)
             : codegen::memoryType(element);
}

static MemRefType bindingOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get({tensor.getNumElements()},
                         bindingType(tensor.getElementType()));
}

static SmallVector<Type> bindingTypes(func::FuncOp source) {
  SmallVector<Type> types;
  for (Type type : source.getFunctionType().getInputs())
    types.push_back(bindingOf(type));
  for (Type type : source.getFunctionType().getResults())
    types.push_back(bindingOf(type));
  return types;
}

unsigned indexBitsFor(func::FuncOp source) {
  bool isWide = false;
  auto check = [&](Type type) {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      isWide |= tensor.getNumElements() >= int64_t(1) << 31;
  };
  llvm::for_each(source.getArgumentTypes(), check);
  source.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), check);
    auto contract = dyn_cast<tile::ContractOp>(op);
    if (!contract)
      return;
    auto domain = codegen::buildLinearDomain(contract);
    isWide |= succeeded(domain) && !domain->fitsBits(32);
  });
  return isWide ? 64 : 32;
}

KernelEmitter::KernelEmitter(func::FuncOp source, LoweringContext &context,
                             const Launch &launch)
    : source(source), context(context), launch(launch), loc(source.getLoc()),
      builder(source.getContext()),
      scalars(builder, context.module, context.device, indexBitsFor(source)),
      evaluator(builder, scalars, [](tile::ConstantOp op) {
        return op.emitOpError("of several values must be a binding of the "
                              "kernel"),
               FailureOr<Value>(failure());
      }) {
  createFunction();
}

KernelEmitter::~KernelEmitter() {
  if (function)
    function.erase();
}

void KernelEmitter::createFunction() {
  builder.setInsertionPoint(source);
  // The name is the source's, which gives it up at the end.
  function = builder.create<kernel::FuncOp>(loc, source.getName(),
                                            bindingTypes(source),
                                            launch.workgroup, launch.grid);
  builder.setInsertionPointToStart(&function.getBody().front());
  unsigned numRead = source.getNumArguments();
  for (auto [number, argument] : llvm::enumerate(function.getArguments())) {
    bool isRead = number < numRead;
    function.setArgAttr(number, kernel::accessAttrName,
                        builder.getStringAttr(isRead ? "read" : "write"));
    auto name = isRead ? source.getArgAttr(number, "tile.name")
                       : source.getResultAttr(number - numRead, "tile.name");
    if (name)
      function.setArgAttr(number, kernel::nameAttrName, name);
    if (isRead)
      evaluator.bind(source.getArgument(number), argument);
  }
  Operation *terminator = source.getBody().front().getTerminator();
  for (auto [number, result] : llvm::enumerate(terminator->getOperands()))
    stores.push_back({result, function.getArgument(numRead + number)});
}

/// Ids stand at the top of the kernel, so that every place can use them.
Value KernelEmitter::memoize(Value &slot,
                             llvm::function_ref<Value(OpBuilder &)> make) {
  if (!slot) {
    OpBuilder::InsertionGuard restore(builder);
    Block &entry = function.getBody().front();
    auto first = llvm::find_if(entry, [](Operation &op) {
      return !isa<mlir::gpu::ThreadIdOp, mlir::gpu::BlockIdOp>(op);
    });
    builder.setInsertionPoint(&entry, first);
    slot = make(builder);
  }
  return slot;
}

Value KernelEmitter::threadId(unsigned dimension) {
  return memoize(threadIds[dimension], [&](OpBuilder &b) -> Value {
    return b.create<mlir::gpu::ThreadIdOp>(
        loc, static_cast<mlir::gpu::Dimension>(dimension));
  });
}

Value KernelEmitter::blockId(unsigned dimension) {
  return memoize(blockIds[dimension], [&](OpBuilder &b) -> Value {
    return b.create<mlir::gpu::BlockIdOp>(
        loc, static_cast<mlir::gpu::Dimension>(dimension));
  });
}

Value KernelEmitter::groupNumber() {
  if (launch.grid[1] == 1)
    return blockId(0);
  Value x = blockId(0), y = blockId(1);
  return math().add(math().mul(y, launch.grid[0]), x);
}

Value KernelEmitter::beginThreads(int64_t count) {
  int64_t size = launch.workgroup[0];
  Value thread = math().add(math().mul(groupNumber(), size), threadId());
  if (count < size * launch.grid[0] * launch.grid[1])
    onlyIf(builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, thread,
                                         math().constant(count)));
  return thread;
}

Value KernelEmitter::beginGroups() {
  Value group = groupNumber();
  if (launch.groups < launch.grid[0] * launch.grid[1])
    onlyIf(builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, group,
                                         math().constant(launch.groups)));
  return group;
}

void KernelEmitter::onlyIf(Value condition) {
  auto branch = builder.create<scf::IfOp>(loc, condition, false);
  builder.setInsertionPoint(branch.thenYield());
}

void KernelEmitter::barrier() { builder.create<mlir::gpu::BarrierOp>(loc); }

Value KernelEmitter::workgroupMemory(int64_t count, Type element,
                                     StringRef name) {
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  return builder.create<kernel::WorkgroupMemoryOp>(
      loc, kernel::getWorkgroupType(count, element),
      name.empty() ? StringAttr() : builder.getStringAttr(name));
}

Value KernelEmitter::privateMemory(int64_t count, Type element) {
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  return builder.create<memref::AllocaOp>(
      loc, kernel::getPrivateType(count, element));
}

Value KernelEmitter::vectorView(Value buffer, int64_t lanes) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t count = llvm::divideCeilSigned(type.getNumElements(), lanes);
  auto vector = VectorType::get({lanes}, type.getElementType());
  return builder.create<kernel::VectorViewOp>(
      loc, MemRefType::get({count}, vector, AffineMap(), type.getMemorySpace()),
      buffer);
}

/// The features that the types in `function` need.
static void addTypeRequirements(kernel::FuncOp function,
                                const schedule::DeviceDescription &device,
                                std::vector<std::string> &requirements) {
  bool hasDouble = false, hasLong = function.getIndexBitWidth() == 64,
       hasBytes = false, hasHalves = false;
  auto check = [&](Type type) {
    if (auto memory = dyn_cast<MemRefType>(type))
      type = memory.getElementType();
    if (auto vector = dyn_cast<VectorType>(type))
      type = vector.getElementType();
    hasDouble |= type.isF64();
    hasLong |= type.isInteger(64);
  };
  for (Type type : function.getArgumentTypes()) {
    Type element = cast<MemRefType>(type).getElementType();
    hasBytes |= element.isInteger(8);
    hasHalves |= element.isInteger(16);
    check(type);
  }
  function.walk(
      [&](Operation *op) { llvm::for_each(op->getResultTypes(), check); });
  auto add = [&](bool condition, StringRef feature) {
    if (condition && !llvm::is_contained(requirements, feature))
      requirements.push_back(feature.str());
  };
  add(hasDouble, schedule::feature::F64);
  add(hasLong, schedule::feature::I64);
  // Without these, SPIR-V packs what is small into words.
  auto addIfUsed = [&](bool condition, StringRef feature) {
    add(condition && device.kind == schedule::kind::Vulkan &&
            device.has(feature),
        feature);
  };
  addIfUsed(hasBytes, schedule::feature::Storage8);
  addIfUsed(hasHalves, schedule::feature::Storage16);
}

kernel::FuncOp KernelEmitter::finish(ArrayRef<NamedAttribute> schedule) {
  builder.setInsertionPointToEnd(&function.getBody().front());
  builder.create<kernel::ReturnOp>(loc);
  unsigned indexBits = scalars.indexInteger().getWidth();
  if (indexBits != 32)
    function.setIndexBitsAttr(builder.getI32IntegerAttr(indexBits));
  function.setScheduleAttr(builder.getDictionaryAttr(schedule));
  if (auto text =
          source->getAttrOfType<StringAttr>(program::kernelSourceAttrName))
    function.setSourceAttr(text);
  addTypeRequirements(function, context.device, requirements);
  if (!requirements.empty()) {
    SmallVector<StringRef> names(requirements.begin(), requirements.end());
    function.setRequiresAttr(builder.getStrArrayAttr(names));
  }
  codegen::KernelCosts costs = codegen::countCosts(source);
  function.setFlopsAttr(builder.getI64IntegerAttr(costs.flops));
  function.setBytesAttr(builder.getI64IntegerAttr(costs.bytes));
  source.erase();
  return std::exchange(function, nullptr);
}

//===----------------------------------------------------------------------===//
// Contractions and what follows from them
//===----------------------------------------------------------------------===//

tile::ContractOp onlyContraction(func::FuncOp source) {
  auto contracts = source.getOps<tile::ContractOp>();
  if (contracts.empty() || !llvm::hasSingleElement(contracts))
    return {};
  return *contracts.begin();
}

bool isEpilogueOf(tile::ContractOp contract, func::FuncOp source) {
  ArrayRef<int64_t> shape = contract.getResultType().getShape();
  auto hasShape = [&](Value value) {
    return cast<RankedTensorType>(value.getType()).getShape() == shape;
  };
  Operation *terminator = source.getBody().front().getTerminator();
  if (!llvm::all_of(terminator->getOperands(), hasShape))
    return false;
  SmallVector<Operation *> worklist = {contract};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val()->getUsers()) {
      if (user == terminator || !seen.insert(user).second)
        continue;
      if (!user->hasTrait<tile::Elementwise>() || !hasShape(user->getResult(0)))
        return false;
      worklist.push_back(user);
    }
  return true;
}

LogicalResult storeEpilogue(KernelEmitter &emitter, tile::ContractOp contract,
                            Value element, ValueRange indices) {
  codegen::ElementEvaluator &evaluator = emitter.evaluator;
  evaluator.startScope();
  evaluator.setElement(contract.getResult(), element);
  SmallVector<Value> elements;
  for (const Store &store : emitter.stores) {
    FailureOr<Value> value = evaluator.evaluate(store.tensor, indices);
    if (failed(value))
      return failure();
    elements.push_back(*value);
  }
  evaluator.setElement(contract.getResult(), Value());
  Value position =
      emitter.math().linearize(indices, contract.getResultType().getShape());
  for (auto [store, value] : llvm::zip_equal(emitter.stores, elements))
    evaluator.store(
        emitter.loc, value, store.buffer, position,
        cast<RankedTensorType>(store.tensor.getType()).getElementType());
  return success();
}

} // namespace polytile::gpu
