// RUN: polytile-opt %s --kernel-split-bindings="binding-bytes=1100 offset-alignment=16 max-bindings=4" --split-input-file --verify-diagnostics | FileCheck %s

// Windows are multiples of the alignment and of 64: 1088 bytes, 272 floats. Each access picks its window; what fits stays whole, and
// says which binding it was.
// CHECK-LABEL: kernel.func @scalars
// CHECK-SAME: %[[X0:.*]]: memref<272xf32> {kernel.access = "read", kernel.binding = 0 : i64, kernel.name = "X", kernel.offset = 0 : i64}
// CHECK-SAME: %[[X1:.*]]: memref<28xf32> {kernel.access = "read", kernel.binding = 0 : i64, kernel.name = "X", kernel.offset = 1088 : i64}
// CHECK-SAME: %[[Y:.*]]: memref<4xf32> {kernel.access = "write", kernel.binding = 1 : i64, kernel.offset = 0 : i64}
// CHECK-DAG: %[[I:.*]] = gpu.thread_id x
// CHECK-DAG: %[[SIZE:.*]] = arith.constant 272 : index
// CHECK: %[[HERE:.*]] = arith.cmpi ult, %[[I]], %[[SIZE]] : index
// CHECK: %[[VALUE:.*]] = scf.if %[[HERE]] -> (f32) {
// CHECK:   memref.load %[[X0]][%[[I]]] : memref<272xf32>
// CHECK: } else {
// CHECK:   %[[REST:.*]] = arith.subi %[[I]], %[[SIZE]] : index
// CHECK:   memref.load %[[X1]][%[[REST]]] : memref<28xf32>
// CHECK: memref.store %[[VALUE]], %[[Y]]
kernel.func @scalars(%X: memref<300xf32> {kernel.access = "read", kernel.name = "X"},
                     %Y: memref<4xf32> {kernel.access = "write"}) workgroup [4, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %x = memref.load %X[%i] : memref<300xf32>
  memref.store %x, %Y[%i] : memref<4xf32>
  kernel.return
}

// -----

// Vectors don't straddle windows; three windows nest.
// CHECK-LABEL: kernel.func @vectors
// CHECK-SAME: memref<272xf32>{{.*}}memref<272xf32>{{.*}}memref<57xf32>
// CHECK: kernel.vector_view {{.*}} : memref<272xf32> to memref<68xvector<4xf32>>
// CHECK: kernel.vector_view {{.*}} : memref<272xf32> to memref<68xvector<4xf32>>
// CHECK: kernel.vector_view {{.*}} : memref<57xf32> to memref<15xvector<4xf32>>
// CHECK: scf.if
// CHECK:   memref.store {{.*}} : memref<68xvector<4xf32>>
// CHECK: } else {
// CHECK:   scf.if
// CHECK:     memref.store {{.*}} : memref<68xvector<4xf32>>
// CHECK:   } else {
// CHECK:     memref.store {{.*}} : memref<15xvector<4xf32>>
kernel.func @vectors(%Y: memref<601xf32> {kernel.access = "write"}) workgroup [151, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %v = kernel.vector_view %Y : memref<601xf32> to memref<151xvector<4xf32>>
  %zero = arith.constant dense<0.0> : vector<4xf32>
  memref.store %zero, %v[%i] : memref<151xvector<4xf32>>
  kernel.return
}

// -----

// What fits is left alone.
// CHECK-LABEL: kernel.func @small
// CHECK-NOT: kernel.binding
kernel.func @small(%Y: memref<275xf32> {kernel.access = "write"}) workgroup [1, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// expected-error@+1 {{the device binds at most 1100 bytes at once; a tensor of 8000 bytes is read or written here, and the kernel would need 8 bindings of 4}}
kernel.func @large(%Y: memref<2000xf32> {kernel.access = "write"}) workgroup [1, 1, 1] grid [1, 1, 1] {
  kernel.return
}
