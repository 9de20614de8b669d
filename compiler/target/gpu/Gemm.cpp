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

#include "compiler/target/gpu/ContractionElement.h"
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

/// Workgroups that follow each other and share the rows of A.
constexpr int64_t bandHeight = 8;

class GemmKernel {
public:
  GemmKernel(KernelEmitter &emitter, tile::ContractOp op, GemmPlan &plan)
      : emitter(emitter), builder(emitter.builder), loc(emitter.loc),
        math(emitter.math()), op(op), plan(plan), tile(plan.tile),
        accumulator(codegen::registerType(op.getAccumulatorType())),
        accumulators(VectorType::get({4}, accumulator)) {}
  LogicalResult emit();

private:
  void placeGroup();
  void placeThread();
  FailureOr<SmallVector<Value>> emitBlocks(GemmStaging &a, GemmStaging &b);
  SmallVector<Value> multiply(GemmStaging &a, GemmStaging &b, Value viewA,
                              Value viewB, Value baseA, Value baseB,
                              ValueRange sums);
  SmallVector<Value> loadVectors(GemmStaging &factor, Value view, Value base,
                                 Value first, int64_t step, int64_t count,
                                 int64_t k);
  Value multiplyAdd(Value x, Value y, Value sum);
  LogicalResult emitOutput(ArrayRef<Value> sums);
  LogicalResult emitRow(Value m, int64_t row, ArrayRef<Value> sums);
  LogicalResult emitFour(Value m, Value n, Value sum);
  FailureOr<Value> resultAt(const Store &store, Value m, Value n, Value sum);
  LogicalResult emitExact(ArrayRef<Value> sums);
  LogicalResult inBounds(Value m, Value n,
                         llvm::function_ref<LogicalResult()> body);
  SmallVector<Value> outputIndices(Value m, Value n);
  void scatterIndices(Value index, ArrayRef<unsigned> variables,
                      SmallVectorImpl<Value> &indices);
  bool isStoreWide(const Store &store);
  Value rowOf(Value first, int64_t i) {
    return math.add(first, i / 4 * 4 * tile.threadsAlongM() + i % 4);
  }
  Value columnOf(Value first, int64_t j) {
    return math.add(first, j * 4 * tile.threadsAlongN());
  }
  int64_t columnVectors() const { return tile.threadN / 4; }

  KernelEmitter &emitter;
  OpBuilder &builder;
  Location loc;
  IndexMath math;
  tile::ContractOp op;
  GemmPlan &plan;
  const GemmTile &tile;
  Type accumulator;
  VectorType accumulators;
  /// The batch, where the workgroup's block starts, and where the thread's
  /// first rows and columns lie in the block.
  Value batch, groupM, groupN, threadM, threadN;
};

} // namespace

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

/// Workgroups go down bands of `bandHeight` blocks, so that those that run at
/// the same time read few blocks of A and of B.
void GemmKernel::placeGroup() {
  int64_t rows = llvm::divideCeilSigned(plan.m, tile.m),
          columns = llvm::divideCeilSigned(plan.n, tile.n);
  Value group = emitter.beginGroups();
  batch = math.div(group, rows * columns);
  Value rest = math.mod(group, rows * columns);
  int64_t height = std::min(bandHeight, rows);
  Value band = math.div(rest, height * columns),
        inBand = math.mod(rest, height * columns);
  Value first = math.mul(band, height), row, column;
  if (rows % height == 0) {
    row = math.mod(inBand, height);
    column = math.div(inBand, height);
  } else {
    // The last band is lower.
    Value left = math.sub(math.constant(rows), first);
    Value actual =
        builder.create<arith::MinUIOp>(loc, left, math.constant(height));
    row = builder.create<arith::RemUIOp>(loc, inBand, actual);
    column = builder.create<arith::DivUIOp>(loc, inBand, actual);
  }
  groupM = math.mul(math.add(first, row), tile.m);
  groupN = math.mul(column, tile.n);
}

