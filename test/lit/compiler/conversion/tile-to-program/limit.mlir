// RUN: polytile-opt %s --tile-to-program=max-kernel-operations=2 | FileCheck %s

// CHECK-LABEL: program.entry @chain
// CHECK-COUNT-2: program.dispatch
// CHECK-NOT: program.dispatch
func.func @chain(%X: tensor<8xf32>) -> tensor<8xf32> {
  %0 = tile.exp %X : (tensor<8xf32>) -> tensor<8xf32>
  %1 = tile.neg %0 : (tensor<8xf32>) -> tensor<8xf32>
  %2 = tile.exp %1 : (tensor<8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}
