// RUN: polytile-opt %s --tile-to-program --split-input-file | FileCheck %s

// A contraction over no point is zeros.
// CHECK-LABEL: program.entry @no_points
// CHECK: %[[O:.*]] = program.output 0
// CHECK-NEXT: program.fill %[[O]] with 0.000000e+00 : f32 : memref<3xf32>
// CHECK-NOT: func.func
func.func @no_points(%X: tensor<3x0xf32>) -> tensor<3xf32> {
  %0 = tile.contract max ins(%X) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {lower_bounds = array<i64: 0, 0>, upper_bounds = array<i64: -1, -1>} : (tensor<3x0xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// With a default it is the default.
// CHECK-LABEL: program.entry @default
// CHECK: %[[D:.*]] = program.input 1
// CHECK: program.copy %[[D]] to %{{.*}} : memref<3xf32>
func.func @default(%X: tensor<0xf32>, %D: tensor<3xf32>) -> tensor<3xf32> {
  %0 = tile.contract assign ins(%X) default %D maps [affine_map<(d0) -> (d0)>] into affine_map<(d0) -> (d0)>
       domain affine_set<(d0) : (0 == 0)> names ["n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {lower_bounds = array<i64: 0>, upper_bounds = array<i64: -1>} : (tensor<0xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// Empty results need no kernel.
// CHECK-LABEL: program.entry @empty
// CHECK-NOT: program.dispatch
// CHECK-NOT: func.func
func.func @empty(%X: tensor<5x0xf32>, %Y: tensor<5x1xf32>) -> tensor<5x0xf32> {
  %0 = tile.sub %X, %Y : (tensor<5x0xf32>, tensor<5x1xf32>) -> tensor<5x0xf32>
  %1 = tile.exp %0 : (tensor<5x0xf32>) -> tensor<5x0xf32>
  return %1 : tensor<5x0xf32>
}
