// RUN: polytile-opt %s --split-input-file "--pass-pipeline=builtin.module(func.func(tile-infer-bounds,tile-split-reductions{compute-units=16 max-row-elements=1024},canonicalize))" | FileCheck %s

// A sum of everything: blocks of rows, their sums in the type of the accumulation. What is computed for the sum alone goes with it.
// CHECK-DAG: #[[POINT:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[BLOCK:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func.func @whole
// CHECK: %[[X:.*]] = tile.reshape %arg0 : tensor<1000000xf16> -> tensor<[[B:.*]]x[[L:.*]]xf16>
// CHECK: %[[E:.*]] = tile.exp %[[X]] : (tensor<[[B]]x[[L]]xf16>)
// CHECK: %[[P:.*]] = tile.contract sum ins(%[[E]]) maps [#[[POINT]]] into #[[BLOCK]]
// CHECK: covers
// CHECK-SAME: -> tensor<[[B]]xf32>
// CHECK: %[[S:.*]] = tile.contract sum ins(%[[P]])
// CHECK: (tensor<[[B]]xf32>) -> tensor<f16>
func.func @whole(%X: tensor<1000000xf16>) -> tensor<f16> {
  %e = tile.exp %X : (tensor<1000000xf16>) -> tensor<1000000xf16>
  %0 = tile.contract sum ins(%e) maps [affine_map<(i) -> (i)>] into affine_map<(i) -> ()>
       domain affine_set<(i) : (0 == 0)> names ["i"] {
  ^bb0(%a: f16):
    %w = tile.cast %a : f16 -> f32
    tile.yield %w : f32
  } : (tensor<1000000xf16>) -> tensor<f16>
  return %0 : tensor<f16>
}

// -----

// Columns: enough blocks that threads have elements; neighbours stay neighbours. The mean of the columns needs no other form.
// CHECK-LABEL: func.func @columns
// CHECK: %[[X:.*]] = tile.reshape %arg0 : tensor<65536x64xf32> -> tensor<256x256x64xf32>
// CHECK: %[[D:.*]] = tile.sub %[[X]], %arg1 : (tensor<256x256x64xf32>, tensor<64xf32>)
// CHECK: tile.contract sum ins(%[[D]])
// CHECK: -> tensor<256x64xf32>
// CHECK: tile.contract sum
// CHECK: (tensor<256x64xf32>) -> tensor<64xf32>
func.func @columns(%X: tensor<65536x64xf32>, %m: tensor<64xf32>) -> tensor<64xf32> {
  %d = tile.sub %X, %m : (tensor<65536x64xf32>, tensor<64xf32>) -> tensor<65536x64xf32>
  %0 = tile.contract sum ins(%d) maps [affine_map<(i, n) -> (i, n)>] into affine_map<(i, n) -> (n)>
       domain affine_set<(i, n) : (0 == 0)> names ["i", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<65536x64xf32>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}

// -----

// Reduced in two places: the last variables first, without another form.
// CHECK-LABEL: func.func @channels
// CHECK: tile.contract max ins(%arg0)
// CHECK: (tensor<32x64x56x56xf32>) -> tensor<32x64xf32>
// CHECK: tile.contract max
// CHECK: (tensor<32x64xf32>) -> tensor<1x64x1x1xf32>
func.func @channels(%X: tensor<32x64x56x56xf32>) -> tensor<1x64x1x1xf32> {
  %0 = tile.contract max ins(%X) maps [affine_map<(n, c, y, x) -> (n, c, y, x)>] into affine_map<(n, c, y, x) -> (0, c, 0, 0)>
       domain affine_set<(n, c, y, x) : (0 == 0)> names ["n", "c", "y", "x"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<32x64x56x56xf32>) -> tensor<1x64x1x1xf32>
  return %0 : tensor<1x64x1x1xf32>
}

// -----

// A dot product: both inputs are cut.
// CHECK-LABEL: func.func @dot
// CHECK-DAG: %[[X:.*]] = tile.reshape %arg0 : tensor<65536xf32> -> tensor<16x4096xf32>
// CHECK-DAG: %[[Y:.*]] = tile.reshape %arg1 : tensor<65536xf32> -> tensor<16x4096xf32>
// CHECK: tile.contract sum ins(%[[X]], %[[Y]])
func.func @dot(%X: tensor<65536xf32>, %Y: tensor<65536xf32>) -> tensor<f32> {
  %0 = tile.contract sum ins(%X, %Y) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] into affine_map<(i) -> ()>
       domain affine_set<(i) : (0 == 0)> names ["i"] {
  ^bb0(%a: f32, %b: f32):
    %p = tile.mul %a, %b : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<65536xf32>, tensor<65536xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// No divisor: it stays. So do many outputs, and what has a condition.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-3: tile.contract
// CHECK-NOT: tile.contract
func.func @stays(%X: tensor<1000003xf32>, %Y: tensor<1024x4096xf32>) -> (tensor<f32>, tensor<1024xf32>, tensor<f32>) {
  %0 = tile.contract sum ins(%X) maps [affine_map<(i) -> (i)>] into affine_map<(i) -> ()>
       domain affine_set<(i) : (0 == 0)> names ["i"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<1000003xf32>) -> tensor<f32>
  %1 = tile.contract sum ins(%Y) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<1024x4096xf32>) -> tensor<1024xf32>
  %2 = tile.contract sum ins(%Y) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> ()>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    %c = tile.cmp lt %a, %a : (f32, f32) -> i1
    tile.yield %a if %c : f32
  } : (tensor<1024x4096xf32>) -> tensor<f32>
  return %0, %1, %2 : tensor<f32>, tensor<1024xf32>, tensor<f32>
}
