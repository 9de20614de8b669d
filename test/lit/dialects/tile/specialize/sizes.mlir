// RUN: polytile-opt %s --tile-specialize | FileCheck %s

// CHECK-LABEL: func.func @reversal
// CHECK-SAME: %[[A:.*]]: tensor<8xf32>) -> tensor<8xf32>
// CHECK-NOT: tensor.dim
// CHECK: tile.contract assign ins(%[[A]]) maps [#[[MAP:.*]]] into
func.func @reversal(%A: tensor<?xf32>) -> tensor<?xf32> attributes {tile.argument_shapes = [array<i64: 8>]} {
  %c0 = arith.constant 0 : index
  %N = tensor.dim %A, %c0 : tensor<?xf32>
  %O = tile.contract assign ins(%A) sizes(%N) symbols(%N)
    maps [affine_map<(i)[N] -> (N - i - 1)>] into affine_map<(i)[N] -> (i)> domain affine_set<(i)[N] : (0 == 0)> names ["i"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<?xf32>, index, index) -> tensor<?xf32>
  return %O : tensor<?xf32>
}

// Sizes floor: (7 + 1) / 2 = 4 and -7 / 2 = -4, of which the negation is 4.
// CHECK-LABEL: func.func @arithmetic
// CHECK: tile.constant dense<4> : tensor<i32>
// CHECK: tile.constant dense<-4> : tensor<i32>
func.func @arithmetic(%A: tensor<?xf32>) -> (tensor<i32>, tensor<i32>) attributes {tile.argument_shapes = [array<i64: 7>]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %N = tensor.dim %A, %c0 : tensor<?xf32>
  %0 = arith.addi %N, %c1 : index
  %1 = arith.floordivsi %0, %c2 : index
  %2 = arith.subi %c0, %N : index
  %3 = arith.floordivsi %2, %c2 : index
  %4 = tile.from_sizes %1 : tensor<i32>
  %5 = tile.from_sizes %3 : tensor<i32>
  return %4, %5 : tensor<i32>, tensor<i32>
}

// CHECK-LABEL: func.func @broadcast
// CHECK: tile.add %{{.*}} : (tensor<3x1xf32>, tensor<4xf32>) -> tensor<3x4xf32>
func.func @broadcast(%A: tensor<?x?xf32>, %B: tensor<?xf32>) -> tensor<?x?xf32>
    attributes {tile.argument_shapes = [array<i64: 3, 1>, array<i64: 4>]} {
  %0 = tile.add %A, %B : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: func.func @reduce_to
// CHECK: tile.contract sum
// CHECK-SAME: names ["i0", "i1", "i2"]
// CHECK: (tensor<2x3x4xf32>) -> tensor<3x1xf32>
func.func @reduce_to(%A: tensor<?x?x?xf32>, %B: tensor<?x?xf32>) -> tensor<?x?xf32>
    attributes {tile.argument_shapes = [array<i64: 2, 3, 4>, array<i64: 3, 1>]} {
  %0 = tile.reduce_to %A, %B : (tensor<?x?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
