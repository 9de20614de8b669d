//===- RowKernel.cpp - Reductions of rows, and chains of them -------------===//
//
// A row belongs to a team of threads: a subgroup where the device has shuffles
// and the row fits, else part of a workgroup, or all of it. Each thread loads
// its share of the row once, as wide as it can, and keeps it in registers:
//
//   softmax of rows of 1024, 32 threads, 8 chunks of 4 each:
//     x = X4[row, t + 32 k], k = 0..7
//     m = max of all x of the thread; m = max over the team
//     e = exp(x - m); s = sum of all e; s = sum over the team
//     Y4[row, t + 32 k] = e / s
//
// The evaluator's memory of elements does this: each element of the row has its
// own index values, and everything stands in one block. A single reduction of
// rows that are too long loops over them instead.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/RowKernel.h"

#include "compiler/target/common/ContractionPoints.h"
#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/gpu/GpuTarget.h"
#include "compiler/target/gpu/Schedule.h"
#include "compiler/target/gpu/ThreadReduction.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace polytile::gpu {

using tile::RowShape;
using tile::RowSpace;

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

/// Elements of a row that a thread holds in registers.
constexpr int64_t maxHeld = 32;
/// Elements that a thread loads in one step of a loop over a long row.
constexpr int64_t loopStep = 16;
/// Threads of a workgroup, where rows don't ask for more.
constexpr int64_t commonWorkgroup = 128;

static int64_t mostThreads(const schedule::DeviceDescription &device) {
  int64_t most = std::min<int64_t>(device.limits.workgroupSize,
                                   device.limits.workgroupSizes[0]);
  return llvm::bit_floor<uint64_t>(std::clamp<int64_t>(most, 1, 1024));
}

/// Workgroup memory for each thread: what the most reductions that a chain
/// joins (RowChains.cpp), each of f64, take to exchange their values.
constexpr int64_t exchangeBytes = 96;

/// Threads that a chain can have.
static int64_t mostChainThreads(const schedule::DeviceDescription &device) {
  auto memory = static_cast<int64_t>(device.limits.workgroupMemoryBytes);
  return llvm::bit_floor<uint64_t>(
      std::clamp<int64_t>(memory / exchangeBytes, 1, mostThreads(device)));
}

int64_t maxHeldRow(const schedule::DeviceDescription &device) {
  return maxHeld * mostChainThreads(device);
}

