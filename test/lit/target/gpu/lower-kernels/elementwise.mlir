// RUN: polytile-opt %s --split-input-file --gpu-lower-kernels --canonicalize --cse | FileCheck %s

// Flat operands: each thread takes four elements; the last vector reaches into padding. A scalar is loaded as one.
// CHECK-LABEL: kernel.func @flat(
// CHECK-SAME: %[[A:.*]]: memref<5001xf32> {kernel.access = "read", kernel.name = "A"}
// CHECK-SAME: %[[B:.*]]: memref<1xf32> {kernel.access = "read"}
// CHECK-SAME: %[[R:.*]]: memref<5001xf32> {kernel.access = "write", kernel.name = "R"}
// CHECK-SAME: workgroup [256, 1, 1] grid [5, 1, 1]
// CHECK-SAME: schedule = {kind = "elementwise", lanes = 4 : i64}
// CHECK: %[[INSIDE:.*]] = arith.cmpi ult, %[[T:.*]], %c1251
// CHECK: scf.if %[[INSIDE]]
// CHECK: %[[VIEW:.*]] = kernel.vector_view %[[A]] : memref<5001xf32> to memref<1251xvector<4xf32>>
// CHECK: memref.load %[[VIEW]][%[[T]]]
// CHECK: memref.load %[[B]][%c0]
// CHECK: %[[SUMS:.*]] = vector.from_elements {{.*}} : vector<4xf32>
// CHECK: memref.store %[[SUMS]], %{{.*}}[%[[T]]]
func.func @flat(%a: tensor<5001xf32> {tile.name = "A"}, %b: tensor<f32>) -> (tensor<5001xf32> {tile.name = "R"}) attributes {program.kernel} {
  %0 = tile.add %a, %b : (tensor<5001xf32>, tensor<f32>) -> tensor<5001xf32>
  return %0 : tensor<5001xf32>
}

// -----

// Elements of 8 bytes go in pairs.
// CHECK-LABEL: kernel.func @pairs
// CHECK: kernel.vector_view %{{.*}} : memref<6000xi64> to memref<3000xvector<2xi64>>
func.func @pairs(%a: tensor<6000xi64>, %b: tensor<6000xi64>) -> tensor<6000xi64> attributes {program.kernel} {
  %0 = tile.add %a, %b : (tensor<6000xi64>, tensor<6000xi64>) -> tensor<6000xi64>
  return %0 : tensor<6000xi64>
}

// -----

