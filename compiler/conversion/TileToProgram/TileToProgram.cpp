//===- TileToProgram.cpp - From the tile dialect to the program dialect ---===//
//
// Builds what the partition decided: one kernel function for each kind of
// kernel, and the entry with its buffers and dispatches.
//
// Where a value lies: arguments in the caller's inputs, results in the caller's
// outputs (written there directly by the kernel that computes them), constants
// in the package, everything else in temporaries. A reshape is a view.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/TileToProgram/TileToProgram.h"

#include "compiler/conversion/TileToProgram/Partition.h"
#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace polytile::program {
#define GEN_PASS_DEF_TILETOPROGRAM
#include "compiler/conversion/TileToProgram/Passes.h.inc"
} // namespace polytile::program

using namespace mlir;
using namespace polytile;
using namespace polytile::program;

namespace {

//===----------------------------------------------------------------------===//
// Kernel functions
//===----------------------------------------------------------------------===//

/// What a kernel reads and writes, as values of the original function, in the
/// order of its arguments and results.
struct Interface {
  llvm::SetVector<Value> reads;
  SmallVector<Value> writes;
};

/// The statement that names a kernel: its contraction, else its first one.
Location locationOf(const Kernel &kernel) {
  for (Operation *member : kernel.members)
    if (isa<tile::ContractOp>(member))
      return member->getLoc();
  return kernel.members.front()->getLoc();
}

Interface findInterface(const Kernel &kernel, unsigned number,
                        const Partition &partition) {
  auto isMember = [&](Operation *op) {
    auto found = partition.kernelOf.find(op);
    return found != partition.kernelOf.end() && found->second == number;
  };
  Interface interface;
  for (Operation *member : kernel.members) {
    for (Value operand : member->getOperands())
      if (!repeats(member, operand) &&
          !(operand.getDefiningOp() && isMember(operand.getDefiningOp())))
        interface.reads.insert(operand);
    for (Value value : member->getResults())
      if (llvm::any_of(value.getUsers(),
                       [&](Operation *user) { return !isMember(user); }))
        interface.writes.push_back(value);
  }
  return interface;
}

/// The name that the source gives a tensor, or null.
StringAttr nameOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    return function ? function.getArgAttrOfType<StringAttr>(
                          argument.getArgNumber(), "tile.name")
                    : nullptr;
  }
  Operation *def = value.getDefiningOp();
  if (auto name = def->getAttrOfType<StringAttr>("tile.name"))
    return name;
  auto loc = dyn_cast<NameLoc>(def->getLoc());
  return loc ? loc.getName() : nullptr;
}

/// Builds kernels, and gives the same function for kernels that differ in names
/// and locations only; it has the names of the first.
class KernelTable {
public:
  explicit KernelTable(ModuleOp module) : module(module), symbols(module) {}

  /// The function that computes `kernel`.
  func::FuncOp get(const Kernel &kernel, const Interface &interface) {
    func::FuncOp function = build(kernel, interface);
    std::string text;
    llvm::raw_string_ostream stream(text);
    function.print(stream, OpPrintingFlags().useLocalScope());
    auto [entry, isNew] = functions.try_emplace(text, function);
    if (!isNew) {
      function.erase();
      return entry->second;
    }
    function.setName("kernel_" + std::to_string(functions.size() - 1));
    for (auto [i, value] : llvm::enumerate(interface.reads))
      if (StringAttr name = nameOf(getStorage(value)))
        function.setArgAttr(i, "tile.name", name);
    for (auto [i, value] : llvm::enumerate(interface.writes))
      if (StringAttr name = nameOf(value))
        function.setResultAttr(i, "tile.name", name);
    symbols.insert(function, module.getBody()->end());
    return function;
  }

private:
  func::FuncOp build(const Kernel &kernel, const Interface &interface);

  ModuleOp module;
  SymbolTable symbols;
  llvm::StringMap<func::FuncOp> functions;
};

