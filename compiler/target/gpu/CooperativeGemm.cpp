//===- CooperativeGemm.cpp - Products of halves by cooperative matrices ---===//
//
// As Gemm.cpp, but the arithmetic is the device's own matrix operation, which
// the threads of a subgroup execute together: 16 x 16 x 16 products of f16,
// summed in f32.
//
//   read the first blocks into registers
//   for each block:
//     registers -> workgroup memory; barrier
//     read the next blocks into registers
//     acc[i][j] += A[i] * B[j], matrix by matrix; barrier
//
// One copy of the blocks with two barriers was measured to be faster here than
// two copies with one. Which thread holds which element of a matrix is the
// device's secret, so the sums go through workgroup memory, strips of 16 x 32
// at a time, to become rows again.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GemmFrame.h"
#include "compiler/target/gpu/GemmStaging.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace polytile::gpu {

namespace {

/// The extents of a matrix, and of the strips of sums.
constexpr int64_t side = 16, stripWidth = 32;

class CooperativeKernel : GemmFrame {
public:
  CooperativeKernel(KernelEmitter &emitter, tile::ContractOp op,
                    const GemmPlan &plan, int64_t subgroupSize)
      : GemmFrame(emitter, op, plan), tile(plan.tile),
        subgroupSize(subgroupSize), matricesM(tile.warpM / side),
        matricesN(tile.warpN / side) {}
  LogicalResult emit();

private:
  Type matrix(Type element, StringRef operand) {
    return mlir::gpu::MMAMatrixType::get({side, side}, element, operand);
  }
  FailureOr<SmallVector<Value>> emitBlocks(GemmStaging &a, GemmStaging &b);
  SmallVector<Value> multiply(GemmStaging &a, GemmStaging &b, Value memoryA,
                              Value memoryB, ValueRange sums);
  LogicalResult emitOutput(ArrayRef<Value> sums);
  LogicalResult emitStrip(Value strips, Value view, Value strip, int64_t i,
                          int64_t j, ArrayRef<Value> sums);
  Value rowOf(Value i, Value step);
  Value columnOf(Value j, Value lane);
  int64_t stepsPerStrip() const {
    return side * stripWidth / (4 * subgroupSize);
  }

  const GemmTile &tile;
  int64_t subgroupSize, matricesM, matricesN;
  /// The subgroup's place in the block, and the thread's in the subgroup.
  Value subgroupM, subgroupN, lane;
  /// Of all sums that this thread stored, to find a NaN among them.
  Value total;
};

} // namespace

SmallVector<Value> CooperativeKernel::multiply(GemmStaging &a, GemmStaging &b,
                                               Value memoryA, Value memoryB,
                                               ValueRange sums) {
  SmallVector<Value> result = llvm::to_vector(sums);
  Type f16 = builder.getF16Type();
  auto load = [&](Value memory, Value where, int64_t row, StringRef operand) {
    return builder
        .create<mlir::gpu::SubgroupMmaLoadMatrixOp>(
            loc, matrix(f16, operand), memory, where, builder.getIndexAttr(row),
            /*transpose=*/UnitAttr())
        .getResult();
  };
  for (int64_t k = 0; k < tile.k / side; ++k) {
    SmallVector<Value> rows;
    Value firstA = math.mul(subgroupM, a.halfRow());
    for (int64_t i = 0; i < matricesM; ++i)
      rows.push_back(
          load(memoryA, math.add(firstA, i * side * a.halfRow() + k * side / 8),
               a.halfRow(), "AOp"));
    for (int64_t j = 0; j < matricesN; ++j) {
      Value column = load(memoryB,
                          math.add(math.div(subgroupN, 8),
                                   k * side * b.halfRow() + j * side / 8),
                          b.halfRow(), "BOp");
      for (int64_t i = 0; i < matricesM; ++i) {
        Value &sum = result[i * matricesN + j];
        sum = builder.create<mlir::gpu::SubgroupMmaComputeOp>(
            loc, sum.getType(), rows[i], column, sum,
            /*a_transpose=*/UnitAttr(),
            /*b_transpose=*/UnitAttr());
      }
    }
  }
  return result;
}

