//===- KernelSplits.cpp - Kernels that would use too many tensors ---------===//
//
// Devices promise few bindings a kernel. A kernel that reads and writes more
// tensors is cut in two behind as many of its operations as fit; the second
// part runs after the first, and is cut again where it has to be.
//
//   kernel 0: %a = %x0 + %x1,  %b = %a + %x2,  %c = %b + %x3     5 tensors
//   with at most 4 tensors:
//   kernel 0: %a = %x0 + %x1,  %b = %a + %x2                     4 tensors
//   kernel 1: %c = %b + %x3                                      3 tensors
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/TileToProgram/Partition.h"

#include "dialects/tile/IR/TileOps.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::program;

/// The tensors that a kernel of these operations reads or writes.
static size_t countTensors(ArrayRef<Operation *> members) {
  llvm::SmallPtrSet<Operation *, 16> own(members.begin(), members.end());
  llvm::SmallPtrSet<Value, 16> tensors;
  for (Operation *member : members) {
    for (Value operand : member->getOperands())
      if (!repeats(member, operand) && !own.contains(operand.getDefiningOp()))
        tensors.insert(operand);
    for (Value value : member->getResults())
      if (llvm::any_of(value.getUsers(),
                       [&](Operation *user) { return !own.contains(user); }))
        tensors.insert(value);
  }
  return tensors.size();
}

/// The first of `members` that fit together, at least one of them.
static size_t countFitting(ArrayRef<Operation *> members, unsigned maxTensors) {
  for (size_t count = members.size(); count > 1; --count)
    if (countTensors(members.take_front(count)) <= maxTensors)
      return count;
  return 1;
}

static Kernel makePart(Kernel::Kind kind, ArrayRef<Operation *> members) {
  bool hasContraction = llvm::any_of(
      members, [](Operation *member) { return isa<tile::ContractOp>(member); });
  if (kind == Kernel::Kind::Contraction && !hasContraction)
    kind = Kernel::Kind::Elementwise;
  auto type = cast<RankedTensorType>(members.back()->getResult(0).getType());
  return {kind, llvm::to_vector(type.getShape()), llvm::to_vector(members)};
}

void program::splitKernels(Partition &partition, unsigned maxTensors) {
  std::vector<Kernel> kernels;
  for (Kernel &kernel : partition.kernels) {
    ArrayRef<Operation *> rest = kernel.members;
    while (!rest.empty()) {
      size_t count = countFitting(rest, maxTensors);
      kernels.push_back(makePart(kernel.kind, rest.take_front(count)));
      for (Operation *member : rest.take_front(count))
        partition.kernelOf[member] = kernels.size() - 1;
      rest = rest.drop_front(count);
    }
  }
  partition.kernels = std::move(kernels);
}
