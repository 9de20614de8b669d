//===- RowChains.cpp - Chains of reductions of rows in one kernel ---------===//
//
// Softmax is four kernels for the partition's walk: the maxima, exp(X - max),
// the sums, the quotient. A target that can hold a row in registers computes
// them in one, which reads X once and writes the result once.
//
//   kernel 0: %m = contract max %x           : 64x1
//   kernel 1: %e = exp(%x - %m)              : 64x128
//   kernel 2: %s = contract sum %e           : 64x1
//   kernel 3: %y = %e / %s                   : 64x128     -> one kernel
//
// A kernel joins one whose values it reads when all operations of both work row
// by row in one space, and nobody else has to run between them: the joint
// kernel runs where the later one did.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/TileToProgram/Partition.h"

#include "dialects/tile/Analysis/RowSpace.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::program;

namespace {

/// Devices promise few bindings a kernel.
constexpr size_t maxTensors = 8;

class ChainJoiner {
public:
  ChainJoiner(Partition &partition, int64_t maxColumns, unsigned maxOperations)
      : partition(partition), maxColumns(maxColumns),
        maxOperations(maxOperations) {}
  void run();

private:
  bool joinOne(unsigned number);
  bool isFollowedAtOnce(unsigned earlier, unsigned later);
  bool areRowwise(ArrayRef<Operation *> members);
  void join(unsigned earlier, unsigned later);
  void renumber();

  Partition &partition;
  int64_t maxColumns;
  unsigned maxOperations;
};

} // namespace

/// The kernels that read `value`, through reshapes too; calls `visit` with the
/// reader and whether it reads the value itself.
static void forReaders(Value value, bool isDirect,
                       llvm::function_ref<void(Operation *, bool)> visit) {
  for (Operation *user : value.getUsers()) {
    if (isa<tile::ReshapeOp>(user))
      forReaders(user->getResult(0), false, visit);
    else
      visit(user, isDirect);
  }
}

/// True when no kernel but `later` reads `earlier` before `later` does, and
/// `later` reads its values as they are.
bool ChainJoiner::isFollowedAtOnce(unsigned earlier, unsigned later) {
  bool isFree = true;
  for (Operation *member : partition.kernels[earlier].members)
    for (Value value : member->getResults())
      forReaders(value, true, [&](Operation *reader, bool isDirect) {
        auto found = partition.kernelOf.find(reader);
        if (found == partition.kernelOf.end() || found->second == earlier)
          return;
        if (found->second < later || (found->second == later && !isDirect))
          isFree = false;
      });
  return isFree;
}

/// A product with something that isn't of its own row is left to the schedules
/// for products.
static bool isMatrixProduct(tile::ContractOp contract,
                            const tile::RowSpace &space) {
  if (contract.getInputs().size() < 2)
    return false;
  for (unsigned i = 0, e = contract.getInputs().size(); i < e; ++i)
    if (!tile::readsFull(contract, i, space))
      return true;
  return false;
}

/// Reductions of one chain: each exchanges values between threads.
constexpr int64_t maxReductions = 8;

bool ChainJoiner::areRowwise(ArrayRef<Operation *> members) {
  if (llvm::count_if(members, llvm::IsaPred<tile::ContractOp>) > maxReductions)
    return false;
  llvm::SmallPtrSet<Operation *, 16> own(members.begin(), members.end());
  std::optional<tile::RowSpace> space;
  llvm::SmallSetVector<Value, 8> tensors;
  for (Operation *member : members) {
    auto contract = dyn_cast<tile::ContractOp>(member);
    if (contract && !space)
      space = tile::rowSpaceOf(contract);
    if (contract && (!space || isMatrixProduct(contract, *space)))
      return false;
    for (Value operand : member->getOperands())
      if (!repeats(member, operand) && !own.contains(operand.getDefiningOp()))
        tensors.insert(operand);
    if (llvm::any_of(member->getUsers(),
                     [&](Operation *user) { return !own.contains(user); }))
      tensors.insert(member->getResult(0));
  }
  if (!space || space->columns() > maxColumns || tensors.size() > maxTensors)
    return false;
  auto isOwn = [&](Value value) { return own.contains(value.getDefiningOp()); };
  return llvm::all_of(members, [&](Operation *member) {
    return tile::isRowwise(member, *space, isOwn);
  });
}

void ChainJoiner::join(unsigned earlier, unsigned later) {
  Kernel &first = partition.kernels[earlier];
  Kernel &second = partition.kernels[later];
  for (Operation *member : first.members)
    partition.kernelOf[member] = later;
  second.members.insert(second.members.begin(), first.members.begin(),
                        first.members.end());
  second.kind = Kernel::Kind::Contraction;
  first.members.clear();
}

/// Joins one of the kernels that kernel `number` reads, the latest that fits.
bool ChainJoiner::joinOne(unsigned number) {
  Kernel &kernel = partition.kernels[number];
  if (kernel.kind == Kernel::Kind::Structural)
    return false;
  llvm::SmallSetVector<unsigned, 4> sources;
  for (Operation *member : kernel.members)
    for (Value operand : member->getOperands()) {
      Operation *def = operand.getDefiningOp();
      auto found =
          def ? partition.kernelOf.find(def) : partition.kernelOf.end();
      if (found != partition.kernelOf.end() && found->second != number)
        sources.insert(found->second);
    }
  SmallVector<unsigned> order = sources.takeVector();
  llvm::sort(order, std::greater<unsigned>());
  for (unsigned source : order) {
    const Kernel &other = partition.kernels[source];
    if (other.kind == Kernel::Kind::Structural ||
        other.members.size() + kernel.members.size() > maxOperations ||
        !isFollowedAtOnce(source, number))
      continue;
    SmallVector<Operation *> members = llvm::to_vector(other.members);
    llvm::append_range(members, kernel.members);
    if (!areRowwise(members))
      continue;
    join(source, number);
    return true;
  }
  return false;
}

/// Drops the kernels that others have taken in.
void ChainJoiner::renumber() {
  std::vector<Kernel> kept;
  for (Kernel &kernel : partition.kernels) {
    if (kernel.members.empty())
      continue;
    for (Operation *member : kernel.members)
      partition.kernelOf[member] = kept.size();
    kept.push_back(std::move(kernel));
  }
  partition.kernels = std::move(kept);
}

void ChainJoiner::run() {
  for (unsigned number = 0; number < partition.kernels.size(); ++number)
    while (joinOne(number)) {
    }
  renumber();
}

void program::joinRowChains(Partition &partition, int64_t maxColumns,
                            unsigned maxOperations) {
  ChainJoiner(partition, maxColumns, maxOperations).run();
}
