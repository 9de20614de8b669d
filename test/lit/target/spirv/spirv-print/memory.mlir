// Workgroup and private memory, halves, and what a device without narrow
// storage gets instead.
// RUN: rm -rf %t && mkdir -p %t/bare %t/generic
// RUN: polytile-opt %s --spirv-print=binaries=%t/generic -o /dev/null | FileCheck %s
// RUN: polytile-opt %s --spirv-print="binaries=%t/bare device=%S/../Inputs/bare.json" -o /dev/null | FileCheck %s --check-prefix=BARE
// RUN: spirv-val --target-env vulkan1.1 %t/generic/tiles.spv
// RUN: spirv-val --target-env vulkan1.1 %t/generic/halves.spv
// RUN: spirv-val --target-env vulkan1.1 %t/bare/tiles.spv
// RUN: spirv-val --target-env vulkan1.1 %t/bare/halves.spv
// RUN: spirv-cross --msl %t/generic/tiles.spv --output %t/tiles.metal
// RUN: spirv-cross --msl %t/generic/halves.spv --output %t/halves.metal
// RUN: spirv-cross --msl %t/bare/halves.spv --output %t/bare.metal

// Numbers and vectors: an array of numbers; vectors alone: one of vectors.
// CHECK-LABEL: spirv.module
// CHECK-DAG: spirv.GlobalVariable @tile : !spirv.ptr<!spirv.array<256 x f32>, Workgroup>
// CHECK-DAG: spirv.GlobalVariable @shared : !spirv.ptr<!spirv.array<64 x vector<4xf32>>, Workgroup>
// CHECK: spirv.func @tiles()
// CHECK: spirv.Variable : !spirv.ptr<!spirv.array<4 x f32>, Function>
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory>
// CHECK-COUNT-4: spirv.Load "Workgroup" %{{.*}} : f32
// CHECK: spirv.CompositeConstruct
// CHECK: spirv.Load "Workgroup" %{{.*}} : vector<4xf32>
kernel.func @tiles(%X: memref<256xf32> {kernel.access = "read", kernel.name = "X"},
                   %Y: memref<256xf32> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %S = kernel.workgroup_memory "tile" : memref<256xf32, #gpu.address_space<workgroup>>
  %V = kernel.workgroup_memory : memref<256xf32, #gpu.address_space<workgroup>>
  %S4 = kernel.vector_view %S : memref<256xf32, #gpu.address_space<workgroup>> to memref<64xvector<4xf32>, #gpu.address_space<workgroup>>
  %V4 = kernel.vector_view %V : memref<256xf32, #gpu.address_space<workgroup>> to memref<64xvector<4xf32>, #gpu.address_space<workgroup>>
  %P = memref.alloca() : memref<4xf32, #gpu.address_space<private>>
  %X4 = kernel.vector_view %X : memref<256xf32> to memref<64xvector<4xf32>>
  %Y4 = kernel.vector_view %Y : memref<256xf32> to memref<64xvector<4xf32>>
  %i = gpu.thread_id x
  %c3 = arith.constant 3 : index
  %x = memref.load %X4[%i] : memref<64xvector<4xf32>>
  memref.store %x, %V4[%i] : memref<64xvector<4xf32>, #gpu.address_space<workgroup>>
  %e = vector.extract %x[0] : f32 from vector<4xf32>
  memref.store %e, %P[%c3] : memref<4xf32, #gpu.address_space<private>>
  %p = memref.load %P[%c3] : memref<4xf32, #gpu.address_space<private>>
  memref.store %p, %S[%i] : memref<256xf32, #gpu.address_space<workgroup>>
  gpu.barrier
  %a = memref.load %S4[%i] : memref<64xvector<4xf32>, #gpu.address_space<workgroup>>
  %b = memref.load %V4[%i] : memref<64xvector<4xf32>, #gpu.address_space<workgroup>>
  %y = arith.addf %a, %b : vector<4xf32>
  memref.store %y, %Y4[%i] : memref<64xvector<4xf32>>
  kernel.return
}

// Functions of integer operations convert halves. Without 16-bit storage, the
// bits lie in words; a store sets them by two atomic operations.
// CHECK-LABEL: spirv.module
// CHECK-SAME: StorageBuffer16BitAccess
// CHECK: spirv.func @float_to_half(%{{.*}}: f32) -> i32
// CHECK: spirv.func @half_to_float(%{{.*}}: i32) -> f32
// CHECK: spirv.func @halves()
// CHECK: spirv.FunctionCall @half_to_float
// CHECK: spirv.FunctionCall @float_to_half
// CHECK: // halves requires: storage16
// BARE-LABEL: spirv.func @halves()
// BARE: %[[I:.*]] = spirv.CompositeExtract
// BARE: %[[WORD:.*]] = spirv.UDiv %[[I]]
// BARE: spirv.UMod %[[I]]
// BARE: spirv.Load "StorageBuffer" %{{.*}} : i32
// BARE: spirv.ShiftRightLogical
// BARE: spirv.AtomicAnd <Device> <None>
// BARE: spirv.AtomicOr <Device> <None>
// BARE: // halves requires:{{ *$}}
kernel.func @halves(%X: memref<64xi16> {kernel.access = "read", kernel.name = "X"},
                    %Y: memref<64xi16> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %x = memref.load %X[%i] : memref<64xi16>
  %f = kernel.half_to_float %x : i16 to f32
  %g = arith.addf %f, %f : f32
  %h = kernel.float_to_half %g : f32 to i16
  memref.store %h, %Y[%i] : memref<64xi16>
  kernel.return
}
