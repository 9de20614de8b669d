//===- ElementEvaluator.cpp - One element of a tensor value ---------------===//
//
// Results are kept by (value, indices) within a scope, so that a value with
// several uses is computed once and its uses agree to the last bit.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/common/ElementEvaluator.h"

#include "compiler/target/common/IndexMath.h"
#include "compiler/target/common/KernelTypes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace polytile::codegen {

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value ElementEvaluator::load(Location loc, Value buffer, Value position,
                             Type type) {
  return scalars.fromMemory(
      loc, builder.create<memref::LoadOp>(loc, buffer, position), type);
}

void ElementEvaluator::store(Location loc, Value element, Value buffer,
                             Value position, Type type) {
  builder.create<memref::StoreOp>(loc, scalars.toMemory(loc, element, type),
                                  buffer, position);
}

Value ElementEvaluator::loadBound(Value tensor, Value position) {
  return load(tensor.getLoc(), buffers.lookup(tensor), position,
              tensorType(tensor).getElementType());
}

FailureOr<Value> ElementEvaluator::evaluateConstant(tile::ConstantOp op,
                                                    Value position) {
  auto type = cast<RankedTensorType>(op.getType());
  Type element = type.getElementType();
  if (auto splat = dyn_cast<SplatElementsAttr>(op.getValue()))
    return scalars.constant(op.getLoc(), splat.getSplatValue<Attribute>(),
                            element);
  FailureOr<Value> buffer = placeConstant(op);
  if (failed(buffer))
    return failure();
  buffers[op.getResult()] = *buffer;
  return loadBound(op.getResult(), position);
}

/// Where to read, safe in any case; `inside` is null when the index always is.
/// Wide indices are brought into range in their own type: positions may be
/// narrower.
Value ElementEvaluator::gatherPosition(tile::GatherOp op, Value index,
                                       int64_t size, Value &inside) {
  Location loc = op.getLoc();
  OpBuilder &b = builder;
  Type element = tensorType(op.getIndices()).getElementType();
  IntegerType type = scalars.indexInteger();
  bool isUnsigned = tile::isUnsignedElement(element);
  if (index.getType().getIntOrFloatBitWidth() >= type.getWidth())
    type = cast<IntegerType>(index.getType());
  else
    index = scalars.cast(loc, index, element, type);
  auto constant = [&](int64_t value) -> Value {
    return b.create<arith::ConstantOp>(loc, b.getIntegerAttr(type, value));
  };
  Value position;
  if (op.getMode() == tile::IndexMode::wrap && isUnsigned) {
    position = b.create<arith::RemUIOp>(loc, index, constant(size));
  } else if (op.getMode() == tile::IndexMode::wrap) {
    Value rest = b.create<arith::RemSIOp>(loc, index, constant(size));
    Value below = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, rest,
                                          constant(0));
    position = b.create<arith::SelectOp>(
        loc, below, b.create<arith::AddIOp>(loc, rest, constant(size)), rest);
  } else {
    Value last = constant(size - 1);
    position =
        isUnsigned
            ? b.create<arith::MinUIOp>(loc, index, last).getResult()
            : b.create<arith::MinSIOp>(
                   loc, b.create<arith::MaxSIOp>(loc, index, constant(0)), last)
                  .getResult();
    if (op.getMode() == tile::IndexMode::fill)
      inside = b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, position,
                                       index);
  }
  if (type != scalars.indexInteger())
    position = b.create<arith::TruncIOp>(loc, scalars.indexInteger(), position);
  return b.create<arith::IndexCastOp>(loc, b.getIndexType(), position);
}

/// Clamped, wrapped, or 0 outside; the clamped index is always safe to load
/// from.
FailureOr<Value> ElementEvaluator::evaluateGather(tile::GatherOp op,
                                                  ValueRange indices) {
  Location loc = op.getLoc();
  auto operandType = tensorType(op.getOperand());
  int64_t size = operandType.getDimSize(0),
          indexRank = tensorType(op.getIndices()).getRank();
  if (size == 0)
    return scalars.zero(loc, operandType.getElementType());
  FailureOr<Value> index =
      evaluate(op.getIndices(), indices.take_front(indexRank));
  if (failed(index))
    return failure();
  Value inside;
  SmallVector<Value> where = {gatherPosition(op, *index, size, inside)};
  llvm::append_range(where, indices.drop_front(indexRank));
  FailureOr<Value> element = evaluate(op.getOperand(), where);
  if (failed(element) || !inside)
    return element;
  return builder
      .create<arith::SelectOp>(loc, inside, *element,
                               scalars.zero(loc, operandType.getElementType()))
      .getResult();
}

