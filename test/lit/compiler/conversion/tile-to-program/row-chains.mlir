// Chains of reductions of rows become one kernel each, where a target asks for it.
// RUN: polytile-opt %s --split-input-file --tile-infer-bounds --tile-to-program=max-row-elements=64 | FileCheck %s

// Softmax.
// CHECK-LABEL: program.entry @softmax
// CHECK-COUNT-1: program.dispatch
// CHECK-NOT: program.dispatch
// CHECK: func.func @kernel_0
// CHECK: tile.contract max
// CHECK: tile.exp
// CHECK: tile.contract sum
// CHECK: tile.div
func.func @softmax(%x: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %m = tile.contract max ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0, 0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x32xf32>) -> tensor<8x1xf32>
  %c = tile.sub %x, %m : (tensor<8x32xf32>, tensor<8x1xf32>) -> tensor<8x32xf32>
  %e = tile.exp %c : (tensor<8x32xf32>) -> tensor<8x32xf32>
  %s = tile.contract sum ins(%e) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0, 0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x32xf32>) -> tensor<8x1xf32>
  %y = tile.div %e, %s : (tensor<8x32xf32>, tensor<8x1xf32>) -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}

// -----

// Rows that are too long for the target stay as they are.
// CHECK-LABEL: program.entry @long
// CHECK-COUNT-2: program.dispatch
func.func @long(%x: tensor<8x65xf32>) -> tensor<8x65xf32> {
  %m = tile.contract max ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0, 0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x65xf32>) -> tensor<8x1xf32>
  %c = tile.sub %x, %m : (tensor<8x65xf32>, tensor<8x1xf32>) -> tensor<8x65xf32>
  return %c : tensor<8x65xf32>
}

// -----

// One value a row that is broadcast along the columns: square shapes fit, the meaning doesn't.
// CHECK-LABEL: program.entry @across
// CHECK-COUNT-2: program.dispatch
func.func @across(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %m = tile.contract max ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x8xf32>) -> tensor<8xf32>
  %c = tile.sub %x, %m : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
  return %c : tensor<8x8xf32>
}

// -----

// A kernel between that isn't of the chain needs the maxima before: no kernel can be both.
// CHECK-LABEL: program.entry @between
// CHECK-COUNT-3: program.dispatch
func.func @between(%x: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %m = tile.contract max ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0, 0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x32xf32>) -> tensor<8x1xf32>
  %t = tile.contract max ins(%m) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (0, d1)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x1xf32>) -> tensor<1x1xf32>
  %c = tile.sub %x, %m : (tensor<8x32xf32>, tensor<8x1xf32>) -> tensor<8x32xf32>
  %y = tile.div %c, %t : (tensor<8x32xf32>, tensor<1x1xf32>) -> tensor<8x32xf32>
  return %y : tensor<8x32xf32>
}
