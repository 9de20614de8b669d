// RUN: polytile-opt %s --opencl-print=device=%S/Inputs/device.json -o /dev/null > %t.cl
// RUN: FileCheck %s < %t.cl
// RUN: %check-opencl %t.cl

// Doubles need the extension, halves functions for the conversions that occur.
// CHECK: #pragma OPENCL FP_CONTRACT OFF
// CHECK-NEXT: #pragma OPENCL EXTENSION cl_khr_fp64 : enable
// CHECK: static float4 float_from_half4(const ushort4 bits)
// CHECK-NEXT: {
// CHECK-NEXT: return vload_half4(0, (const private half *)&bits);
// CHECK: static ushort half_from_float(const float value)
// CHECK: vstore_half_rte(value, 0, (private half *)&bits);
// CHECK-NOT: half_from_float4

// Only where both the product and the sum allow it they are fused.
// CHECK-LABEL: void fuse(
// CHECK: O[0u] = fma(a, b, c);
// CHECK: O[1u] = a * b + c;
// CHECK: O[2u] = fma(a, b, -c);
// CHECK: O[3u] = fma(-a, b, c);
// CHECK: O[4u] = a - (b - c) / (a * b);
// CHECK: O[5u] = -(-a);
// CHECK: O[6u] = fma(a, b, b * c);
kernel.func @fuse(%A: memref<4xf32> {kernel.access = "read", kernel.name = "A"},
                  %B: memref<4xf32> {kernel.access = "read", kernel.name = "B"},
                  %C: memref<4xf32> {kernel.access = "read", kernel.name = "C"},
                  %O: memref<8xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %a = memref.load %A[%c0] : memref<4xf32>
  %b = memref.load %B[%c0] : memref<4xf32>
  %c = memref.load %C[%c0] : memref<4xf32>
  %0 = arith.mulf %a, %b fastmath<contract> : f32
  %1 = arith.addf %0, %c fastmath<contract> : f32
  memref.store %1, %O[%c0] : memref<8xf32>
  %2 = arith.mulf %a, %b : f32
  %3 = arith.addf %2, %c fastmath<contract> : f32
  memref.store %3, %O[%c1] : memref<8xf32>
  %4 = arith.mulf %a, %b fastmath<contract> : f32
  %5 = arith.subf %4, %c fastmath<contract> : f32
  memref.store %5, %O[%c2] : memref<8xf32>
  %6 = arith.mulf %a, %b fastmath<contract> : f32
  %7 = arith.subf %c, %6 fastmath<contract> : f32
  memref.store %7, %O[%c3] : memref<8xf32>
  %8 = arith.mulf %a, %b fastmath<contract> : f32
  %9 = arith.subf %b, %c : f32
  %10 = arith.divf %9, %8 : f32
  %11 = arith.subf %a, %10 : f32
  memref.store %11, %O[%c4] : memref<8xf32>
  %12 = arith.negf %a : f32
  %13 = arith.negf %12 : f32
  memref.store %13, %O[%c5] : memref<8xf32>
  %14 = arith.mulf %a, %b fastmath<contract> : f32
  %15 = arith.mulf %b, %c fastmath<contract> : f32
  %16 = arith.addf %14, %15 fastmath<contract> : f32
  memref.store %16, %O[%c6] : memref<8xf32>
  kernel.return
}

// Constants are exact: decimal where that is short, else hexadecimal; a NaN keeps its bits.
// CHECK-LABEL: void constants(
// CHECK: O[0u] = as_float(0x7fc00001u);
// CHECK: O[0u] = -INFINITY;
// CHECK: O[0u] = 1024.0f;
// CHECK: O[0u] = 0x1.99999ap-4f;
// CHECK: O[0u] = 0x0.000002p-126f;
// CHECK: P[0u] = 0x1.999999999999ap-4;
// CHECK: P[0u] = (double)INFINITY;
kernel.func @constants(%O: memref<4xf32> {kernel.access = "write", kernel.name = "O"},
                       %P: memref<4xf64> {kernel.access = "write", kernel.name = "P"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %nan = arith.constant 0x7FC00001 : f32
  %inf = arith.constant 0xFF800000 : f32
  %k = arith.constant 1024.0 : f32
  %tenth = arith.constant 0.1 : f32
  %least = arith.constant 0x00000001 : f32
  memref.store %nan, %O[%c0] : memref<4xf32>
  memref.store %inf, %O[%c0] : memref<4xf32>
  memref.store %k, %O[%c0] : memref<4xf32>
  memref.store %tenth, %O[%c0] : memref<4xf32>
  memref.store %least, %O[%c0] : memref<4xf32>
  %double = arith.constant 0.1 : f64
  %far = arith.constant 0x7FF0000000000000 : f64
  memref.store %double, %P[%c0] : memref<4xf64>
  memref.store %far, %P[%c0] : memref<4xf64>
  kernel.return
}

// A comparison that is true of NaNs is the negation of one that isn't.
// CHECK-LABEL: void compare(
// CHECK: O[0u] = a < b ? a : b;
// CHECK: O[1u] = !(a >= b) ? a : b;
// CHECK: O[2u] = a < b || a > b ? a : b;
// CHECK: O[3u] = isnan(a) ? b : a;
// CHECK: O[4u] = !isunordered(a, b) ? (float)(int)as_uint(a) : floor(fabs(rint(b)));
kernel.func @compare(%A: memref<4xf32> {kernel.access = "read", kernel.name = "A"},
                     %B: memref<4xf32> {kernel.access = "read", kernel.name = "B"},
                     %O: memref<8xf32> {kernel.access = "write", kernel.name = "O"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %a = memref.load %A[%c0] : memref<4xf32>
  %b = memref.load %B[%c0] : memref<4xf32>
  %0 = arith.cmpf olt, %a, %b : f32
  %1 = arith.select %0, %a, %b : f32
  memref.store %1, %O[%c0] : memref<8xf32>
  %2 = arith.cmpf ult, %a, %b : f32
  %3 = arith.select %2, %a, %b : f32
  memref.store %3, %O[%c1] : memref<8xf32>
  %4 = arith.cmpf one, %a, %b : f32
  %5 = arith.select %4, %a, %b : f32
  memref.store %5, %O[%c2] : memref<8xf32>
  %6 = arith.cmpf uno, %a, %a : f32
  %7 = arith.select %6, %b, %a : f32
  memref.store %7, %O[%c3] : memref<8xf32>
  %8 = arith.cmpf ord, %a, %b : f32
  %9 = arith.bitcast %a : f32 to i32
  %10 = arith.sitofp %9 : i32 to f32
  %11 = math.roundeven %b : f32
  %12 = math.absf %11 : f32
  %13 = math.floor %12 : f32
  %14 = arith.select %8, %10, %13 : f32
  memref.store %14, %O[%c4] : memref<8xf32>
  kernel.return
}

// CHECK-LABEL: void halves(
// CHECK: O[0u] = half_from_float(float_from_half4(A4[0u]).y);
kernel.func @halves(%A: memref<4xi16> {kernel.access = "read", kernel.name = "A"},
                    %O: memref<4xi16> {kernel.access = "write", kernel.name = "O"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %A4 = kernel.vector_view %A : memref<4xi16> to memref<1xvector<4xi16>>
  %bits = memref.load %A4[%c0] : memref<1xvector<4xi16>>
  %v = kernel.half_to_float %bits : vector<4xi16> to vector<4xf32>
  %x = vector.extract %v[1] : f32 from vector<4xf32>
  %h = kernel.float_to_half %x : f32 to i16
  memref.store %h, %O[%c0] : memref<4xi16>
  kernel.return
}
