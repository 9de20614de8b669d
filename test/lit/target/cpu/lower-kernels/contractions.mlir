// RUN: polytile-opt %s --tile-infer-bounds --cpu-lower-kernels=level=x86-64-v3 --cse | FileCheck %s

// Reads outside of the input are bounds of the loop over the window: r from max(0, 1 - x) to min(2, 8 - x).
// CHECK-LABEL: func.func @window(
// CHECK-DAG: arith.maxsi
// CHECK-DAG: arith.minsi
// CHECK: scf.for
// CHECK: arith.addi {{.*}} : i32
// CHECK-NOT: arith.cmpi
// CHECK: return
func.func @window(%a: tensor<9x4xi32>) -> tensor<9x4xi32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a) maps [affine_map<(x, r, c) -> (x + r - 1, c)>] into affine_map<(x, r, c) -> (x, c)>
    domain affine_set<(x, r, c) : (r >= 0, 2 - r >= 0)> names ["x", "r", "c"] {
  ^bb0(%v: i32):
    tile.yield %v : i32
  } : (tensor<9x4xi32>) -> tensor<9x4xi32>
  return %0 : tensor<9x4xi32>
}

// A fraction is computed, not looped over: q = i floordiv 2, where that is whole.
// CHECK-LABEL: func.func @fraction(
// CHECK: scf.for
// CHECK: scf.for %[[I:.*]] =
// CHECK: %[[Q:.*]] = arith.select
// CHECK: %[[BACK:.*]] = arith.muli %[[Q]], %c2
// CHECK: arith.cmpi eq, %[[BACK]], %[[I]]
// CHECK: scf.if
// CHECK: memref.load %{{.*}}[%[[Q]]]
func.func @fraction(%a: tensor<8xf32>) -> tensor<17xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a) maps [affine_map<(i, q) -> (q)>] into affine_map<(i, q) -> (i)>
    domain affine_set<(i, q) : (i - q * 2 == 0)> names ["i", "q"] {
  ^bb0(%v: f32):
    tile.yield %v : f32
  } : (tensor<8xf32>) -> tensor<17xf32>
  return %0 : tensor<17xf32>
}

// Whether an element of a maximum was written is decided by the points, not by the value.
// CHECK-LABEL: func.func @unwritten(
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %false) -> (f32, i1)
// CHECK: arith.select
func.func @unwritten(%a: tensor<9x9xf32>, %d: tensor<9xf32>) -> tensor<9xf32> attributes {program.kernel} {
  %0 = tile.contract max ins(%a) default %d maps [affine_map<(i, k) -> (i, k)>] into affine_map<(i, k) -> (i)>
    domain affine_set<(i, k) : (i - k - 1 >= 0)> names ["i", "k"] {
  ^bb0(%v: f32):
    tile.yield %v : f32
  } : (tensor<9x9xf32>, tensor<9xf32>) -> tensor<9xf32>
  return %0 : tensor<9xf32>
}

// A sum may be reassociated and fused with its product; nothing else gets fast-math flags.
// CHECK-LABEL: func.func @fast(
// CHECK: arith.subf %{{.*}}, %{{[^ ]*}} : f32
// CHECK: arith.addf %{{.*}}, %{{.*}} fastmath<reassoc,contract> : f32
func.func @fast(%a: tensor<9x64xf32>, %b: tensor<64xf32>) -> tensor<9xf32> attributes {program.kernel} {
  %0 = tile.sub %a, %b : (tensor<9x64xf32>, tensor<64xf32>) -> tensor<9x64xf32>
  %1 = tile.contract sum ins(%0) maps [affine_map<(i, k) -> (i, k)>] into affine_map<(i, k) -> (i)>
    domain affine_set<(i, k) : (0 == 0)> names ["i", "k"] {
  ^bb0(%v: f32):
    tile.yield %v : f32
  } : (tensor<9x64xf32>) -> tensor<9xf32>
  return %1 : tensor<9xf32>
}
