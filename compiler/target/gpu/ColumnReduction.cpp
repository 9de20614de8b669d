//===- ColumnReduction.cpp - Reductions across rows -----------------------===//
//
// The innermost dimension stays, others are reduced: neighbouring threads take
// neighbouring columns, so that loads are wide, and the rows are shared out to
// the threads of a workgroup that have the same columns, which bring their
// values together at the end:
//
//   O[n] = +(X[m, n]), workgroup of 8 x 32 threads, 4 columns each:
//     thread (x, y): a += X4[m, 8 group + x] for m = y, y + 32, y + 64, ...
//     a = sum over y;  y = 0:  O4[8 group + x] = a
//
// Few columns make narrow workgroups, down to a sector of memory, so that many
// of them share the work.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/ContractionPoints.h"
#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/gpu/Schedule.h"
#include "compiler/target/gpu/ThreadReduction.h"
#include "dialects/tile/Analysis/RowSpace.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace polytile::gpu {

namespace {

/// Fewer points of an element aren't worth several threads.
constexpr int64_t minRows = 32;
/// Rows that a thread loads before it adds them up.
constexpr int64_t unroll = 4;
/// The least that a workgroup should read of a row, in bytes.
constexpr int64_t sectorBytes = 32;

struct Plan {
  tile::ContractOp contract;
  SmallVector<int64_t> shape;    ///< of the index variables
  SmallVector<unsigned> kept;    ///< variables of the output, in order
  SmallVector<unsigned> reduced; ///< the others, in the input's order
  SmallVector<int64_t> reducedSizes;
  int64_t rows = 1;    ///< points of an element
  int64_t lanes = 1;   ///< columns of a thread
  int64_t chunks = 1;  ///< output elements / lanes
  int64_t across = 32; ///< threads of a workgroup along the columns
  int64_t down = 8;    ///< along the rows
};

RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

class ColumnReduction {
public:
  ColumnReduction(KernelEmitter &emitter, Plan plan,
                  codegen::ContractionPoints &points)
      : emitter(emitter), builder(emitter.builder), loc(emitter.loc),
        math(emitter.math()), plan(std::move(plan)), points(points) {}
  LogicalResult emit();

private:
  FailureOr<SmallVector<Value>> loadRow(Value row);
  FailureOr<SmallVector<Value>> sweepRows();
  SmallVector<Value> outputIndices(int64_t lane);

  KernelEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  codegen::IndexMath math;
  Plan plan;
  codegen::ContractionPoints &points;
  ThreadTeams teams;
  Value chunk;
};

} // namespace

//===----------------------------------------------------------------------===//
// The plan
//===----------------------------------------------------------------------===//

/// The variables of the output in order, if its map is variables and zeros.
static std::optional<SmallVector<unsigned>> keptVariables(AffineMap map) {
  SmallVector<unsigned> kept;
  for (AffineExpr expr : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      kept.push_back(dim.getPosition());
    else if (!isa<AffineConstantExpr>(expr))
      return std::nullopt;
  }
  return kept;
}

/// Every input must be read with the innermost variable of the output
/// innermost, or not along it at all.
static std::optional<Plan> findColumns(tile::ContractOp contract) {
  if (!contract.isSpecialized() || contract.getYield().getCondition() ||
      contract.getInputs().size() != 1 ||
      contract.getAggregation() == tile::Aggregation::assign)
    return std::nullopt;
  Plan plan;
  plan.contract = contract;
  auto order = tile::permutationOf(contract.getInputMap(0));
  auto kept = keptVariables(contract.getOutputMap());
  ArrayRef<int64_t> shape = tensorType(contract.getInputs().front()).getShape();
  if (!order || !kept || kept->empty() || order->back() != kept->back() ||
      !tile::isWholeBox(contract, *order, shape))
    return std::nullopt;
  plan.kept = *kept;
  plan.shape.resize(order->size());
  for (auto [variable, size] : llvm::zip_equal(*order, shape)) {
    plan.shape[variable] = size;
    if (llvm::is_contained(*kept, variable))
      continue;
    plan.reduced.push_back(variable);
    plan.reducedSizes.push_back(size);
    plan.rows *= size;
  }
  return plan.reduced.empty() ? std::nullopt : std::optional<Plan>(plan);
}

