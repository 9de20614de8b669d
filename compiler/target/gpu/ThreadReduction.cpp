//===- ThreadReduction.cpp - One value from those of many threads ---------===//
//
// Through workgroup memory, with as few barriers as possible: 256 threads leave
// 256 values, 16 threads combine 16 of them each, then every thread combines
// those 16.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/ThreadReduction.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace polytile::gpu {

/// As many values every thread combines by itself at the end.
constexpr int64_t lastValues = 16;

int64_t shuffleSize(const schedule::DeviceDescription &device) {
  const schedule::Subgroup &subgroup = device.subgroup;
  bool isFixed = subgroup.min == subgroup.max ||
                 device.has(schedule::feature::SubgroupSizeControl);
  bool isPower = subgroup.size != 0 && llvm::isPowerOf2_32(subgroup.size);
  return device.has(schedule::feature::SubgroupShuffle) && isFixed && isPower
             ? subgroup.size
             : 0;
}

ThreadTeams makeTeams(KernelEmitter &emitter, int64_t threads, int64_t teams,
                      int64_t subgroup) {
  ThreadTeams result{threads, teams, subgroup, {}, {}};
  codegen::IndexMath math = emitter.math();
  Value number = emitter.threadId();
  if (subgroup != 0) {
    // The order of a workgroup's threads in subgroups is the device's affair.
    OpBuilder &b = emitter.builder;
    Type index = b.getIndexType();
    Value which =
        b.create<mlir::gpu::SubgroupIdOp>(emitter.loc, index, IntegerAttr());
    Value lane =
        b.create<mlir::gpu::LaneIdOp>(emitter.loc, index, IntegerAttr());
    number = math.add(math.mul(which, subgroup), lane);
    emitter.function.setSubgroupSizeAttr(b.getI32IntegerAttr(subgroup));
    emitter.require(schedule::feature::SubgroupShuffle);
  }
  result.team = teams == 1 ? math.constant(0) : math.div(number, threads);
  result.thread = teams == 1 ? number : math.mod(number, threads);
  return result;
}

Value combineAll(SmallVector<Value> values,
                 llvm::function_ref<Value(Value, Value)> combine) {
  while (values.size() > 1) {
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < values.size(); i += 2)
      next.push_back(combine(values[i], values[i + 1]));
    if (values.size() % 2 == 1)
      next.push_back(values.back());
    values = std::move(next);
  }
  return values.front();
}

//===----------------------------------------------------------------------===//
// Shuffles
//===----------------------------------------------------------------------===//

/// The value of the thread whose number differs in the bit `distance`.
static Value exchange(KernelEmitter &emitter, Value value, int64_t distance,
                      int64_t subgroup) {
  OpBuilder &b = emitter.builder;
  Location loc = emitter.loc;
  Type type = value.getType(), word = b.getI32Type();
  bool isNarrow = type.getIntOrFloatBitWidth() < 32;
  if (isNarrow)
    value = b.create<arith::ExtUIOp>(loc, word, value);
  value = b.create<mlir::gpu::ShuffleOp>(loc, value, distance, subgroup,
                                         mlir::gpu::ShuffleMode::XOR)
              .getShuffleResult();
  return isNarrow ? b.create<arith::TruncIOp>(loc, type, value).getResult()
                  : value;
}

//===----------------------------------------------------------------------===//
// Workgroup memory
//===----------------------------------------------------------------------===//

static Type sharedType(Type type) {
  return type.isInteger(1) ? IntegerType::get(type.getContext(), 8) : type;
}

namespace {
/// Values of the teams in workgroup memory: `count` for each team.
class SharedValues {
public:
  SharedValues(KernelEmitter &emitter, const ThreadTeams &teams, Type type,
               int64_t count)
      : emitter(emitter), teams(teams), type(type), count(count),
        memory(emitter.workgroupMemory(teams.teams * count, sharedType(type))) {
  }

