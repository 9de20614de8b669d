// RUN: polytile-opt %s --spirv-print="device=%S/../Inputs/cooperative.json" -o /dev/null | FileCheck %s

// What is stored is converted by the device. What is computed with again is rounded by integer operations: a driver that
// sees two conversions computes in halves, and may leave out a rounding.
// CHECK-LABEL: spirv.func @rounding
// CHECK: spirv.FConvert %{{.*}} : f16 to f32
// CHECK: %[[BITS:.*]] = spirv.FunctionCall @{{.*}}half
// CHECK: spirv.FConvert %{{.*}} : f32 to f16
// CHECK: spirv.ExecutionMode @rounding "RoundingModeRTE", 16
kernel.func @rounding(%A: memref<64xi16> {kernel.access = "read", kernel.name = "A"},
                      %B: memref<64xi16> {kernel.access = "write", kernel.name = "B"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %bits = memref.load %A[%i] : memref<64xi16>
  %x = kernel.half_to_float %bits : i16 to f32
  %square = arith.mulf %x, %x : f32
  %rounded = kernel.float_to_half %square : f32 to i16
  %y = kernel.half_to_float %rounded : i16 to f32
  %sum = arith.addf %y, %x : f32
  %result = kernel.float_to_half %sum : f32 to i16
  memref.store %result, %B[%i] : memref<64xi16>
  kernel.return
}
