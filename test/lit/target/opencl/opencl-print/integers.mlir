// RUN: polytile-opt %s --opencl-print -o /dev/null > %t.cl
// RUN: FileCheck %s < %t.cl
// RUN: %check-opencl %t.cl

// Signed operations are casts around unsigned ones, so that nothing overflows.
// CHECK-LABEL: void words(
// CHECK: O[0u] = a - 1u;
// CHECK: O[1u] = (uint)((int)a / (int)b);
// CHECK: O[2u] = (uint)((int)a >> b);
// CHECK: O[3u] = a >> b;
// CHECK: O[4u] = (uint)max((int)a, -7);
// CHECK: O[5u] = min(a, 7u);
// CHECK: O[6u] = (int)a < -7 ? a : b;
// CHECK: O[7u] = (a & b) ^ (a | ~b);
// CHECK: O[8u] = a - (b - a) * (a + b);
// CHECK: O[9u] = (uint)(a < b);
// CHECK: O[10u] = (uint)(a != b ? -1 : 0);
// CHECK: O[11u] = a / b + (a % b != 0);
// CHECK: O[12u] = (uint)((int)a / (int)b - ((int)a % (int)b != 0 && ((int)a ^ (int)b) < 0));
kernel.func @words(%A: memref<4xi32> {kernel.access = "read", kernel.name = "A"},
                   %B: memref<4xi32> {kernel.access = "read", kernel.name = "B"},
                   %O: memref<16xi32> {kernel.access = "write", kernel.name = "O"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %c8 = arith.constant 8 : index
  %c9 = arith.constant 9 : index
  %c10 = arith.constant 10 : index
  %c11 = arith.constant 11 : index
  %c12 = arith.constant 12 : index
  %minus1 = arith.constant -1 : i32
  %minus7 = arith.constant -7 : i32
  %seven = arith.constant 7 : i32
  %a = memref.load %A[%c0] : memref<4xi32>
  %b = memref.load %B[%c0] : memref<4xi32>
  %0 = arith.addi %a, %minus1 : i32
  memref.store %0, %O[%c0] : memref<16xi32>
  %1 = arith.divsi %a, %b : i32
  memref.store %1, %O[%c1] : memref<16xi32>
  %2 = arith.shrsi %a, %b : i32
  memref.store %2, %O[%c2] : memref<16xi32>
  %3 = arith.shrui %a, %b : i32
  memref.store %3, %O[%c3] : memref<16xi32>
  %4 = arith.maxsi %a, %minus7 : i32
  memref.store %4, %O[%c4] : memref<16xi32>
  %5 = arith.minui %a, %seven : i32
  memref.store %5, %O[%c5] : memref<16xi32>
  %6 = arith.cmpi slt, %a, %minus7 : i32
  %7 = arith.select %6, %a, %b : i32
  memref.store %7, %O[%c6] : memref<16xi32>
  %8 = arith.andi %a, %b : i32
  %9 = arith.xori %b, %minus1 : i32
  %10 = arith.ori %a, %9 : i32
  %11 = arith.xori %8, %10 : i32
  memref.store %11, %O[%c7] : memref<16xi32>
  %12 = arith.subi %b, %a : i32
  %13 = arith.addi %a, %b : i32
  %14 = arith.muli %12, %13 : i32
  %15 = arith.subi %a, %14 : i32
  memref.store %15, %O[%c8] : memref<16xi32>
  %16 = arith.cmpi ult, %a, %b : i32
  %17 = arith.extui %16 : i1 to i32
  memref.store %17, %O[%c9] : memref<16xi32>
  %18 = arith.cmpi ne, %a, %b : i32
  %19 = arith.extsi %18 : i1 to i32
  memref.store %19, %O[%c10] : memref<16xi32>
  %20 = arith.ceildivui %a, %b : i32
  memref.store %20, %O[%c11] : memref<16xi32>
  %21 = arith.floordivsi %a, %b : i32
  memref.store %21, %O[%c12] : memref<16xi32>
  kernel.return
}

// C computes bytes and shorts as int: results are cut, and products are taken of unsigned, which can't overflow.
// CHECK-LABEL: void shorts(
// CHECK: O[0u] = (ushort)((uint)a * a);
// CHECK: O[1u] = (ushort)(char)((char)b / (char)(uchar)3);
// CHECK: O[2u] = (ushort)(uchar)((uchar)((uint)b << (uchar)3) >> (uchar)3);
kernel.func @shorts(%A: memref<4xi16> {kernel.access = "read", kernel.name = "A"},
                    %B: memref<4xi8> {kernel.access = "read", kernel.name = "B"},
                    %O: memref<4xi16> {kernel.access = "write", kernel.name = "O"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %three = arith.constant 3 : i8
  %a = memref.load %A[%c0] : memref<4xi16>
  %b = memref.load %B[%c0] : memref<4xi8>
  %0 = arith.muli %a, %a : i16
  memref.store %0, %O[%c0] : memref<4xi16>
  %1 = arith.divsi %b, %three : i8
  %2 = arith.extsi %1 : i8 to i16
  memref.store %2, %O[%c1] : memref<4xi16>
  %3 = arith.shli %b, %three : i8
  %4 = arith.shrui %3, %three : i8
  %5 = arith.extui %4 : i8 to i16
  memref.store %5, %O[%c2] : memref<4xi16>
  kernel.return
}

// Both halves of a product, and the carry of a sum.
// CHECK-LABEL: void wide(
// CHECK: const ulong n = a * a;
// CHECK: const ulong n1 = a + n;
// CHECK: O[0u] = n1 + (ulong)(n1 < a) + mul_hi(a, a) + (ulong)mul_hi((long)a, (long)a);
kernel.func @wide(%A: memref<4xi64> {kernel.access = "read", kernel.name = "A"},
                  %O: memref<4xi64> {kernel.access = "write", kernel.name = "O"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %a = memref.load %A[%c0] : memref<4xi64>
  %low, %high = arith.mului_extended %a, %a : i64
  %sum, %carry = arith.addui_extended %a, %low : i64, i1
  %unused, %signed = arith.mulsi_extended %a, %a : i64
  %c = arith.extui %carry : i1 to i64
  %0 = arith.addi %sum, %c : i64
  %1 = arith.addi %0, %high : i64
  %2 = arith.addi %1, %signed : i64
  memref.store %2, %O[%c0] : memref<4xi64>
  kernel.return
}

// Booleans are && and ||, and their arithmetic is that of one bit, whose sign is negative.
// CHECK-LABEL: void truth(
// CHECK: const bool is = (a & 1u) != 0;
// CHECK: const bool is1 = !is;
// CHECK: O[0u] = (uint)(is && (a < 5u || is1));
// CHECK: const bool is2 = a > 5u;
// CHECK: O[1u] = (uint)(is != is2);
// CHECK: O[2u] = (uint)((is && is1) != (is || is2));
// CHECK: O[3u] = (uint)(is1 < is);
kernel.func @truth(%A: memref<4xi32> {kernel.access = "read", kernel.name = "A"},
                   %O: memref<4xi32> {kernel.access = "write", kernel.name = "O"})
    workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %five = arith.constant 5 : i32
  %true = arith.constant true
  %a = memref.load %A[%c0] : memref<4xi32>
  %is = arith.trunci %a : i32 to i1
  %small = arith.cmpi ult, %a, %five : i32
  %not = arith.xori %is, %true : i1
  %or = arith.ori %small, %not : i1
  %and = arith.andi %is, %or : i1
  %0 = arith.extui %and : i1 to i32
  memref.store %0, %O[%c0] : memref<4xi32>
  %large = arith.cmpi ugt, %a, %five : i32
  %differ = arith.xori %is, %large : i1
  %1 = arith.extui %differ : i1 to i32
  memref.store %1, %O[%c1] : memref<4xi32>
  %both = arith.muli %is, %not : i1
  %either = arith.maxui %is, %large : i1
  %sum = arith.addi %both, %either : i1
  %2 = arith.extui %sum : i1 to i32
  memref.store %2, %O[%c2] : memref<4xi32>
  %below = arith.cmpi slt, %is, %not : i1
  %3 = arith.extui %below : i1 to i32
  memref.store %3, %O[%c3] : memref<4xi32>
  kernel.return
}
