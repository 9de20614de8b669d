//===- LowerKernels.cpp - The pass cpu-lower-kernels ----------------------===//
//
// Replaces each kernel function on tensors by one on buffers:
//
//   func.func @k(%a: tensor<8xf32>) -> tensor<8xf32> attributes
//   {program.kernel}
// ==>
//   func.func @k(%a: memref<8xf32>, %r: memref<8xf32>, %begin: index,
//                %end: index, %workspace: memref<..xi8>)
//       attributes {cpu.kernel = {items, grain, workspace_bytes, flops, bytes}}
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/KernelCosts.h"
#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/cpu/DenseSweep.h"
#include "compiler/target/cpu/KernelEmitter.h"
#include "compiler/target/cpu/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace polytile::cpu {

#define GEN_PASS_DEF_CPULOWERKERNELS
#include "compiler/target/cpu/Passes.h.inc"

namespace {

/// Lowers one kernel.
class KernelLowering {
public:
  KernelLowering(func::FuncOp source, const LowerKernelsConfig &config)
      : source(source), config(config) {}
  LogicalResult run();

private:
  void createFunction();
  LogicalResult emitSweep(const Sweep &sweep, bool isWhole);
  FailureOr<Sweep> makeSweep(tile::ContractOp contract, ArrayRef<Store> stores);
  LogicalResult emitSteps();
  bool isOneSweep(tile::ContractOp contract);
  void annotate();

  func::FuncOp source, lowered;
  LowerKernelsConfig config;
  OpBuilder builder{source.getContext()};
  std::unique_ptr<KernelEmitter> emitter;
  SmallVector<Store> stores;
  SmallVector<tile::ContractOp> contracts;
  Value begin, end;
  int64_t items = 1, grain = 1;
};

} // namespace

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Buffers are flat in the lowered function: the loops compute positions, and
/// no size can make a layout degenerate.
static MemRefType flatType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get({tensor.getNumElements()},
                         memoryType(tensor.getElementType()));
}

void KernelLowering::createFunction() {
  SmallVector<Type> types;
  for (Type type : source.getFunctionType().getInputs())
    types.push_back(flatType(type));
  for (Type type : source.getFunctionType().getResults())
    types.push_back(flatType(type));
  Type index = builder.getIndexType();
  types.append({index, index, MemRefType::get({1}, builder.getI8Type())});
  builder.setInsertionPoint(source);
  lowered = builder.create<func::FuncOp>(source.getLoc(), source.getName(),
                                         builder.getFunctionType(types, {}));
  if (Attribute mayAlias = source->getAttr("program.may_alias"))
    lowered->setAttr("program.may_alias", mayAlias);
  Block *entry = lowered.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  auto module = source->getParentOfType<ModuleOp>();
  unsigned count = types.size();
  begin = entry->getArgument(count - 3);
  end = entry->getArgument(count - 2);
  emitter = std::make_unique<KernelEmitter>(builder, module, config.features,
                                            entry->getArgument(count - 1));
  for (auto [argument, buffer] :
       llvm::zip(source.getArguments(), entry->getArguments()))
    emitter->evaluator.bind(argument, buffer);
  Operation *terminator = source.getBody().front().getTerminator();
  for (auto [number, result] : llvm::enumerate(terminator->getOperands()))
    stores.push_back(
        {result, entry->getArgument(source.getNumArguments() + number)});
}

/// True when every result has the contraction's shape and reaches it through
/// elementwise operations of that shape alone.
bool KernelLowering::isOneSweep(tile::ContractOp contract) {
  ArrayRef<int64_t> shape = contract.getResultType().getShape();
  for (const Store &store : stores)
    if (tensorType(store.tensor).getShape() != shape)
      return false;
  SmallVector<Operation *> worklist = {contract};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val()->getUsers()) {
      if (isa<func::ReturnOp>(user) || !seen.insert(user).second)
        continue;
      if (!user->hasTrait<tile::Elementwise>() ||
          tensorType(user->getResult(0)).getShape() != shape)
        return false;
      worklist.push_back(user);
    }
  return true;
}

