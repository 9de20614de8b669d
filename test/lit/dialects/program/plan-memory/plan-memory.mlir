// RUN: polytile-opt %s --pass-pipeline="builtin.module(program.entry(program-plan-memory))" | FileCheck %s
// RUN: polytile-opt %s --pass-pipeline="builtin.module(program.entry(program-plan-memory{alignment=512}))" | FileCheck %s --check-prefix=WIDE

// Offsets that suit devices: every temporary begins at a multiple of 512.
// WIDE-LABEL: program.entry @chain arena(1024)
// WIDE: program.temporary at 0
// WIDE: program.temporary at 512
// WIDE: program.temporary at 0

func.func private @k(tensor<16xf32>) -> tensor<16xf32>
func.func private @big(tensor<16xf32>) -> tensor<64xf32>

// A chain needs two places: the third temporary takes the first one's.
// CHECK-LABEL: program.entry @chain arena(128)
program.entry @chain {
  %X = program.input 0 "X" : memref<16xf32>
  %Y = program.output 0 "Y" : memref<16xf32>
  // CHECK: program.temporary at 0
  %a = program.temporary : memref<16xf32>
  // CHECK: program.temporary at 64
  %b = program.temporary : memref<16xf32>
  // CHECK: program.temporary at 0
  %c = program.temporary : memref<16xf32>
  program.dispatch @k reads(%X : memref<16xf32>) writes(%a : memref<16xf32>)
  program.dispatch @k reads(%a : memref<16xf32>) writes(%b : memref<16xf32>)
  program.dispatch @k reads(%b : memref<16xf32>) writes(%c : memref<16xf32>)
  program.dispatch @k reads(%c : memref<16xf32>) writes(%Y : memref<16xf32>)
}

// A view keeps the memory that it shows alive.
// CHECK-LABEL: program.entry @view arena(192)
program.entry @view {
  %X = program.input 0 "X" : memref<16xf32>
  %Y = program.output 0 "Y" : memref<4x4xf32>
  %a = program.temporary : memref<16xf32>
  %b = program.temporary : memref<16xf32>
  %c = program.temporary : memref<16xf32>
  %v = program.view %a : memref<16xf32> to memref<4x4xf32>
  program.dispatch @k reads(%X : memref<16xf32>) writes(%a : memref<16xf32>)
  program.dispatch @k reads(%X : memref<16xf32>) writes(%b : memref<16xf32>)
  program.dispatch @k reads(%b : memref<16xf32>) writes(%c : memref<16xf32>)
  program.copy %v to %Y : memref<4x4xf32>
}

// What no step uses goes; nothing is left to place.
// CHECK-LABEL: program.entry @unused arena(0)
// CHECK-NOT: program.temporary
program.entry @unused {
  %X = program.input 0 "X" : memref<16xf32>
  %Y = program.output 0 "Y" : memref<16xf32>
  %a = program.temporary : memref<16xf32>
  %v = program.view %a : memref<16xf32> to memref<4x4xf32>
  program.copy %X to %Y : memref<16xf32>
}

// Empty tensors take no memory.
// CHECK-LABEL: program.entry @empty arena(0)
program.entry @empty {
  // CHECK: program.temporary at 0 : memref<0x4xf32>
  %a = program.temporary : memref<0x4xf32>
  program.fill %a with 1.0 : f32 : memref<0x4xf32>
}
