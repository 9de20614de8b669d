// RUN: polytile-opt %s --tile-to-program="max-tensors=4" | FileCheck %s
// RUN: polytile-opt %s --tile-to-program | FileCheck %s --check-prefix=ALL

// Five tensors: the kernel is cut behind the second sum, whose value goes through memory.
// CHECK-LABEL: program.entry @sum
// CHECK: program.dispatch @kernel_0 reads(%0, %1, %2 : {{.*}}) writes(%[[T:.*]] : memref<8xf32>)
// CHECK-NEXT: program.dispatch @kernel_1 reads(%[[T]], %3 : {{.*}}) writes(%4 : memref<8xf32>)
// CHECK-LABEL: func.func @kernel_0
// CHECK-COUNT-2: tile.add
// CHECK-LABEL: func.func @kernel_1
// CHECK: tile.add
// ALL-LABEL: program.entry @sum
// ALL: program.dispatch @kernel_0 reads(%0, %1, %2, %3
// ALL-NOT: program.dispatch
// ALL: func.func
func.func @sum(%a: tensor<8xf32>, %b: tensor<8xf32>, %c: tensor<8xf32>, %d: tensor<8xf32>) -> tensor<8xf32> {
  %0 = tile.add %a, %b : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = tile.add %0, %c : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %2 = tile.add %1, %d : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}
