// Reductions across rows: neighbouring threads have neighbouring columns, and share the rows.
// RUN: polytile-opt %s --tile-infer-bounds --gpu-lower-kernels --canonicalize --cse | FileCheck %s

// CHECK-LABEL: kernel.func @columns
// CHECK-SAME: kind = "columns", lanes = 4
// CHECK: scf.for
// CHECK-COUNT-4: memref.load %{{.*}} : memref<32000xvector<4xf32>>
// CHECK: gpu.barrier
// CHECK: scf.if
// CHECK: memref.store
func.func @columns(%x: tensor<1000x128xf32>) -> tensor<128xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%x) maps [affine_map<(d0, d1) -> (d0, d1)>] into affine_map<(d0, d1) -> (d1)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<1000x128xf32>) -> tensor<128xf32>
  return %0 : tensor<128xf32>
}
