// RUN: polytile-opt %s --cpu-lower-kernels=level=x86-64-v3 --cse | FileCheck %s

// Operands of one size or a single element are swept flat, whatever their shapes; all loads stand before the stores.
// CHECK-LABEL: func.func @flat(
// CHECK-SAME: %[[A:[^:]*]]: memref<105xf32>{{.*}}, %[[S:[^:]*]]: memref<1xf32>{{.*}}, %[[R:[^:]*]]: memref<105xf32>
// CHECK-SAME: cpu.kernel = {bytes = 844 : i64, flops = 105 : i64, grain = 1 : i64, items = 1 : i64, workspace_bytes = 0 : i64}
// CHECK: scf.for
// CHECK: scf.for %[[I:.*]] = %c0 to %c105
// CHECK: %[[X:.*]] = memref.load %[[A]][%[[I]]]
// CHECK: %[[Y:.*]] = memref.load %[[S]][%{{.*}}]
// CHECK: %[[Z:.*]] = arith.mulf %[[X]], %[[Y]] : f32
// CHECK: memref.store %[[Z]], %[[R]][%[[I]]]
func.func @flat(%a: tensor<3x5x7xf32>, %s: tensor<f32>) -> tensor<3x5x7xf32> attributes {program.kernel} {
  %0 = tile.mul %a, %s : (tensor<3x5x7xf32>, tensor<f32>) -> tensor<3x5x7xf32>
  return %0 : tensor<3x5x7xf32>
}

// An integer division never traps: a divisor of 0, and the quotient that overflows, are replaced before it.
// CHECK-LABEL: func.func @divide(
// CHECK: %[[ZERO:.*]] = arith.cmpi eq, %{{.*}}, %c0_i32
// CHECK: %[[DIVISOR:.*]] = arith.select %{{.*}}, %c1_i32
// CHECK: arith.divsi %{{.*}}, %[[DIVISOR]]
// CHECK: arith.select %[[ZERO]], %c0_i32
func.func @divide(%a: tensor<8xi32>, %b: tensor<8xi32>) -> tensor<8xi32> attributes {program.kernel} {
  %0 = tile.div %a, %b : (tensor<8xi32>, tensor<8xi32>) -> tensor<8xi32>
  return %0 : tensor<8xi32>
}

// A bool is a byte in memory and i1 in registers; bf16 computes in f32 and rounds each result.
// CHECK-LABEL: func.func @compare(
// CHECK-SAME: memref<8xbf16>{{.*}}, %{{.*}}: memref<8xi8>
// CHECK: call @ptl_bf16_to_f32
// CHECK: arith.cmpf olt
// CHECK: arith.extui %{{.*}} : i1 to i8
func.func @compare(%a: tensor<8xbf16>, %b: tensor<8xbf16>) -> tensor<8xi1> attributes {program.kernel} {
  %0 = tile.cmp lt %a, %b : (tensor<8xbf16>, tensor<8xbf16>) -> tensor<8xi1>
  return %0 : tensor<8xi1>
}
