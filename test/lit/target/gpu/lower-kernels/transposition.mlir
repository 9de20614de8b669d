// Permuted copies go through squares in workgroup memory, wide both ways.
// RUN: polytile-opt %s --split-input-file --tile-infer-bounds --gpu-lower-kernels --canonicalize --cse | FileCheck %s

// CHECK-LABEL: kernel.func @channels
// CHECK-SAME: kind = "transposition", read_lanes = 4 : i64, side = 32 : i64, write_lanes = 4 : i64
// CHECK: kernel.workgroup_memory "square" : memref<1056xf32
// CHECK: memref.load %{{.*}} : memref<4096xvector<4xf32>>
// CHECK: gpu.barrier
// CHECK: memref.store %{{.*}} : memref<4096xvector<4xf32>>
func.func @channels(%x: tensor<2x16x16x32xf32>) -> tensor<2x32x16x16xf32> attributes {program.kernel} {
  %0 = tile.contract assign ins(%x) maps [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>]
       into affine_map<(d0, d1, d2, d3) -> (d0, d3, d1, d2)>
       domain affine_set<(d0, d1, d2, d3) : (0 == 0)> names ["n", "h", "w", "c"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<2x16x16x32xf32>) -> tensor<2x32x16x16xf32>
  return %0 : tensor<2x32x16x16xf32>
}

// -----

// Sides that aren't whole squares are tested; those that aren't whole vectors go one by one.
// CHECK-LABEL: kernel.func @odd
// CHECK-SAME: read_lanes = 1 : i64, side = 32 : i64, write_lanes = 4 : i64
// CHECK: scf.if
// CHECK: gpu.barrier
// CHECK: scf.if
func.func @odd(%x: tensor<36x33xf32>) -> tensor<33x36xf32> attributes {program.kernel} {
  %0 = tile.contract assign ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d1, d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<36x33xf32>) -> tensor<33x36xf32>
  return %0 : tensor<33x36xf32>
}

// -----

// A narrow side leaves squares empty: one thread for each element.
// CHECK-LABEL: kernel.func @narrow
// CHECK-SAME: kind = "element"
func.func @narrow(%x: tensor<100x3xf32>) -> tensor<3x100xf32> attributes {program.kernel} {
  %0 = tile.contract assign ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d1, d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<100x3xf32>) -> tensor<3x100xf32>
  return %0 : tensor<3x100xf32>
}
