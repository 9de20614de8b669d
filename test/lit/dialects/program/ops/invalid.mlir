// RUN: polytile-opt %s --split-input-file --verify-diagnostics

program.entry @twice {
  %0 = program.input 0 "X" : memref<2xf32>
  // expected-error @+1 {{declares input 0 again}}
  %1 = program.input 0 "Y" : memref<2xf32>
}

// -----

program.entry @alignment arena(128) {
  // expected-error @+1 {{lies at 32, which isn't a multiple of 64}}
  %0 = program.temporary at 32 : memref<2xf32>
}

// -----

program.entry @outside arena(64) {
  // expected-error @+1 {{leaves the arena}}
  %0 = program.temporary at 64 : memref<2xf32>
}

// -----

program.entry @read_only {
  %0 = program.input 0 "X" : memref<2xf32>
  // expected-error @+1 {{writes a buffer that is read only}}
  program.fill %0 with 1.0 : f32 : memref<2xf32>
}

// -----

program.entry @view {
  %0 = program.input 0 "X" : memref<2xf32>
  // expected-error @+1 {{shows 'memref<2xf32>' as 'memref<3xf32>'}}
  %1 = program.view %0 : memref<2xf32> to memref<3xf32>
}

// -----

program.entry @fill {
  %0 = program.output 0 "X" : memref<2xf32>
  // expected-error @+1 {{with a value of type 'i32'}}
  program.fill %0 with 1 : i32 : memref<2xf32>
}

// -----

program.entry @no_kernel {
  %0 = program.output 0 "X" : memref<2xf32>
  // expected-error @+1 {{names 'k', which is no function}}
  program.dispatch @k writes(%0 : memref<2xf32>)
}

// -----

program.entry @wrong_kernel {
  %0 = program.output 0 "X" : memref<2xf32>
  // expected-error @+1 {{writes 'memref<2xf32>' as number 0, where 'k' has 'tensor<3xf32>'}}
  program.dispatch @k writes(%0 : memref<2xf32>)
}
func.func @k() -> tensor<3xf32> attributes {program.kernel} {
  %0 = tile.constant dense<0.0> : tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

program.entry @foreign {
  // expected-error @+1 {{doesn't belong into a 'program.entry'}}
  %0 = arith.constant 1 : i32
}
