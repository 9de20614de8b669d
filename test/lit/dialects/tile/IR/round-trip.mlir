// RUN: polytile-opt --verify-roundtrip %s | FileCheck %s

// Every form of every operation is read as it is printed.

// CHECK-LABEL: func @contractions
// CHECK: tile.contract assign ins(%{{.*}}) sizes(%{{.*}}) symbols(%{{.*}}) maps
// CHECK: tile.contract sum ins(%{{.*}}, %{{.*}}) default %{{.*}} maps
// CHECK: tile.yield %{{.*}} if %{{.*}} : f32
// CHECK: {infer_sizes, no_defract}
// CHECK: tile.contract min ins() maps [] into
// CHECK: {covers, lower_bounds = array<i64: 0>, upper_bounds = array<i64: 3>}
func.func @contractions(%A: tensor<?xf32>, %B: tensor<?x?xf32>, %D: tensor<4xf32>, %N: index) {
  %0 = tile.contract assign ins(%A) sizes(%N) symbols(%N) maps [affine_map<(i)[N] -> (N - i - 1)>]
       into affine_map<(i)[N] -> (i)> domain affine_set<(i)[N] : (0 == 0)> names ["i"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<?xf32>, index, index) -> tensor<?xf32>
  %1 = tile.contract sum ins(%A, %B) default %D maps [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>]
       into affine_map<(i, j) -> (j)> domain affine_set<(i, j) : (i >= 0, j - i >= 0)> names ["i", "j"] {
  ^bb0(%a: f32, %b: f32):
    %p = tile.mul %a, %b : (f32, f32) -> f32
    %c = tile.cmp lt %a, %b : (f32, f32) -> i1
    tile.yield %p if %c : f32
  } : (tensor<?xf32>, tensor<?x?xf32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = tile.contract product ins(%A) maps [affine_map<(i) -> (i)>] into affine_map<(i) -> (i)>
       domain affine_set<(i) : (0 == 0)> names ["i"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {infer_sizes, no_defract} : (tensor<?xf32>) -> tensor<?xf32>
  %3 = tile.contract min ins() maps [] into affine_map<(i) -> (i)>
       domain affine_set<(i) : (0 == 0)> names ["i"] {
    %k = tile.scalar 7 : i64
    tile.yield %k : i64
  } {covers, lower_bounds = array<i64: 0>, upper_bounds = array<i64: 3>} : () -> tensor<4xi64>
  %4 = tile.contract max ins() maps [] into affine_map<() -> ()> domain affine_set<() : (0 == 0)> names [] {
    %k = tile.scalar true
    tile.yield %k : i1
  } : () -> tensor<i1>
  return
}

// CHECK-LABEL: func @arithmetic
// CHECK: tile.add %{{.*}}, %{{.*}} : (tensor<4x1xf32>, tensor<3xf32>) -> tensor<4x3xf32>
func.func @arithmetic(%a: tensor<4x1xf32>, %b: tensor<3xf32>, %i: tensor<3xui8>, %t: tensor<3xi1>) {
  %0 = tile.add %a, %b : (tensor<4x1xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  %1 = tile.sub %b, %b : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %2 = tile.mul %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %3 = tile.div %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %4 = tile.mod %b, %b : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %5 = tile.pow %b, %b : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %6 = tile.max %t, %t : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
  %7 = tile.min %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %8 = tile.neg %b : (tensor<3xf32>) -> tensor<3xf32>
  %9 = tile.abs %b : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// CHECK-LABEL: func @bits_and_truth
// CHECK: tile.cmp ge %{{.*}}, %{{.*}} : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xi1>
// CHECK: tile.select %{{.*}}, %{{.*}}, %{{.*}} : (tensor<3xi1>, tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
// CHECK: tile.cast %{{.*}} : tensor<3xui8> -> tensor<3xbf16>
func.func @bits_and_truth(%i: tensor<3xui8>, %t: tensor<3xi1>) {
  %0 = tile.and %t, %t : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
  %1 = tile.or %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %2 = tile.xor %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %3 = tile.not %t : (tensor<3xi1>) -> tensor<3xi1>
  %4 = tile.shl %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %5 = tile.shr %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %6 = tile.cmp ge %i, %i : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xi1>
  %7 = tile.select %t, %i, %i : (tensor<3xi1>, tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %8 = tile.cast %i : tensor<3xui8> -> tensor<3xbf16>
  return
}

// CHECK-LABEL: func @functions
// CHECK-COUNT-15: tile.{{[a-z]+}} %{{.*}} : (tensor<3xf64>) -> tensor<3xf64>
func.func @functions(%x: tensor<3xf64>) {
  %0 = tile.exp %x : (tensor<3xf64>) -> tensor<3xf64>
  %1 = tile.log %x : (tensor<3xf64>) -> tensor<3xf64>
  %2 = tile.sqrt %x : (tensor<3xf64>) -> tensor<3xf64>
  %3 = tile.sin %x : (tensor<3xf64>) -> tensor<3xf64>
  %4 = tile.cos %x : (tensor<3xf64>) -> tensor<3xf64>
  %5 = tile.tan %x : (tensor<3xf64>) -> tensor<3xf64>
  %6 = tile.asin %x : (tensor<3xf64>) -> tensor<3xf64>
  %7 = tile.acos %x : (tensor<3xf64>) -> tensor<3xf64>
  %8 = tile.atan %x : (tensor<3xf64>) -> tensor<3xf64>
  %9 = tile.sinh %x : (tensor<3xf64>) -> tensor<3xf64>
  %10 = tile.cosh %x : (tensor<3xf64>) -> tensor<3xf64>
  %11 = tile.tanh %x : (tensor<3xf64>) -> tensor<3xf64>
  %12 = tile.ceil %x : (tensor<3xf64>) -> tensor<3xf64>
  %13 = tile.floor %x : (tensor<3xf64>) -> tensor<3xf64>
  %14 = tile.round %x : (tensor<3xf64>) -> tensor<3xf64>
  return
}

// CHECK-LABEL: func @structure
// CHECK: tile.constant dense<[1.0{{.*}}, 2.0{{.*}}]> : tensor<2xf16>
// CHECK: tile.from_sizes %{{.*}}, %{{.*}} : tensor<2xi64>
// CHECK: tile.require_equal %{{.*}}, %{{.*}}, "differ"
// CHECK: tile.index 1 sizes(%{{.*}}) : tensor<2x?xi32>
// CHECK: tile.gather wrap %{{.*}}, %{{.*}} : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
// CHECK: tile.scatter fill
// CHECK: tile.prng_step %{{.*}} sizes(%{{.*}}) : tensor<3x2048xui32> -> tensor<3x2048xui32>, tensor<?xf32>
func.func @structure(%T: tensor<5x2xf32>, %I: tensor<3xi32>, %S: tensor<3x2048xui32>, %N: index) {
  %0 = tile.constant dense<[1.0, 2.0]> : tensor<2xf16>
  %1 = tile.from_sizes %N, %N : tensor<2xi64>
  tile.require_equal %N, %N, "differ"
  %2 = tile.index 1 sizes(%N) : tensor<2x?xi32>
  %3 = tile.reshape %T sizes(%N) : tensor<5x2xf32> -> tensor<?xf32>
  %4 = tile.broadcast %I sizes(%N) : tensor<3xi32> -> tensor<?x3xi32>
  %5 = tile.reduce_to %T, %0 : (tensor<5x2xf32>, tensor<2xf16>) -> tensor<2xf32>
  %6 = tile.gather wrap %T, %I : (tensor<5x2xf32>, tensor<3xi32>) -> tensor<3x2xf32>
  %7 = tile.scatter fill %6, %I, %T : (tensor<3x2xf32>, tensor<3xi32>, tensor<5x2xf32>) -> tensor<5x2xf32>
  %8:2 = tile.prng_step %S sizes(%N) : tensor<3x2048xui32> -> tensor<3x2048xui32>, tensor<?xf32>
  return
}
