// RUN: polytile-opt %s --tile-to-program --split-input-file | FileCheck %s

// An elementwise consumer of its shape joins the contraction; the output is written directly. The kernel's tensors keep
// their names for readers of what is printed from it.
// CHECK-LABEL: program.entry @epilogue
// CHECK-NEXT: %[[X:.*]] = program.input 0 "X" : memref<4x8xf32>
// CHECK-NEXT: %[[Y:.*]] = program.output 0 "Y" : memref<4xf32>
// CHECK-NEXT: program.dispatch @kernel_0 reads(%[[X]] : memref<4x8xf32>) writes(%[[Y]] : memref<4xf32>)
// CHECK-NEXT: }
// CHECK: func.func @kernel_0(%{{.*}}: tensor<4x8xf32> {tile.name = "X"}) -> tensor<4xf32> attributes {program.kernel}
// CHECK: tile.contract
// CHECK-SAME: names ["d0", "d1"]
// CHECK: tile.exp
// CHECK-NOT: func.func
func.func @epilogue(%X: tensor<4x8xf32> {tile.name = "X"}) -> (tensor<4xf32> {tile.name = "Y"}) {
  %0 = tile.contract max ins(%X) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {lower_bounds = array<i64: 0, 0>, upper_bounds = array<i64: 3, 7>, covers} : (tensor<4x8xf32>) -> tensor<4xf32>
  %1 = tile.exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// A value with several consumers is computed once and stored.
// CHECK-LABEL: program.entry @shared
// CHECK: program.dispatch @kernel_0 reads(%{{.*}} : memref<8xf32>) writes(%[[E:.*]], %{{.*}} : memref<8xf32>, memref<8xf32>)
// CHECK: program.dispatch @kernel_1 reads(%[[E]] : memref<8xf32>)
// CHECK: func.func @kernel_0
// CHECK: tile.exp
// CHECK: tile.neg
// CHECK: func.func @kernel_1
// CHECK-NOT: tile.exp
func.func @shared(%X: tensor<8xf32>) -> (tensor<8xf32>, tensor<f32>) {
  %0 = tile.exp %X : (tensor<8xf32>) -> tensor<8xf32>
  %1 = tile.neg %0 : (tensor<8xf32>) -> tensor<8xf32>
  %2 = tile.contract sum ins(%0) maps [affine_map<(d0) -> (d0)>] into affine_map<(d0) -> ()>
       domain affine_set<(d0) : (0 == 0)> names ["n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8xf32>) -> tensor<f32>
  return %1, %2 : tensor<8xf32>, tensor<f32>
}

// -----

// Kernels that differ in names only are emitted once.
// CHECK-LABEL: program.entry @twice
// CHECK-COUNT-2: program.dispatch @kernel_0
// CHECK: func.func @kernel_0
// CHECK-NOT: func.func
func.func @twice(%X: tensor<8xf32>, %Y: tensor<8xf32>) -> (tensor<f32>, tensor<f32>) {
  %0 = tile.contract sum ins(%X) maps [affine_map<(d0) -> (d0)>] into affine_map<(d0) -> ()>
       domain affine_set<(d0) : (0 == 0)> names ["n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {tile.name = "S"} : (tensor<8xf32>) -> tensor<f32>
  %1 = tile.contract sum ins(%Y) maps [affine_map<(d0) -> (d0)>] into affine_map<(d0) -> ()>
       domain affine_set<(d0) : (0 == 0)> names ["i"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {tile.name = "T"} : (tensor<8xf32>) -> tensor<f32>
  return %0, %1 : tensor<f32>, tensor<f32>
}

// -----

// A kernel may read only what was written before it began: the sum needs both contractions, so it joins the second one;
// the negation of the first joins that one.
// CHECK-LABEL: program.entry @order
// CHECK: program.dispatch @kernel_0 reads(%{{.*}} : memref<8x8xf32>) writes(%[[A:.*]], %{{.*}} : memref<8xf32>, memref<8xf32>)
// CHECK: program.dispatch @kernel_1 reads(%{{.*}}, %[[A]] : memref<8x8xf32>, memref<8xf32>)
func.func @order(%X: tensor<8x8xf32>, %Y: tensor<8x8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %0 = tile.contract sum ins(%X) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x8xf32>) -> tensor<8xf32>
  %1 = tile.contract max ins(%Y) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x8xf32>) -> tensor<8xf32>
  %2 = tile.add %1, %0 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %3 = tile.neg %0 : (tensor<8xf32>) -> tensor<8xf32>
  return %2, %3 : tensor<8xf32>, tensor<8xf32>
}

// -----

// Elementwise operations of another shape, and what reads a reshape of the kernel's own result, start a kernel.
// CHECK-LABEL: program.entry @shapes
// CHECK-COUNT-3: program.dispatch
// CHECK-NOT: program.dispatch
func.func @shapes(%X: tensor<4x1xf32>, %Y: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<8x4xf32>) {
  %0 = tile.exp %X : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %1 = tile.mul %0, %Y : (tensor<4x1xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = tile.reshape %1 : tensor<4x8xf32> -> tensor<8x4xf32>
  %3 = tile.neg %2 : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %1, %3 : tensor<4x8xf32>, tensor<8x4xf32>
}
