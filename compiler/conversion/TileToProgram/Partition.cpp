//===- Partition.cpp - Which operations make up which kernel --------------===//
//
// One walk over the operations keeps this invariant: a kernel reads only what
// kernels of smaller number write, so the numbers are a schedule.
//
//   An elementwise operation looks at the kernels of its operands. Only the one
//   with the largest number can take it in: the others have run before that
//   one starts. It joins when the shape is the same, else it starts a kernel.
//
//   %a = tile.contract ...   kernel 0
//   %b = tile.exp %x         kernel 1 (reads an argument only)
//   %c = tile.add %a, %b     kernel 1: the largest of 0 and 1
//   %d = tile.neg %a         kernel 0, behind the contraction
//   %e = tile.mul %c, %d     kernel 1
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/TileToProgram/Partition.h"

#include "dialects/tile/IR/TileOps.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::program;

namespace {

bool isElementwise(Operation *op) { return op->hasTrait<tile::Elementwise>(); }

ArrayRef<int64_t> shapeOf(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType()).getShape();
}

class Partitioner {
public:
  explicit Partitioner(unsigned maxKernelOperations)
      : limit(maxKernelOperations) {}

  LogicalResult visit(Operation *op);
  Partition take() { return std::move(result); }

private:
  void start(Kernel::Kind kind, Operation *op) {
    result.kernelOf[op] = result.kernels.size();
    result.kernels.push_back({kind, llvm::to_vector(shapeOf(op)), {op}});
  }
  void placeElementwise(Operation *op);
  void materializeOperands(Operation *op);

  Partition result;
  unsigned limit;
};

/// A tile.index that can't be repeated where it is read gets a kernel of its
/// own.
void Partitioner::materializeOperands(Operation *op) {
  for (Value operand : op->getOperands()) {
    auto index = getStorage(operand).getDefiningOp<tile::IndexOp>();
    if (index && !repeats(op, operand) && !result.kernelOf.count(index))
      start(Kernel::Kind::Elementwise, index);
  }
}

void Partitioner::placeElementwise(Operation *op) {
  int64_t last = -1;
  bool readsView = false;
  for (Value operand : op->getOperands()) {
    Operation *def = getStorage(operand).getDefiningOp();
    bool isView = operand.getDefiningOp() != def;
    if (!def || (isRepeated(def) && !isView))
      continue;
    auto found = result.kernelOf.find(def);
    if (found == result.kernelOf.end())
      continue;
    int64_t number = found->second;
    if (number > last)
      readsView = isView;
    else if (number == last)
      readsView |= isView;
    last = std::max(last, number);
  }
  if (last >= 0 && !readsView) {
    Kernel &kernel = result.kernels[last];
    if (kernel.kind != Kernel::Kind::Structural &&
        kernel.members.size() < limit &&
        ArrayRef<int64_t>(kernel.shape) == shapeOf(op)) {
      kernel.members.push_back(op);
      result.kernelOf[op] = last;
      return;
    }
  }
  start(Kernel::Kind::Elementwise, op);
}

LogicalResult Partitioner::visit(Operation *op) {
  if (isa<tile::ConstantOp, tile::IndexOp>(op))
    return success();
  if (isElementwise(op)) {
    placeElementwise(op);
    return success();
  }
  if (!isa<tile::ContractOp, tile::GatherOp, tile::ScatterOp, tile::PrngStepOp,
           tile::ReshapeOp, func::ReturnOp>(op))
    return op->emitError() << "'" << op->getName()
                           << "' can't be part of a kernel";
  materializeOperands(op);
  if (isa<tile::ContractOp>(op))
    start(Kernel::Kind::Contraction, op);
  else if (!isa<tile::ReshapeOp, func::ReturnOp>(op))
    start(Kernel::Kind::Structural, op);
  return success();
}

} // namespace

bool program::isRepeated(Operation *op) {
  if (auto constant = dyn_cast<tile::ConstantOp>(op))
    return isa<SplatElementsAttr>(constant.getValue());
  return isa<tile::IndexOp>(op);
}

bool program::repeats(Operation *reader, Value operand) {
  Operation *def = operand.getDefiningOp();
  return def && isRepeated(def) &&
         (isElementwise(reader) || isa<tile::ContractOp>(reader));
}

Value program::getStorage(Value value) {
  while (auto reshape = value.getDefiningOp<tile::ReshapeOp>())
    value = reshape.getOperand();
  return value;
}

FailureOr<Partition> program::partition(func::FuncOp function,
                                        unsigned maxKernelOperations) {
  Partitioner partitioner(maxKernelOperations);
  for (Operation &op : function.getBody().front())
    if (failed(partitioner.visit(&op)))
      return failure();
  return partitioner.take();
}