static std::optional<Plan>
planColumns(tile::ContractOp contract,
            const schedule::DeviceDescription &device) {
  std::optional<Plan> found = findColumns(contract);
  if (!found || found->rows < minRows)
    return std::nullopt;
  Plan plan = *found;
  auto bytesOf = [](Value value) {
    return codegen::memoryBytes(tensorType(value).getElementType());
  };
  Value input = contract.getInputs().front();
  plan.lanes = bytesOf(input) == 8 ? 2 : 4;
  if (plan.shape[plan.kept.back()] % plan.lanes != 0 ||
      !isa<BlockArgument>(input))
    plan.lanes = 1;
  int64_t elements = contract.getResultType().getNumElements();
  plan.chunks = elements / plan.lanes;
  int64_t most = llvm::bit_floor<uint64_t>(std::clamp<int64_t>(
      std::min(device.limits.workgroupSize, device.limits.workgroupSizes[0]), 1,
      1024));
  int64_t units = std::max<int64_t>(device.limits.computeUnits, 1);
  int64_t size = std::min<int64_t>(most, 256);
  auto groups = [&] {
    return llvm::divideCeilSigned(plan.chunks, plan.across);
  };
  while (plan.across > 1 && groups() < 2 * units &&
         plan.across * plan.lanes * bytesOf(input) > sectorBytes)
    plan.across /= 2;
  // A workgroup for each unit must keep it busy alone.
  if (groups() < 2 * units)
    size = most;
  // Enough columns for a thread of its own each: nothing to share.
  if (plan.chunks >= 1024 * units)
    return std::nullopt;
  plan.down = std::max<int64_t>(size / plan.across, 1);
  while (plan.down > 1 && plan.down * unroll / 2 > plan.rows)
    plan.down /= 2;
  int64_t memory =
      plan.lanes *
      reductionBytes(plan.down, plan.across,
                     codegen::registerType(contract.getAccumulatorType()));
  if (memory > static_cast<int64_t>(device.limits.workgroupMemoryBytes) ||
      plan.down == 1)
    return std::nullopt;
  return plan;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

SmallVector<Value> ColumnReduction::outputIndices(int64_t lane) {
  Value position = math.add(math.mul(chunk, plan.lanes), lane);
  return math.delinearize(position, plan.contract.getResultType().getShape());
}

/// The values of this thread's columns in a row.
FailureOr<SmallVector<Value>> ColumnReduction::loadRow(Value row) {
  Value input = plan.contract.getInputs().front();
  SmallVector<Value> variables(plan.shape.size());
  for (auto [variable, index] :
       llvm::zip_equal(plan.reduced, math.delinearize(row, plan.reducedSizes)))
    variables[variable] = index;
  SmallVector<int64_t> keptSizes;
  for (unsigned variable : plan.kept)
    keptSizes.push_back(plan.shape[variable]);
  // The innermost index counts chunks.
  keptSizes.back() /= plan.lanes;
  for (auto [variable, index] :
       llvm::zip_equal(plan.kept, math.delinearize(chunk, keptSizes)))
    variables[variable] = index;
  SmallVector<Value> indices;
  for (AffineExpr expr : plan.contract.getInputMap(0).getResults())
    indices.push_back(variables[cast<AffineDimExpr>(expr).getPosition()]);
  SmallVector<Value> elements;
  if (plan.lanes == 1) {
    FailureOr<Value> element = emitter.evaluator.evaluate(input, indices);
    if (failed(element))
      return failure();
    elements.push_back(*element);
  } else {
    auto shape = llvm::to_vector(tensorType(input).getShape());
    shape.back() /= plan.lanes;
    Value view =
        emitter.vectorView(emitter.evaluator.bufferOf(input), plan.lanes);
    Value vector = builder.create<memref::LoadOp>(
        loc, view, math.linearize(indices, shape));
    for (int64_t lane = 0; lane < plan.lanes; ++lane)
      elements.push_back(emitter.scalars.fromMemory(
          loc, builder.create<vector::ExtractOp>(loc, vector, lane),
          tensorType(input).getElementType()));
  }
  for (Value &element : elements) {
    auto point = points.evaluateBody(element);
    if (failed(point))
      return failure();
    element = emitter.scalars.cast(loc, point->first,
                                   plan.contract.getAccumulatorType(),
                                   points.carriedType);
  }
  return elements;
}

/// A loop over blocks of rows, `unroll` for each thread; rows beyond the last
/// one add nothing.
FailureOr<SmallVector<Value>> ColumnReduction::sweepRows() {
  Value identity = emitter.scalars.identity(loc, plan.contract.getAggregation(),
                                            points.carriedType);
  int64_t step = plan.down * unroll;
  auto loop = builder.create<scf::ForOp>(
      loc, math.constant(0), math.constant(plan.rows), math.constant(step),
      SmallVector<Value>(plan.lanes, identity));
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  emitter.evaluator.startScope();
  SmallVector<SmallVector<Value>> parts(plan.lanes);
  for (int64_t i = 0; i < unroll; ++i) {
    Value row =
        math.add(math.add(loop.getInductionVar(), teams.thread), i * plan.down);
    Value isRow;
    if (plan.rows % step != 0) {
      Value last = math.constant(plan.rows - 1);
      isRow = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ule, row,
                                            last);
      row = builder.create<arith::MinUIOp>(loc, row, last);
    }
    FailureOr<SmallVector<Value>> values = loadRow(row);
    if (failed(values))
      return failure();
    for (auto [part, value] : llvm::zip_equal(parts, *values))
      part.push_back(
          isRow ? builder.create<arith::SelectOp>(loc, isRow, value, identity)
                : value);
  }
  SmallVector<Value> next;
  for (auto [part, carried] :
       llvm::zip_equal(parts, loop.getRegionIterArgs())) {
    Value sum = combineAll(part, [&](Value a, Value b) {
      return points.combine(a, b, arith::FastMathFlags::contract).front();
    });
    next.push_back(points.combine(carried, sum).front());
  }
  emitter.evaluator.startScope();
  builder.create<scf::YieldOp>(loc, next);
  return llvm::to_vector_of<Value>(loop.getResults());
}

