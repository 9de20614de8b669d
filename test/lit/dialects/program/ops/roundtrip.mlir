// RUN: polytile-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: program.entry @all arena(128)
program.entry @all arena(128) {
  // CHECK: program.input 0 "X" : memref<2x3xf32>
  %X = program.input 0 "X" : memref<2x3xf32>
  // CHECK: program.output 0 "Y" : memref<6xf32>
  %Y = program.output 0 "Y" : memref<6xf32>
  %Z = program.output 1 "Z" : memref<0xui8>
  // CHECK: program.temporary at 64 : memref<2x3xf32>
  %t = program.temporary at 64 : memref<2x3xf32>
  // CHECK: program.constant dense<[1, 2]> : tensor<2xi8> : memref<2xi8>
  %c = program.constant dense<[1, 2]> : tensor<2xi8> : memref<2xi8>
  // CHECK: program.view %{{.*}} : memref<2x3xf32> to memref<6xf32>
  %v = program.view %t : memref<2x3xf32> to memref<6xf32>
  // CHECK: program.fill %{{.*}} with 1.000000e+00 : f32 : memref<2x3xf32>
  program.fill %t with 1.0 : f32 : memref<2x3xf32>
  // CHECK: program.dispatch @k reads(%{{.*}}, %{{.*}} : memref<2x3xf32>, memref<2xi8>) writes(%{{.*}} : memref<2x3xf32>)
  program.dispatch @k reads(%X, %c : memref<2x3xf32>, memref<2xi8>) writes(%t : memref<2x3xf32>)
  // CHECK: program.dispatch @nothing writes(%{{.*}} : memref<0xui8>)
  program.dispatch @nothing writes(%Z : memref<0xui8>)
  // CHECK: program.copy %{{.*}} to %{{.*}} : memref<6xf32>
  program.copy %v to %Y : memref<6xf32>
}

func.func @k(%x: tensor<2x3xf32>, %c: tensor<2xi8>) -> tensor<2x3xf32> attributes {program.kernel} {
  return %x : tensor<2x3xf32>
}
func.func @nothing() -> tensor<0xui8> attributes {program.kernel} {
  %0 = tile.constant dense<0> : tensor<0xui8>
  return %0 : tensor<0xui8>
}