std::optional<RowPlan> planRows(const RowSpace &space, int64_t maxLanes,
                                bool isHeld,
                                const schedule::DeviceDescription &device) {
  RowPlan plan;
  plan.rows = space.rows();
  int64_t columns = space.columns();
  int64_t most = isHeld ? mostChainThreads(device) : mostThreads(device);
  plan.lanes = maxLanes;
  while (columns % plan.lanes != 0)
    plan.lanes /= 2;
  plan.chunks = columns / plan.lanes;
  int64_t useful = llvm::bit_ceil<uint64_t>(plan.chunks);
  auto grow = [&](int64_t atLeast) {
    while (plan.threads < atLeast && plan.threads < std::min(useful, most))
      plan.threads *= 2;
  };
  grow(32 / plan.lanes); // neighbours in one transaction
  grow(llvm::divideCeilSigned(columns, maxHeld));
  // Few rows: more threads for each, to fill the device.
  int64_t wanted =
      512 * std::max<int64_t>(device.limits.computeUnits, 1) / plan.rows;
  grow(std::min(wanted, llvm::divideCeilSigned(plan.chunks, 2)));
  int64_t held = std::max<int64_t>(maxHeld / plan.lanes, 1);
  plan.perThread = llvm::divideCeilSigned(plan.chunks, plan.threads);
  if (plan.perThread > held) {
    if (isHeld)
      return std::nullopt;
    plan.perThread = std::max<int64_t>(loopStep / plan.lanes, 1);
    plan.iterations =
        llvm::divideCeilSigned(plan.chunks, plan.threads * plan.perThread);
  }
  plan.subgroup = shuffleSize(device);
  if (plan.subgroup > most)
    plan.subgroup = 0;
  int64_t size = std::min(commonWorkgroup, most);
  size = std::max(size, plan.subgroup);
  plan.teams = std::max<int64_t>(size / plan.threads, 1);
  // A few rows don't need all the teams; subgroups must be full.
  while (plan.teams > 1 && plan.teams / 2 >= plan.rows &&
         plan.teams / 2 * plan.threads >= std::max<int64_t>(plan.subgroup, 1))
    plan.teams /= 2;
  if (plan.teams * plan.threads < plan.subgroup)
    plan.subgroup = 0;
  return plan;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

namespace {

RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// An argument of which threads load chunks: of the same place in the row as
/// what is computed.
struct ChunkArgument {
  Value tensor;
  bool isFull;                 ///< else one row, which all rows share
  SmallVector<Value> elements; ///< or vectors of them: one for each chunk
};

/// One chunk of this thread.
struct Chunk {
  Value number;  ///< in the row; of the last one, where there is none
  Value isValid; ///< null: always
};

/// One element of the thread's share.
struct Slot {
  unsigned chunk;
  int64_t lane;
  SmallVector<Value> indices;
};

class RowKernel {
public:
  RowKernel(KernelEmitter &emitter, const RowSpace &space, const RowPlan &plan)
      : emitter(emitter), builder(emitter.builder), loc(emitter.loc),
        space(space), plan(plan) {}

  LogicalResult emit(func::FuncOp source);

private:
  void findChunkArguments(func::FuncOp source);
  void startRow();
  void loadChunks(Value iteration);
  void enter(const Slot &slot);
  FailureOr<Value> evaluatePoint(codegen::ContractionPoints &points,
                                 const Slot &slot);
  FailureOr<Value> reduceChunks(codegen::ContractionPoints &points);
  FailureOr<Value> reduceIterations(codegen::ContractionPoints &points);
  LogicalResult reduce(tile::ContractOp contract);
  SmallVector<Value> rowIndices(Value tensor);
  LogicalResult storeFull(const Store &store);
  LogicalResult storeRow(const Store &store);
  void guarded(Value condition, llvm::function_ref<void()> body);

  KernelEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  const RowSpace &space;
  const RowPlan &plan;
  ThreadTeams teams;
  Value row, isRow; ///< `isRow` is null where every team has a row
  SmallVector<Value> outer;
  SmallVector<ChunkArgument> arguments;
  SmallVector<Chunk> chunks;
  SmallVector<Slot> slots;
};

} // namespace

/// True when `user` reads its operands of full shape at the very point, and
/// those of the shape of a row at its column.
static bool readsInOrder(Operation *user, Value value, bool isFull,
                         const RowSpace &space) {
  auto contract = dyn_cast<tile::ContractOp>(user);
  if (!contract)
    return user->hasTrait<tile::Elementwise>() &&
           space.classify(user->getResult(0)) == RowShape::Full;
  if (contract.getDefaultValue() == value)
    return false;
  for (auto [number, input] : llvm::enumerate(contract.getInputs()))
    if (input == value &&
        (!isFull || !tile::readsFull(contract, number, space)))
      return false;
  return true;
}

void RowKernel::findChunkArguments(func::FuncOp source) {
  for (Value argument : source.getArguments()) {
    bool isFull = space.classify(argument) == RowShape::Full;
    bool isShared =
        !isFull && tensorType(argument).getShape() == ArrayRef(space.inner);
    if ((isFull || isShared) && !argument.use_empty() &&
        llvm::all_of(argument.getUsers(), [&](Operation *user) {
          return isa<func::ReturnOp>(user) ||
                 readsInOrder(user, argument, isFull, space);
        }))
      arguments.push_back({argument, isFull, {}});
  }
}

/// Teams without a row compute the last one again: all must reach the barriers.
void RowKernel::startRow() {
  codegen::IndexMath math = emitter.math();
  Value group = emitter.beginGroups();
  teams = makeTeams(emitter, plan.threads, plan.teams, plan.subgroup);
  row = math.add(math.mul(group, plan.teams), teams.team);
  if (plan.rows % plan.teams != 0) {
    Value last = math.constant(plan.rows - 1);
    isRow = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ule, row,
                                          last);
    row = builder.create<arith::MinUIOp>(loc, row, last);
  }
  outer = math.delinearize(row, space.outer);
}

