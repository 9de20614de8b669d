// Matrix products go block by block through workgroup memory.
// RUN: polytile-opt %s --split-input-file --tile-infer-bounds --gpu-lower-kernels --canonicalize --cse | FileCheck %s

// Two copies of each block, one barrier a step, wide reads and writes, nothing to test.
// CHECK-LABEL: kernel.func @product
// CHECK-SAME: kind = "gemm"
// CHECK-DAG: kernel.workgroup_memory "a_tile"
// CHECK-DAG: kernel.workgroup_memory "b_tile"
// CHECK: memref.load %{{.*}} : memref<{{[0-9]+}}xvector<4xf32>>
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK: math.fma %{{.*}} : vector<4xf32>
// CHECK: gpu.barrier
// CHECK: scf.yield
// CHECK-NOT: scf.if
// CHECK: memref.store %{{.*}} : memref<4096xvector<4xf32>>
func.func @product(%a: tensor<128x64xf32>, %b: tensor<64x128xf32>) -> tensor<128x128xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a, %b)
       maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>]
       into affine_map<(d0, d1, d2) -> (d0, d1)> domain affine_set<(d0, d1, d2) : (0 == 0)> names ["m", "n", "k"] {
  ^bb0(%x: f32, %y: f32):
    %p = tile.mul %x, %y : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<128x64xf32>, tensor<64x128xf32>) -> tensor<128x128xf32>
  return %0 : tensor<128x128xf32>
}

// -----

// Nothing divides by four and no block is whole: single reads, dropped beyond K, and stores that are tested.
// CHECK-LABEL: kernel.func @odd
// CHECK-SAME: kind = "gemm"
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult
// CHECK: arith.select %[[INSIDE]]
// CHECK: memref.load %{{.*}} : memref<3007xf32>
// CHECK: scf.if
// CHECK: memref.store %{{.*}} : memref<7663xf32>
func.func @odd(%a: tensor<97x31xf32>, %b: tensor<31x79xf32>) -> tensor<97x79xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a, %b)
       maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>]
       into affine_map<(d0, d1, d2) -> (d0, d1)> domain affine_set<(d0, d1, d2) : (0 == 0)> names ["m", "n", "k"] {
  ^bb0(%x: f32, %y: f32):
    %p = tile.mul %x, %y : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<97x31xf32>, tensor<31x79xf32>) -> tensor<97x79xf32>
  return %0 : tensor<97x79xf32>
}

// -----

// Padding replaces pixels by 0, which is wrong beside an infinite weight: then the sum is NaN, and is computed again point by point.
// CHECK-LABEL: kernel.func @padded
// CHECK-SAME: kind = "gemm"
// CHECK: arith.cmpi ule
// CHECK: arith.select
// CHECK: math.fma
// CHECK: arith.cmpf uno
// CHECK: scf.if
// CHECK: scf.for
// CHECK: memref.store
func.func @padded(%i: tensor<16x16x16xf32>, %f: tensor<3x3x16x32xf32>) -> tensor<16x16x32xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%i, %f)
       maps [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0 + d3 - 1, d1 + d4 - 1, d5)>,
             affine_map<(d0, d1, d2, d3, d4, d5) -> (d3, d4, d5, d2)>]
       into affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2)>
       domain affine_set<(d0, d1, d2, d3, d4, d5) : (0 == 0)> names ["y", "x", "f", "r", "s", "c"] {
  ^bb0(%x: f32, %y: f32):
    %p = tile.mul %x, %y : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<16x16x16xf32>, tensor<3x3x16x32xf32>) -> tensor<16x16x32xf32>
  return %0 : tensor<16x16x32xf32>
}

// -----

// A few columns aren't worth blocks.
// CHECK-LABEL: kernel.func @narrow
// CHECK-NOT: kind = "gemm"
func.func @narrow(%a: tensor<512x64xf32>, %b: tensor<64x4xf32>) -> tensor<512x4xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a, %b)
       maps [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>]
       into affine_map<(d0, d1, d2) -> (d0, d1)> domain affine_set<(d0, d1, d2) : (0 == 0)> names ["m", "n", "k"] {
  ^bb0(%x: f32, %y: f32):
    %p = tile.mul %x, %y : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<512x64xf32>, tensor<64x4xf32>) -> tensor<512x4xf32>
  return %0 : tensor<512x4xf32>
}
