//===- ContractOp.td - The contraction ------------------------------------===//
//
// The operation that everything else serves: an aggregation over the integer
// points of a polyhedron.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_TILE_IR_CONTRACTOP
#define POLYTILE_DIALECTS_TILE_IR_CONTRACTOP

include "dialects/tile/IR/TileBase.td"

def Tile_ContractOp : Tile_Op<"contract", [Pure, AttrSizedOperandSegments,
                                           SingleBlock]> {
  let summary = "Aggregates the valid points of an iteration domain into a tensor";
  let description = [{
    For every integer point `x` that satisfies `domain`, for which each input map lies inside its input and the output
    map inside the result: the body is evaluated on the inputs' elements at `input_maps(x)`, and what it yields is
    aggregated into the result's element at `output_map(x)`. A point at which the body yields `if %false` contributes
    nothing. An element to which no point contributes has the value of `default_value` there, or 0.

    ```mlir
    // C[m, n : M, N] = +(A[m, k] * B[k, n]), with M and N known only later
    %C = tile.contract sum ins(%A, %B) sizes(%M, %N) symbols()
         maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>] into affine_map<(m, n, k) -> (m, n)>
         domain affine_set<(m, n, k) : (0 == 0)> names ["m", "n", "k"] {
    ^bb0(%a: f32, %b: f32):
      %0 = tile.mul %a, %b : (f32, f32) -> f32
      tile.yield %0 : f32
    } : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    ```

    - All maps and the set have one dimension for each index variable (`index_names`, for messages) and one symbol for
      each operand of `symbols`. Before `tile-specialize` they may be semi-affine (`d0 * s0`); after it there are no symbols.
    - `sizes` holds one operand for each dynamic dimension of the result. With `infer_sizes` the source left the
      sizes out: there are none, all dimensions are dynamic, and each becomes one more than the largest value of its
      index expression over the points inside the inputs (0 for an empty domain).
    - The type that the body yields is the type of the accumulation; the result's element type may be narrower
      (f16 accumulates in f32), and each element is then rounded once.
    - The chain of `tile.mul` or `tile.add` from which the yielded value comes is the combination; it may be
      reassociated, contracted to fused multiply-adds, and isn't rounded in between.
    - `no_defract` is a hint of PlaidML v0 without effect on the meaning.
    - `tile-infer-bounds` adds `lower_bounds` and `upper_bounds`: the exact inclusive range of each index variable over
      the valid points (an empty domain has 0 and -1 throughout), and `covers` when every element of the result is
      written whatever the data.
  }];
  let arguments = (ins
    Tile_AggregationAttr:$aggregation,
    Variadic<Tile_Tensor>:$inputs,
    Optional<Tile_Tensor>:$default_value,
    Variadic<Index>:$sizes,
    Variadic<Index>:$symbols,
    AffineMapArrayAttr:$input_maps,
    AffineMapAttr:$output_map,
    Builtin_IntegerSetAttr:$domain,
    StrArrayAttr:$index_names,
    UnitAttr:$infer_sizes,
    UnitAttr:$no_defract,
    OptionalAttr<DenseI64ArrayAttr>:$lower_bounds,
    OptionalAttr<DenseI64ArrayAttr>:$upper_bounds,
    UnitAttr:$covers
  );
  let results = (outs Tile_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $aggregation `ins` `(` $inputs `)` (`default` $default_value^)? (`sizes` `(` $sizes^ `)`)? (`symbols` `(` $symbols^ `)`)?
    `maps` $input_maps `into` $output_map `domain` $domain `names` $index_names $body attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let skipDefaultBuilders = 0;
  let extraClassDeclaration = [{
    /// Number of index variables.
    unsigned getNumIndices() { return getIndexNames().size(); }
    /// Map of input `i`: index variables and symbols to its element.
    ::mlir::AffineMap getInputMap(unsigned i) {
      return ::llvm::cast<::mlir::AffineMapAttr>(getInputMaps()[i]).getValue();
    }
    ::llvm::StringRef getIndexName(unsigned i) {
      return ::llvm::cast<::mlir::StringAttr>(getIndexNames()[i]).getValue();
    }
    ::mlir::IntegerSet getDomainSet() { return getDomain().getValue(); }
    YieldOp getYield();
    /// The type in which points are aggregated.
    ::mlir::Type getAccumulatorType();
    ::mlir::RankedTensorType getResultType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getResult().getType());
    }
    /// True once every size is a number and the maps have no symbols.
    bool isSpecialized() { return getResultType().hasStaticShape() && getSymbols().empty() && getSizes().empty(); }
  }];
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator, HasParent<"ContractOp">]> {
  let summary = "Ends a contraction's body: the value to aggregate, and whether the point contributes";
  let arguments = (ins Tile_Element:$value, Optional<I1>:$condition);
  let assemblyFormat = "$value (`if` $condition^)? attr-dict `:` type($value)";
}

#endif // POLYTILE_DIALECTS_TILE_IR_CONTRACTOP
