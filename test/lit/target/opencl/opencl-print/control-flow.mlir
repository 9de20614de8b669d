// RUN: polytile-opt %s --opencl-print -o /dev/null > %t.cl
// RUN: FileCheck %s < %t.cl
// RUN: %check-opencl %t.cl

// What a loop carries stands before it; values exchanged by a turn are saved; a bound that may be negative is compared
// as it is in the IR, signed.
// CHECK-LABEL: void loops(
// CHECK: float acc = 0.0f;
// CHECK-NEXT: for (uint i = tid; i < 256u; i += 64u) {
// CHECK-NEXT:   acc = acc + A[i];
// CHECK-NEXT: }
// CHECK-NEXT: const uint n = N[0u];
// CHECK-NEXT: float acc1 = acc;
// CHECK-NEXT: float acc2 = 1.0f;
// CHECK-NEXT: for (uint i = 0u; (int)i < (int)n; ++i) {
// CHECK-NEXT:   for (uint j = i; (int)j < (int)n; ++j) {
// CHECK-NEXT:     O[j] = acc1;
// CHECK-NEXT:   }
// CHECK-NEXT:   const float next = acc1;
// CHECK-NEXT:   acc1 = acc2;
// CHECK-NEXT:   acc2 = next;
// CHECK-NEXT: }
// CHECK-NEXT: O[0u] = acc1 / acc2;
kernel.func @loops(%A: memref<256xf32> {kernel.access = "read", kernel.name = "A"},
                   %N: memref<1xi32> {kernel.access = "read", kernel.name = "N"},
                   %O: memref<256xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %t = gpu.thread_id x
  %sum = scf.for %k = %t to %c256 step %c64 iter_args(%acc = %zero) -> f32 {
    %a = memref.load %A[%k] : memref<256xf32>
    %next = arith.addf %acc, %a : f32
    scf.yield %next : f32
  }
  %n = memref.load %N[%c0] : memref<1xi32>
  %bound = arith.index_cast %n : i32 to index
  %r:2 = scf.for %i = %c0 to %bound step %c1 iter_args(%x = %sum, %y = %one) -> (f32, f32) {
    scf.for %j = %i to %bound step %c1 {
      memref.store %x, %O[%j] : memref<256xf32>
    }
    scf.yield %y, %x : f32, f32
  }
  %q = arith.divf %r#0, %r#1 : f32
  memref.store %q, %O[%c0] : memref<256xf32>
  kernel.return
}

