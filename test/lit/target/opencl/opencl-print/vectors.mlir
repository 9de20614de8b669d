// RUN: polytile-opt %s --opencl-print -o /dev/null > %t.cl
// RUN: FileCheck %s < %t.cl
// RUN: %check-opencl %t.cl

// Wide accesses go through pointers to vectors; shared memory that is seen so is aligned.
// CHECK-LABEL: void views(
// CHECK: local uint tile[64] __attribute__((aligned(16)));
// CHECK: const global float4 *const A4 = (const global float4 *)A;
// CHECK: global float4 *const O4 = (global float4 *)O;
// CHECK: local uint4 *const tile4 = (local uint4 *)tile;
// CHECK: tile4[tid] = as_uint4(A4[tid]);
// CHECK: const float4 x = as_float4(tile4[tid]);
// CHECK: O4[tid] = (float4)(x.w, x.z, 2.0f, 2.0f) * (float4)(3.0f) + (float4)(x.x);
kernel.func @views(%A: memref<64xf32> {kernel.access = "read", kernel.name = "A"},
                   %O: memref<64xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [16, 1, 1] grid [1, 1, 1] {
  %t = gpu.thread_id x
  %two = arith.constant 2.0 : f32
  %three = arith.constant dense<3.0> : vector<4xf32>
  %A4 = kernel.vector_view %A : memref<64xf32> to memref<16xvector<4xf32>>
  %O4 = kernel.vector_view %O : memref<64xf32> to memref<16xvector<4xf32>>
  %s = kernel.workgroup_memory : memref<64xi32, #gpu.address_space<workgroup>>
  %s4 = kernel.vector_view %s : memref<64xi32, #gpu.address_space<workgroup>>
                             to memref<16xvector<4xi32>, #gpu.address_space<workgroup>>
  %a = memref.load %A4[%t] : memref<16xvector<4xf32>>
  %bits = arith.bitcast %a : vector<4xf32> to vector<4xi32>
  memref.store %bits, %s4[%t] : memref<16xvector<4xi32>, #gpu.address_space<workgroup>>
  %back = memref.load %s4[%t] : memref<16xvector<4xi32>, #gpu.address_space<workgroup>>
  %v = arith.bitcast %back : vector<4xi32> to vector<4xf32>
  %x = vector.extract %v[0] : f32 from vector<4xf32>
  %z = vector.extract %v[2] : f32 from vector<4xf32>
  %w = vector.extract %v[3] : f32 from vector<4xf32>
  %r = vector.from_elements %w, %z, %two, %two : vector<4xf32>
  %m = arith.mulf %r, %three : vector<4xf32>
  %splat = vector.splat %x : vector<4xf32>
  %sum = arith.addf %m, %splat : vector<4xf32>
  memref.store %sum, %O4[%t] : memref<16xvector<4xf32>>
  kernel.return
}

// Conditions of vectors are ints, 0 or -1, as wide as select() wants them.
// CHECK-LABEL: void masks(
// CHECK: const int4 is = a < b;
// CHECK: A4[0u] = convert_float4(is & 1);
// CHECK: const float4 x = select((float4)(0.0f), a, is | isunordered(a, b));
// CHECK: = select(c, (ulong2)(1ul, 2ul), convert_long2(convert_int2(as_long2(c) <
// CHECK-NEXT: as_long2((ulong2)(7ul)))));
// CHECK: A4[1u] = select(x, b, ~is);
kernel.func @masks(%A: memref<64xf32> {kernel.access = "read_write", kernel.name = "A"},
                   %B: memref<64xf32> {kernel.access = "read", kernel.name = "B"},
                   %C: memref<64xi64> {kernel.access = "read_write", kernel.name = "C"})
    workgroup [16, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : vector<4xf32>
  %true = arith.constant dense<true> : vector<4xi1>
  %seven = arith.constant dense<7> : vector<2xi64>
  %pair = arith.constant dense<[1, 2]> : vector<2xi64>
  %A4 = kernel.vector_view %A : memref<64xf32> to memref<16xvector<4xf32>>
  %B4 = kernel.vector_view %B : memref<64xf32> to memref<16xvector<4xf32>>
  %C2 = kernel.vector_view %C : memref<64xi64> to memref<32xvector<2xi64>>
  %a = memref.load %A4[%c0] : memref<16xvector<4xf32>>
  %b = memref.load %B4[%c0] : memref<16xvector<4xf32>>
  %p = arith.cmpf olt, %a, %b : vector<4xf32>
  %q = arith.cmpf uno, %a, %b : vector<4xf32>
  %pq = arith.ori %p, %q : vector<4xi1>
  %s = arith.select %pq, %a, %zero : vector<4xi1>, vector<4xf32>
  %f = arith.uitofp %p : vector<4xi1> to vector<4xf32>
  memref.store %f, %A4[%c0] : memref<16xvector<4xf32>>
  %c = memref.load %C2[%c0] : memref<32xvector<2xi64>>
  %less = arith.cmpi slt, %c, %seven : vector<2xi64>
  %d = arith.select %less, %pair, %c : vector<2xi1>, vector<2xi64>
  memref.store %d, %C2[%c0] : memref<32xvector<2xi64>>
  %np = arith.xori %p, %true : vector<4xi1>
  %e = arith.select %np, %b, %s : vector<4xi1>, vector<4xf32>
  memref.store %e, %A4[%c1] : memref<16xvector<4xf32>>
  kernel.return
}

// Vectors of bytes: conversions instead of casts, a lane written by name.
// CHECK-LABEL: void bytes(
// CHECK: const uchar4 n = convert_uchar4(as_uint4(convert_int4(as_char4(e + e))) >> (uint4)(3u));
// CHECK: uchar4 n1 = n;
// CHECK: n1.z = (uchar)5;
// CHECK: E4[0u] = select(n1, e, convert_char4(convert_int4(n1 <= e)));
kernel.func @bytes(%E: memref<64xi8> {kernel.access = "read_write", kernel.name = "E"})
    workgroup [16, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %five = arith.constant 5 : i8
  %three = arith.constant dense<3> : vector<4xi32>
  %E4 = kernel.vector_view %E : memref<64xi8> to memref<16xvector<4xi8>>
  %e = memref.load %E4[%c0] : memref<16xvector<4xi8>>
  %ee = arith.addi %e, %e : vector<4xi8>
  %wide = arith.extsi %ee : vector<4xi8> to vector<4xi32>
  %shifted = arith.shrui %wide, %three : vector<4xi32>
  %short = arith.trunci %shifted : vector<4xi32> to vector<4xi8>
  %put = vector.insert %five, %short [2] : i8 into vector<4xi8>
  %less = arith.cmpi ule, %put, %e : vector<4xi8>
  %r = arith.select %less, %e, %put : vector<4xi1>, vector<4xi8>
  memref.store %r, %E4[%c0] : memref<16xvector<4xi8>>
  kernel.return
}