/// The chunks of this thread in an iteration, null for the only one; everything
/// that is evaluated from here on belongs to them.
void RowKernel::loadChunks(Value iteration) {
  codegen::IndexMath math = emitter.math();
  chunks.clear();
  slots.clear();
  int64_t step = plan.threads * plan.perThread;
  Value first = teams.thread;
  if (iteration)
    first = math.add(math.mul(iteration, step), first);
  for (int64_t k = 0; k < plan.perThread; ++k) {
    Chunk chunk{math.add(first, k * plan.threads), {}};
    bool mayEnd = iteration ? plan.chunks % step != 0
                            : (k + 1) * plan.threads > plan.chunks;
    if (mayEnd) {
      Value last = math.constant(plan.chunks - 1);
      chunk.isValid = builder.create<arith::CmpIOp>(
          loc, arith::CmpIPredicate::ule, chunk.number, last);
      chunk.number = builder.create<arith::MinUIOp>(loc, chunk.number, last);
    }
    for (int64_t lane = 0; lane < plan.lanes; ++lane) {
      Value column = math.add(math.mul(chunk.number, plan.lanes), lane);
      SmallVector<Value> indices = outer;
      llvm::append_range(indices, math.delinearize(column, space.inner));
      slots.push_back({static_cast<unsigned>(k), lane, std::move(indices)});
    }
    chunks.push_back(chunk);
  }
  Value start = math.mul(row, plan.chunks);
  for (ChunkArgument &argument : arguments) {
    argument.elements.clear();
    Value buffer = emitter.evaluator.bufferOf(argument.tensor);
    if (plan.lanes > 1)
      buffer = emitter.vectorView(buffer, plan.lanes);
    for (const Chunk &chunk : chunks) {
      Value place =
          argument.isFull ? math.add(start, chunk.number) : chunk.number;
      argument.elements.push_back(
          builder.create<memref::LoadOp>(loc, buffer, place));
    }
  }
}

/// From here on the evaluator is asked about this element.
void RowKernel::enter(const Slot &slot) {
  for (ChunkArgument &argument : arguments) {
    Value element = argument.elements[slot.chunk];
    if (plan.lanes > 1)
      element = builder.create<vector::ExtractOp>(loc, element, slot.lane);
    emitter.evaluator.setElement(
        argument.tensor,
        emitter.scalars.fromMemory(
            loc, element, tensorType(argument.tensor).getElementType()));
  }
}

FailureOr<Value> RowKernel::evaluatePoint(codegen::ContractionPoints &points,
                                          const Slot &slot) {
  tile::ContractOp contract = points.op;
  codegen::IndexMath math = emitter.math();
  enter(slot);
  SmallVector<Value> variables(contract.getNumIndices());
  for (unsigned i = 0, e = contract.getInputs().size(); i < e; ++i)
    if (tile::readsFull(contract, i, space))
      for (auto [expr, index] :
           llvm::zip_equal(contract.getInputMap(i).getResults(), slot.indices))
        variables[cast<AffineDimExpr>(expr).getPosition()] = index;
  SmallVector<Value> elements;
  for (auto [number, input] : llvm::enumerate(contract.getInputs())) {
    SmallVector<Value> indices;
    for (AffineExpr expr : contract.getInputMap(number).getResults()) {
      auto constant = dyn_cast<AffineConstantExpr>(expr);
      indices.push_back(
          constant ? math.constant(constant.getValue())
                   : variables[cast<AffineDimExpr>(expr).getPosition()]);
    }
    FailureOr<Value> element = emitter.evaluator.evaluate(input, indices);
    if (failed(element))
      return failure();
    elements.push_back(*element);
  }
  auto point = points.evaluateBody(elements);
  if (failed(point))
    return failure();
  Value value = emitter.scalars.cast(
      loc, point->first, contract.getAccumulatorType(), points.carriedType);
  if (Value isValid = chunks[slot.chunk].isValid)
    value = builder.create<arith::SelectOp>(
        loc, isValid, value,
        emitter.scalars.identity(loc, contract.getAggregation(),
                                 points.carriedType));
  return value;
}

