//===- ElementwiseOps.td - Operations that act on each element alone ------===//
//
// One definition serves tensors (with NumPy's broadcasting) and single elements
// (inside the body of a contraction). All operands of an operation have one
// element type: the importer inserts the casts that the promotion table asks for.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_IR_ELEMENTWISEOPS
#define POLYTILE_DIALECTS_TILE_IR_ELEMENTWISEOPS

include "dialects/tile/IR/TileBase.td"

/// Result: the broadcast shape of the operands with the element type of the last one.
class Tile_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : Tile_Op<mnemonic, traits # [Pure, Tile_ElementwiseTrait,
                                  DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  code inferElementType = "::mlir::getElementTypeOrSelf(operands.back().getType())";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, ::std::optional<::mlir::Location> location, ::mlir::ValueRange operands,
        ::mlir::DictionaryAttr, ::mlir::OpaqueProperties, ::mlir::RegionRange,
        ::llvm::SmallVectorImpl<::mlir::Type> &results) {
      return inferBroadcastType(location, operands.getTypes(), }] # inferElementType # [{, results);
    }
  }];
}

class Tile_BinaryOp<string mnemonic, Type type, list<Trait> traits = []>
    : Tile_ElementwiseOp<mnemonic, traits> {
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$result);
}

class Tile_UnaryOp<string mnemonic, Type type, list<Trait> traits = []>
    : Tile_ElementwiseOp<mnemonic, traits> {
  let arguments = (ins type:$operand);
  let results = (outs type:$result);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

def Tile_AddOp : Tile_BinaryOp<"add", Tile_AnyValue, [Commutative]> {
  let summary = "Sum; integers wrap around, bools are or-ed";
  let hasFolder = 1;
}
def Tile_SubOp : Tile_BinaryOp<"sub", Tile_AnyValue> {
  let summary = "Difference; integers wrap around, bools are xor-ed";
  let hasFolder = 1;
}
def Tile_MulOp : Tile_BinaryOp<"mul", Tile_AnyValue, [Commutative]> {
  let summary = "Product; integers wrap around, bools are and-ed";
  let hasFolder = 1;
}
def Tile_DivOp : Tile_BinaryOp<"div", Tile_NumberValue> {
  let summary = "Quotient; between integers it floors, and a division by zero gives 0";
  let description = [{ The most negative integer divided by -1 wraps around to itself. }];
  let hasFolder = 1;
}
def Tile_ModOp : Tile_BinaryOp<"mod", Tile_NumberValue> {
  let summary = "Remainder of the flooring division, with the divisor's sign; of integers by zero it is 0";
}
def Tile_PowOp : Tile_BinaryOp<"pow", Tile_NumberValue> {
  let summary = "Power; an integer to a negative power is 0, but 1 and -1 keep their exact powers";
}
def Tile_MaxOp : Tile_BinaryOp<"max", Tile_AnyValue, [Commutative]> {
  let summary = "The larger; NaN if either is NaN";
}
def Tile_MinOp : Tile_BinaryOp<"min", Tile_AnyValue, [Commutative]> {
  let summary = "The smaller; NaN if either is NaN";
}
def Tile_NegOp : Tile_UnaryOp<"neg", Tile_NumberValue> {
  let summary = "Negation; integers wrap around";
  let hasFolder = 1;
}
def Tile_AbsOp : Tile_UnaryOp<"abs", Tile_NumberValue> { let summary = "Absolute value; of the most negative integer it is that integer"; }

//===----------------------------------------------------------------------===//
// Bits and truth
//===----------------------------------------------------------------------===//

def Tile_AndOp : Tile_BinaryOp<"and", Tile_BitsValue, [Commutative]> { let summary = "Bitwise and; on bools, logical"; }
def Tile_OrOp : Tile_BinaryOp<"or", Tile_BitsValue, [Commutative]> { let summary = "Bitwise or; on bools, logical"; }
def Tile_XorOp : Tile_BinaryOp<"xor", Tile_BitsValue, [Commutative]> { let summary = "Bitwise exclusive or; on bools, logical"; }
def Tile_NotOp : Tile_UnaryOp<"not", Tile_BitsValue> {
  let summary = "Bitwise complement; on bools, logical";
  let hasFolder = 1;
}
def Tile_ShlOp : Tile_BinaryOp<"shl", Tile_IntegerValue> {
  let summary = "Shift left; by a negative amount or by the width and more it gives 0";
}
def Tile_ShrOp : Tile_BinaryOp<"shr", Tile_IntegerValue> {
  let summary = "Shift right, arithmetic on signed integers; by a negative amount or by the width and more only the sign remains";
}

def Tile_CmpOp : Tile_ElementwiseOp<"cmp"> {
  let summary = "Comparison; with NaN only `ne` holds";
  let arguments = (ins Tile_PredicateAttr:$predicate, Tile_AnyValue:$lhs, Tile_AnyValue:$rhs);
  let results = (outs Tile_BoolValue:$result);
  let assemblyFormat = "$predicate operands attr-dict `:` functional-type(operands, results)";
  let inferElementType = "::mlir::IntegerType::get(context, 1)";
}

def Tile_SelectOp : Tile_ElementwiseOp<"select"> {
  let summary = "The second operand where the first holds, else the third";
  let arguments = (ins Tile_BoolValue:$condition, Tile_AnyValue:$on_true, Tile_AnyValue:$on_false);
  let results = (outs Tile_AnyValue:$result);
  let hasFolder = 1;
}

def Tile_CastOp : Tile_Op<"cast", [Pure, Tile_ElementwiseTrait]> {
  let summary = "Conversion to another element type";
  let description = [{
    To a float: round to nearest even. From a float to an integer: towards zero, saturating, and NaN gives 0. Between integers:
    modulo 2^width. To bool: different from zero. From bool: 0 or 1. The result has the operand's shape.
  }];
  let arguments = (ins Tile_AnyValue:$operand);
  let results = (outs Tile_AnyValue:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$operand, "::mlir::Type":$elementType), [{
    build($_builder, $_state, cloneWithElementType(operand.getType(), elementType), operand);
  }]>];
}

