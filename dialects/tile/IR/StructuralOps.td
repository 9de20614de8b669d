//===- StructuralOps.td - Constants, sizes, shapes, gathers ---------------===//
//
// Operations that make tensors or move elements without computing with them.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_IR_STRUCTURALOPS
#define POLYTILE_DIALECTS_TILE_IR_STRUCTURALOPS

include "dialects/tile/IR/TileBase.td"

def Tile_ConstantOp : Tile_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "A tensor known at compile time";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Tile_ScalarOp : Tile_Op<"scalar", [Pure, ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "An element known at compile time, for the body of a contraction";
  let arguments = (ins TypedAttrInterface:$value);
  let results = (outs Tile_Element:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Tile_FromSizesOp : Tile_Op<"from_sizes", [Pure]> {
  let summary = "Sizes as data: a scalar of one size, or a vector of several";
  let description = [{
    The result has rank 0 with one operand, or rank 1 with as many elements as there are operands; integers or floats.
  }];
  let arguments = (ins Variadic<Index>:$sizes);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$sizes attr-dict `:` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tile_RequireEqualOp : Tile_Op<"require_equal"> {
  let summary = "States that two sizes are equal; tile-specialize checks and removes it";
  let description = [{
    `message` is reported as an error where they differ; `{0}` and `{1}` in it stand for the two sizes.
  }];
  let arguments = (ins Index:$lhs, Index:$rhs, StrAttr:$message);
  let assemblyFormat = "$lhs `,` $rhs `,` $message attr-dict";
}

def Tile_IndexOp : Tile_Op<"index", [Pure]> {
  let summary = "Each element is its own position along one dimension";
  let arguments = (ins Variadic<Index>:$sizes, I64Attr:$dimension);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$dimension (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tile_ReshapeOp : Tile_Op<"reshape", [Pure]> {
  let summary = "The same elements in row-major order under another shape";
  let description = [{ `sizes` has one operand for each dynamic dimension of the result. The element counts must agree. }];
  let arguments = (ins Tile_Tensor:$operand, Variadic<Index>:$sizes);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$operand (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "A tensor repeated to a shape by NumPy's rules";
  let description = [{
    `sizes` has one operand for each dynamic dimension of the result. `tile-specialize`, which knows the dimensions of size 1, replaces it by
    a contraction.
  }];
  let arguments = (ins Tile_Tensor:$operand, Variadic<Index>:$sizes);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$operand (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_ReduceToOp : Tile_Op<"reduce_to", [Pure]> {
  let summary = "A tensor summed to the shape of another: the inverse of a broadcast";
  let description = [{
    Sums over the leading dimensions that `like` lacks and over those in which `like` has size 1; the others must be equal. The elements of `like` are
    not read. `tile-specialize` replaces it by a contraction.
  }];
  let arguments = (ins Tile_Tensor:$operand, Tile_Tensor:$like);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Tile_GatherOp : Tile_Op<"gather", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Slices of a tensor along its first dimension, chosen by an integer tensor";
  let description = [{
    `result[i..., r...] = operand[indices[i...], r...]`. An index outside is clamped (`clip`), taken modulo the size (`wrap`),
    or gives 0 (`fill`).
  }];
  let arguments = (ins Tile_IndexModeAttr:$mode, Tile_Tensor:$operand, Tile_Tensor:$indices);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$mode operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Tile_ScatterOp : Tile_Op<"scatter", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Adds slices into a tensor of zeros at positions chosen by an integer tensor";
  let description = [{
    The inverse of `tile.gather`: `result[indices[i...], r...] += updates[i..., r...]`, and the result has the shape of `like` (whose elements are
    not read). An index outside is clamped (`clip`), taken modulo the size (`wrap`), or dropped (`fill`).
  }];
  let arguments = (ins Tile_IndexModeAttr:$mode, Tile_Tensor:$updates, Tile_Tensor:$indices, Tile_Tensor:$like);
  let results = (outs Tile_Tensor:$result);
  let assemblyFormat = "$mode operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Tile_PrngStepOp : Tile_Op<"prng_step", [Pure]> {
  let summary = "Draws uniform numbers in [0, 1) and advances the generator";
  let description = [{
    The combined Tausworthe generator of P. L'Ecuyer, "Maximally equidistributed combined Tausworthe generators" (1996), with
    2048 independent streams: the state is `tensor<3x2048xui32>`. Element `i` of the values in row-major order comes
    from stream `i mod 2048`, as its `i div 2048`-th draw: the upper 24 bits, times 2^-24, so that 1 is never reached.
  }];
  let arguments = (ins Tile_Tensor:$state, Variadic<Index>:$sizes);
  let results = (outs Tile_Tensor:$next_state, Tile_Tensor:$values);
  let assemblyFormat = "$state (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($state) `->` type(results)";
  let hasVerifier = 1;
}

#endif // POLYTILE_DIALECTS_TILE_IR_STRUCTURALOPS
