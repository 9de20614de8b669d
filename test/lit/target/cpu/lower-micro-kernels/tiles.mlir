// RUN: polytile-opt %s --cpu-lower-micro-kernels --split-input-file | FileCheck %s

#rows = affine_map<(m, k, n) -> (m, k)>
#columns = affine_map<(m, k, n) -> (k, n)>
#product = affine_map<(m, k, n) -> (m, n)>

// A tile of 2 x 12 in vectors of 8: the second vector of a row has four lanes, and a fill makes the sums start from zero.

// CHECK-LABEL: func.func @narrow_tile(
// CHECK-NOT: linalg
// CHECK: call @[[TILE:micro_kernel_1_2x12]](%arg0, %arg3, %arg1, %arg3, %arg2, %arg3)
// CHECK: func.func private @[[TILE]](
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK: vector.load
// CHECK: vector.maskedload
// CHECK-COUNT-4: vector.fma
// CHECK: scf.yield
// CHECK-NOT: arith.addf
// CHECK: vector.store
// CHECK: vector.maskedstore
func.func @narrow_tile(%A: memref<100xf32>, %B: memref<200xf32>, %C: memref<300xf32>, %at: index) {
  %zero = arith.constant 0.0 : f32
  %a = memref.reinterpret_cast %A to offset: [%at], sizes: [2, 5], strides: [5, 1] : memref<100xf32> to memref<2x5xf32, strided<[5, 1], offset: ?>>
  %b = memref.reinterpret_cast %B to offset: [%at], sizes: [5, 12], strides: [16, 1] : memref<200xf32> to memref<5x12xf32, strided<[16, 1], offset: ?>>
  %c = memref.reinterpret_cast %C to offset: [%at], sizes: [2, 12], strides: [12, 1] : memref<300xf32> to memref<2x12xf32, strided<[12, 1], offset: ?>>
  linalg.fill ins(%zero : f32) outs(%c : memref<2x12xf32, strided<[12, 1], offset: ?>>)
  linalg.generic {indexing_maps = [#rows, #columns, #product], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<2x5xf32, strided<[5, 1], offset: ?>>, memref<5x12xf32, strided<[16, 1], offset: ?>>)
      outs(%c : memref<2x12xf32, strided<[12, 1], offset: ?>>) attrs = {polytile.micro_kernel = 256 : i64} {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  }
  return
}

// -----

#rows = affine_map<(m, k, n) -> (m, k)>
#columns = affine_map<(m, k, n) -> (k, n)>
#product = affine_map<(m, k, n) -> (m, n)>

// Without a fill the tile is added to what is there; vectors of 128 bits are for machines without fused multiply-add.

// CHECK-LABEL: func.func @adds(
// CHECK: func.func private @micro_kernel_1_1x4(
// CHECK: arith.mulf {{.*}} : vector<4xf32>
// CHECK: scf.yield
// CHECK: arith.addf {{.*}} : vector<4xf32>
// CHECK: vector.store
func.func @adds(%A: memref<100xf32>, %B: memref<200xf32>, %C: memref<300xf32>, %at: index) {
  %a = memref.reinterpret_cast %A to offset: [%at], sizes: [1, 5], strides: [5, 1] : memref<100xf32> to memref<1x5xf32, strided<[5, 1], offset: ?>>
  %b = memref.reinterpret_cast %B to offset: [%at], sizes: [5, 4], strides: [16, 1] : memref<200xf32> to memref<5x4xf32, strided<[16, 1], offset: ?>>
  %c = memref.reinterpret_cast %C to offset: [%at], sizes: [1, 4], strides: [12, 1] : memref<300xf32> to memref<1x4xf32, strided<[12, 1], offset: ?>>
  linalg.generic {indexing_maps = [#rows, #columns, #product], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%a, %b : memref<1x5xf32, strided<[5, 1], offset: ?>>, memref<5x4xf32, strided<[16, 1], offset: ?>>)
      outs(%c : memref<1x4xf32, strided<[12, 1], offset: ?>>) attrs = {polytile.micro_kernel = 128 : i64} {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %q = arith.addf %s, %p : f32
    linalg.yield %q : f32
  }
  return
}

// -----

// A copy whose sides are contiguous in different dimensions transposes blocks in registers.

// CHECK-LABEL: func.func @transposed_copy(
// CHECK: call @[[PACK:pack_1_8x4]](
// CHECK: func.func private @[[PACK]](
// CHECK-COUNT-4: vector.load {{.*}} vector<4xf32>
// CHECK-COUNT-8: vector.shuffle
// CHECK-COUNT-4: vector.store
func.func @transposed_copy(%A: memref<100xf32>, %B: memref<200xf32>, %at: index) {
  %a = memref.reinterpret_cast %A to offset: [%at], sizes: [4, 8], strides: [9, 1] : memref<100xf32> to memref<4x8xf32, strided<[9, 1], offset: ?>>
  %b = memref.reinterpret_cast %B to offset: [%at], sizes: [8, 4], strides: [4, 1] : memref<200xf32> to memref<8x4xf32, strided<[4, 1], offset: ?>>
  linalg.generic {indexing_maps = [affine_map<(k, n) -> (n, k)>, affine_map<(k, n) -> (k, n)>], iterator_types = ["parallel", "parallel"]}
      ins(%a : memref<4x8xf32, strided<[9, 1], offset: ?>>) outs(%b : memref<8x4xf32, strided<[4, 1], offset: ?>>)
      attrs = {polytile.pack = 128 : i64} {
  ^bb0(%x: f32, %y: f32):
    linalg.yield %x : f32
  }
  return
}