//===----------------------------------------------------------------------===//
// Functions of a floating-point number
//===----------------------------------------------------------------------===//

class Tile_FloatFunctionOp<string mnemonic, string text> : Tile_UnaryOp<mnemonic, Tile_FloatValue> {
  let summary = text;
}
def Tile_ExpOp : Tile_FloatFunctionOp<"exp", "e to the power of the operand">;
def Tile_LogOp : Tile_FloatFunctionOp<"log", "Natural logarithm; of 0 it is -inf, of a negative number NaN">;
def Tile_SqrtOp : Tile_FloatFunctionOp<"sqrt", "Square root">;
def Tile_SinOp : Tile_FloatFunctionOp<"sin", "Sine of radians">;
def Tile_CosOp : Tile_FloatFunctionOp<"cos", "Cosine of radians">;
def Tile_TanOp : Tile_FloatFunctionOp<"tan", "Tangent of radians">;
def Tile_AsinOp : Tile_FloatFunctionOp<"asin", "Inverse sine, in radians">;
def Tile_AcosOp : Tile_FloatFunctionOp<"acos", "Inverse cosine, in radians">;
def Tile_AtanOp : Tile_FloatFunctionOp<"atan", "Inverse tangent, in radians">;
def Tile_SinhOp : Tile_FloatFunctionOp<"sinh", "Hyperbolic sine">;
def Tile_CoshOp : Tile_FloatFunctionOp<"cosh", "Hyperbolic cosine">;
def Tile_TanhOp : Tile_FloatFunctionOp<"tanh", "Hyperbolic tangent">;
def Tile_CeilOp : Tile_FloatFunctionOp<"ceil", "The least whole number that is not below the operand">;
def Tile_FloorOp : Tile_FloatFunctionOp<"floor", "The greatest whole number that is not above the operand">;
def Tile_RoundOp : Tile_FloatFunctionOp<"round", "The nearest whole number, halves to even">;

#endif // POLYTILE_DIALECTS_TILE_IR_ELEMENTWISEOPS
