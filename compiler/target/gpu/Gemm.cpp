//===- Gemm.cpp - Matrix products in blocks -------------------------------===//
//
// A workgroup computes a block of the output. It walks along K; of each block
// of the two factors
//
//   read block b + 1 into registers      (global memory, long latency)
//   for k of block b:                    (workgroup memory 0 or 1)
//     acc[i][j] += A[k][i] * B[k][j]
//   write block b + 1 to the other half of workgroup memory
//   barrier
//
// so that reading hides behind arithmetic and one barrier a block is enough.
// A thread's rows and columns are groups of four that are a subgroup's width
// apart: neighbouring threads read neighbouring vectors.
//
// Rows and columns beyond the output are computed and dropped. The reference is
// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
// (2008), with registers and workgroup memory in place of the caches.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GemmFrame.h"
#include "compiler/target/gpu/GemmStaging.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace polytile::gpu {

using codegen::IndexMath;

namespace {

class GemmKernel : GemmFrame {
public:
  GemmKernel(KernelEmitter &emitter, tile::ContractOp op, const GemmPlan &plan)
      : GemmFrame(emitter, op, plan), tile(plan.tile),
        accumulator(codegen::registerType(op.getAccumulatorType())),
        accumulators(VectorType::get({4}, accumulator)) {}
  LogicalResult emit();

private:
  void placeThread();
  FailureOr<SmallVector<Value>> emitBlocks(GemmStaging &a, GemmStaging &b);
  SmallVector<Value> multiply(GemmStaging &a, GemmStaging &b, Value viewA,
                              Value viewB, Value copy, ValueRange sums);
  SmallVector<Value> loadVectors(GemmStaging &factor, Value view, Value copy,
                                 Value first, int64_t step, int64_t count,
                                 int64_t k);
  Value multiplyAdd(Value x, Value y, Value sum);
  LogicalResult emitOutput(ArrayRef<Value> sums);
  LogicalResult emitExact(ArrayRef<Value> sums);
  /// The thread's row `i`, and its column `j`: groups of four.
  Value rowOf(Value i) {
    return math.add(math.add(groupM, math.mul(threadM, 4)),
                    grouped(i, tile.threadsAlongM()));
  }
  Value columnOf(Value j) {
    return math.add(math.add(groupN, math.mul(threadN, 4)),
                    grouped(j, tile.threadsAlongN()));
  }
  Value grouped(Value number, int64_t apart) {
    return math.add(math.mul(math.div(number, 4), 4 * apart),
                    math.mod(number, 4));
  }
  int64_t columnVectors() const { return tile.threadN / 4; }

  const GemmTile &tile;
  Type accumulator;
  VectorType accumulators;
  /// Where the thread's first rows and columns lie in the block, in fours.
  Value threadM, threadN;
};

} // namespace

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

/// Lanes 2i and 2i + 1 are neighbours along N, so that a quarter of a subgroup
/// reads few distinct vectors of both factors.
void GemmKernel::placeThread() {
  Value thread = emitter.threadId();
  Value warp = math.div(thread, 32), lane = math.mod(thread, 32);
  int64_t warpsM = tile.m / tile.warpM, alongM = tile.threadsAlongM();
  Value laneM = math.mod(math.div(lane, 2), alongM);
  Value laneN =
      math.add(math.mod(lane, 2), math.mul(math.div(lane, 2 * alongM), 2));
  threadM = math.add(math.mul(math.mod(warp, warpsM), tile.warpM / 4), laneM);
  threadN = math.add(math.mul(math.div(warp, warpsM), tile.warpN / 4), laneN);
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

Value GemmKernel::multiplyAdd(Value x, Value y, Value sum) {
  if (isa<FloatType>(accumulator))
    return builder.create<math::FmaOp>(loc, x, y, sum);
  return builder.create<arith::AddIOp>(
      loc, builder.create<arith::MulIOp>(loc, x, y), sum);
}

SmallVector<Value> GemmKernel::loadVectors(GemmStaging &factor, Value view,
                                           Value copy, Value first,
                                           int64_t step, int64_t count,
                                           int64_t k) {
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < count; ++i) {
    Value where = factor.position(copy, addWithin(emitter, first, i * step), k);
    vectors.push_back(builder.create<memref::LoadOp>(loc, view, where));
  }
  return vectors;
}

SmallVector<Value> GemmKernel::multiply(GemmStaging &a, GemmStaging &b,
                                        Value viewA, Value viewB, Value copy,
                                        ValueRange sums) {
  SmallVector<Value> result = llvm::to_vector(sums);
  for (int64_t k = 0; k < tile.k; ++k) {
    SmallVector<Value> rows = loadVectors(
        a, viewA, copy, threadM, tile.threadsAlongM(), tile.threadM / 4, k);
    SmallVector<Value> columns = loadVectors(
        b, viewB, copy, threadN, tile.threadsAlongN(), columnVectors(), k);
    for (int64_t i = 0; i < tile.threadM; ++i) {
      Value one = builder.create<vector::ExtractOp>(loc, rows[i / 4], i % 4);
      Value row = builder.create<vector::SplatOp>(loc, accumulators, one);
      for (int64_t j = 0; j < columnVectors(); ++j) {
        Value &sum = result[i * columnVectors() + j];
        sum = multiplyAdd(row, columns[j], sum);
      }
    }
  }
  return result;
}