FailureOr<SmallVector<Value>> CooperativeKernel::emitBlocks(GemmStaging &a,
                                                            GemmStaging &b) {
  auto eightHalves = VectorType::get({4}, builder.getI32Type());
  Value memoryA =
            emitter.workgroupMemory(a.blockElements(), eightHalves, "a_tile"),
        memoryB =
            emitter.workgroupMemory(b.blockElements(), eightHalves, "b_tile");
  int64_t blocks = llvm::divideCeilSigned(plan.k, tile.k);
  Value zero = math.constant(0);
  auto readA = a.load(zero), readB = b.load(zero);
  if (failed(readA) || failed(readB))
    return failure();
  Type f32 = builder.getF32Type();
  Value none = builder.create<mlir::gpu::SubgroupMmaConstantMatrixOp>(
      loc, matrix(f32, "COp"),
      builder.create<arith::ConstantOp>(loc, builder.getF32FloatAttr(0)));
  SmallVector<Value> carried(matricesM * matricesN, none);
  size_t numSums = carried.size(), numA = readA->size();
  llvm::append_range(carried, *readA);
  llvm::append_range(carried, *readB);
  auto loop = builder.create<scf::ForOp>(loc, zero, math.constant(blocks),
                                         math.constant(1), carried);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ValueRange arguments = loop.getRegionIterArgs();
  a.store(arguments.slice(numSums, numA), memoryA, zero);
  b.store(arguments.drop_front(numSums + numA), memoryB, zero);
  emitter.barrier();
  // The last round reads its own block again: cheaper than asking.
  Value next = math.mul(
      builder.create<arith::MinUIOp>(loc, math.add(loop.getInductionVar(), 1),
                                     math.constant(blocks - 1)),
      tile.k);
  readA = a.load(next);
  readB = b.load(next);
  if (failed(readA) || failed(readB))
    return failure();
  SmallVector<Value> results =
      multiply(a, b, memoryA, memoryB, arguments.take_front(numSums));
  emitter.barrier();
  llvm::append_range(results, *readA);
  llvm::append_range(results, *readB);
  builder.create<scf::YieldOp>(loc, results);
  return SmallVector<Value>(loop.getResults().take_front(numSums));
}

/// In step s of a strip, thread t of a subgroup of 32 has row (t + 32 s) / 8
/// and columns 4 (t % 8) to 4 (t % 8) + 3.
Value CooperativeKernel::rowOf(Value i, Value step) {
  Value inStrip = math.div(math.add(lane, math.mul(step, subgroupSize)), 8);
  return math.add(math.add(groupM, subgroupM),
                  math.add(math.mul(i, side), inStrip));
}

Value CooperativeKernel::columnOf(Value strip, Value within) {
  Value inStrip = math.add(math.mul(math.mod(lane, 8), 4), within);
  return math.add(math.add(groupN, subgroupN),
                  math.add(math.mul(strip, stripWidth), inStrip));
}

LogicalResult CooperativeKernel::emitStrip(Value strips, Value view,
                                           Value strip, int64_t i, int64_t j,
                                           ArrayRef<Value> sums) {
  for (int64_t half = 0; half < stripWidth / side; ++half)
    builder.create<mlir::gpu::SubgroupMmaStoreMatrixOp>(
        loc, sums[i * matricesN + j * (stripWidth / side) + half], strips,
        math.add(strip, half * side), builder.getIndexAttr(stripWidth),
        /*transpose=*/UnitAttr());
  emitter.barrier();
  for (int64_t step = 0; step < stepsPerStrip(); ++step) {
    Value where =
        math.add(math.div(strip, 4), math.add(lane, step * subgroupSize));
    Value four = builder.create<memref::LoadOp>(loc, view, where);
    total = total ? builder.create<arith::AddFOp>(loc, total, four).getResult()
                  : four;
    SmallVector<Value> parts;
    for (int64_t part = 0; part < 4; ++part)
      parts.push_back(builder.create<vector::ExtractOp>(loc, four, part));
    if (failed(storeFour(rowOf(math.constant(i), math.constant(step)),
                         columnOf(math.constant(j), math.constant(0)), parts)))
      return failure();
  }
  emitter.barrier();
  return success();
}

