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

#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::program;

namespace {

bool isElementwise(Operation *op) { return op->hasTrait<tile::Elementwise>(); }

ArrayRef<int64_t> shapeOf(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType()).getShape();
}

/// True for matrix products and convolutions: targets have schedules of their
/// own for them, which read the operands more than once.
bool isProduct(tile::ContractOp contract) {
  return contract.getAggregation() == tile::Aggregation::sum &&
         contract.getInputs().size() >= 2;
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
  void takeOperands(Operation *op, unsigned number);
  bool canWait(unsigned number, unsigned later);
  void placeContraction(tile::ContractOp contract);
  void materializeOperands(Operation *op);
  bool takeProducers(Value input, SmallVectorImpl<Operation *> &taken);

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
      takeOperands(op, last);
      return;
    }
  }
  start(Kernel::Kind::Elementwise, op);
}

/// True when kernel `number` may run as late as kernel `later`: what is between
/// doesn't read it, and `later` reads it element for element.
bool Partitioner::canWait(unsigned number, unsigned later) {
  for (Operation *member : result.kernels[number].members) {
    SmallVector<std::pair<Operation *, bool>> worklist = {{member, false}};
    while (!worklist.empty()) {
      auto [def, isView] = worklist.pop_back_val();
      for (Operation *user : def->getUsers()) {
        if (isa<tile::ReshapeOp>(user))
          worklist.push_back({user, true});
        auto found = result.kernelOf.find(user);
        if (found == result.kernelOf.end())
          continue;
        unsigned reader = found->second;
        if ((reader > number && reader < later) || (reader == later && isView))
          return false;
      }
    }
  }
  return true;
}

/// Takes the kernels along that compute the other operands of `op`, a member of
/// kernel `number`:
///
///   %a = tile.mul %x, %half    kernel 0 reads an argument only; then kernel 1
///   %b = tile.tanh %t          kernel 1
///   %c = tile.mul %a, %b       kernel 1
void Partitioner::takeOperands(Operation *op, unsigned number) {
  for (Value operand : op->getOperands()) {
    Operation *def = operand.getDefiningOp();
    auto found = def ? result.kernelOf.find(def) : result.kernelOf.end();
    if (found == result.kernelOf.end() || found->second == number)
      continue;
    unsigned other = found->second;
    Kernel &from = result.kernels[other], &to = result.kernels[number];
    if (from.kind != Kernel::Kind::Elementwise || from.shape != to.shape ||
        from.members.size() + to.members.size() > limit ||
        !canWait(other, number))
      continue;
    for (Operation *member : from.members)
      result.kernelOf[member] = number;
    to.members.append(from.members);
    from.members.clear();
    llvm::sort(to.members, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
  }
}

/// True when the points of `contract` read each element of input `number` at
/// most once, so that computing it there is no more work.
bool readsOnce(tile::ContractOp contract, unsigned number) {
  AffineMap map = contract.getInputMap(number);
  llvm::SmallBitVector seen(map.getNumDims());
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || seen.test(dim.getPosition()))
      return false;
    seen.set(dim.getPosition());
  }
  return seen.all();
}

/// Gathers the elementwise operations that `input` alone is computed by, users
/// first. False when that reads more than two tensors of its size instead of
/// one, or there is nothing to take.
bool Partitioner::takeProducers(Value input,
                                SmallVectorImpl<Operation *> &taken) {
  SmallVector<Value> worklist = {input};
  llvm::SmallPtrSet<Value, 4> reads;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(input.getType()).getShape();
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    Operation *def = value.getDefiningOp();
    if (def && isRepeated(def))
      continue;
    bool isOwn = def && isElementwise(def) && value.hasOneUse() &&
                 shapeOf(def) == shape && taken.size() < limit &&
                 result.kernels[result.kernelOf.lookup(def)].kind ==
                     Kernel::Kind::Elementwise;
    if (isOwn) {
      taken.push_back(def);
      llvm::append_range(worklist, def->getOperands());
    } else if (cast<RankedTensorType>(value.getType()).getShape() == shape) {
      reads.insert(value);
    }
  }
  return !taken.empty() && reads.size() <= 2;
}

/// A product stays alone. Another contraction takes along what is computed for
/// it alone:
///
///   %c = tile.sub %x, %m      kernel 0, %c has other users
///   %s = tile.mul %c, %c      was in kernel 0, goes to kernel 1
///   %t = tile.contract sum ins(%s)                    kernel 1
void Partitioner::placeContraction(tile::ContractOp contract) {
  bool isAlone = isProduct(contract);
  unsigned number = result.kernels.size();
  start(Kernel::Kind::Contraction, contract);
  for (unsigned i = 0; !isAlone && i < contract.getInputs().size(); ++i) {
    SmallVector<Operation *> taken;
    if (!readsOnce(contract, i) ||
        !takeProducers(contract.getInputs()[i], taken))
      continue;
    for (Operation *op : taken) {
      llvm::erase(result.kernels[result.kernelOf[op]].members, op);
      result.kernelOf[op] = number;
    }
    Kernel &kernel = result.kernels[number];
    kernel.members.insert(kernel.members.begin(), taken.rbegin(), taken.rend());
  }
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
  if (auto contract = dyn_cast<tile::ContractOp>(op))
    placeContraction(contract);
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
