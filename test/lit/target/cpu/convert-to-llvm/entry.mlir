// RUN: polytile-opt %s --cpu-lower-kernels --cpu-convert-to-llvm | FileCheck %s

// The entry takes the arguments of the kernel ABI: bindings at offset 8, workspace at offset 16; 0 says that all is well.
// CHECK-LABEL: llvm.func @negate(
// CHECK-SAME: %[[ARGS:[^:]*]]: !llvm.ptr, %[[BEGIN:[^:]*]]: i64, %[[END:[^:]*]]: i64) -> i32
// CHECK: llvm.getelementptr %[[ARGS]][8]
// CHECK: llvm.getelementptr %[[ARGS]][16]
// CHECK: llvm.call @negate.body(%{{.*}}, %{{.*}}, %[[BEGIN]], %[[END]], %{{.*}})
// CHECK: llvm.return %{{.*}} : i32
// CHECK-LABEL: llvm.func internal @negate.body(
// CHECK-SAME: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}
func.func @negate(%a: tensor<8xf32>) -> tensor<8xf32> attributes {program.kernel} {
  %0 = tile.neg %a : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
