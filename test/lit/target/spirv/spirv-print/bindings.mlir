// Bindings are Blocks of run-time arrays; a second view of one is a second
// variable, both Aliased; what is only read is NonWritable.
// RUN: rm -rf %t && mkdir %t
// RUN: polytile-opt %s --spirv-print=binaries=%t -o /dev/null | FileCheck %s
// RUN: spirv-val --target-env vulkan1.1 %t/scale.spv
// RUN: spirv-val --target-env vulkan1.1 %t/mixed.spv
// RUN: spirv-val --target-env vulkan1.1 %t/in_place.spv
// RUN: spirv-cross --msl %t/mixed.spv --output %t/mixed.metal

// CHECK-LABEL: spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader], []>
// CHECK-DAG: spirv.GlobalVariable @X_x4 bind(0, 0) {non_writable} : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
// CHECK-DAG: spirv.GlobalVariable @Y_x4 bind(0, 1) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
// CHECK-DAG: spirv.GlobalVariable @WorkgroupId built_in("WorkgroupId") : !spirv.ptr<vector<3xi32>, Input>
// CHECK: spirv.func @scale() "None"
// CHECK: %[[V:.*]] = spirv.Load "StorageBuffer" %{{.*}} : vector<4xf32>
// CHECK: %[[S:.*]] = spirv.FAdd %[[V]], %[[V]] {no_contraction} : vector<4xf32>
// CHECK: spirv.Store "StorageBuffer" %{{.*}}, %[[S]] : vector<4xf32>
// CHECK: spirv.EntryPoint "GLCompute" @scale, @{{.*}}Id, @{{.*}}Id
// CHECK: spirv.ExecutionMode @scale "LocalSize", 64, 1, 1
kernel.func @scale(%X: memref<1024xf32> {kernel.access = "read", kernel.name = "X"},
                   %Y: memref<1024xf32> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [4, 1, 1] {
  %X4 = kernel.vector_view %X : memref<1024xf32> to memref<256xvector<4xf32>>
  %Y4 = kernel.vector_view %Y : memref<1024xf32> to memref<256xvector<4xf32>>
  %group = gpu.block_id x
  %item = gpu.thread_id x
  %c64 = arith.constant 64 : index
  %first = arith.muli %group, %c64 : index
  %i = arith.addi %first, %item : index
  %x = memref.load %X4[%i] : memref<256xvector<4xf32>>
  %y = arith.addf %x, %x : vector<4xf32>
  memref.store %y, %Y4[%i] : memref<256xvector<4xf32>>
  kernel.return
}

// A name that isn't known, a name that the kernel has itself, numbers and
// vectors of the same memory, and vectors of another type.
// CHECK-LABEL: spirv.module
// CHECK-DAG: spirv.GlobalVariable @binding0 bind(0, 0) {aliased, non_writable} : {{.*}}rtarray<f32, stride=4>
// CHECK-DAG: spirv.GlobalVariable @binding0_x2 bind(0, 0) {aliased, non_writable} : {{.*}}rtarray<vector<2xf32>, stride=8>
// CHECK-DAG: spirv.GlobalVariable @mixed_1 bind(0, 1) {aliased} : {{.*}}rtarray<i32, stride=4>
// CHECK-DAG: spirv.GlobalVariable @mixed_x4 bind(0, 1) {aliased} : {{.*}}rtarray<vector<4xf32>, stride=16>
// CHECK: spirv.func @mixed()
kernel.func @mixed(%X: memref<64xf32> {kernel.access = "read"},
                   %Y: memref<256xi32> {kernel.access = "write", kernel.name = "mixed"})
    workgroup [32, 1, 1] grid [1, 1, 1] {
  %X2 = kernel.vector_view %X : memref<64xf32> to memref<32xvector<2xf32>>
  %Y4 = kernel.vector_view %Y : memref<256xi32> to memref<64xvector<4xf32>>
  %i = gpu.thread_id x
  %x = memref.load %X[%i] : memref<64xf32>
  %p = memref.load %X2[%i] : memref<32xvector<2xf32>>
  %p0 = vector.extract %p[0] : f32 from vector<2xf32>
  %p1 = vector.extract %p[1] : f32 from vector<2xf32>
  %v = vector.from_elements %x, %p0, %p1, %x : vector<4xf32>
  memref.store %v, %Y4[%i] : memref<64xvector<4xf32>>
  %n = arith.index_cast %i : index to i32
  memref.store %n, %Y[%i] : memref<256xi32>
  kernel.return
}

// A result that may take its operand's memory.
// CHECK-LABEL: spirv.module
// CHECK-DAG: spirv.GlobalVariable @X bind(0, 0) {aliased} : {{.*}}rtarray<f32, stride=4>
// CHECK-DAG: spirv.GlobalVariable @Y bind(0, 1) {aliased} : {{.*}}rtarray<f32, stride=4>
// CHECK-DAG: spirv.GlobalVariable @B bind(0, 2) {non_writable} : {{.*}}rtarray<f32, stride=4>
// CHECK: spirv.func @in_place()
// CHECK: // in_place requires:{{ *$}}
kernel.func @in_place(%X: memref<64xf32> {kernel.access = "read", kernel.name = "X"},
                      %Y: memref<64xf32> {kernel.access = "write", kernel.name = "Y", kernel.may_alias = 0 : i64},
                      %B: memref<64xf32> {kernel.access = "read", kernel.name = "B"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %x = memref.load %X[%i] : memref<64xf32>
  %b = memref.load %B[%i] : memref<64xf32>
  %y = arith.mulf %x, %b fastmath<contract> : f32
  %z = arith.addf %y, %b fastmath<contract> : f32
  memref.store %z, %Y[%i] : memref<64xf32>
  kernel.return
}
