//===- TileOps.h - The tile dialect and its operations ----------*- C++ -*-===//
//
// Include this to build, match or walk tile IR. What the operations mean stands
// in the .td files beside it and in docs/language.md.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_IR_TILEOPS_H
#define POLYTILE_DIALECTS_TILE_IR_TILEOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <optional>

namespace polytile::tile {

/// Marks operations that act on each element alone, on elements or on tensors,
/// and broadcast tensors as NumPy does.
template <typename ConcreteOp>
class Elementwise : public mlir::OpTrait::TraitBase<ConcreteOp, Elementwise> {};

/// The shape to which `shapes` broadcast by NumPy's rules; a dynamic size stays
/// dynamic unless another operand decides it. Fails, without a message, where
/// two sizes differ and neither is 1.
mlir::FailureOr<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

/// Appends the type of an elementwise result to `results`: `elementType` itself
/// when all operands are elements, else a tensor of their broadcast shape.
/// Emits the error at `location`, when there is one, for shapes that don't
/// broadcast.
llvm::LogicalResult
inferBroadcastType(std::optional<mlir::Location> location,
                   mlir::TypeRange operands, mlir::Type elementType,
                   llvm::SmallVectorImpl<mlir::Type> &results);

/// A shape as messages spell it: "(3, 4)", a dynamic size as "?".
std::string spellShape(llvm::ArrayRef<int64_t> shape);

/// `type` with another element type; an element type becomes `elementType`
/// itself.
mlir::Type cloneWithElementType(mlir::Type type, mlir::Type elementType);

/// True for `ui8` to `ui64` and for bool.
bool isUnsignedElement(mlir::Type type);

/// The name of an element type as users write it: "bool", "i8", "u8", "f32".
std::string spellElementType(mlir::Type type);

} // namespace polytile::tile

#include "dialects/tile/IR/TileEnums.h.inc"

#include "dialects/tile/IR/TileDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/tile/IR/TileAttributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/tile/IR/TileOps.h.inc"

#endif // POLYTILE_DIALECTS_TILE_IR_TILEOPS_H
