//===- ProgramPlanMemory.cpp - Gives every temporary its place ------------===//
//
// Finds the life of each temporary in the linear schedule, and writes the
// offsets that planMemory chooses into the IR.
//
//===----------------------------------------------------------------------===//

#include "dialects/program/Transforms/MemoryPlan.h"
#include "dialects/program/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

namespace polytile::program {
#define GEN_PASS_DEF_PROGRAMPLANMEMORY
#include "dialects/program/Transforms/Passes.h.inc"
} // namespace polytile::program

using namespace mlir;
using namespace polytile::program;

namespace {

/// The temporaries that a step of `entry` uses, in order of their declaration,
/// with their lives.
void findLives(EntryOp entry, std::vector<TemporaryOp> &temporaries,
               std::vector<LiveRange> &lives) {
  llvm::DenseMap<Value, size_t> numbers;
  for (auto temporary : entry.getOps<TemporaryOp>()) {
    numbers[temporary.getResult()] = temporaries.size();
    temporaries.push_back(temporary);
    lives.push_back({getBufferBytes(temporary.getResult().getType()), -1, -1});
  }
  int64_t step = 0;
  for (Operation &op : entry.getBody().front()) {
    if (!isStep(&op))
      continue;
    for (Value operand : op.getOperands()) {
      auto found = numbers.find(getRootBuffer(operand));
      if (found == numbers.end())
        continue;
      LiveRange &life = lives[found->second];
      life.first = life.first < 0 ? step : life.first;
      life.last = step;
    }
    ++step;
  }
}

void eraseUnusedBuffers(EntryOp entry) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(entry.getBody().front())))
    if (isa<ViewOp, TemporaryOp, ConstantOp>(op) && op.use_empty())
      op.erase();
}

struct ProgramPlanMemory
    : polytile::program::impl::ProgramPlanMemoryBase<ProgramPlanMemory> {
  using ProgramPlanMemoryBase::ProgramPlanMemoryBase;

  void runOnOperation() override {
    EntryOp entry = getOperation();
    eraseUnusedBuffers(entry);
    std::vector<TemporaryOp> temporaries;
    std::vector<LiveRange> lives;
    findLives(entry, temporaries, lives);
    MemoryPlan plan = planMemory(lives, alignment);
    for (auto [temporary, offset] : llvm::zip_equal(temporaries, plan.offsets))
      temporary.setOffset(offset);
    entry.setArenaBytes(plan.arenaBytes);
    arenaBytes += plan.arenaBytes;
    liveBytes += plan.liveBytes;
  }
};

} // namespace