// Broadcasting: one thread for each element, indices by unsigned division.
// CHECK-LABEL: kernel.func @broadcast
// CHECK-SAME: workgroup [16, 1, 1] grid [1, 1, 1]
// CHECK: arith.cmpi ult, %[[T:.*]], %c15
// CHECK: %[[COLUMN:.*]] = arith.remui %[[T]], %c5
// CHECK: %[[ROW:.*]] = arith.divui %[[T]], %c5
// CHECK: memref.load %arg0[%[[ROW]]]
// CHECK: memref.load %arg1[%[[COLUMN]]]
// CHECK: memref.store %{{.*}}, %arg2[%[[T]]]
func.func @broadcast(%a: tensor<3x1xf32>, %b: tensor<5xf32>) -> tensor<3x5xf32> attributes {program.kernel} {
  %0 = tile.add %a, %b : (tensor<3x1xf32>, tensor<5xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// -----

// A copy of narrow floats moves their bits.
// CHECK-LABEL: kernel.func @halves
// CHECK: %[[BITS:.*]] = memref.load %arg0
// CHECK-NEXT: %[[VALUE:.*]] = kernel.half_to_float %[[BITS]] : i16 to f32
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[VALUE]], %[[VALUE]] : f32
// CHECK-NEXT: %[[ROUNDED:.*]] = kernel.float_to_half %[[SUM]] : f32 to i16
// CHECK-NEXT: memref.store %[[BITS]], %arg1
// CHECK-NEXT: memref.store %[[ROUNDED]], %arg2
func.func @halves(%a: tensor<8xf16>) -> (tensor<8xf16>, tensor<8xf16>) attributes {program.kernel} {
  %0 = tile.add %a, %a : (tensor<8xf16>, tensor<8xf16>) -> tensor<8xf16>
  return %a, %0 : tensor<8xf16>, tensor<8xf16>
}

// -----

// f32 to i8: NaN gives 0, and no value that is out of range reaches the conversion.
// CHECK-LABEL: kernel.func @saturate
// CHECK-DAG: %[[HIGH:.*]] = arith.cmpf oge, %[[X:.*]], %cst
// CHECK-DAG: %[[LOW:.*]] = arith.cmpf olt, %[[X]],
// CHECK: %[[SAFE:.*]] = arith.select %{{.*}}, %[[X]], %{{.*}} : f32
// CHECK: %[[WHOLE:.*]] = arith.fptosi %[[SAFE]] : f32 to i32
// CHECK: arith.select %[[HIGH]], %c127_i32, %[[WHOLE]]
// CHECK: arith.select %[[LOW]], %c-128_i32
// CHECK: arith.trunci %{{.*}} : i32 to i8
func.func @saturate(%a: tensor<8xf32>) -> tensor<8xi8> attributes {program.kernel} {
  %0 = tile.cast %a : tensor<8xf32> -> tensor<8xi8>
  return %0 : tensor<8xi8>
}

// -----

// Without exactly rounded division in the device, a function divides.
// CHECK: func.func private @ptl_div_f32
// CHECK-LABEL: kernel.func @divide
// CHECK: call @ptl_div_f32
func.func @divide(%a: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<8xf32> attributes {program.kernel} {
  %0 = tile.div %a, %b : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// The index of u32 is clamped as an unsigned number, before it becomes a position.
// CHECK-LABEL: kernel.func @gather
// CHECK: %[[I:.*]] = memref.load %arg1
// CHECK: %[[SAFE:.*]] = arith.minui %[[I]], %c9_i32
// CHECK: arith.index_cast %[[SAFE]] : i32 to index
func.func @gather(%a: tensor<10xf32>, %i: tensor<3xui32>) -> tensor<3xf32> attributes {program.kernel} {
  %0 = tile.gather clip %a, %i : (tensor<10xf32>, tensor<3xui32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// More workgroups than a device has along x go on along y.
// CHECK-LABEL: kernel.func @folded
// CHECK-SAME: grid [39063, 2, 1]
// CHECK: %[[Y:.*]] = gpu.block_id y
// CHECK: %[[ROW:.*]] = arith.muli %[[Y]], %c39063
// CHECK: arith.addi %[[ROW]], %{{.*}}
func.func @folded(%a: tensor<2x10000001xi8>, %b: tensor<10000001xi8>) -> tensor<2x10000001xi8> attributes {program.kernel} {
  %0 = tile.add %a, %b : (tensor<2x10000001xi8>, tensor<10000001xi8>) -> tensor<2x10000001xi8>
  return %0 : tensor<2x10000001xi8>
}

// -----

// Broadcast operands, and an innermost dimension that vectors divide: wide where the operand has it, one number where not.
// CHECK-LABEL: kernel.func @chunks
// CHECK-SAME: schedule = {kind = "elementwise", lanes = 4 : i64}
// CHECK: %[[CHUNK:.*]] = arith.remui %[[T:.*]], %c4
// CHECK: %[[ROW:.*]] = arith.divui %[[T]], %c4
// CHECK: %[[X:.*]] = kernel.vector_view %arg0 : memref<16384xf32> to memref<4096xvector<4xf32>>
// CHECK: memref.load %[[X]][%[[T]]]
// CHECK: %[[Y:.*]] = kernel.vector_view %arg1 : memref<16xf32> to memref<4xvector<4xf32>>
// CHECK: memref.load %[[Y]][%[[CHUNK]]]
// CHECK: memref.load %arg2[%[[ROW]]] : memref<1024xf32>
func.func @chunks(%a: tensor<1024x16xf32>, %b: tensor<16xf32>, %c: tensor<1024x1xf32>) -> tensor<1024x16xf32> attributes {program.kernel} {
  %0 = tile.add %a, %b : (tensor<1024x16xf32>, tensor<16xf32>) -> tensor<1024x16xf32>
  %1 = tile.mul %0, %c : (tensor<1024x16xf32>, tensor<1024x1xf32>) -> tensor<1024x16xf32>
  return %1 : tensor<1024x16xf32>
}