func::FuncOp KernelTable::build(const Kernel &kernel,
                                const Interface &interface) {
  ArrayRef<Value> reads = interface.reads.getArrayRef();
  auto type =
      FunctionType::get(module.getContext(), TypeRange(ValueRange(reads)),
                        TypeRange(ValueRange(interface.writes)));
  func::FuncOp function =
      func::FuncOp::create(locationOf(kernel), "kernel", type);
  function->setAttr(kernelAttrName, UnitAttr::get(module.getContext()));
  Block *body = function.addEntryBlock();
  OpBuilder builder = OpBuilder::atBlockEnd(body);
  IRMapping mapping;
  mapping.map(reads, body->getArguments());
  for (Operation *member : kernel.members) {
    for (Value operand : member->getOperands())
      if (!mapping.contains(operand))
        dropNames(builder.clone(*operand.getDefiningOp(), mapping));
    dropNames(builder.clone(*member, mapping));
  }
  SmallVector<Value> results;
  for (Value write : interface.writes)
    results.push_back(mapping.lookup(write));
  builder.create<func::ReturnOp>(kernel.members.back()->getLoc(), results);
  return function;
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

MemRefType bufferTypeOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return MemRefType::get(type.getShape(), type.getElementType());
}

class EntryBuilder {
public:
  EntryBuilder(func::FuncOp function, const Partition &partition,
               KernelTable &kernels)
      : function(function), partition(partition), kernels(kernels),
        builder(function) {}

  void run();

private:
  void declareInputs();
  void declareOutputs();
  void dispatch(unsigned number);
  void copyToOutputs();

  /// The buffer of a value; declared, and filled where it is a constant, on the
  /// first call.
  Value bufferOf(Value value, Location loc);
  Value viewAs(Value buffer, MemRefType type, Location loc);

  func::FuncOp function;
  const Partition &partition;
  KernelTable &kernels;
  OpBuilder builder;
  llvm::DenseMap<Value, Value> buffers;
  SmallVector<std::pair<Value, Value>>
      copies; ///< values that are returned, to outputs that no kernel writes
};

Value EntryBuilder::viewAs(Value buffer, MemRefType type, Location loc) {
  return buffer.getType() == type
             ? buffer
             : builder.create<ViewOp>(loc, type, buffer).getResult();
}

Value EntryBuilder::bufferOf(Value value, Location loc) {
  auto found = buffers.find(value);
  if (found != buffers.end())
    return found->second;
  Value buffer;
  Value storage = getStorage(value);
  if (storage != value) {
    buffer = viewAs(bufferOf(storage, loc), bufferTypeOf(value), loc);
  } else if (auto constant = value.getDefiningOp<tile::ConstantOp>();
             constant && isRepeated(constant)) {
    buffer =
        builder.create<TemporaryOp>(loc, bufferTypeOf(value), IntegerAttr());
    auto element =
        cast<SplatElementsAttr>(constant.getValue()).getSplatValue<TypedAttr>();
    builder.create<FillOp>(loc, element, buffer);
  } else if (constant) {
    buffer = builder.create<ConstantOp>(loc, bufferTypeOf(value),
                                        constant.getValue());
  } else {
    buffer =
        builder.create<TemporaryOp>(loc, bufferTypeOf(value), IntegerAttr());
  }
  buffers[value] = buffer;
  return buffer;
}

void EntryBuilder::declareInputs() {
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    auto name = function.getArgAttrOfType<StringAttr>(i, "tile.name");
    buffers[argument] = builder.create<InputOp>(
        argument.getLoc(), bufferTypeOf(argument), i,
        name ? name.getValue() : StringRef("arg" + std::to_string(i)));
  }
}

/// The kernel that computes a result writes it into the output. What no kernel
/// computes (arguments, constants), and what is returned more than once, is
/// copied.
void EntryBuilder::declareOutputs() {
  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    auto name = function.getResultAttrOfType<StringAttr>(i, "tile.name");
    Value output = builder.create<OutputOp>(
        value.getLoc(), bufferTypeOf(value), i,
        name ? name.getValue() : StringRef("result" + std::to_string(i)));
    Value storage = getStorage(value);
    Operation *def = storage.getDefiningOp();
    if (def && partition.kernelOf.count(def) && !buffers.count(storage))
      buffers[storage] = viewAs(output, bufferTypeOf(storage), value.getLoc());
    else
      copies.push_back({value, output});
  }
}

void EntryBuilder::dispatch(unsigned number) {
  const Kernel &kernel = partition.kernels[number];
  if (kernel.members.empty())
    return; // a later kernel has taken them all
  Location loc = locationOf(kernel);
  Interface interface = findInterface(kernel, number, partition);
  if (interface.writes.empty())
    return; // computes nothing that is used
  func::FuncOp callee = kernels.get(kernel, interface);
  SmallVector<Value> reads, writes;
  for (Value value : interface.reads)
    reads.push_back(bufferOf(value, loc));
  for (Value value : interface.writes)
    writes.push_back(bufferOf(value, loc));
  builder.create<DispatchOp>(
      loc, FlatSymbolRefAttr::get(callee.getSymNameAttr()), reads, writes);
}

