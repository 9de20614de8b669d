// Teams of threads reduce rows; elements stay in registers between the reductions of a chain.
// RUN: polytile-opt %s --split-input-file --tile-infer-bounds --gpu-lower-kernels --canonicalize --cse | FileCheck %s

// The row is loaded once, as vectors; one store of the result for each load; the values meet in workgroup memory.
// CHECK-LABEL: kernel.func @chain
// CHECK-SAME: workgroup [128, 1, 1] grid [2, 1, 1]
// CHECK-SAME: kind = "rows", lanes = 4
// CHECK-SAME: rows = 4 : i64, subgroup = 0 : i64, threads = 32 : i64
// CHECK-COUNT-2: memref.load %{{.*}} : memref<512xvector<4xf32>>
// CHECK-NOT: memref<512xvector<4xf32>>
// CHECK: gpu.barrier
// CHECK-COUNT-8: func.call @ptl_exp_f32
// CHECK: gpu.barrier
// CHECK-COUNT-2: memref.store %{{.*}} : memref<512xvector<4xf32>>
// CHECK-NOT: memref<512xvector<4xf32>>
// CHECK: kernel.return
func.func @chain(%x: tensor<8x256xf32>) -> tensor<8x256xf32> attributes {program.kernel} {
  %m = tile.contract max ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0, 0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x256xf32>) -> tensor<8x1xf32>
  %c = tile.sub %x, %m : (tensor<8x256xf32>, tensor<8x1xf32>) -> tensor<8x256xf32>
  %e = tile.exp %c : (tensor<8x256xf32>) -> tensor<8x256xf32>
  %s = tile.contract sum ins(%e) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0, 0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<8x256xf32>) -> tensor<8x1xf32>
  %y = tile.mul %e, %s : (tensor<8x256xf32>, tensor<8x1xf32>) -> tensor<8x256xf32>
  return %y : tensor<8x256xf32>
}

// -----

// A long row: a loop, and a mask where its end isn't the loop's.
// CHECK-LABEL: kernel.func @long
// CHECK: scf.for
// CHECK: arith.minui
// CHECK: arith.select %{{.*}}, %{{.*}}, %cst
func.func @long(%x: tensor<1x100003xf32>) -> tensor<1xf32> attributes {program.kernel} {
  %m = tile.contract sum ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<1x100003xf32>) -> tensor<1xf32>
  return %m : tensor<1xf32>
}

// -----

// Teams beyond the last row compute it again, for the barriers, and don't store.
// CHECK-LABEL: kernel.func @few
// CHECK: %[[VALID:.*]] = arith.cmpi ule
// CHECK: arith.minui
// CHECK: gpu.barrier
// CHECK: arith.andi %[[VALID]]
// CHECK: scf.if
func.func @few(%x: tensor<5x64xf32>) -> tensor<5xf32> attributes {program.kernel} {
  %m = tile.contract min ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<5x64xf32>) -> tensor<5xf32>
  return %m : tensor<5xf32>
}