/// What the chunks that are loaded give together.
FailureOr<Value> RowKernel::reduceChunks(codegen::ContractionPoints &points) {
  SmallVector<Value> values;
  for (const Slot &slot : slots) {
    FailureOr<Value> value = evaluatePoint(points, slot);
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  return combineAll(values, [&](Value a, Value b) {
    return points.combine(a, b, arith::FastMathFlags::contract).front();
  });
}

FailureOr<Value>
RowKernel::reduceIterations(codegen::ContractionPoints &points) {
  codegen::IndexMath math = emitter.math();
  Value start = emitter.scalars.identity(loc, points.op.getAggregation(),
                                         points.carriedType);
  auto loop = builder.create<scf::ForOp>(loc, math.constant(0),
                                         math.constant(plan.iterations),
                                         math.constant(1), ValueRange(start));
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  emitter.evaluator.startScope();
  loadChunks(loop.getInductionVar());
  FailureOr<Value> value = reduceChunks(points);
  emitter.evaluator.startScope();
  if (failed(value))
    return failure();
  Value next = points.combine(loop.getRegionIterArgs().front(), *value).front();
  builder.create<scf::YieldOp>(loc, next);
  return loop.getResult(0);
}

LogicalResult RowKernel::reduce(tile::ContractOp contract) {
  auto domain = codegen::buildLinearDomain(contract);
  if (failed(domain))
    return failure();
  codegen::ContractionPoints points(builder, emitter.scalars, emitter.evaluator,
                                    contract, std::move(*domain),
                                    arith::FastMathFlags::contract);
  FailureOr<Value> value =
      plan.iterations > 1 ? reduceIterations(points) : reduceChunks(points);
  if (failed(value))
    return failure();
  Value total = reduceTeam(emitter, teams, *value, [&](Value a, Value b) {
    return points.combine(a, b).front();
  });
  FailureOr<Value> element = points.result(outer, total);
  if (failed(element))
    return failure();
  emitter.evaluator.setElement(contract.getResult(), *element);
  return success();
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void RowKernel::guarded(Value condition, llvm::function_ref<void()> body) {
  OpBuilder::InsertionGuard restore(builder);
  if (condition)
    builder.setInsertionPoint(
        builder.create<scf::IfOp>(loc, condition, false).thenYield());
  body();
}

LogicalResult RowKernel::storeFull(const Store &store) {
  codegen::IndexMath math = emitter.math();
  Type element = tensorType(store.tensor).getElementType();
  SmallVector<SmallVector<Value>> parts(chunks.size());
  for (const Slot &slot : slots) {
    enter(slot);
    FailureOr<Value> value =
        emitter.evaluator.evaluate(store.tensor, slot.indices);
    if (failed(value))
      return failure();
    parts[slot.chunk].push_back(emitter.scalars.toMemory(loc, *value, element));
  }
  Value start = math.mul(row, plan.chunks), buffer = store.buffer;
  if (plan.lanes > 1)
    buffer = emitter.vectorView(buffer, plan.lanes);
  for (auto [chunk, elements] : llvm::zip_equal(chunks, parts)) {
    Value stored = elements.front();
    if (plan.lanes > 1)
      stored = builder.create<vector::FromElementsOp>(
          loc, VectorType::get({plan.lanes}, stored.getType()), elements);
    Value place = math.add(start, chunk.number);
    guarded(math.both(isRow, chunk.isValid), [&] {
      builder.create<memref::StoreOp>(loc, stored, buffer, place);
    });
  }
  return success();
}

/// The indices of this row's element of `tensor`, which has one for each row.
SmallVector<Value> RowKernel::rowIndices(Value tensor) {
  SmallVector<Value> indices = outer;
  while (indices.size() < static_cast<size_t>(tensorType(tensor).getRank()))
    indices.push_back(emitter.math().constant(0));
  return indices;
}

LogicalResult RowKernel::storeRow(const Store &store) {
  codegen::IndexMath math = emitter.math();
  FailureOr<Value> value =
      emitter.evaluator.evaluate(store.tensor, rowIndices(store.tensor));
  if (failed(value))
    return failure();
  Value isFirst =
      plan.threads > 1 ? math.equal(teams.thread, math.constant(0)) : Value();
  guarded(math.both(isRow, isFirst), [&] {
    emitter.evaluator.store(loc, *value, store.buffer, row,
                            tensorType(store.tensor).getElementType());
  });
  return success();
}

LogicalResult RowKernel::emit(func::FuncOp source) {
  startRow();
  findChunkArguments(source);
  emitter.evaluator.startScope();
  if (plan.iterations == 1)
    loadChunks({});
  for (auto contract : source.getOps<tile::ContractOp>())
    if (failed(reduce(contract)))
      return failure();
  for (const Store &store : emitter.stores) {
    bool isFull = space.classify(store.tensor) == RowShape::Full;
    if (failed(isFull ? storeFull(store) : storeRow(store)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The schedule
//===----------------------------------------------------------------------===//

/// The space in which all operations of `source` work row by row, if there is
/// one.
static std::optional<RowSpace> findSpace(func::FuncOp source) {
  auto contracts = source.getOps<tile::ContractOp>();
  if (contracts.empty())
    return std::nullopt;
  std::optional<RowSpace> space = tile::rowSpaceOf(*contracts.begin());
  if (!space)
    return std::nullopt;
  auto isOwn = [](Value value) {
    Operation *def = value.getDefiningOp();
    return def && !isa<tile::ConstantOp, tile::IndexOp>(def);
  };
  for (Operation &op : source.getBody().front().without_terminator())
    if (!isa<tile::ConstantOp, tile::IndexOp>(op) &&
        !tile::isRowwise(&op, *space, isOwn))
      return std::nullopt;
  return space;
}

/// Elements that one load may take: 16 bytes of any operand at most.
static int64_t lanesFor(func::FuncOp source) {
  int64_t lanes = 4;
  auto check = [&](Type type) {
    Type element = cast<RankedTensorType>(type).getElementType();
    if (codegen::memoryBytes(element) == 8)
      lanes = 2;
  };
  llvm::for_each(source.getArgumentTypes(), check);
  llvm::for_each(source.getResultTypes(), check);
  return lanes;
}

/// Workgroup memory of all reductions.
static int64_t memoryBytes(func::FuncOp source, const RowPlan &plan) {
  int64_t bytes = 0;
  for (auto contract : source.getOps<tile::ContractOp>())
    bytes +=
        reductionBytes(plan.threads, plan.teams,
                       codegen::registerType(contract.getAccumulatorType()));
  return bytes;
}

FailureOr<kernel::FuncOp> tryRows(func::FuncOp source,
                                  LoweringContext &context) {
  std::optional<RowSpace> space = findSpace(source);
  if (!space)
    return failure();
  Operation *terminator = source.getBody().front().getTerminator();
  bool storesFull = false;
  for (Value result : terminator->getOperands()) {
    RowShape shape = space->classify(result);
    if (shape == RowShape::Other)
      return failure();
    storesFull |= shape == RowShape::Full;
  }
  auto contracts = source.getOps<tile::ContractOp>();
  bool isHeld = storesFull || !llvm::hasSingleElement(contracts);
  std::optional<RowPlan> plan =
      planRows(*space, lanesFor(source), isHeld, context.device);
  if (!plan ||
      memoryBytes(source, *plan) >
          static_cast<int64_t>(context.device.limits.workgroupMemoryBytes))
    return failure();
  KernelEmitter emitter(
      source, context,
      Launch::grouped(llvm::divideCeilSigned(plan->rows, plan->teams),
                      plan->teams * plan->threads, context.device));
  if (failed(RowKernel(emitter, *space, *plan).emit(source)))
    return failure();
  return emitter.finish({emitter.named("kind", "rows"),
                         emitter.named("lanes", plan->lanes),
                         emitter.named("threads", plan->threads),
                         emitter.named("rows", plan->teams),
                         emitter.named("iterations", plan->iterations),
                         emitter.named("subgroup", plan->subgroup)});
}

} // namespace polytile::gpu
