// RUN: polytile-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: kernel.func @scale(
// CHECK-SAME: %{{.*}}: memref<1024xf32> {kernel.access = "read", kernel.name = "X"}
// CHECK-SAME: workgroup [64, 1, 1] grid [4, 1, 1] attributes {source = "Y = 2 * X;"}
kernel.func @scale(%X: memref<1024xf32> {kernel.access = "read", kernel.name = "X"},
                   %Y: memref<1024xf32> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [4, 1, 1] attributes {source = "Y = 2 * X;"} {
  // CHECK: kernel.vector_view %{{.*}} : memref<1024xf32> to memref<256xvector<4xf32>>
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

// CHECK-LABEL: kernel.func @memories() workgroup [1, 1, 1] grid [1, 1, 1]
// CHECK-SAME: index_bits = 64 : i32
kernel.func @memories() workgroup [1, 1, 1] grid [1, 1, 1] attributes {index_bits = 64 : i32, subgroup_size = 32 : i32} {
  // CHECK: kernel.workgroup_memory "tile" : memref<16xf32, #gpu.address_space<workgroup>>
  %tile = kernel.workgroup_memory "tile" : memref<16xf32, #gpu.address_space<workgroup>>
  %own = memref.alloca() : memref<4xi16, #gpu.address_space<private>>
  %c0 = arith.constant 0 : index
  %bits = memref.load %own[%c0] : memref<4xi16, #gpu.address_space<private>>
  // CHECK: kernel.half_to_float %{{.*}} : i16 to f32
  %x = kernel.half_to_float %bits : i16 to f32
  // CHECK: kernel.float_to_half %{{.*}} : f32 to i16
  %back = kernel.float_to_half %x : f32 to i16
  memref.store %back, %own[%c0] : memref<4xi16, #gpu.address_space<private>>
  memref.store %x, %tile[%c0] : memref<16xf32, #gpu.address_space<workgroup>>
  kernel.return
}
