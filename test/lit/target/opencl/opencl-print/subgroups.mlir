// RUN: polytile-opt %s --opencl-print=device=%S/Inputs/subgroups.json -o /dev/null | FileCheck %s

// Shuffles by either extension that has them, and the size that the kernel relies on.
// CHECK: #ifdef cl_khr_subgroups
// CHECK: #if defined(cl_khr_subgroup_shuffle)
// CHECK: #define sub_group_shuffle_xor intel_sub_group_shuffle_xor
// CHECK: #ifdef cl_intel_required_subgroup_size
// CHECK-NEXT: __attribute__((intel_reqd_sub_group_size(16)))
// CHECK: void butterfly(
// CHECK: const uint lane = get_sub_group_local_id();
// CHECK: const float x = sub_group_shuffle_xor(A[lane], 1u);
// CHECK: O[lane] = x + sub_group_shuffle(x, get_sub_group_local_id() + 2u);
kernel.func @butterfly(%A: memref<64xf32> {kernel.access = "read", kernel.name = "A"},
                       %O: memref<64xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [64, 1, 1] grid [1, 1, 1] attributes {subgroup_size = 16 : i32} {
  %one = arith.constant 1 : i32
  %two = arith.constant 2 : i32
  %width = arith.constant 16 : i32
  %lane = gpu.lane_id
  %a = memref.load %A[%lane] : memref<64xf32>
  %x, %p = gpu.shuffle xor %a, %one, %width : f32
  %y, %q = gpu.shuffle down %x, %two, %width : f32
  %sum = arith.addf %x, %y : f32
  memref.store %sum, %O[%lane] : memref<64xf32>
  kernel.return
}
