// RUN: polytile-opt %s --opencl-print -o /dev/null > %t.cl
// RUN: FileCheck %s < %t.cl
// RUN: %check-opencl %t.cl

// CHECK: #pragma OPENCL FP_CONTRACT OFF
// CHECK-NOT: cl_khr

// Functions stand before those that call them, and only those that are called.
// CHECK: static float twice(const float x)
// CHECK: return x + x;
// CHECK: static float quadruple(const float x)
// CHECK: return twice(twice(x));
// CHECK-NOT: unused
func.func private @unused(%x: f32) -> f32 {
  return %x : f32
}
func.func private @quadruple(%x: f32) -> f32 {
  %y = func.call @twice(%x) : (f32) -> f32
  %z = func.call @twice(%y) : (f32) -> f32
  return %z : f32
}
func.func private @twice(%x: f32) -> f32 {
  %y = arith.addf %x, %x : f32
  return %y : f32
}

// A kernel stands below its statements and its schedule; what is only read is const; what is used once is no variable.
// CHECK: // O[i : N] = +(A[i, k]);
// CHECK-NEXT: // P = O * 2; ?
// CHECK-NEXT: // schedule: kind row, tile 1 x 64, wide yes; grid 4 x 1 x 1
// CHECK-NEXT: kernel __attribute__((reqd_work_group_size(64, 1, 1)))
// CHECK-NEXT: void scale(const global float *restrict A, global float *restrict O)
// CHECK-NEXT: {
// CHECK-NEXT:   const uint tid = get_local_id(0);
// CHECK-NEXT:   const uint group = get_group_id(0);
// CHECK-NEXT:   const uint at = group * 64u + tid;
// CHECK-NEXT:   O[at] = quadruple(A[at]) * 0.5f + 0x1.99999ap-4f;
// CHECK-NEXT: }
kernel.func @scale(%A: memref<256xf32> {kernel.access = "read", kernel.name = "A"},
                   %O: memref<256xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [64, 1, 1] grid [4, 1, 1]
    attributes {source = "O[i : N] = +(A[i, k]);\nP = O * 2; \02\\\\",
                schedule = {kind = "row", tile = array<i64: 1, 64>, wide = true}} {
  %c64 = arith.constant 64 : index
  %half = arith.constant 0.5 : f32
  %tenth = arith.constant 0.1 : f32
  %t = gpu.thread_id x
  %g = gpu.block_id x
  %first = arith.muli %g, %c64 : index
  %at = arith.addi %first, %t : index loc("at")
  %a = memref.load %A[%at] : memref<256xf32>
  %q = func.call @quadruple(%a) : (f32) -> f32
  %x = arith.mulf %q, %half : f32
  %y = arith.addf %x, %tenth : f32
  memref.store %y, %O[%at] : memref<256xf32>
  kernel.return
}

// Names that OpenCL C keeps for itself, that hide another, or that aren't there; bindings that may be one another's
// memory claim nothing.
// CHECK: void names(
// CHECK-NEXT: const global float *float_,
// CHECK-NEXT: global float *x,
// CHECK-NEXT: const global float *restrict v_get_b,
// CHECK-NEXT: global float *restrict x1,
// CHECK-NEXT: global float *restrict scale1,
// CHECK-NEXT: global float *restrict buffer5)
kernel.func @names(%a: memref<4xf32> {kernel.access = "read", kernel.name = "float"},
                   %b: memref<4xf32> {kernel.access = "write", kernel.name = "x", kernel.may_alias = 0 : i64},
                   %c: memref<4xf32> {kernel.access = "read", kernel.name = "get_b"},
                   %d: memref<4xf32> {kernel.access = "write", kernel.name = "x"},
                   %e: memref<4xf32> {kernel.access = "write", kernel.name = "scale"},
                   %f: memref<4xf32> {kernel.access = "write"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// Ids along three axes, each asked for once.
// CHECK: reqd_work_group_size(4, 2, 1)
// CHECK: const uint tid = get_local_id(0);
// CHECK-NEXT: const uint tid_y = get_local_id(1);
// CHECK-NEXT: const uint group_z = get_group_id(2);
// CHECK-NEXT: A[(tid + tid_y) * group_z + tid] = 1.0f;
kernel.func @ids(%A: memref<64xf32> {kernel.access = "write", kernel.name = "A"})
    workgroup [4, 2, 1] grid [1, 1, 4] {
  %x = gpu.thread_id x
  %y = gpu.thread_id y
  %z = gpu.block_id z
  %again = gpu.thread_id x
  %one = arith.constant 1.0 : f32
  %s = arith.addi %x, %y : index
  %p = arith.muli %s, %z : index
  %i = arith.addi %p, %again : index
  memref.store %one, %A[%i] : memref<64xf32>
  kernel.return
}

// Indices of 64 bits.
// CHECK: void large
// CHECK: const ulong tid = get_local_id(0);
// CHECK: A[tid + 0x8000000000000000ul] = 1.0f;
// CHECK: A[(ulong)(int)3u] = -0.0f;
kernel.func @large(%A: memref<64xf32> {kernel.access = "write", kernel.name = "A"})
    workgroup [4, 1, 1] grid [1, 1, 1] attributes {index_bits = 64 : i32} {
  %x = gpu.thread_id x
  %far = arith.constant -9223372036854775808 : index
  %three = arith.constant 3 : i32
  %one = arith.constant 1.0 : f32
  %zero = arith.constant -0.0 : f32
  %i = arith.addi %x, %far : index
  memref.store %one, %A[%i] : memref<64xf32>
  %j = arith.index_cast %three : i32 to index
  memref.store %zero, %A[%j] : memref<64xf32>
  kernel.return
}
