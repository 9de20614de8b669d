// What a device lacks is named, with the kernel.
// RUN: not polytile-opt %s --split-input-file --spirv-print -o /dev/null 2>&1 | FileCheck %s

// CHECK: error: kernel 'wide' needs 64-bit integers, which vulkan generic doesn't have (feature 'i64')
kernel.func @wide(%X: memref<64xi64> {kernel.access = "read", kernel.name = "X"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// CHECK: error: kernel 'exact' needs f64, which vulkan generic doesn't have (feature 'f64')
func.func private @widen(%x: f32) -> f32 {
  %y = arith.extf %x : f32 to f64
  %z = arith.truncf %y : f64 to f32
  return %z : f32
}
kernel.func @exact(%X: memref<64xf32> {kernel.access = "read", kernel.name = "X"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %zero = arith.constant 0.0 : f32
  %x = func.call @widen(%zero) : (f32) -> f32
  kernel.return
}

// -----

// CHECK: error: can't be written as SPIR-V: {{.*}} has no shuffles (feature 'subgroup_shuffle')
kernel.func @shuffles(%X: memref<64xf32> {kernel.access = "read", kernel.name = "X"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %x = memref.load %X[%i] : memref<64xf32>
  %c1 = arith.constant 1 : i32
  %c8 = arith.constant 8 : i32
  %y, %valid = gpu.shuffle xor %x, %c1, %c8 : f32
  kernel.return
}

// -----

// CHECK: error: kernel 'large' needs 16400 bytes of workgroup memory; vulkan generic has 16384
kernel.func @large(%X: memref<64xf32> {kernel.access = "write", kernel.name = "X"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %S = kernel.workgroup_memory : memref<4100xf32, #gpu.address_space<workgroup>>
  %i = gpu.thread_id x
  %x = memref.load %S[%i] : memref<4100xf32, #gpu.address_space<workgroup>>
  memref.store %x, %X[%i] : memref<64xf32>
  kernel.return
}
