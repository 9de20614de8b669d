//===- GemmStaging.cpp - Blocks of a factor in workgroup memory -----------===//
//
// Everything that doesn't depend on the block's place along K is computed
// before the loop over blocks; inside it, a thread computes one position along
// K, adds, compares and reads. Reads that a bound forbids are made at position
// 0 and their result dropped, so that there are no branches.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/gpu/GemmStaging.h"

#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace polytile::gpu {

using codegen::IndexMath;

SmallVector<Value> splitIndex(IndexMath math, Value index,
                              ArrayRef<GemmIndex> indices) {
  SmallVector<int64_t> shape;
  for (const GemmIndex &part : indices)
    shape.push_back(part.extent);
  return math.delinearize(index, shape);
}

/// The binding as it is read: eight halves are four i32.
static Value viewOf(KernelEmitter &emitter, Value buffer, int64_t lanes) {
  if (lanes <= 4)
    return lanes == 1 ? buffer : emitter.vectorView(buffer, lanes);
  OpBuilder &b = emitter.builder;
  int64_t count = cast<MemRefType>(buffer.getType()).getNumElements();
  auto vector = VectorType::get({4}, b.getI32Type());
  return b.create<kernel::VectorViewOp>(
      emitter.loc,
      MemRefType::get({llvm::divideCeilSigned(count, lanes)}, vector), buffer);
}

GemmStaging::GemmStaging(KernelEmitter &emitter, tile::ContractOp op,
                         const GemmOperand &operand, GemmBlock block,
                         GemmExtents extents, Value first, Value batch)
    : emitter(emitter), op(op), operand(operand), math(emitter.math()),
      block(block), totalK(extents.k) {
  Value tensor = op.getInputs()[operand.input];
  element = cast<RankedTensorType>(tensor.getType()).getElementType();
  view = viewOf(emitter, emitter.evaluator.bufferOf(tensor), operand.lanes);
  fastThreads = (isAlongK() ? block.depth : block.width) / operand.lanes;
  slowStep = block.threads / fastThreads;
  slots = block.width * block.depth / operand.lanes / block.threads;
  assert(block.threads % fastThreads == 0 && slots > 0 &&
         "candidates suit blocks");
  Value thread = emitter.threadId();
  fast = math.mul(math.mod(thread, fastThreads), operand.lanes);
  slow = math.div(thread, fastThreads);
  Part start = partOf(splitIndex(math, batch, operand.batch), operand.batch);
  start.position = math.add(start.position, operand.offset / operand.lanes);
  for (auto [value, bound] : llvm::zip_equal(start.bounds, operand.bounds))
    value = math.add(value, bound.constant);
  for (int64_t slot = 0; slot < (isAlongK() ? slots : 1); ++slot) {
    Value own =
        math.add(first, isAlongK() ? math.add(slow, slot * slowStep) : fast);
    // Beyond the end the last elements are read again: nobody looks at what
    // they give.
    if (extents.own % block.width != 0)
      own = emitter.builder.create<arith::MinUIOp>(
          emitter.loc, own,
          math.constant(extents.own - (isAlongK() ? 1 : operand.lanes)));
    ownParts.push_back(
        add(start, partOf(splitIndex(math, own, operand.own), operand.own)));
  }
}

int64_t GemmStaging::halfRow() const {
  return ((isAlongK() ? block.depth : block.width) + 8) / 8;
}

int64_t GemmStaging::blockElements() const {
  if (!isHalves())
    return block.width * block.depth;
  return halfRow() * (isAlongK() ? block.width : block.depth);
}

/// Positions count vectors where vectors are read.
GemmStaging::Part GemmStaging::partOf(ArrayRef<Value> split,
                                      ArrayRef<GemmIndex> indices) {
  Part part;
  part.position = math.constant(0);
  part.bounds.assign(operand.bounds.size(), math.constant(0));
  for (auto [value, index] : llvm::zip_equal(split, indices)) {
    Value step = operand.lanes > 1 && index.stride == 1
                     ? math.div(value, operand.lanes)
                     : math.mul(value, index.stride / operand.lanes);
    part.position = math.add(part.position, step);
    for (auto [bound, boundStep] :
         llvm::zip_equal(part.bounds, index.boundSteps))
      bound = math.add(bound, math.mul(value, boundStep));
  }
  return part;
}

GemmStaging::Part GemmStaging::add(const Part &a, const Part &b) {
  Part sum;
  sum.position = math.add(a.position, b.position);
  for (auto [x, y] : llvm::zip_equal(a.bounds, b.bounds))
    sum.bounds.push_back(math.add(x, y));
  return sum;
}

/// Where whole blocks lie inside the innermost index, only that one differs
/// between threads: with 64 channels and blocks of 16, k = 16 b + t is window
/// position b / 4 and channel 16 (b % 4) + t.
GemmStaging::Part GemmStaging::reductionPart(Value firstK, Value k) {
  ArrayRef<GemmIndex> indices = operand.reduction;
  int64_t inner = indices.back().extent;
  if (indices.size() == 1)
    return add(partOf(firstK, indices), partOf(k, indices));
  if (inner % block.depth != 0)
    return partOf(splitIndex(math, math.add(firstK, k), indices), indices);
  SmallVector<Value> split = splitIndex(math, firstK, indices);
  split.back() = math.add(split.back(), k);
  return partOf(split, indices);
}