FailureOr<Value> ElementEvaluator::evaluateOp(Operation *op,
                                              ValueRange indices) {
  Location loc = op->getLoc();
  IndexMath math(builder, loc);
  auto type = tensorType(op->getResult(0));
  if (auto constant = dyn_cast<tile::ConstantOp>(op))
    return evaluateConstant(constant, math.linearize(indices, type.getShape()));
  if (auto index = dyn_cast<tile::IndexOp>(op)) {
    Value position = builder.create<arith::IndexCastOp>(
        loc, scalars.indexInteger(), indices[index.getDimension()]);
    return scalars.cast(loc, position, scalars.indexInteger(),
                        type.getElementType());
  }
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op)) {
    Value position = math.linearize(indices, type.getShape());
    if (isBound(reshape.getOperand()))
      return loadBound(reshape.getOperand(), position);
    return evaluate(reshape.getOperand(),
                    math.delinearize(
                        position, tensorType(reshape.getOperand()).getShape()));
  }
  if (auto gather = dyn_cast<tile::GatherOp>(op))
    return evaluateGather(gather, indices);
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    auto shape = dyn_cast<RankedTensorType>(operand.getType());
    if (!shape)
      return op->emitOpError("can't be computed by a kernel"), failure();
    // NumPy's rule: align the last dimensions; a size of 1 is repeated.
    SmallVector<Value> where;
    for (int64_t d = 0, skip = type.getRank() - shape.getRank();
         d < shape.getRank(); ++d)
      where.push_back(shape.getDimSize(d) == 1 ? math.constant(0)
                                               : indices[d + skip]);
    FailureOr<Value> element = evaluate(operand, where);
    if (failed(element))
      return failure();
    operands.push_back(*element);
  }
  if (Value result = scalars.emit(op, operands))
    return result;
  return op->emitOpError("can't be computed by a kernel"), failure();
}

/// Two index values are the same when they are one value or equal constants.
static bool sameIndices(ValueRange a, ValueRange b) {
  return llvm::all_of(llvm::zip_equal(a, b), [](auto pair) {
    auto [x, y] = pair;
    auto known = IndexMath::isConstant(x);
    return x == y || (known && known == IndexMath::isConstant(y));
  });
}

FailureOr<Value> ElementEvaluator::evaluate(Value tensor, ValueRange indices) {
  if (Value element = elements.lookup(tensor))
    return element;
  for (auto &[where, element] : cache[tensor])
    if (sameIndices(where, indices))
      return element;
  FailureOr<Value> element;
  if (isBound(tensor)) {
    IndexMath math(builder, tensor.getLoc());
    element = loadBound(tensor,
                        math.linearize(indices, tensorType(tensor).getShape()));
  } else {
    element = evaluateOp(tensor.getDefiningOp(), indices);
  }
  if (succeeded(element))
    cache[tensor].push_back({llvm::to_vector(indices), *element});
  return element;
}

bool ElementEvaluator::isFlat(Value tensor, int64_t count) {
  llvm::SmallPtrSet<Operation *, 16> seen;
  SmallVector<Value> worklist = {tensor};
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    int64_t elements = tensorType(value).getNumElements();
    if (elements != count && elements != 1)
      return false;
    Operation *op = value.getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    if (isa<tile::IndexOp, tile::GatherOp>(op))
      return false;
    for (Value operand : op->getOperands())
      worklist.push_back(operand);
  }
  return true;
}

FailureOr<Value> ElementEvaluator::evaluateFlat(Value tensor, Value position) {
  if (Value element = elements.lookup(tensor))
    return element;
  IndexMath math(builder, tensor.getLoc());
  if (tensorType(tensor).getNumElements() == 1)
    position = math.constant(0);
  for (auto &[where, element] : cache[tensor])
    if (sameIndices(where, position))
      return element;
  FailureOr<Value> element = failure();
  Operation *op = tensor.getDefiningOp();
  if (isBound(tensor)) {
    element = loadBound(tensor, position);
  } else if (auto constant = dyn_cast<tile::ConstantOp>(op)) {
    element = evaluateConstant(constant, position);
  } else if (auto reshape = dyn_cast<tile::ReshapeOp>(op)) {
    element = evaluateFlat(reshape.getOperand(), position);
  } else {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> part = evaluateFlat(operand, position);
      if (failed(part))
        return failure();
      operands.push_back(*part);
    }
    Value result = scalars.emit(op, operands);
    if (!result)
      return op->emitOpError("can't be computed by a kernel"), failure();
    element = result;
  }
  if (succeeded(element))
    cache[tensor].push_back({{position}, *element});
  return element;
}

} // namespace polytile::codegen
