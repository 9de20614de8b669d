// Loops, selections and calls; results travel through variables of the
// function, which stand in its first block.
// RUN: rm -rf %t && mkdir %t
// RUN: polytile-opt %s --spirv-print=binaries=%t -o /dev/null | FileCheck %s
// RUN: spirv-val --target-env vulkan1.1 %t/sum.spv
// RUN: spirv-val --target-env vulkan1.1 %t/nested.spv
// RUN: spirv-val --target-env vulkan1.1 %t/search.spv
// RUN: spirv-cross --msl %t/sum.spv --output %t/sum.metal
// RUN: spirv-cross --msl %t/nested.spv --output %t/nested.metal
// RUN: spirv-cross --msl %t/search.spv --output %t/search.metal

func.func private @square(%x: f32) -> f32 {
  %y = arith.mulf %x, %x : f32
  return %y : f32
}

// Calls another function.
func.func private @cube(%x: f32) -> f32 {
  %y = func.call @square(%x) : (f32) -> f32
  %z = arith.mulf %x, %y : f32
  return %z : f32
}

func.func private @unused(%x: f32) -> f32 {
  return %x : f32
}

// CHECK-LABEL: spirv.module
// CHECK-NOT: @unused
// CHECK: spirv.func @square(%{{.*}}: f32) -> f32 "None"
// CHECK: spirv.func @cube(%{{.*}}: f32) -> f32 "None"
// CHECK: spirv.FunctionCall @square
// CHECK: spirv.func @sum() "None"
// CHECK: %[[COUNTER:.*]] = spirv.Variable : !spirv.ptr<i32, Function>
// CHECK: %[[TOTAL:.*]] = spirv.Variable : !spirv.ptr<f32, Function>
// CHECK: spirv.mlir.loop {
// CHECK:   spirv.Branch ^[[HEADER:.*]]
// CHECK: ^[[HEADER]]:
// CHECK:   %[[I:.*]] = spirv.Load "Function" %[[COUNTER]] : i32
// CHECK:   spirv.SLessThan %[[I]]
// CHECK:   spirv.BranchConditional
// CHECK:   spirv.Load "Function" %[[TOTAL]] : f32
// CHECK:   spirv.FunctionCall @cube
// CHECK:   spirv.Store "Function" %[[TOTAL]]
// CHECK:   spirv.Branch ^[[NEXT:.*]]
// CHECK: ^[[NEXT]]:
// CHECK:   %[[J:.*]] = spirv.IAdd %[[I]]
// CHECK:   spirv.Store "Function" %[[COUNTER]], %[[J]]
// CHECK:   spirv.Branch ^[[HEADER]]
// CHECK:   spirv.mlir.merge
// CHECK: spirv.Load "Function" %[[TOTAL]] : f32
kernel.func @sum(%X: memref<1024xf32> {kernel.access = "read", kernel.name = "X"},
                 %Y: memref<64xf32> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %total = scf.for %k = %c0 to %c16 step %c64 iter_args(%t = %zero) -> f32 {
    %at = arith.addi %i, %k : index
    %x = memref.load %X[%at] : memref<1024xf32>
    %y = func.call @cube(%x) : (f32) -> f32
    %u = arith.addf %t, %y : f32
    scf.yield %u : f32
  }
  memref.store %total, %Y[%i] : memref<64xf32>
  kernel.return
}

// A loop in a selection in a loop, two results that swap, a selection without
// a second branch, one without results.
// CHECK-LABEL: spirv.func @nested()
// CHECK: spirv.mlir.loop
// CHECK: spirv.mlir.selection
// CHECK: spirv.mlir.loop
kernel.func @nested(%X: memref<1024xf32> {kernel.access = "read", kernel.name = "X"},
                    %Y: memref<64xf32> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0.0 : f32
  %r:2 = scf.for %k = %c0 to %c4 step %c1 iter_args(%a = %zero, %b = %one) -> (f32, f32) {
    %odd = arith.remui %k, %c4 : index
    %is = arith.cmpi eq, %odd, %c1 : index
    %n:2 = scf.if %is -> (f32, f32) {
      %s = scf.for %l = %c0 to %k step %c1 iter_args(%t = %a) -> f32 {
        %at = arith.addi %i, %l : index
        %x = memref.load %X[%at] : memref<1024xf32>
        %u = arith.addf %t, %x : f32
        scf.yield %u : f32
      }
      scf.yield %s, %b : f32, f32
    } else {
      %p = arith.mulf %a, %b : f32
      scf.yield %p, %b : f32, f32
    }
    scf.yield %n#1, %n#0 : f32, f32
  }
  %small = arith.cmpi ult, %i, %c4 : index
  scf.if %small {
    memref.store %r#0, %Y[%i] : memref<64xf32>
  }
  kernel.return
}

// The condition holds a selection.
// CHECK-LABEL: spirv.func @search()
// CHECK: spirv.mlir.loop
// CHECK: spirv.mlir.selection
kernel.func @search(%X: memref<1024xi32> {kernel.access = "read", kernel.name = "X"},
                    %Y: memref<64xi32> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c1023 = arith.constant 1023 : i32
  %false = arith.constant false
  %found = scf.while (%n = %c0) : (i32) -> i32 {
    %inside = arith.cmpi slt, %n, %c1023 : i32
    %go = scf.if %inside -> i1 {
      %at = arith.index_cast %n : i32 to index
      %x = memref.load %X[%at] : memref<1024xi32>
      %other = arith.cmpi ne, %x, %c0 : i32
      scf.yield %other : i1
    } else {
      scf.yield %false : i1
    }
    scf.condition(%go) %n : i32
  } do {
  ^bb0(%n: i32):
    %m = arith.addi %n, %c1 : i32
    scf.yield %m : i32
  }
  memref.store %found, %Y[%i] : memref<64xi32>
  kernel.return
}