/// Null where nothing has to be asked.
Value GemmStaging::isInside(const Part &part, Value k) {
  OpBuilder &b = emitter.builder;
  Value inside;
  if (totalK % block.depth != 0)
    inside = b.create<arith::CmpIOp>(emitter.loc, arith::CmpIPredicate::ult, k,
                                     math.constant(totalK));
  for (auto [value, bound] : llvm::zip_equal(part.bounds, operand.bounds))
    inside = math.both(
        inside, b.create<arith::CmpIOp>(emitter.loc, arith::CmpIPredicate::ule,
                                        value, math.constant(bound.upper)));
  return inside;
}

FailureOr<Value> GemmStaging::convertOne(Value value) {
  value = emitter.scalars.fromMemory(emitter.loc, value, element);
  for (Operation *cast : operand.casts) {
    value = emitter.scalars.emit(cast, value);
    if (!value)
      return failure();
  }
  return value;
}

/// What was read, in the type that is computed with.
FailureOr<Value> GemmStaging::convert(Value raw) {
  if (isHalves())
    return raw;
  if (operand.lanes == 1)
    return convertOne(raw);
  if (operand.casts.empty() &&
      codegen::registerType(element) == codegen::memoryType(element))
    return raw;
  OpBuilder &b = emitter.builder;
  SmallVector<Value> parts;
  for (int64_t lane = 0; lane < operand.lanes; ++lane) {
    FailureOr<Value> converted =
        convertOne(b.create<vector::ExtractOp>(emitter.loc, raw, lane));
    if (failed(converted))
      return failure();
    parts.push_back(*converted);
  }
  auto type = VectorType::get({operand.lanes}, parts.front().getType());
  return b.create<vector::FromElementsOp>(emitter.loc, type, parts).getResult();
}

FailureOr<Value> GemmStaging::loadOne(const Part &part, Value inside) {
  OpBuilder &b = emitter.builder;
  Location loc = emitter.loc;
  Value position = part.position;
  if (inside)
    position =
        b.create<arith::SelectOp>(loc, inside, position, math.constant(0));
  FailureOr<Value> value =
      convert(b.create<memref::LoadOp>(loc, view, position));
  if (failed(value) || !inside)
    return value;
  Value zero =
      b.create<arith::ConstantOp>(loc, b.getZeroAttr(value->getType()));
  return b.create<arith::SelectOp>(loc, inside, *value, zero).getResult();
}

FailureOr<SmallVector<Value>> GemmStaging::load(Value firstK) {
  SmallVector<Value> values;
  Part shared;
  if (isAlongK())
    shared = reductionPart(firstK, fast);
  for (int64_t slot = 0; slot < slots; ++slot) {
    Value k = isAlongK() ? fast : math.add(slow, slot * slowStep);
    Part part = isAlongK() ? add(shared, ownParts[slot])
                           : add(reductionPart(firstK, k), ownParts.front());
    FailureOr<Value> value = loadOne(part, isInside(part, math.add(firstK, k)));
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  return values;
}

/// Where 4 neighbours along K are written by one thread: 16 rows of K use masks
/// 0, 8, 16 and 24, which together with 8 neighbours along `own` meet all 32
/// banks. Where each thread writes one: 4 times its own row.
int64_t GemmStaging::rowsPerMask() const { return operand.lanes; }

int64_t GemmStaging::maskStep() const {
  return operand.lanes == 4 ? std::max<int64_t>(128 / block.depth, 4) : 4;
}

Value addWithin(KernelEmitter &emitter, Value index, int64_t offset) {
  if (offset == 0)
    return index;
  return emitter.builder.create<arith::AddIOp>(
      emitter.loc, index, emitter.math().constant(offset),
      arith::IntegerOverflowFlags::nuw);
}

Value GemmStaging::position(Value copy, Value own, int64_t k) {
  int64_t mask =
      isAlongK() ? k / rowsPerMask() * maskStep() % block.width / 4 : 0;
  if (mask != 0)
    own = emitter.builder.create<arith::XOrIOp>(emitter.loc, own,
                                                math.constant(mask));
  return addWithin(emitter, math.add(own, math.mul(copy, blockElements() / 4)),
                   k * block.width / 4);
}

/// Four numbers along K go to four rows.
void GemmStaging::storeColumn(Value value, Value along, Value memory,
                              Value copy) {
  OpBuilder &b = emitter.builder;
  Location loc = emitter.loc;
  Value mask = math.mod(math.mul(math.div(fast, rowsPerMask()), maskStep()),
                        block.width);
  Value own = b.create<arith::XOrIOp>(loc, along, mask);
  Value where = math.add(math.add(math.mul(fast, block.width), own),
                         math.mul(copy, blockElements()));
  for (int64_t lane = 0; lane < operand.lanes; ++lane) {
    Value one = value;
    if (operand.lanes > 1)
      one = b.create<vector::ExtractOp>(loc, value, lane);
    b.create<memref::StoreOp>(loc, one, memory,
                              math.add(where, lane * block.width));
  }
}

void GemmStaging::store(ValueRange values, Value memory, Value copy) {
  // Rows in the order in which they were read, in units of what was read.
  int64_t row = isHalves() ? halfRow() : block.width / operand.lanes;
  int64_t size = isHalves() ? blockElements() : blockElements() / operand.lanes;
  bool isVector = !isHalves() && operand.lanes == 4;
  for (auto [slot, value] : llvm::enumerate(values)) {
    Value along = math.add(slow, static_cast<int64_t>(slot) * slowStep);
    if (isAlongK() && !isHalves()) {
      storeColumn(value, along, memory, copy);
      continue;
    }
    Value where = math.add(math.mul(along, row), math.div(fast, operand.lanes));
    where = math.add(where, math.mul(copy, size));
    emitter.builder.create<memref::StoreOp>(
        emitter.loc, value, isVector ? emitter.vectorView(memory, 4) : memory,
        where);
  }
}

} // namespace polytile::gpu
