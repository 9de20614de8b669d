//===- GemmFrame.cpp - What all matrix-product kernels share --------------===//
//
// See GemmFrame.h.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GemmFrame.h"

#include "compiler/target/common/KernelTypes.h"
#include "compiler/target/gpu/ContractionElement.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace polytile::gpu {

/// Workgroups that follow each other and share the rows of A.
static constexpr int64_t bandHeight = 8;

int64_t GemmFrame::countGroups(const GemmPlan &plan) {
  return llvm::divideCeilSigned(plan.m, plan.tile.m) *
         llvm::divideCeilSigned(plan.n, plan.tile.n) * plan.batch;
}

/// Workgroups go down bands of `bandHeight` blocks, so that those that run at
/// the same time read few blocks of A and of B.
void GemmFrame::placeGroup() {
  int64_t rows = llvm::divideCeilSigned(plan.m, plan.tile.m),
          columns = llvm::divideCeilSigned(plan.n, plan.tile.n);
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
  groupM = math.mul(math.add(first, row), plan.tile.m);
  groupN = math.mul(column, plan.tile.n);
}

void GemmFrame::scatterIndices(Value index, ArrayRef<unsigned> variables,
                               SmallVectorImpl<Value> &indices) {
  SmallVector<int64_t> shape;
  for (unsigned variable : variables)
    shape.push_back(plan.domain.ranges[variable].size());
  for (auto [variable, value] :
       llvm::zip_equal(variables, math.delinearize(index, shape)))
    indices[variable] = value;
}

/// The output's subscripts are its variables.
SmallVector<Value> GemmFrame::outputIndices(Value m, Value n) {
  SmallVector<Value> indices(plan.domain.numOutputs);
  scatterIndices(batch, plan.batchVariables, indices);
  scatterIndices(m, plan.mVariables, indices);
  scatterIndices(n, plan.nVariables, indices);
  return indices;
}

LogicalResult GemmFrame::inBounds(Value m, Value n,
                                  llvm::function_ref<LogicalResult()> body) {
  auto below = [&](Value index, int64_t limit) -> Value {
    return builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, index,
                                         math.constant(limit));
  };
  Value inside;
  if (plan.m % plan.tile.m != 0)
    inside = below(m, plan.m);
  if (plan.n % plan.tile.n != 0)
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
FailureOr<Value> GemmFrame::resultAt(const Store &store, Value m, Value n,
                                     Value sum) {
  emitter.evaluator.startScope();
  emitter.evaluator.setElement(
      op.getResult(),
      emitter.scalars.cast(loc, sum, op.getAccumulatorType(),
                           op.getResultType().getElementType()));
  return emitter.evaluator.evaluate(store.tensor, outputIndices(m, n));
}

/// Four columns lie side by side in the output, at a multiple of four.
bool GemmFrame::isWide(const Store &store) {
  auto type = cast<RankedTensorType>(store.tensor.getType());
  unsigned inner = plan.nVariables.back();
  ArrayRef<int64_t> shape = type.getShape();
  for (int64_t size : shape.drop_front(inner + 1))
    if (size != 1)
      return false;
  return shape[inner] % 4 == 0 &&
         codegen::memoryBytes(type.getElementType()) <= 4;
}

LogicalResult GemmFrame::storeVectors(Value m, Value n, ArrayRef<Value> sums) {
  for (const Store &store : emitter.stores) {
    auto type = cast<RankedTensorType>(store.tensor.getType());
    Type element = type.getElementType();
    SmallVector<Value> parts;
    for (int64_t lane = 0; lane < 4; ++lane) {
      FailureOr<Value> value =
          resultAt(store, m, math.add(n, lane), sums[lane]);
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

LogicalResult GemmFrame::storeFour(Value m, Value n, ArrayRef<Value> sums) {
  if (llvm::all_of(emitter.stores,
                   [&](const Store &store) { return isWide(store); }))
    return inBounds(m, n, [&] { return storeVectors(m, n, sums); });
  for (int64_t lane = 0; lane < 4; ++lane) {
    Value column = math.add(n, lane);
    if (failed(inBounds(m, column, [&] {
          return storeEpilogue(emitter, op, sums[lane],
                               outputIndices(m, column));
        })))
      return failure();
  }
  return success();
}

Value GemmFrame::hasNaN(Value four) {
  Value found;
  for (int64_t lane = 0; lane < 4; ++lane) {
    Value one = builder.create<vector::ExtractOp>(loc, four, lane);
    Value check =
        builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UNO, one, one);
    found = found ? builder.create<arith::OrIOp>(loc, found, check).getResult()
                  : check;
  }
  return found;
}

LogicalResult GemmFrame::recompute(Value suspect, int64_t numRows,
                                   int64_t numColumns,
                                   llvm::function_ref<Value(Value)> rows,
                                   llvm::function_ref<Value(Value)> columns) {
  auto branch = builder.create<scf::IfOp>(loc, suspect, /*else=*/false);
  OpBuilder::InsertionGuard restore(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value zero = math.constant(0), one = math.constant(1);
  auto overRows =
      builder.create<scf::ForOp>(loc, zero, math.constant(numRows), one);
  builder.setInsertionPointToStart(overRows.getBody());
  auto overColumns =
      builder.create<scf::ForOp>(loc, zero, math.constant(numColumns), one);
  builder.setInsertionPointToStart(overColumns.getBody());
  Value m = rows(overRows.getInductionVar()),
        n = columns(overColumns.getInductionVar());
  return inBounds(m, n, [&] {
    return emitContractionElement(emitter, op, plan.domain,
                                  outputIndices(m, n));
  });
}

} // namespace polytile::gpu