FailureOr<Sweep> KernelLowering::makeSweep(tile::ContractOp contract,
                                           ArrayRef<Store> wanted) {
  if (auto dense =
          makeDenseSweep(*emitter, contract, wanted, config.vectorBits);
      succeeded(dense))
    return dense;
  return makeContractSweep(*emitter, contract, wanted);
}

/// The whole kernel's items come from its one sweep; a step among several runs
/// all of its items at once.
LogicalResult KernelLowering::emitSweep(const Sweep &sweep, bool isWhole) {
  if (isWhole) {
    items = sweep.grid.items;
    grain = sweep.grid.grain;
    return items == 0 ? success() : sweep.emit(begin, end);
  }
  if (sweep.grid.items == 0)
    return success();
  IndexMath math(builder, source.getLoc());
  return sweep.emit(math.constant(0), math.constant(sweep.grid.items));
}

/// Each contraction into a buffer of its own, in order; then the results.
LogicalResult KernelLowering::emitSteps() {
  for (tile::ContractOp contract : contracts) {
    auto type = contract.getResultType();
    Value buffer;
    for (const Store &store : stores)
      if (store.tensor == contract.getResult())
        buffer = store.buffer;
    if (!buffer)
      buffer = emitter->allocate(contract.getLoc(), type.getNumElements(),
                                 memoryType(type.getElementType()));
    auto sweep = makeSweep(contract, Store{contract.getResult(), buffer});
    if (failed(sweep) || failed(emitSweep(*sweep, false)))
      return failure();
    emitter->evaluator.startScope();
    emitter->evaluator.bind(contract.getResult(), buffer);
  }
  for (const Store &store : stores) {
    if (emitter->evaluator.bufferOf(store.tensor) == store.buffer)
      continue;
    if (failed(emitSweep(makeElementwiseSweep(*emitter, store), false)))
      return failure();
  }
  return success();
}

void KernelLowering::annotate() {
  KernelCosts costs = countCosts(source);
  auto named = [&](StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  };
  lowered->setAttr(
      kernelAttrName,
      builder.getDictionaryAttr(
          {named("items", items), named("grain", grain),
           named("workspace_bytes", emitter->workspaceBytes),
           named("flops", costs.flops), named("bytes", costs.bytes)}));
}

LogicalResult KernelLowering::run() {
  createFunction();
  source.walk(
      [&](tile::ContractOp contract) { contracts.push_back(contract); });
  bool sameShape = llvm::all_of(stores, [&](const Store &store) {
    return tensorType(store.tensor).getShape() ==
           tensorType(stores.front().tensor).getShape();
  });
  LogicalResult result = success();
  if (!stores.empty() && contracts.empty() && sameShape) {
    result = emitSweep(makeElementwiseSweep(*emitter, stores), true);
  } else if (contracts.size() == 1 && isOneSweep(contracts.front())) {
    auto sweep = makeSweep(contracts.front(), stores);
    result = failed(sweep) ? failure() : emitSweep(*sweep, true);
  } else {
    result = emitSteps();
  }
  if (failed(result))
    return failure();
  builder.setInsertionPointToEnd(&lowered.getBody().front());
  builder.create<func::ReturnOp>(source.getLoc());
  // The workspace has its size now.
  Block &entry = lowered.getBody().front();
  entry.getArguments().back().setType(MemRefType::get(
      {std::max<int64_t>(emitter->workspaceBytes, 1)}, builder.getI8Type()));
  lowered.setType(builder.getFunctionType(entry.getArgumentTypes(), {}));
  annotate();
  source.erase();
  return success();
}

namespace {
struct LowerKernels : impl::CpuLowerKernelsBase<LowerKernels> {
  using CpuLowerKernelsBase::CpuLowerKernelsBase;

  void runOnOperation() override {
    LowerKernelsConfig config = configFor(level);
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr("program.kernel") &&
          failed(KernelLowering(function, config).run()))
        return signalPassFailure();
  }
};
} // namespace

LowerKernelsConfig configFor(StringRef level) {
  LowerKernelsConfig config;
  config.features.f16Conversions = level == "x86-64-v3" || level == "x86-64-v4";
  config.features.rounding = level != "x86-64";
  config.vectorBits = level == "x86-64-v4"   ? 512
                      : level == "x86-64-v3" ? 256
                                             : 128;
  return config;
}

} // namespace polytile::cpu
