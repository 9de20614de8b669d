// RUN: polytile-opt %s --split-input-file --tile-infer-bounds --gpu-lower-kernels --canonicalize --cse | FileCheck %s

// A long reduction with a condition: the threads of a workgroup take turns; flag and value are brought together.
// CHECK-LABEL: kernel.func @condition
// CHECK-SAME: workgroup [256, 1, 1] grid [2, 1, 1]
// CHECK-SAME: schedule = {kind = "team", threads = 256 : i64}
// CHECK: %[[GROUP:.*]] = gpu.block_id x
// CHECK: %[[THREAD:.*]] = gpu.thread_id x
// CHECK: scf.for %{{.*}} = %[[THREAD]] to %c5000 step %c256 iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %false) -> (i32, i1)
// CHECK: gpu.barrier
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[THREAD]], %c0
// CHECK: scf.if %[[FIRST]]
// CHECK: memref.store %{{.*}}, %arg3[%[[GROUP]]]
func.func @condition(%a: tensor<2x5000xf32>, %m: tensor<2xf32>, %j: tensor<2x5000xi32>) -> tensor<2xi32> attributes {program.kernel} {
  %0 = tile.contract min ins(%a, %m, %j) maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%x: f32, %y: f32, %z: i32):
    %c = tile.cmp eq %x, %y : (f32, f32) -> i1
    tile.yield %z if %c : i32
  } : (tensor<2x5000xf32>, tensor<2xf32>, tensor<2x5000xi32>) -> tensor<2xi32>
  return %0 : tensor<2xi32>
}

// -----

// Where a loop doesn't begin at 0, each thread begins at its first value there.
// CHECK-LABEL: kernel.func @triangle
// CHECK: %[[WHOLE:.*]] = arith.muli %{{.*}}, %c256
// CHECK-NEXT: %[[REST:.*]] = arith.subi %{{.*}}, %[[WHOLE]]
// CHECK-NEXT: %[[START:.*]] = arith.addi %{{.*}}, %[[REST]]
// CHECK: scf.for %{{.*}} = %[[START]] to %c5000 step %c256
func.func @triangle(%a: tensor<100x5000xf32>) -> tensor<100xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (j - i >= 0)> names ["i", "j"] {
  ^bb0(%x: f32):
    tile.yield %x : f32
  } : (tensor<100x5000xf32>) -> tensor<100xf32>
  return %0 : tensor<100xf32>
}
