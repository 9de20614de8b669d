// RUN: polytile-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @identities
// CHECK-SAME: %[[A:.*]]: tensor<3xf32>
// CHECK-NEXT: return %[[A]]
func.func @identities(%A: tensor<3xf32>) -> tensor<3xf32> {
  %one = tile.constant dense<1.0> : tensor<f32>
  %zero = tile.constant dense<0.0> : tensor<f32>
  %0 = tile.mul %A, %one : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = tile.div %0, %one : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %2 = tile.sub %1, %zero : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %3 = tile.neg %2 : (tensor<3xf32>) -> tensor<3xf32>
  %4 = tile.neg %3 : (tensor<3xf32>) -> tensor<3xf32>
  return %4 : tensor<3xf32>
}

// -0.0 + 0.0 is 0.0, and NaN * 0.0 is NaN: neither folds.
// CHECK-LABEL: func.func @not_identities
// CHECK: tile.add
// CHECK: tile.mul
func.func @not_identities(%A: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %zero = tile.constant dense<0.0> : tensor<f32>
  %0 = tile.add %A, %zero : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = tile.mul %A, %zero : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}

// A constant of a larger shape still broadcasts.
// CHECK-LABEL: func.func @broadcasts
// CHECK: tile.mul
func.func @broadcasts(%A: tensor<3xf32>) -> tensor<2x3xf32> {
  %one = tile.constant dense<1.0> : tensor<2x1xf32>
  %0 = tile.mul %A, %one : (tensor<3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @casts
// CHECK-DAG: tile.constant dense<-1> : tensor<i8>
// CHECK-DAG: tile.constant dense<2.550000e+02> : tensor<f32>
// CHECK-DAG: tile.constant dense<true> : tensor<i1>
func.func @casts() -> (tensor<i8>, tensor<f32>, tensor<i1>) {
  %0 = tile.constant dense<255> : tensor<ui8>
  %1 = tile.cast %0 : tensor<ui8> -> tensor<i8>
  %2 = tile.cast %0 : tensor<ui8> -> tensor<f32>
  %3 = tile.cast %0 : tensor<ui8> -> tensor<i1>
  return %1, %2, %3 : tensor<i8>, tensor<f32>, tensor<i1>
}

// A constant stays in the body that uses it.
// CHECK-LABEL: func.func @constant_in_body
// CHECK-NEXT: tile.contract
// CHECK: tile.scalar 2.0
func.func @constant_in_body(%A: tensor<3xf32>) -> tensor<f32> {
  %0 = tile.contract sum ins(%A) maps [affine_map<(n) -> (n)>] into affine_map<(n) -> ()>
    domain affine_set<(n) : (0 == 0)> names ["n"] {
  ^bb0(%a: f32):
    %two = tile.scalar 2.0 : f32
    %p = tile.mul %a, %two : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<3xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}