LogicalResult ColumnReduction::emit() {
  Value group = emitter.beginGroups();
  Value thread = emitter.threadId();
  teams.threads = plan.down;
  teams.teams = plan.across;
  teams.team = math.mod(thread, plan.across);
  teams.thread = math.div(thread, plan.across);
  chunk = math.add(math.mul(group, plan.across), teams.team);
  Value isChunk;
  if (plan.chunks % plan.across != 0) {
    Value last = math.constant(plan.chunks - 1);
    isChunk = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ule,
                                            chunk, last);
    chunk = builder.create<arith::MinUIOp>(loc, chunk, last);
  }
  FailureOr<SmallVector<Value>> values = sweepRows();
  if (failed(values))
    return failure();
  for (Value &value : *values)
    value = reduceTeam(emitter, teams, value, [&](Value a, Value b) {
      return points.combine(a, b).front();
    });
  emitter.onlyIf(
      math.both(isChunk, math.equal(teams.thread, math.constant(0))));
  for (auto [lane, value] : llvm::enumerate(*values)) {
    SmallVector<Value> outputs = outputIndices(lane);
    FailureOr<Value> element = points.result(outputs, value);
    if (failed(element) ||
        failed(storeEpilogue(emitter, plan.contract, *element, outputs)))
      return failure();
  }
  return success();
}

FailureOr<kernel::FuncOp> tryColumns(func::FuncOp source,
                                     LoweringContext &context) {
  tile::ContractOp contract = onlyContraction(source);
  if (!contract || !isEpilogueOf(contract, source))
    return failure();
  auto plan = planColumns(contract, context.device);
  if (!plan)
    return failure();
  auto domain = codegen::buildLinearDomain(contract);
  if (failed(domain))
    return failure();
  KernelEmitter emitter(
      source, context,
      Launch::grouped(llvm::divideCeilSigned(plan->chunks, plan->across),
                      plan->across * plan->down, context.device));
  codegen::ContractionPoints points(
      emitter.builder, emitter.scalars, emitter.evaluator, contract,
      std::move(*domain), arith::FastMathFlags::contract);
  if (failed(ColumnReduction(emitter, *plan, points).emit()))
    return failure();
  return emitter.finish({emitter.named("kind", "columns"),
                         emitter.named("lanes", plan->lanes),
                         emitter.named("across", plan->across),
                         emitter.named("down", plan->down)});
}

} // namespace polytile::gpu
