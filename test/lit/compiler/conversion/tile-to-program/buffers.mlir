// RUN: polytile-opt %s --tile-to-program --split-input-file | FileCheck %s

// An input that is returned, and a value returned twice, are copied.
// CHECK-LABEL: program.entry @copies
// CHECK-DAG: %[[X:.*]] = program.input 0 "X"
// CHECK-DAG: %[[A:.*]] = program.output 0
// CHECK-DAG: %[[B:.*]] = program.output 1
// CHECK-DAG: %[[C:.*]] = program.output 2
// CHECK: program.dispatch @kernel_0 reads(%[[X]] : memref<4xf32>) writes(%[[A]] : memref<4xf32>)
// CHECK: program.copy %[[A]] to %[[B]]
// CHECK: program.copy %[[X]] to %[[C]]
func.func @copies(%X: tensor<4xf32> {tile.name = "X"}) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = tile.neg %X : (tensor<4xf32>) -> tensor<4xf32>
  return %0, %0, %X : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// A reshape is a view, of an output too.
// CHECK-LABEL: program.entry @reshape
// CHECK: %[[X:.*]] = program.input 0
// CHECK: %[[O:.*]] = program.output 0 "result0" : memref<2x2xf32>
// CHECK: %[[V:.*]] = program.view %[[O]] : memref<2x2xf32> to memref<4xf32>
// CHECK: %[[W:.*]] = program.view %[[X]] : memref<4x1xf32> to memref<4xf32>
// CHECK: program.dispatch @kernel_0 reads(%[[W]] : memref<4xf32>) writes(%[[V]] : memref<4xf32>)
func.func @reshape(%X: tensor<4x1xf32>) -> tensor<2x2xf32> {
  %0 = tile.reshape %X : tensor<4x1xf32> -> tensor<4xf32>
  %1 = tile.neg %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = tile.reshape %1 : tensor<4xf32> -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}

// -----

// A constant of one value is repeated in elementwise kernels, and filled where it is returned; one of several values lies
// in the package.
// CHECK-LABEL: program.entry @constants
// CHECK: %[[C:.*]] = program.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK: program.dispatch @kernel_0 reads(%{{.*}}, %[[C]] : memref<2xf32>, memref<2xf32>)
// CHECK: program.fill %{{.*}} with 3.000000e+00 : f32 : memref<2xf32>
// CHECK: func.func @kernel_0
// CHECK: tile.constant dense<3.0
func.func @constants(%X: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %c = tile.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %s = tile.constant dense<3.0> : tensor<2xf32>
  %0 = tile.add %X, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %1 = tile.add %0, %s : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %1, %s : tensor<2xf32>, tensor<2xf32>
}

// -----

// tile.index is repeated where elementwise operations and contractions use it, and stored where it is returned.
// CHECK-LABEL: program.entry @index
// CHECK: program.dispatch @kernel_0 writes(%{{.*}} : memref<i32>)
// CHECK: program.dispatch @kernel_1 reads(%{{.*}} : memref<4xi32>)
// CHECK: program.dispatch @kernel_2 writes(%{{.*}} : memref<4xi32>)
// CHECK: func.func @kernel_0
// CHECK: tile.index
// CHECK: tile.contract
// CHECK: func.func @kernel_1
// CHECK: tile.index
// CHECK: tile.add
func.func @index(%X: tensor<4xi32>) -> (tensor<i32>, tensor<4xi32>, tensor<4xi32>) {
  %i = tile.index 0 : tensor<4xi32>
  %0 = tile.contract sum ins(%i) maps [affine_map<(d0) -> (d0)>] into affine_map<(d0) -> ()>
       domain affine_set<(d0) : (0 == 0)> names ["n"] {
  ^bb0(%a: i32):
    tile.yield %a : i32
  } : (tensor<4xi32>) -> tensor<i32>
  %1 = tile.add %X, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %0, %1, %i : tensor<i32>, tensor<4xi32>, tensor<4xi32>
}
