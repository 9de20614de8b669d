// RUN: polytile-opt %s --opencl-print --split-input-file --verify-diagnostics -o /dev/null > /dev/null

// What the device lacks is said with the numbers.
// expected-error @+1 {{kernel 'threads' has 512 work items in a workgroup; opencl generic allows 256}}
kernel.func @threads() workgroup [512, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// expected-error @+1 {{kernel 'memory' needs 32768 bytes of workgroup memory; opencl generic has 16384}}
kernel.func @memory() workgroup [64, 1, 1] grid [1, 1, 1] {
  %0 = kernel.workgroup_memory : memref<4096xf32, #gpu.address_space<workgroup>>
  %1 = kernel.workgroup_memory : memref<4096xf32, #gpu.address_space<workgroup>>
  kernel.return
}

// -----

// expected-error @+1 {{kernel 'buffer' has a buffer 'A' of 268435456 bytes; opencl generic allows 134217728}}
kernel.func @buffer(%A: memref<67108864xf32> {kernel.access = "read", kernel.name = "A"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// expected-error @+1 {{kernel 'doubles' needs 'f64', which opencl generic doesn't have}}
kernel.func @doubles(%A: memref<4xf64> {kernel.access = "read", kernel.name = "A"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// expected-error @+1 {{kernel 'feature' needs 'cooperative_matrix', which opencl generic doesn't have}}
kernel.func @feature() workgroup [64, 1, 1] grid [1, 1, 1] attributes {requires = ["cooperative_matrix"]} {
  kernel.return
}

// -----

// expected-error @+1 {{kernel 'subgroups' needs 'subgroup_shuffle', which opencl generic doesn't have}}
kernel.func @subgroups(%A: memref<4xf32> {kernel.access = "write", kernel.name = "A"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %lane = gpu.lane_id
  %one = arith.constant 1.0 : f32
  memref.store %one, %A[%lane] : memref<4xf32>
  kernel.return
}

// -----

// A name that OpenCL C keeps can't be a kernel's.
// expected-error @+1 {{internal: 'main' can't be the name of a function}}
kernel.func @main() workgroup [64, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// Vectors that OpenCL C has no name for.
kernel.func @five(%A: memref<4xf32> {kernel.access = "write", kernel.name = "A"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %one = arith.constant 1.0 : f32
  // expected-error @+1 {{internal: OpenCL C has no form for this type, or 'vector.splat'}}
  %v = vector.splat %one : vector<5xf32>
  %x = vector.extract %v[0] : f32 from vector<5xf32>
  memref.store %x, %A[%i] : memref<4xf32>
  kernel.return
}
