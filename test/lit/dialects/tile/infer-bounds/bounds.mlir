// RUN: polytile-opt --tile-infer-bounds --split-input-file %s | FileCheck %s

// Exact where the rational relaxation is not: 2x = 3y has y = 2 alone.

// CHECK-LABEL: func @only_integers_count
// CHECK: {lower_bounds = array<i64: 3, 2>, upper_bounds = array<i64: 3, 2>}
func.func @only_integers_count() -> tensor<4x3xf32> {
  %0 = tile.contract sum ins() maps [] into affine_map<(x, y) -> (x, y)>
       domain affine_set<(x, y) : (x * 2 - y * 3 == 0, x - 1 >= 0, 5 - x >= 0)> names ["x", "y"] {
    %1 = tile.scalar 1.0 : f32
    tile.yield %1 : f32
  } : () -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// The example of the pass's description: a window with padding by reads outside.

// CHECK-LABEL: func @window
// CHECK: {covers, lower_bounds = array<i64: 0, 0>, upper_bounds = array<i64: 7, 2>}
func.func @window(%A: tensor<8xf32>) -> tensor<8xf32> {
  %0 = tile.contract sum ins(%A) maps [affine_map<(x, r) -> (x + r - 1)>] into affine_map<(x, r) -> (x)>
       domain affine_set<(x, r) : (r >= 0, 2 - r >= 0)> names ["x", "r"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// Every variable bounded by itself.

// CHECK-LABEL: func @matmul
// CHECK: {covers, lower_bounds = array<i64: 0, 0, 0>, upper_bounds = array<i64: 2, 3, 4>}
func.func @matmul(%A: tensor<3x5xf32>, %B: tensor<5x4xf32>) -> tensor<3x4xf32> {
  %0 = tile.contract sum ins(%A, %B) maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>]
       into affine_map<(m, n, k) -> (m, n)> domain affine_set<(m, n, k) : (0 == 0)> names ["m", "n", "k"] {
  ^bb0(%a: f32, %b: f32):
    %1 = tile.mul %a, %b : (f32, f32) -> f32
    tile.yield %1 : f32
  } : (tensor<3x5xf32>, tensor<5x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// An empty domain has 0 and -1 throughout, and does not write its result.

// CHECK-LABEL: func @nothing_to_sum
// CHECK: {lower_bounds = array<i64: 0, 0>, upper_bounds = array<i64: -1, -1>}
func.func @nothing_to_sum(%A: tensor<3x0xf32>) -> tensor<3xf32> {
  %0 = tile.contract sum ins(%A) maps [affine_map<(m, k) -> (m, k)>] into affine_map<(m, k) -> (m)>
       domain affine_set<(m, k) : (0 == 0)> names ["m", "k"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x0xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// Whether the condition holds depends on data: never covering.

// CHECK-LABEL: func @condition
// CHECK-NOT: covers
// CHECK: {lower_bounds = array<i64: 0>, upper_bounds = array<i64: 7>}
func.func @condition(%A: tensor<8xf32>, %C: tensor<8xi1>) -> tensor<8xf32> {
  %0 = tile.contract assign ins(%A, %C) maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>]
       into affine_map<(i) -> (i)> domain affine_set<(i) : (0 == 0)> names ["i"] {
  ^bb0(%a: f32, %c: i1):
    tile.yield %a if %c : f32
  } : (tensor<8xf32>, tensor<8xi1>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