FailureOr<SmallVector<Value>> GemmKernel::emitBlocks(GemmStaging &a,
                                                     GemmStaging &b) {
  Value memoryA = emitter.workgroupMemory(2 * a.blockElements(), accumulator,
                                          "a_tile"),
        memoryB = emitter.workgroupMemory(2 * b.blockElements(), accumulator,
                                          "b_tile");
  Value viewA = emitter.vectorView(memoryA, 4),
        viewB = emitter.vectorView(memoryB, 4);
  int64_t blocks = llvm::divideCeilSigned(plan.k, tile.k);
  Value zero = math.constant(0);
  auto readA = a.load(zero), readB = b.load(zero);
  if (failed(readA) || failed(readB))
    return failure();
  a.store(*readA, memoryA, zero);
  b.store(*readB, memoryB, zero);
  emitter.barrier();
  Value none =
      builder.create<arith::ConstantOp>(loc, builder.getZeroAttr(accumulators));
  SmallVector<Value> sums(tile.threadM * columnVectors(), none);
  auto loop = builder.create<scf::ForOp>(loc, zero, math.constant(blocks),
                                         math.constant(1), sums);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value block = loop.getInductionVar();
  Value half = math.mod(block, 2);
  Value other = math.sub(math.constant(1), half);
  // The last round reads its own block again: cheaper than asking.
  Value next = math.mul(builder.create<arith::MinUIOp>(
                            loc, math.add(block, 1), math.constant(blocks - 1)),
                        tile.k);
  readA = a.load(next);
  readB = b.load(next);
  if (failed(readA) || failed(readB))
    return failure();
  SmallVector<Value> result =
      multiply(a, b, viewA, viewB, half, loop.getRegionIterArgs());
  a.store(*readA, memoryA, other);
  b.store(*readB, memoryB, other);
  emitter.barrier();
  builder.create<scf::YieldOp>(loc, result);
  return SmallVector<Value>(loop.getResults());
}

//===----------------------------------------------------------------------===//
// The output
//===----------------------------------------------------------------------===//

LogicalResult GemmKernel::emitOutput(ArrayRef<Value> sums) {
  for (int64_t i = 0; i < tile.threadM; ++i) {
    Value m = rowOf(math.constant(i));
    for (int64_t j = 0; j < columnVectors(); ++j) {
      SmallVector<Value> four;
      for (int64_t lane = 0; lane < 4; ++lane)
        four.push_back(builder.create<vector::ExtractOp>(
            loc, sums[i * columnVectors() + j], lane));
      if (failed(storeFour(m, columnOf(math.constant(4 * j)), four)))
        return failure();
    }
  }
  return success();
}

/// A thread with a NaN among its sums computes all of them again.
LogicalResult GemmKernel::emitExact(ArrayRef<Value> sums) {
  Value total = sums.front();
  for (Value sum : sums.drop_front())
    total = builder.create<arith::AddFOp>(loc, total, sum);
  return recompute(
      hasNaN(total), tile.threadM, tile.threadN,
      [&](Value i) { return rowOf(i); }, [&](Value j) { return columnOf(j); });
}

LogicalResult GemmKernel::emit() {
  placeGroup();
  placeThread();
  GemmStaging a(emitter, op, plan.a, {tile.m, tile.k, tile.threads()},
                {plan.m, plan.k}, groupM, batch);
  GemmStaging b(emitter, op, plan.b, {tile.n, tile.k, tile.threads()},
                {plan.n, plan.k}, groupN, batch);
  FailureOr<SmallVector<Value>> sums = emitBlocks(a, b);
  if (failed(sums) || failed(emitOutput(*sums)))
    return failure();
  if (plan.checksNaN && isa<FloatType>(accumulator))
    return emitExact(*sums);
  return success();
}

FailureOr<kernel::FuncOp> tryGemm(func::FuncOp source,
                                  LoweringContext &context) {
  tile::ContractOp op = onlyContraction(source);
  if (!op || !isEpilogueOf(op, source))
    return failure();
  // The factors are read where they lie.
  for (Value input : op.getInputs())
    if (!isa<BlockArgument>(input))
      return failure();
  FailureOr<GemmPlan> plan = planGemm(op, context.device);
  if (failed(plan))
    return failure();
  const GemmTile &tile = plan->tile;
  KernelEmitter emitter(source, context,
                        Launch::grouped(GemmFrame::countGroups(*plan),
                                        tile.threads(), context.device));
  if (failed(GemmKernel(emitter, op, *plan).emit()))
    return failure();
  return emitter.finish(
      {emitter.named("kind", "gemm"), emitter.named("m", plan->m),
       emitter.named("n", plan->n), emitter.named("k", plan->k),
       emitter.named("batch", plan->batch), emitter.named("tile_m", tile.m),
       emitter.named("tile_n", tile.n), emitter.named("tile_k", tile.k),
       emitter.named("thread_m", tile.threadM),
       emitter.named("thread_n", tile.threadN)});
}

} // namespace polytile::gpu
