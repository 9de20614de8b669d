//===- Passes.td - Passes from the tile dialect to itself -----------------===//

#ifndef POLYTILE_DIALECTS_TILE_TRANSFORMS_PASSES
#define POLYTILE_DIALECTS_TILE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def TileSpecialize : Pass<"tile-specialize", "::mlir::func::FuncOp"> {
  let summary = "Turns symbolic sizes into numbers";
  let description = [{
    Reads the shapes of the arguments from the function's `tile.argument_shapes` (an array of `array<i64>`, one for each argument), gives the
    arguments static types, and carries the sizes forward: every `index` value becomes a constant and is folded away, maps
    and domains lose their symbols, every result gets a static type. Sizes that the source left out are computed here.
    Reports, at the statement, shapes that do not broadcast, sizes that are negative, and element counts that overflow.

    ```mlir
    func.func @f(%A: tensor<?xf32>) -> tensor<?xf32> attributes {tile.argument_shapes = [array<i64: 8>]} {
      %c0 = arith.constant 0 : index
      %N = tensor.dim %A, %c0 : tensor<?xf32>
      %O = tile.contract assign ins(%A) sizes(%N) symbols(%N) maps [affine_map<(i)[N] -> (N - i - 1)>] ...
    ==>
    func.func @f(%A: tensor<8xf32>) -> tensor<8xf32> {
      %O = tile.contract assign ins(%A) maps [affine_map<(i) -> (7 - i)>] ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def TileInferBounds : Pass<"tile-infer-bounds", "::mlir::func::FuncOp"> {
  let summary = "Finds the exact range of every index variable";
  let description = [{
    Gathers the domain of each contraction, the bounds of its reads and of its result into one integer polyhedron, and finds
    the least and greatest value of each index variable over its integer points by lexicographic minima (exact, where
    bounds of the rational relaxation are not: `2x = 3y, 1 <= x <= 5` gives `y = 2`). Attaches them as `lower_bounds` and
    `upper_bounds`, and `covers` when every element of the result is proven to be written. Reports, at the statement, an index
    variable without a bound, and an `assign` that may write an element more than once.

    ```mlir
    %O = tile.contract sum ins(%A) maps [affine_map<(x, r) -> (x + r - 1)>] into affine_map<(x, r) -> (x)>
         domain affine_set<(x, r) : (r >= 0, 2 - r >= 0)> names ["x", "r"] {...} : (tensor<8xf32>) -> tensor<8xf32>
    ==>
    ... {covers, lower_bounds = array<i64: 0, 0>, upper_bounds = array<i64: 7, 2>}
    ```
  }];
}

def TileSplitReductions : Pass<"tile-split-reductions", "::mlir::func::FuncOp"> {
  let summary = "Cuts long reductions to few elements in two steps, for wide devices";
  let description = [{
    A reduction of a whole box to so few elements that most of the device would idle becomes one of blocks and one of the
    blocks' results, which have the type of the accumulation. Where the reduced variables lie in two places of the input,
    the last ones are reduced on their own first. The order of a sum changes, as any contraction's may.

    ```mlir
    %s = tile.contract sum ins(%X) maps [affine_map<(i) -> (i)>] into affine_map<(i) -> ()> ...
         : (tensor<1048576xf16>) -> tensor<f16>
    ==>
    %0 = tile.reshape %X : tensor<1048576xf16> -> tensor<64x16384xf16>
    %p = tile.contract sum ins(%0) maps [affine_map<(b, l) -> (b, l)>] into affine_map<(b, l) -> (b)> ...
         : (tensor<64x16384xf16>) -> tensor<64xf32>
    %s = tile.contract sum ins(%p) maps [affine_map<(b) -> (b)>] into affine_map<(b) -> ()> ...
         : (tensor<64xf32>) -> tensor<f16>
    ```
  }];
  let options = [
    Option<"computeUnits", "compute-units", "int64_t", "1", "Of the device: what works at the same time">,
    Option<"maxRowElements", "max-row-elements", "int64_t", "32768",
           "Reductions of no more points stay whole: one workgroup has them in registers">,
  ];
}

#endif // POLYTILE_DIALECTS_TILE_TRANSFORMS_PASSES