// A loop whose condition hands on what it was given is `while`; another one leaves in its middle.
// CHECK-LABEL: void whiles(
// CHECK: uint state = 128u;
// CHECK-NEXT: while (state != 0u) {
// CHECK-NEXT:   barrier(CLK_LOCAL_MEM_FENCE);
// CHECK-NEXT:   state = state >> 1u;
// CHECK-NEXT: }
// CHECK: uint state1 = 5u;
// CHECK-NEXT: uint n;
// CHECK-NEXT: while (true) {
// CHECK-NEXT:   const uint a = A[state1];
// CHECK-NEXT:   n = a + 1u;
// CHECK-NEXT:   if (!(a < 9u))
// CHECK-NEXT:     break;
// CHECK-NEXT:   state1 = n;
// CHECK-NEXT: }
// CHECK-NEXT: O[0u] = n;
kernel.func @whiles(%A: memref<256xi32> {kernel.access = "read", kernel.name = "A"},
                    %O: memref<256xi32> {kernel.access = "write", kernel.name = "O"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  %one = arith.constant 1 : i32
  %five = arith.constant 5 : i32
  %nine = arith.constant 9 : i32
  %h = scf.while (%half = %c128) : (index) -> index {
    %more = arith.cmpi ne, %half, %c0 : index
    scf.condition(%more) %half : index
  } do {
  ^bb0(%half: index):
    gpu.barrier
    %next = arith.shrui %half, %c1 : index
    scf.yield %next : index
  }
  %r = scf.while (%at = %five) : (i32) -> i32 {
    %i = arith.index_cast %at : i32 to index
    %a = memref.load %A[%i] : memref<256xi32>
    %more = arith.cmpi ult, %a, %nine : i32
    %b = arith.addi %a, %one : i32
    scf.condition(%more) %b : i32
  } do {
  ^bb0(%at: i32):
    scf.yield %at : i32
  }
  memref.store %r, %O[%c0] : memref<256xi32>
  kernel.return
}

// A branch of expressions alone is one: what it guards is read only where it may be. Others get variables, which no block
// hides.
// CHECK-LABEL: void branches(
// CHECK: const float x = tid < 5u ? A[tid] : 0.0f;
// CHECK-NEXT: float x1;
// CHECK-NEXT: if (tid == 0u) {
// CHECK-NEXT:   const float x2 = x * x;
// CHECK-NEXT:   x1 = x2 / x2;
// CHECK-NEXT: } else {
// CHECK-NEXT:   x1 = x;
// CHECK-NEXT: }
// CHECK-NEXT: if (tid < 5u) {
// CHECK-NEXT:   O[tid] = x1;
// CHECK-NEXT: }
kernel.func @branches(%A: memref<5xf32> {kernel.access = "read", kernel.name = "A"},
                      %O: memref<5xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  %t = gpu.thread_id x
  %inside = arith.cmpi ult, %t, %c5 : index
  %x = scf.if %inside -> f32 {
    %a = memref.load %A[%t] : memref<5xf32>
    scf.yield %a : f32
  } else {
    scf.yield %zero : f32
  }
  %first = arith.cmpi eq, %t, %c0 : index
  %y = scf.if %first -> f32 {
    %square = arith.mulf %x, %x : f32
    %q = arith.divf %square, %square : f32
    scf.yield %q : f32
  } else {
    scf.yield %x : f32
  }
  %again = arith.cmpi ult, %t, %c5 : index
  scf.if %again {
    memref.store %y, %O[%t] : memref<5xf32>
  }
  kernel.return
}

// Loads stay before the stores and barriers that they precede, and each in its turn.
// CHECK-LABEL: void order(
// CHECK: const float a = A[tid];
// CHECK-NEXT: A[tid + 1u] = 1.0f;
// CHECK-NEXT: tile[tid] = a;
// CHECK-NEXT: const float tile1 = tile[tid];
// CHECK-NEXT: barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
// CHECK-NEXT: A[tid] = tile1 * 2.0f;
kernel.func @order(%A: memref<65xf32> {kernel.access = "read_write", kernel.name = "A"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  %t = gpu.thread_id x
  %s = kernel.workgroup_memory : memref<64xf32, #gpu.address_space<workgroup>>
  %a = memref.load %A[%t] : memref<65xf32>
  %next = arith.addi %t, %c1 : index
  memref.store %one, %A[%next] : memref<65xf32>
  memref.store %a, %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>
  %b = memref.load %s[%t] : memref<64xf32, #gpu.address_space<workgroup>>
  gpu.barrier
  %c = arith.mulf %b, %two : f32
  memref.store %c, %A[%t] : memref<65xf32>
  kernel.return
}

// Arithmetic on floats stays before the loads that follow it: a schedule orders both. A constant that is known not to wrap
// is added to the address.
// CHECK-LABEL: void registers(
// CHECK: const float x = A[tid] * 2.0f;
// CHECK-NEXT: O[tid] = x + (A + tid)[64u];
// CHECK-NEXT: O[tid + 64u] = A[tid + 128u];
kernel.func @registers(%A: memref<256xf32> {kernel.access = "read", kernel.name = "A"},
                       %O: memref<256xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %c64 = arith.constant 64 : index
  %c128 = arith.constant 128 : index
  %two = arith.constant 2.0 : f32
  %t = gpu.thread_id x
  %a = memref.load %A[%t] : memref<256xf32>
  %x = arith.mulf %a, %two : f32
  %i = arith.addi %t, %c64 overflow<nuw> : index
  %b = memref.load %A[%i] : memref<256xf32>
  %y = arith.addf %x, %b : f32
  memref.store %y, %O[%t] : memref<256xf32>
  %j = arith.addi %t, %c128 : index
  %k = arith.addi %t, %c64 : index
  %c = memref.load %A[%j] : memref<256xf32>
  memref.store %c, %O[%k] : memref<256xf32>
  kernel.return
}
