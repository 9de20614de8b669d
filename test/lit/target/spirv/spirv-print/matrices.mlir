// Cooperative matrices: SPIR-V 1.6 in the Vulkan memory model, all variables
// in the interface, accesses to workgroup memory that aren't private. The
// packaged spirv-val knows none of this; the structural check has passed.
// RUN: rm -rf %t && mkdir %t
// RUN: polytile-opt %s --spirv-print="binaries=%t device=%S/../Inputs/cooperative.json" -o /dev/null | FileCheck %s
// RUN: not polytile-opt %s --spirv-print -o /dev/null 2>&1 | FileCheck %s --check-prefix=GENERIC

// GENERIC: error: kernel 'product' needs the Vulkan memory model, which vulkan generic

// CHECK-LABEL: spirv.module Logical Vulkan requires #spirv.vce<v1.6,
// CHECK-SAME: VulkanMemoryModel, CooperativeMatrixKHR]
// CHECK-SAME: SPV_KHR_vulkan_memory_model
// CHECK-SAME: SPV_KHR_cooperative_matrix
// CHECK: spirv.GlobalVariable @tile : !spirv.ptr<!spirv.array<64 x vector<4xi32>>, Workgroup>
// CHECK: spirv.Variable : !spirv.ptr<!spirv.coopmatrix<16x16xf32, Subgroup, MatrixAcc>, Function>
// CHECK: %[[X:.*]] = spirv.Load "StorageBuffer" %{{[^ ]*}} : vector<4xi32>
// CHECK: spirv.Store "Workgroup" %{{.*}}, %[[X]] ["NonPrivatePointer"] : vector<4xi32>
// CHECK: spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|WorkgroupMemory|MakeAvailable|MakeVisible>
// CHECK: spirv.KHR.CooperativeMatrixLoad %{{.*}}, %{{.*}}, <RowMajor>, <NonPrivatePointer> : !spirv.ptr<vector<4xi32>, Workgroup>, i32 -> !spirv.coopmatrix<16x16xf16, Subgroup, MatrixA>
// CHECK: spirv.KHR.CooperativeMatrixLoad %{{.*}}, %{{.*}}, <ColumnMajor>, <NonPrivatePointer> : {{.*}} -> !spirv.coopmatrix<16x16xf16, Subgroup, MatrixB>
// CHECK: spirv.KHR.CooperativeMatrixMulAdd
// CHECK: spirv.KHR.CooperativeMatrixStore %{{.*}}, %{{.*}}, %{{.*}}, <RowMajor> : !spirv.ptr<f32, StorageBuffer>
// CHECK: spirv.EntryPoint "GLCompute" @product, @A_x4, @C, @tile, @LocalInvocationId
// CHECK: spirv.ExecutionMode @product "DenormPreserve", 16
// CHECK-NOT: RoundingModeRTE
// CHECK: // product requires: cooperative_matrix denorm_preserve_f16 {{.*}} vulkan_memory_model
kernel.func @product(%A: memref<512xi16> {kernel.access = "read", kernel.name = "A"},
                     %C: memref<256xf32> {kernel.access = "write", kernel.name = "C"})
    workgroup [32, 1, 1] grid [1, 1, 1] attributes {subgroup_size = 32 : i32} {
  %tile = kernel.workgroup_memory "tile" : memref<64xvector<4xi32>, #gpu.address_space<workgroup>>
  %A4 = kernel.vector_view %A : memref<512xi16> to memref<64xvector<4xi32>>
  %i = gpu.thread_id x
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %x = memref.load %A4[%i] : memref<64xvector<4xi32>>
  memref.store %x, %tile[%i] : memref<64xvector<4xi32>, #gpu.address_space<workgroup>>
  gpu.barrier
  %zero = arith.constant 0.0 : f32
  %acc0 = gpu.subgroup_mma_constant_matrix %zero : !gpu.mma_matrix<16x16xf32, "COp">
  %sum = scf.for %k = %c0 to %c2 step %c1 iter_args(%acc = %acc0) -> (!gpu.mma_matrix<16x16xf32, "COp">) {
    %a = gpu.subgroup_mma_load_matrix %tile[%k] {leadDimension = 2 : index} : memref<64xvector<4xi32>, #gpu.address_space<workgroup>> -> !gpu.mma_matrix<16x16xf16, "AOp">
    %b = gpu.subgroup_mma_load_matrix %tile[%k] {leadDimension = 2 : index, transpose} : memref<64xvector<4xi32>, #gpu.address_space<workgroup>> -> !gpu.mma_matrix<16x16xf16, "BOp">
    %c = gpu.subgroup_mma_compute %a, %b, %acc : !gpu.mma_matrix<16x16xf16, "AOp">, !gpu.mma_matrix<16x16xf16, "BOp"> -> !gpu.mma_matrix<16x16xf32, "COp">
    scf.yield %c : !gpu.mma_matrix<16x16xf32, "COp">
  }
  gpu.subgroup_mma_store_matrix %sum, %C[%c0] {leadDimension = 16 : index} : !gpu.mma_matrix<16x16xf32, "COp">, memref<256xf32>
  kernel.return
}