/// Lanes 2i and 2i + 1 are neighbours along N, so that a quarter of a subgroup
/// reads few distinct vectors of both factors.
void GemmKernel::placeThread() {
  Value thread = emitter.threadId();
  Value warp = math.div(thread, 32), lane = math.mod(thread, 32);
  int64_t warpsM = tile.m / tile.warpM, alongM = tile.threadsAlongM();
  Value laneM = math.mod(math.div(lane, 2), alongM);
  Value laneN =
      math.add(math.mod(lane, 2), math.mul(math.div(lane, 2 * alongM), 2));
  threadM = math.add(math.mul(math.mod(warp, warpsM), tile.warpM),
                     math.mul(laneM, 4));
  threadN = math.add(math.mul(math.div(warp, warpsM), tile.warpN),
                     math.mul(laneN, 4));
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
                                           Value base, Value first,
                                           int64_t step, int64_t count,
                                           int64_t k) {
  SmallVector<Value> vectors;
  for (int64_t i = 0; i < count; ++i) {
    Value where = factor.position(math.add(first, i * step), k);
    vectors.push_back(builder.create<memref::LoadOp>(
        loc, view, math.div(math.add(base, where), 4)));
  }
  return vectors;
}

SmallVector<Value> GemmKernel::multiply(GemmStaging &a, GemmStaging &b,
                                        Value viewA, Value viewB, Value baseA,
                                        Value baseB, ValueRange sums) {
  SmallVector<Value> result = llvm::to_vector(sums);
  for (int64_t k = 0; k < tile.k; ++k) {
    SmallVector<Value> rows =
        loadVectors(a, viewA, baseA, threadM, 4 * tile.threadsAlongM(),
                    tile.threadM / 4, k);
    SmallVector<Value> columns = loadVectors(
        b, viewB, baseB, threadN, 4 * tile.threadsAlongN(), columnVectors(), k);
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
  int64_t sizeA = a.blockElements(), sizeB = b.blockElements();
  Value memoryA = emitter.workgroupMemory(2 * sizeA, accumulator, "a_tile"),
        memoryB = emitter.workgroupMemory(2 * sizeB, accumulator, "b_tile");
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
      multiply(a, b, viewA, viewB, math.mul(half, sizeA), math.mul(half, sizeB),
               loop.getRegionIterArgs());
  a.store(*readA, memoryA, math.mul(other, sizeA));
  b.store(*readB, memoryB, math.mul(other, sizeB));
  emitter.barrier();
  builder.create<scf::YieldOp>(loc, result);
  return SmallVector<Value>(loop.getResults());
}

//===----------------------------------------------------------------------===//
// The output
//===----------------------------------------------------------------------===//

void GemmKernel::scatterIndices(Value index, ArrayRef<unsigned> variables,
                                SmallVectorImpl<Value> &indices) {
  SmallVector<int64_t> shape;
  for (unsigned variable : variables)
    shape.push_back(plan.domain.ranges[variable].size());
  for (auto [variable, value] :
       llvm::zip_equal(variables, math.delinearize(index, shape)))
    indices[variable] = value;
}

/// The output's subscripts are its variables.
SmallVector<Value> GemmKernel::outputIndices(Value m, Value n) {
  SmallVector<Value> indices(plan.domain.numOutputs);
  scatterIndices(batch, plan.batchVariables, indices);
  scatterIndices(m, plan.mVariables, indices);
  scatterIndices(n, plan.nVariables, indices);
  return indices;
}

LogicalResult GemmKernel::inBounds(Value m, Value n,
                                   llvm::function_ref<LogicalResult()> body) {
  auto below = [&](Value index, int64_t limit) -> Value {
    return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, index,
                                         math.constant(limit));
  };
  Value inside;
  if (plan.m % tile.m != 0)
    inside = below(m, plan.m);
  if (plan.n % tile.n != 0)
    inside = math.both(inside, below(n, plan.n));
  if (!inside)
    return body();
  auto branch = builder.create<scf::IfOp>(loc, inside, /*else=*/false);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitter.evaluator.startScope();
  LogicalResult result = body();
  emitter.evaluator.startScope();
  return result;
}

/// The element of a stored tensor where the contraction's sum is `sum`.
FailureOr<Value> GemmKernel::resultAt(const Store &store, Value m, Value n,
                                      Value sum) {
  emitter.evaluator.startScope();
  emitter.evaluator.setElement(
      op.getResult(),
      emitter.scalars.cast(loc, sum, op.getAccumulatorType(),
                           op.getResultType().getElementType()));
  return emitter.evaluator.evaluate(store.tensor, outputIndices(m, n));
}

/// Four columns lie side by side in the output, at a multiple of four.
bool GemmKernel::isStoreWide(const Store &store) {
  auto type = cast<RankedTensorType>(store.tensor.getType());
  unsigned inner = plan.nVariables.back();
  ArrayRef<int64_t> shape = type.getShape();
  for (int64_t size : shape.drop_front(inner + 1))
    if (size != 1)
      return false;
  return shape[inner] % 4 == 0 &&
         codegen::memoryBytes(type.getElementType()) <= 4;
}

