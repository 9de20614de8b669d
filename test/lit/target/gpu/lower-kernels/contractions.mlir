// RUN: polytile-opt %s --split-input-file --tile-infer-bounds --gpu-lower-kernels --canonicalize --cse | FileCheck %s

// A window that leaves the tensor: loop bounds, no test inside. Elements that may be written by no point have a flag.
// CHECK-LABEL: kernel.func @window
// CHECK-SAME: schedule = {kind = "element"}
// CHECK: %[[UPPER:.*]] = arith.minsi
// CHECK: %{{.*}}:2 = scf.for %{{.*}} = %c0 to %[[UPPER]] step %c1 iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %false) -> (f32, i1)
// CHECK: arith.cmpf ugt
// CHECK: arith.select
// CHECK: arith.select %{{.*}}#1, %{{.*}}#0, %cst
func.func @window(%a: tensor<100xf32>) -> tensor<100xf32> attributes {program.kernel} {
  %0 = tile.contract max ins(%a) maps [affine_map<(d0, d1) -> (d0 + d1 + 80)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (d1 >= 0, -d1 + 39 >= 0)> names ["n", "r"] {
  ^bb0(%x: f32):
    tile.yield %x : f32
  } : (tensor<100xf32>) -> tensor<100xf32>
  return %0 : tensor<100xf32>
}

// -----

// The epilogue is computed on the way; a product and the sum may be fused, the epilogue may not.
// CHECK-LABEL: kernel.func @epilogue
// CHECK: arith.mulf %{{.*}}, %{{.*}} fastmath<contract>
// CHECK: arith.addf %{{.*}}, %{{.*}} fastmath<contract>
// CHECK: %[[MORE:.*]] = arith.addf %{{[0-9]+}}, %{{[0-9]+}} : f32
// CHECK: memref.store %[[MORE]]
func.func @epilogue(%a: tensor<3x2xf32>, %b: tensor<2xf32>, %c: tensor<3xf32>) -> tensor<3xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a, %b) maps [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>] into affine_map<(d0, d1) -> (d0)>
       domain affine_set<(d0, d1) : (0 == 0)> names ["m", "k"] {
  ^bb0(%x: f32, %y: f32):
    %p = tile.mul %x, %y : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3xf32>
  %1 = tile.add %0, %c : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %1 : tensor<3xf32>
}