LogicalResult CooperativeKernel::emitOutput(ArrayRef<Value> sums) {
  int64_t subgroups = tile.m / tile.warpM * (tile.n / tile.warpN);
  Value strips = emitter.workgroupMemory(subgroups * side * stripWidth,
                                         builder.getF32Type(), "sums");
  Value view = emitter.vectorView(strips, 4);
  Value strip =
      math.mul(math.div(emitter.threadId(), subgroupSize), side * stripWidth);
  for (int64_t i = 0; i < matricesM; ++i)
    for (int64_t j = 0; j < tile.warpN / stripWidth; ++j)
      if (failed(emitStrip(strips, view, strip, i, j, sums)))
        return failure();
  if (!plan.checksNaN)
    return success();
  int64_t steps = stepsPerStrip();
  return recompute(
      hasNaN(total), matricesM * steps, tile.warpN / stripWidth * 4,
      [&](Value i) { return rowOf(math.div(i, steps), math.mod(i, steps)); },
      [&](Value j) { return columnOf(math.div(j, 4), math.mod(j, 4)); });
}

LogicalResult CooperativeKernel::emit() {
  placeGroup();
  Value thread = emitter.threadId();
  int64_t subgroupsM = tile.m / tile.warpM;
  int64_t threads = subgroupsM * (tile.n / tile.warpN) * subgroupSize;
  Value subgroup = math.div(thread, subgroupSize);
  lane = math.mod(thread, subgroupSize);
  subgroupM = math.mul(math.mod(subgroup, subgroupsM), tile.warpM);
  subgroupN = math.mul(math.div(subgroup, subgroupsM), tile.warpN);
  GemmStaging a(emitter, op, plan.a, {tile.m, tile.k, threads},
                {plan.m, plan.k}, groupM, batch);
  GemmStaging b(emitter, op, plan.b, {tile.n, tile.k, threads},
                {plan.n, plan.k}, groupN, batch);
  FailureOr<SmallVector<Value>> sums = emitBlocks(a, b);
  return failed(sums) ? failure() : emitOutput(*sums);
}

FailureOr<kernel::FuncOp> tryCooperativeGemm(func::FuncOp source,
                                             LoweringContext &context) {
  tile::ContractOp op = onlyContraction(source);
  if (!op || !isEpilogueOf(op, source))
    return failure();
  for (Value input : op.getInputs())
    if (!isa<BlockArgument>(input))
      return failure();
  FailureOr<GemmPlan> plan = planCooperativeGemm(op, context.device);
  if (failed(plan))
    return failure();
  const GemmTile &tile = plan->tile;
  int64_t size = context.device.subgroup.size;
  int64_t threads = tile.m / tile.warpM * (tile.n / tile.warpN) * size;
  KernelEmitter emitter(
      source, context,
      Launch::grouped(GemmFrame::countGroups(*plan), threads, context.device));
  emitter.function.setSubgroupSize(static_cast<uint32_t>(size));
  emitter.require(schedule::feature::CooperativeMatrix);
  emitter.require(schedule::feature::VulkanMemoryModel);
  if (failed(CooperativeKernel(emitter, op, *plan, size).emit()))
    return failure();
  return emitter.finish(
      {emitter.named("kind", "cooperative gemm"), emitter.named("m", plan->m),
       emitter.named("n", plan->n), emitter.named("k", plan->k),
       emitter.named("batch", plan->batch), emitter.named("tile_m", tile.m),
       emitter.named("tile_n", tile.n), emitter.named("tile_k", tile.k),
       emitter.named("subgroup_m", tile.warpM),
       emitter.named("subgroup_n", tile.warpN)});
}

} // namespace polytile::gpu
