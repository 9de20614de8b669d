// RUN: polytile-opt %s --tile-infer-bounds --cpu-lower-kernels=level=x86-64-v3 | FileCheck %s
// RUN: polytile-opt %s --tile-infer-bounds --cpu-lower-kernels=level=x86-64-v3 --cpu-lower-micro-kernels | FileCheck %s --check-prefix=VECTOR

// A product of matrices is cut into register tiles, each a linalg operation; they become fused multiply-adds of vectors.
// CHECK-LABEL: func.func @product(
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction", "parallel"]
// CHECK-SAME: polytile.micro_kernel = 256 : i64
// VECTOR-LABEL: func.func @product(
// VECTOR-NOT: linalg.generic
// VECTOR: call @[[KERNEL:micro_kernel[a-z0-9_]*]](
// VECTOR: func.func private @[[KERNEL]](
// VECTOR: vector.fma {{.*}} : vector<8xf32>
func.func @product(%a: tensor<64x96xf32>, %b: tensor<96x64xf32>) -> tensor<64x64xf32> attributes {program.kernel} {
  %0 = tile.contract sum ins(%a, %b)
    maps [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>] into affine_map<(m, n, k) -> (m, n)>
    domain affine_set<(m, n, k) : (0 == 0)> names ["m", "n", "k"] {
  ^bb0(%x: f32, %y: f32):
    %p = tile.mul %x, %y : (f32, f32) -> f32
    tile.yield %p : f32
  } : (tensor<64x96xf32>, tensor<96x64xf32>) -> tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}