  Value load(Value index) {
    Value value = emitter.builder.create<memref::LoadOp>(emitter.loc, memory,
                                                         place(index));
    if (!type.isInteger(1))
      return value;
    return emitter.builder.create<arith::TruncIOp>(emitter.loc, type, value);
  }
  void store(Value value, Value index) {
    if (type.isInteger(1))
      value = emitter.builder.create<arith::ExtUIOp>(emitter.loc,
                                                     sharedType(type), value);
    emitter.builder.create<memref::StoreOp>(emitter.loc, value, memory,
                                            place(index));
  }

private:
  Value place(Value index) {
    codegen::IndexMath math = emitter.math();
    return math.add(math.mul(teams.team, count), index);
  }

  KernelEmitter &emitter;
  const ThreadTeams &teams;
  Type type;
  int64_t count;
  Value memory;
};
} // namespace

/// How many values are left of `count` after one more step.
static int64_t nextCount(int64_t count) {
  return std::max<int64_t>(8, count / lastValues);
}

int64_t reductionBytes(int64_t threads, int64_t teams, Type type) {
  int64_t values = 0;
  for (int64_t count = threads;; count = nextCount(count)) {
    values += count;
    if (count <= lastValues)
      break;
  }
  return values * teams * std::max(1u, type.getIntOrFloatBitWidth() / 8);
}

/// `count` values of each team lie in workgroup memory after a barrier; one of
/// them is stored where `isWriter` holds, which may be null for always.
static Value reduceShared(KernelEmitter &emitter, const ThreadTeams &teams,
                          Value value, int64_t count, Value index,
                          Value isWriter,
                          llvm::function_ref<Value(Value, Value)> combine) {
  OpBuilder &b = emitter.builder;
  Location loc = emitter.loc;
  codegen::IndexMath math = emitter.math();
  auto storeIf = [&](Value condition, SharedValues &to,
                     llvm::function_ref<Value()> make) {
    OpBuilder::InsertionGuard restore(b);
    if (condition)
      b.setInsertionPoint(
          b.create<scf::IfOp>(loc, condition, false).thenYield());
    to.store(make(), index);
  };
  auto values =
      std::make_unique<SharedValues>(emitter, teams, value.getType(), count);
  storeIf(isWriter, *values, [&] { return value; });
  emitter.barrier();
  while (count > lastValues) {
    int64_t left = nextCount(count);
    auto next =
        std::make_unique<SharedValues>(emitter, teams, value.getType(), left);
    Value isOne = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, index,
                                          math.constant(left));
    isOne = math.both(isWriter, isOne);
    storeIf(isOne, *next, [&] {
      SmallVector<Value> parts;
      for (int64_t i = 0; i < count; i += left)
        parts.push_back(values->load(math.add(index, i)));
      return combineAll(parts, combine);
    });
    emitter.barrier();
    values = std::move(next);
    count = left;
  }
  SmallVector<Value> parts;
  for (int64_t i = 0; i < count; ++i)
    parts.push_back(values->load(math.constant(i)));
  return combineAll(parts, combine);
}

Value reduceTeam(KernelEmitter &emitter, const ThreadTeams &teams, Value value,
                 llvm::function_ref<Value(Value, Value)> combine) {
  if (teams.threads == 1)
    return value;
  bool shuffles =
      teams.subgroup != 0 && value.getType().getIntOrFloatBitWidth() <= 32;
  if (!shuffles)
    return reduceShared(emitter, teams, value, teams.threads, teams.thread, {},
                        combine);
  int64_t together = std::min(teams.threads, teams.subgroup);
  for (int64_t distance = 1; distance < together; distance *= 2)
    value = combine(value, exchange(emitter, value, distance, teams.subgroup));
  if (together == teams.threads)
    return value;
  // One value for each subgroup is left, which all of its threads have.
  codegen::IndexMath math = emitter.math();
  Value isFirst =
      math.equal(math.mod(teams.thread, together), math.constant(0));
  return reduceShared(emitter, teams, value, teams.threads / together,
                      math.div(teams.thread, together), isFirst, combine);
}

} // namespace polytile::gpu