LogicalResult GemmKernel::emitFour(Value m, Value n, Value sums) {
  for (const Store &store : emitter.stores) {
    auto type = cast<RankedTensorType>(store.tensor.getType());
    Type element = type.getElementType();
    SmallVector<Value> parts;
    for (int64_t lane = 0; lane < 4; ++lane) {
      Value sum = builder.create<vector::ExtractOp>(loc, sums, lane);
      FailureOr<Value> value = resultAt(store, m, math.add(n, lane), sum);
      if (failed(value))
        return failure();
      parts.push_back(emitter.scalars.toMemory(loc, *value, element));
    }
    Value position = math.linearize(outputIndices(m, n), type.getShape());
    Value vector = builder.create<vector::FromElementsOp>(
        loc, VectorType::get({4}, parts.front().getType()), parts);
    builder.create<memref::StoreOp>(loc, vector,
                                    emitter.vectorView(store.buffer, 4),
                                    math.div(position, 4));
  }
  return success();
}

LogicalResult GemmKernel::emitRow(Value m, int64_t row, ArrayRef<Value> sums) {
  bool isWide = llvm::all_of(
      emitter.stores, [&](const Store &store) { return isStoreWide(store); });
  for (int64_t j = 0; j < columnVectors(); ++j) {
    Value n = columnOf(math.add(groupN, threadN), j);
    Value sum = sums[row * columnVectors() + j];
    if (isWide) {
      if (failed(inBounds(m, n, [&] { return emitFour(m, n, sum); })))
        return failure();
      continue;
    }
    for (int64_t lane = 0; lane < 4; ++lane) {
      Value column = math.add(n, lane);
      Value one = builder.create<vector::ExtractOp>(loc, sum, lane);
      if (failed(inBounds(m, column, [&] {
            return storeEpilogue(emitter, op, one, outputIndices(m, column));
          })))
        return failure();
    }
  }
  return success();
}

LogicalResult GemmKernel::emitOutput(ArrayRef<Value> sums) {
  Value firstM = math.add(groupM, threadM);
  for (int64_t i = 0; i < tile.threadM; ++i)
    if (failed(emitRow(rowOf(firstM, i), i, sums)))
      return failure();
  return success();
}

/// A thread with a NaN among its sums computes all of them again.
LogicalResult GemmKernel::emitExact(ArrayRef<Value> sums) {
  Value total = sums.front();
  for (Value sum : sums.drop_front())
    total = builder.create<arith::AddFOp>(loc, total, sum);
  Value isNaN;
  for (int64_t lane = 0; lane < 4; ++lane) {
    Value one = builder.create<vector::ExtractOp>(loc, total, lane);
    Value check =
        builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNO, one, one);
    isNaN = isNaN ? builder.create<arith::OrIOp>(loc, isNaN, check) : check;
  }
  auto branch = builder.create<scf::IfOp>(loc, isNaN, /*else=*/false);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value zero = math.constant(0), one = math.constant(1);
  auto rows =
      builder.create<scf::ForOp>(loc, zero, math.constant(tile.threadM), one);
  builder.setInsertionPointToStart(rows.getBody());
  auto columns =
      builder.create<scf::ForOp>(loc, zero, math.constant(tile.threadN), one);
  builder.setInsertionPointToStart(columns.getBody());
  auto place = [&](Value number, Value first, int64_t apart) {
    return math.add(first, math.add(math.mul(math.div(number, 4), 4 * apart),
                                    math.mod(number, 4)));
  };
  Value m = place(rows.getInductionVar(), math.add(groupM, threadM),
                  tile.threadsAlongM());
  Value n = place(columns.getInductionVar(), math.add(groupN, threadN),
                  tile.threadsAlongN());
  return inBounds(m, n, [&] {
    return emitContractionElement(emitter, op, plan.domain,
                                  outputIndices(m, n));
  });
}

LogicalResult GemmKernel::emit() {
  placeGroup();
  placeThread();
  GemmStaging a(emitter, op, plan.a, tile.m, tile.k, tile.threads(), plan.m,
                plan.k, groupM, batch);
  GemmStaging b(emitter, op, plan.b, tile.n, tile.k, tile.threads(), plan.n,
                plan.k, groupN, batch);
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
  int64_t groups = llvm::divideCeilSigned(plan->m, tile.m) *
                   llvm::divideCeilSigned(plan->n, tile.n) * plan->batch;
  KernelEmitter emitter(
      source, context, Launch::grouped(groups, tile.threads(), context.device));
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
