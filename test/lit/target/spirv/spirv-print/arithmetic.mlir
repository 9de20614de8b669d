// Operations whose form isn't the obvious one.
// RUN: rm -rf %t && mkdir %t
// RUN: polytile-opt %s --spirv-print=binaries=%t -o /dev/null | FileCheck %s
// RUN: spirv-val --target-env vulkan1.1 %t/narrow.spv
// RUN: spirv-val --target-env vulkan1.1 %t/floats.spv
// RUN: spirv-cross --msl %t/narrow.spv --output %t/narrow.metal
// RUN: spirv-cross --msl %t/floats.spv --output %t/floats.metal

// Integers of 8 bits are computed in 32, whose upper bits are garbage until an
// operation depends on them; their storage alone needs a capability.
// CHECK-LABEL: spirv.module Logical GLSL450 requires #spirv.vce<v1.3, [Shader, StorageBuffer8BitAccess], [SPV_KHR_8bit_storage]>
// CHECK: spirv.GlobalVariable @X bind(0, 0) {{.*}}rtarray<i8, stride=1>
// CHECK: spirv.func @narrow()
// CHECK: %[[LOADED:.*]] = spirv.Load "StorageBuffer" %{{.*}} : i8
// CHECK: %[[X:.*]] = spirv.SConvert %[[LOADED]] : i8 to i32
// CHECK: %[[S:.*]] = spirv.IAdd %[[X]], %[[X]] : i32
// CHECK: %[[SS:.*]] = spirv.BitFieldSExtract %[[S]]
// CHECK: %[[Q:.*]] = spirv.SDiv %[[SS]], %[[X]] : i32
// The remainder: OpSRem is undefined for negative operands.
// CHECK-NOT: spirv.SRem
// CHECK: %[[D:.*]] = spirv.SDiv
// CHECK: %[[M:.*]] = spirv.IMul %[[D]]
// CHECK: spirv.ISub %{{.*}}, %[[M]]
// CHECK: %[[N:.*]] = spirv.UConvert %{{.*}} : i32 to i8
// CHECK: spirv.Store "StorageBuffer" %{{.*}}, %[[N]] : i8
kernel.func @narrow(%X: memref<64xi8> {kernel.access = "read", kernel.name = "X"},
                    %Y: memref<64xi8> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %x = memref.load %X[%i] : memref<64xi8>
  %s = arith.addi %x, %x : i8
  %q = arith.divsi %s, %x : i8
  %r = arith.remsi %q, %x : i8
  memref.store %r, %Y[%i] : memref<64xi8>
  kernel.return
}

// What may not fuse says so, NaN is found by its bits where the device doesn't
// promise to keep it, a scalar condition selects vectors as a vector.
// CHECK-LABEL: spirv.func @floats()
// CHECK: %[[A:.*]] = spirv.FMul %{{.*}}, %{{.*}} {no_contraction} : f32
// CHECK: spirv.FSub %[[A]], %{{.*}} {no_contraction} : f32
// CHECK: %[[B:.*]] = spirv.FMul %{{.*}}, %{{.*}} : f32
// CHECK: spirv.FAdd %[[B]], %{{.*}} : f32
// CHECK-NOT: spirv.Unordered
// CHECK: spirv.Bitcast %{{.*}} : f32 to i32
// CHECK: spirv.UGreaterThan
// CHECK: spirv.FUnordLessThan
// CHECK: spirv.CompositeConstruct %{{.*}} : (i1, i1, i1, i1) -> vector<4xi1>
// CHECK: spirv.Select %{{.*}} : vector<4xi1>, vector<4xf32>
// CHECK: spirv.GL.RoundEven
// CHECK: // narrow requires: storage8
// CHECK: // floats requires:{{ *$}}
kernel.func @floats(%X: memref<64xf32> {kernel.access = "read", kernel.name = "X"},
                    %Y: memref<256xf32> {kernel.access = "write", kernel.name = "Y"})
    workgroup [64, 1, 1] grid [1, 1, 1] {
  %i = gpu.thread_id x
  %Y4 = kernel.vector_view %Y : memref<256xf32> to memref<64xvector<4xf32>>
  %x = memref.load %X[%i] : memref<64xf32>
  %a = arith.mulf %x, %x : f32
  %b = arith.subf %a, %x : f32
  %c = arith.mulf %b, %b fastmath<contract> : f32
  %d = arith.addf %c, %b fastmath<contract> : f32
  %nan = arith.cmpf uno, %d, %d : f32
  %less = arith.cmpf ult, %d, %x : f32
  %or = arith.ori %nan, %less : i1
  %v = vector.splat %d : vector<4xf32>
  %w = vector.splat %x : vector<4xf32>
  %s = arith.select %or, %v, %w : vector<4xf32>
  %r = math.roundeven %s : vector<4xf32>
  memref.store %r, %Y4[%i] : memref<64xvector<4xf32>>
  kernel.return
}
