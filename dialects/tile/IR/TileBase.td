//===- TileBase.td - The tile dialect, its types and its enums ------------===//
//
// What every definition of the dialect shares. The operations stand by family
// in ElementwiseOps.td, ContractOp.td and StructuralOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_IR_TILEBASE
#define POLYTILE_DIALECTS_TILE_IR_TILEBASE

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::polytile::tile";
  let summary = "Tensor expressions: contractions, elementwise and structural operations";
  let description = [{
    The level at which a Tile program is analysed, simplified and fused. Values are ranked tensors; sizes are
    `index` values until `tile-specialize` turns them into numbers. An operation means what the language
    specification says of the statement it came from; the reference interpreter evaluates this dialect directly.

    Element types: `i1` is bool, signless `i8` to `i64` are signed integers, `ui8` to `ui64` unsigned ones, and
    `f16`, `bf16`, `f32`, `f64`. The elementwise operations exist on tensors, where they broadcast as NumPy does, and
    on single elements, where they make up the body of a contraction.

    A source range is kept as a fused location of two `file:line:column` locations: its begin and its end.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
}

class Tile_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

def Tile_Bool : TypeAlias<I1, "bool">;
def Tile_Integer : AnyTypeOf<[I8, I16, I32, I64, UI8, UI16, UI32, UI64], "integer">;
def Tile_Float : AnyTypeOf<[F16, BF16, F32, F64], "floating-point number">;
def Tile_Element : AnyTypeOf<[I1, I8, I16, I32, I64, UI8, UI16, UI32, UI64, F16, BF16, F32, F64],
                             "element type of Tile">;

class Tile_TensorOf<list<Type> elements> : RankedTensorOf<elements>;
def Tile_Tensor : Tile_TensorOf<[Tile_Element]>;

/// An element or a tensor of elements.
class Tile_ValueOf<Type element, string summary>
    : AnyTypeOf<[element, Tile_TensorOf<[element]>], summary>;
def Tile_AnyValue : Tile_ValueOf<Tile_Element, "element or tensor">;
def Tile_BoolValue : Tile_ValueOf<I1, "bool or tensor of bool">;
def Tile_IntegerValue : Tile_ValueOf<Tile_Integer, "integer or tensor of integers">;
def Tile_BitsValue : AnyTypeOf<[I1, Tile_Integer, Tile_TensorOf<[I1, Tile_Integer]>], "bool, integer, or tensor of these">;
def Tile_NumberValue : AnyTypeOf<[Tile_Integer, Tile_Float, Tile_TensorOf<[Tile_Integer, Tile_Float]>],
                                 "number or tensor of numbers">;
def Tile_FloatValue : Tile_ValueOf<Tile_Float, "floating-point number or tensor of these">;

/// Marks the operations that act on each element alone and broadcast their operands as NumPy does.
def Tile_ElementwiseTrait : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::polytile::tile";
}

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

def Tile_Aggregation : I32EnumAttr<"Aggregation", "How the points that meet in one output element are combined", [
  I32EnumAttrCase<"assign", 0>,
  I32EnumAttrCase<"sum", 1>,
  I32EnumAttrCase<"product", 2>,
  I32EnumAttrCase<"max", 3>,
  I32EnumAttrCase<"min", 4>,
]> {
  let cppNamespace = "::polytile::tile";
  let genSpecializedAttr = 0;
}
def Tile_AggregationAttr : EnumAttr<Tile_Dialect, Tile_Aggregation, "aggregation">;

def Tile_Predicate : I32EnumAttr<"Predicate", "The relation that a comparison tests", [
  I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>,
  I32EnumAttrCase<"le", 3>, I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>,
]> {
  let cppNamespace = "::polytile::tile";
  let genSpecializedAttr = 0;
}
def Tile_PredicateAttr : EnumAttr<Tile_Dialect, Tile_Predicate, "predicate">;

def Tile_IndexMode : I32EnumAttr<"IndexMode", "What gather and scatter do with an index outside of the tensor", [
  I32EnumAttrCase<"clip", 0>, I32EnumAttrCase<"wrap", 1>, I32EnumAttrCase<"fill", 2>,
]> {
  let cppNamespace = "::polytile::tile";
  let genSpecializedAttr = 0;
}
def Tile_IndexModeAttr : EnumAttr<Tile_Dialect, Tile_IndexMode, "index_mode">;

#endif // POLYTILE_DIALECTS_TILE_IR_TILEBASE
