//===- ElementwiseFolders.cpp - Identities of elementwise operations ------===//
//
// Only identities that hold bit for bit, NaN, infinities and the sign of zero
// included: x * 1, x / 1 and x - 0 for every type, but x + 0 among integers
// alone (-0.0 + 0.0 is 0.0), and nothing with x * 0 for floats.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/IR/TileOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace polytile::tile;

/// True for a constant element, or a constant tensor of one repeated element,
/// of the given value.
static bool isConstant(Attribute attribute, int64_t value) {
  if (auto elements = dyn_cast_or_null<DenseElementsAttr>(attribute)) {
    if (!elements.isSplat())
      return false;
    attribute = elements.getSplatValue<Attribute>();
  }
  if (auto number = dyn_cast_or_null<FloatAttr>(attribute))
    return number.getValue().isExactlyValue(static_cast<double>(value)) &&
           !number.getValue().isNegative();
  if (auto number = dyn_cast_or_null<IntegerAttr>(attribute))
    return number.getValue() == static_cast<uint64_t>(value);
  return false;
}

/// `operand` when it has the type of the result: a constant of a larger shape
/// still broadcasts it.
static OpFoldResult foldTo(Value operand, Type result) {
  return operand.getType() == result ? OpFoldResult(operand) : OpFoldResult();
}

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (!isFloat(getLhs()) && isConstant(adaptor.getRhs(), 0))
    return foldTo(getLhs(), getType());
  return {};
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isConstant(adaptor.getRhs(), 0))
    return foldTo(getLhs(), getType());
  return {};
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isConstant(adaptor.getRhs(), 1))
    return foldTo(getLhs(), getType());
  return {};
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isConstant(adaptor.getRhs(), 1))
    return foldTo(getLhs(), getType());
  return {};
}

OpFoldResult NegOp::fold(FoldAdaptor) {
  if (auto inner = getOperand().getDefiningOp<NegOp>())
    return foldTo(inner.getOperand(), getType());
  return {};
}

OpFoldResult NotOp::fold(FoldAdaptor) {
  if (auto inner = getOperand().getDefiningOp<NotOp>())
    return foldTo(inner.getOperand(), getType());
  return {};
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse() || isConstant(adaptor.getCondition(), 1))
    return foldTo(getOnTrue(), getType());
  if (isConstant(adaptor.getCondition(), 0))
    return foldTo(getOnFalse(), getType());
  return {};
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// The element converted exactly as the operation describes; null where this
/// folder leaves it to run time (floats to integers).
static Attribute convertElement(Attribute element, Type from, Type to) {
  auto target = dyn_cast<FloatType>(to);
  if (auto number = dyn_cast<FloatAttr>(element)) {
    if (!target)
      return {};
    APFloat value = number.getValue();
    bool inexact;
    value.convert(target.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                  &inexact);
    return FloatAttr::get(to, value);
  }
  auto number = dyn_cast<IntegerAttr>(element);
  if (!number)
    return {};
  APInt bits = number.getValue();
  bool isSigned = !isUnsignedElement(from);
  if (target) {
    APFloat value(target.getFloatSemantics());
    value.convertFromAPInt(bits, isSigned, APFloat::rmNearestTiesToEven);
    return FloatAttr::get(to, value);
  }
  unsigned width = to.getIntOrFloatBitWidth();
  if (width == 1)
    return IntegerAttr::get(to, APInt(1, !bits.isZero()));
  return IntegerAttr::get(to, isSigned ? bits.sextOrTrunc(width)
                                       : bits.zextOrTrunc(width));
}

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  Type from = getElementTypeOrSelf(getOperand().getType());
  Type to = getElementTypeOrSelf(getType());
  auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getOperand());
  if (!elements)
    return adaptor.getOperand()
               ? OpFoldResult(convertElement(adaptor.getOperand(), from, to))
               : OpFoldResult();
  auto type = cast<RankedTensorType>(getType());
  if (!elements.isSplat() || !type.hasStaticShape())
    return {};
  Attribute element =
      convertElement(elements.getSplatValue<Attribute>(), from, to);
  return element ? OpFoldResult(DenseElementsAttr::get(type, element))
                 : OpFoldResult();
}
