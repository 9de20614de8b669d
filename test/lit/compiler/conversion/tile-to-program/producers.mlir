// RUN: polytile-opt %s --tile-to-program --split-input-file | FileCheck %s

// A reduction computes what is there for it alone; what others use as well is stored.
// CHECK-LABEL: program.entry @reduction
// CHECK: program.dispatch @kernel_0 reads(%{{.*}}, %{{.*}} : memref<4x8xf32>, memref<4x1xf32>) writes(%[[C:.*]] : memref<4x8xf32>)
// CHECK: program.dispatch @kernel_1 reads(%[[C]] : memref<4x8xf32>) writes(%{{.*}} : memref<4xf32>)
// CHECK: func.func @kernel_0
// CHECK: tile.sub
// CHECK-NOT: tile.mul
// CHECK: func.func @kernel_1
// CHECK: tile.mul
// CHECK: tile.contract
// CHECK: tile.sqrt
func.func @reduction(%X: tensor<4x8xf32>, %M: tensor<4x1xf32>) -> (tensor<4xf32>, tensor<4x8xf32>) {
  %c = tile.sub %X, %M : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %s = tile.mul %c, %c : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %t = tile.contract sum ins(%s) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<4x8xf32>) -> tensor<4xf32>
  %r = tile.sqrt %t : (tensor<4xf32>) -> tensor<4xf32>
  return %r, %c : tensor<4xf32>, tensor<4x8xf32>
}

// -----

// A whole kernel may go.
// CHECK-LABEL: program.entry @whole
// CHECK: program.dispatch @kernel_0 reads(%{{.*}} : memref<8xf32>) writes(%{{.*}} : memref<f32>)
// CHECK-NOT: program.dispatch
func.func @whole(%X: tensor<8xf32>) -> tensor<f32> {
  %e = tile.exp %X : (tensor<8xf32>) -> tensor<8xf32>
  %n = tile.neg %e : (tensor<8xf32>) -> tensor<8xf32>
  %t = tile.contract max ins(%n) maps [affine_map<(d0) -> (d0)>] into affine_map<(d0) -> ()>
       domain affine_set<(d0) : (0 == 0)> names ["n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8xf32>) -> tensor<f32>
  return %t : tensor<f32>
}

// -----

// A window would compute each element several times.
// CHECK-LABEL: program.entry @window
// CHECK-COUNT-2: program.dispatch
func.func @window(%X: tensor<8xf32>) -> tensor<7xf32> {
  %e = tile.exp %X : (tensor<8xf32>) -> tensor<8xf32>
  %t = tile.contract max ins(%e) maps [affine_map<(d0, d1) -> (d0 + d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (d1 >= 0, 1 - d1 >= 0)> names ["n", "k"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8xf32>) -> tensor<7xf32>
  return %t : tensor<7xf32>
}

// -----

// A product reads its operands more than once, and has a schedule of its own.
// CHECK-LABEL: program.entry @product
// CHECK-COUNT-2: program.dispatch
func.func @product(%X: tensor<8x8xf32>, %Y: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = tile.neg %X : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %t = tile.contract sum ins(%e, %Y) maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>]
       into affine_map<(d0, d1, d2) -> (d0, d1)> domain affine_set<(d0, d1, d2) : (0 == 0)> names ["m", "n", "k"] {
  ^bb0(%a: f32, %b: f32):
    %0 = tile.mul %a, %b : (f32, f32) -> f32
    tile.yield %0 : f32
  } : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %t : tensor<8x8xf32>
}

// -----

// What starts from an argument only joins the kernel that reads it.
// CHECK-LABEL: program.entry @two_chains
// CHECK: program.dispatch @kernel_0 reads(%{{.*}} : memref<8xf32>) writes(%{{.*}} : memref<8xf32>)
// CHECK-NOT: program.dispatch
// CHECK: func.func @kernel_0
func.func @two_chains(%X: tensor<8xf32>) -> tensor<8xf32> {
  %0 = tile.neg %X : (tensor<8xf32>) -> tensor<8xf32>
  %1 = tile.exp %X : (tensor<8xf32>) -> tensor<8xf32>
  %2 = tile.mul %0, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// -----

// It can't where a kernel in between reads it.
// CHECK-LABEL: program.entry @read_between
// CHECK-COUNT-3: program.dispatch
func.func @read_between(%X: tensor<8xf32>) -> tensor<8xf32> {
  %0 = tile.neg %X : (tensor<8xf32>) -> tensor<8xf32>
  %1 = tile.contract max ins(%0) maps [affine_map<(d0, d1) -> (d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (d1 - d0 >= 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8xf32>) -> tensor<8xf32>
  %2 = tile.contract max ins(%1) maps [affine_map<(d0, d1) -> (d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (d1 - d0 >= 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8xf32>) -> tensor<8xf32>
  %3 = tile.mul %0, %2 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %3 : tensor<8xf32>
}
