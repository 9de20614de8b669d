//===- StructuralOps.cpp - Verifiers and folders of the structural family -===//
//
// Constants, sizes as data, reshapes, gathers and scatters, random numbers.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace polytile::tile;

/// One size operand is expected for each dynamic dimension of `type`.
static LogicalResult verifySizes(Operation *op, OperandRange sizes,
                                 RankedTensorType type) {
  if (static_cast<int64_t>(sizes.size()) != type.getNumDynamicDims())
    return op->emitOpError()
           << "has " << sizes.size() << " sizes for the "
           << type.getNumDynamicDims() << " dynamic dimensions of " << type;
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult ScalarOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult FromSizesOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  bool scalar = type.getRank() == 0 && getSizes().size() == 1;
  bool vector = type.getRank() == 1 &&
                type.getDimSize(0) == static_cast<int64_t>(getSizes().size());
  if (!scalar && !vector)
    return emitOpError() << "cannot make " << type << " from "
                         << getSizes().size() << " sizes";
  return success();
}

OpFoldResult FromSizesOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getType());
  Type element = type.getElementType();
  SmallVector<Attribute> values;
  for (Attribute size : adaptor.getSizes()) {
    auto number = dyn_cast_or_null<IntegerAttr>(size);
    if (!number)
      return {};
    int64_t value = number.getValue().getSExtValue();
    if (isa<FloatType>(element))
      values.push_back(FloatAttr::get(element, static_cast<double>(value)));
    else
      values.push_back(
          IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(),
                                          value, /*isSigned=*/true)));
  }
  return DenseElementsAttr::get(type, values);
}

LogicalResult IndexOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (getDimension() >= static_cast<uint64_t>(type.getRank()))
    return emitOpError() << "dimension " << getDimension()
                         << " of a tensor of rank " << type.getRank();
  return verifySizes(*this, getSizes(), type);
}

LogicalResult ReshapeOp::verify() {
  auto from = cast<RankedTensorType>(getOperand().getType()),
       to = cast<RankedTensorType>(getType());
  if (from.getElementType() != to.getElementType())
    return emitOpError("must keep the element type");
  if (from.hasStaticShape() && to.hasStaticShape() &&
      from.getNumElements() != to.getNumElements())
    return emitOpError() << "from " << from.getNumElements() << " elements to "
                         << to.getNumElements();
  return verifySizes(*this, getSizes(), to);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  auto type = cast<RankedTensorType>(getType());
  if (getOperand().getType() == type && type.hasStaticShape())
    return getOperand();
  return {};
}

LogicalResult BroadcastOp::verify() {
  if (getElementTypeOrSelf(getOperand().getType()) !=
      getElementTypeOrSelf(getType()))
    return emitOpError("must keep the element type");
  return verifySizes(*this, getSizes(), cast<RankedTensorType>(getType()));
}

/// `indices` must be integers, and `operand` must have a first dimension.
static LogicalResult verifyIndexed(Operation *op, Value operand,
                                   Value indices) {
  if (!getElementTypeOrSelf(indices.getType()).isIntOrIndex())
    return op->emitOpError("indices must be integers");
  if (cast<RankedTensorType>(operand.getType()).getRank() == 0)
    return op->emitOpError("needs a tensor with at least one dimension");
  return success();
}

LogicalResult GatherOp::verify() {
  return verifyIndexed(*this, getOperand(), getIndices());
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                         ValueRange operands, DictionaryAttr,
                                         OpaqueProperties, RegionRange,
                                         SmallVectorImpl<Type> &results) {
  auto operand = cast<RankedTensorType>(operands[0].getType()),
       indices = cast<RankedTensorType>(operands[1].getType());
  if (operand.getRank() == 0)
    return failure();
  SmallVector<int64_t> shape(indices.getShape());
  llvm::append_range(shape, operand.getShape().drop_front());
  results.push_back(operand.clone(shape));
  return success();
}

LogicalResult ScatterOp::verify() {
  if (failed(verifyIndexed(*this, getLike(), getIndices())))
    return failure();
  auto updates = cast<RankedTensorType>(getUpdates().getType()),
       like = cast<RankedTensorType>(getLike().getType());
  auto indices = cast<RankedTensorType>(getIndices().getType());
  SmallVector<int64_t> expected(indices.getShape());
  llvm::append_range(expected, like.getShape().drop_front());
  if (failed(verifyCompatibleShape(updates.getShape(), expected)))
    return emitOpError() << "updates of type " << updates << " for indices "
                         << indices << " into " << like;
  return success();
}

LogicalResult ScatterOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location>,
                                          ValueRange operands, DictionaryAttr,
                                          OpaqueProperties, RegionRange,
                                          SmallVectorImpl<Type> &results) {
  results.push_back(cloneWithElementType(
      operands[2].getType(), getElementTypeOrSelf(operands[0].getType())));
  return success();
}

LogicalResult PrngStepOp::verify() {
  auto state = cast<RankedTensorType>(getState().getType());
  if (!state.getElementType().isUnsignedInteger(32) ||
      state.getShape() != ArrayRef<int64_t>{3, 2048} ||
      getNextState().getType() != state)
    return emitOpError("state must be tensor<3x2048xui32>");
  auto values = cast<RankedTensorType>(getValues().getType());
  if (!values.getElementType().isF32())
    return emitOpError("draws f32 values");
  return verifySizes(*this, getSizes(), values);
}
