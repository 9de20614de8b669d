//===- ElementEvaluator.cpp - One element of a tensor value ---------------===//
//
// Results are kept by (value, indices) within a scope, so that a value with
// several uses is computed once and its uses agree to the last bit.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/ElementEvaluator.h"

#include "compiler/target/cpu/IndexMath.h"
#include "compiler/target/cpu/KernelTypes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace polytile::cpu {

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

/// Constants with more than one value become data of the module.
FailureOr<Value> ElementEvaluator::evaluateConstant(tile::ConstantOp op,
                                                    Value position) {
  auto type = cast<RankedTensorType>(op.getType());
  Type element = type.getElementType();
  if (auto splat = dyn_cast<SplatElementsAttr>(op.getValue()))
    return scalars.constant(op.getLoc(), splat.getSplatValue<Attribute>(),
                            element);
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense)
    return op.emitOpError("of this kind can't be compiled for the CPU"),
           failure();
  auto flat =
      RankedTensorType::get({type.getNumElements()}, memoryType(element));
  SmallVector<Attribute> values;
  for (Attribute value : dense.getValues<Attribute>()) {
    if (isa<FloatType>(element))
      values.push_back(value);
    else
      values.push_back(builder.getIntegerAttr(
          memoryType(element),
          cast<IntegerAttr>(value).getValue().zext(
              std::max(8u, element.getIntOrFloatBitWidth()))));
  }
  std::string name =
      "constant_" + std::to_string(std::distance(module.getBody()->begin(),
                                                 module.getBody()->end()));
  OpBuilder atStart = OpBuilder::atBlockBegin(module.getBody());
  auto memref = MemRefType::get(flat.getShape(), flat.getElementType());
  atStart.create<memref::GlobalOp>(
      op.getLoc(), name, builder.getStringAttr("private"), memref,
      DenseElementsAttr::get(flat, values), /*constant=*/true,
      builder.getI64IntegerAttr(64));
  Operation *parent = builder.getInsertionBlock()->getParentOp();
  auto function = isa<func::FuncOp>(parent)
                      ? cast<func::FuncOp>(parent)
                      : parent->getParentOfType<func::FuncOp>();
  OpBuilder atEntry = OpBuilder::atBlockBegin(&function.getBody().front());
  buffers[op.getResult()] =
      atEntry.create<memref::GetGlobalOp>(op.getLoc(), memref, name);
  return loadBound(op.getResult(), position);
}

/// Clamped, wrapped, or 0 outside; the clamped index is always safe to load
/// from.
FailureOr<Value> ElementEvaluator::evaluateGather(tile::GatherOp op,
                                                  ValueRange indices) {
  Location loc = op.getLoc();
  IndexMath math(builder, loc);
  auto operandType = tensorType(op.getOperand());
  int64_t size = operandType.getDimSize(0),
          indexRank = tensorType(op.getIndices()).getRank();
  Type indexElement = tensorType(op.getIndices()).getElementType();
  if (size == 0)
    return scalars.zero(loc, operandType.getElementType());
  FailureOr<Value> index =
      evaluate(op.getIndices(), indices.take_front(indexRank));
  if (failed(index))
    return failure();
  Value wide = scalars.cast(loc, *index, indexElement, builder.getI64Type());
  Value position =
      builder.create<arith::IndexCastOp>(loc, builder.getIndexType(), wide);
  if (op.getMode() == tile::IndexMode::wrap)
    position =
        math.sub(position, math.mul(math.floorDiv(position, size), size));
  Value clamped =
      math.min(math.max(position, math.constant(0)), math.constant(size - 1));
  SmallVector<Value> where = {clamped};
  llvm::append_range(where, indices.drop_front(indexRank));
  FailureOr<Value> element = evaluate(op.getOperand(), where);
  if (failed(element) || op.getMode() != tile::IndexMode::fill)
    return element;
  Value inside = math.equal(position, clamped);
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
        loc, builder.getI64Type(), indices[index.getDimension()]);
    return scalars.cast(loc, position, builder.getI64Type(),
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
      return op->emitOpError("can't be computed by a CPU kernel"), failure();
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
  return op->emitOpError("can't be computed by a CPU kernel"), failure();
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
      return op->emitOpError("can't be computed by a CPU kernel"), failure();
    element = result;
  }
  if (succeeded(element))
    cache[tensor].push_back({{position}, *element});
  return element;
}

} // namespace polytile::cpu
