//===- TileDialect.cpp - Registration and what the families share ---------===//
//
// The dialect itself, its enum attributes, and the type rules that several
// families of operations use.
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/IR/TileOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace polytile::tile;

#include "dialects/tile/IR/TileDialect.cpp.inc"
#include "dialects/tile/IR/TileEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/tile/IR/TileAttributes.cpp.inc"

namespace {
/// Constants of a body stay in it: a contraction moves as a whole.
struct TileFoldInterface : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;

  bool shouldMaterializeInto(Region *region) const override {
    return isa<ContractOp>(region->getParentOp());
  }
};
} // namespace

void TileDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/tile/IR/TileAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/tile/IR/TileOps.cpp.inc"
      >();
  addInterfaces<TileFoldInterface>();
}

Operation *TileDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  if (auto elements = dyn_cast<ElementsAttr>(value);
      elements && elements.getType() == type)
    return builder.create<ConstantOp>(loc, type, elements);
  auto typed = dyn_cast<TypedAttr>(value);
  if (!typed || typed.getType() != type)
    return nullptr;
  if (type.isIndex())
    return builder.create<arith::ConstantOp>(loc, typed);
  return builder.create<ScalarOp>(loc, type, typed);
}

FailureOr<SmallVector<int64_t>>
polytile::tile::broadcastShapes(ArrayRef<ArrayRef<int64_t>> shapes) {
  size_t rank = 0;
  for (ArrayRef<int64_t> shape : shapes)
    rank = std::max(rank, shape.size());
  SmallVector<int64_t> result(rank, 1);
  for (ArrayRef<int64_t> shape : shapes) {
    size_t offset = rank - shape.size();
    for (auto [i, size] : llvm::enumerate(shape)) {
      int64_t &merged = result[offset + i];
      if (size == 1 || size == merged)
        continue;
      if (merged == 1 ||
          (ShapedType::isDynamic(merged) && !ShapedType::isDynamic(size)))
        merged = size;
      else if (!ShapedType::isDynamic(size))
        return failure();
    }
  }
  return result;
}

std::string polytile::tile::spellShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(shape, os, [&](int64_t size) {
    ShapedType::isDynamic(size) ? os << "?" : os << size;
  });
  os << ")";
  return text;
}

LogicalResult
polytile::tile::inferBroadcastType(std::optional<Location> location,
                                   TypeRange operands, Type elementType,
                                   SmallVectorImpl<Type> &results) {
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Type operand : operands)
    if (auto tensor = dyn_cast<RankedTensorType>(operand))
      shapes.push_back(tensor.getShape());
  if (shapes.empty()) {
    results.push_back(elementType);
    return success();
  }
  FailureOr<SmallVector<int64_t>> shape = broadcastShapes(shapes);
  if (failed(shape)) {
    std::string spelled =
        llvm::join(llvm::map_range(shapes, spellShape), " and ");
    return emitOptionalError(location, "the shapes ", spelled,
                             " do not broadcast: sizes must be equal, or 1");
  }
  results.push_back(RankedTensorType::get(*shape, elementType));
  return success();
}

Type polytile::tile::cloneWithElementType(Type type, Type elementType) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.clone(elementType);
  return elementType;
}

bool polytile::tile::isUnsignedElement(Type type) {
  return type.isUnsignedInteger() || type.isInteger(1);
}

std::string polytile::tile::spellElementType(Type type) {
  if (type.isBF16())
    return "bf16";
  unsigned width = type.getIntOrFloatBitWidth();
  if (isa<FloatType>(type))
    return ("f" + Twine(width)).str();
  if (width == 1)
    return "bool";
  return ((isUnsignedElement(type) ? "u" : "i") + Twine(width)).str();
}