void EntryBuilder::copyToOutputs() {
  for (auto [value, output] : copies) {
    auto constant = value.getDefiningOp<tile::ConstantOp>();
    if (constant && isRepeated(constant)) {
      auto element = cast<SplatElementsAttr>(constant.getValue())
                         .getSplatValue<TypedAttr>();
      builder.create<FillOp>(value.getLoc(), element, output);
    } else {
      builder.create<CopyOp>(value.getLoc(), bufferOf(value, value.getLoc()),
                             output);
    }
  }
}

void EntryBuilder::run() {
  auto entry = builder.create<EntryOp>(
      function.getLoc(), function.getSymNameAttr(), IntegerAttr());
  builder.setInsertionPointToStart(&entry.getBody().emplaceBlock());
  declareInputs();
  declareOutputs();
  for (unsigned number = 0; number < partition.kernels.size(); ++number)
    dispatch(number);
  copyToOutputs();
}

} // namespace

void program::dropNames(Operation *op) {
  // Locations are no part of what an operation is.
  if (auto name = op->getAttrOfType<StringAttr>("tile.name"))
    op->setLoc(NameLoc::get(name, op->getLoc()));
  op->removeAttr("tile.name");
  auto contract = dyn_cast<tile::ContractOp>(op);
  if (!contract)
    return;
  Builder builder(op->getContext());
  SmallVector<Attribute> names;
  for (unsigned i = 0, e = contract.getNumIndices(); i < e; ++i)
    names.push_back(builder.getStringAttr("d" + Twine(i)));
  contract.setIndexNamesAttr(builder.getArrayAttr(names));
}

namespace {

//===----------------------------------------------------------------------===//
// Empty tensors and domains
//===----------------------------------------------------------------------===//

/// The value that an operation has without computing anything: of a tensor
/// without elements zeros, of a contraction over no point its default or zeros.
/// Null for other operations.
Value foldEmpty(Operation *op, OpBuilder &builder) {
  if (op->getNumResults() != 1 || isa<tile::ConstantOp>(op))
    return nullptr;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getNumElements() != 0) {
    auto contract = dyn_cast<tile::ContractOp>(op);
    if (!contract || !contract.getUpperBounds() ||
        contract.getUpperBounds()->empty() ||
        contract.getUpperBounds()->front() >=
            contract.getLowerBounds()->front())
      return nullptr;
    if (Value initial = contract.getDefaultValue())
      return initial;
  }
  builder.setInsertionPoint(op);
  auto zeros =
      DenseElementsAttr::get(type, builder.getZeroAttr(type.getElementType()));
  return builder.create<tile::ConstantOp>(op->getLoc(), zeros);
}

/// Kernels are for elements: after this none reads or writes an empty tensor,
/// but for a gather from one.
void foldEmptyTensors(func::FuncOp function) {
  OpBuilder builder(function.getContext());
  for (Operation &op : llvm::make_early_inc_range(
           function.getBody().front().without_terminator()))
    if (Value value = foldEmpty(&op, builder)) {
      op.getResult(0).replaceAllUsesWith(value);
      op.erase();
    }
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

struct TileToProgram
    : polytile::program::impl::TileToProgramBase<TileToProgram> {
  using TileToProgramBase::TileToProgramBase;

  void runOnOperation() override {
    SmallVector<func::FuncOp> functions;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function->hasAttr(kernelAttrName) && !function.isExternal())
        functions.push_back(function);
    std::vector<Partition> partitions;
    for (func::FuncOp function : functions) {
      foldEmptyTensors(function);
      FailureOr<Partition> parts = partition(function, maxKernelOperations);
      if (failed(parts))
        return signalPassFailure();
      if (maxRowElements > 0)
        joinRowChains(*parts, maxRowElements, maxKernelOperations);
      if (maxTensors > 0)
        splitKernels(*parts, maxTensors);
      partitions.push_back(std::move(*parts));
    }
    // Names of kernels must not meet those of functions: build each entry
    // beside its function, then drop the functions.
    KernelTable kernels(getOperation());
    for (auto [function, parts] : llvm::zip_equal(functions, partitions))
      EntryBuilder(function, parts, kernels).run();
    for (func::FuncOp function : functions)
      function.erase();
  }
};

} // namespace
