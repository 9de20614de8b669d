// RUN: polytile-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{has 2048 items in a workgroup, more than 1024}}
kernel.func @large() workgroup [1024, 2, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// expected-error@+1 {{needs three positive numbers for workgroup and grid}}
kernel.func @empty() workgroup [1, 1, 1] grid [0, 1, 1] {
  kernel.return
}

// -----

// expected-error@+1 {{binding 0 needs 'kernel.access'}}
kernel.func @access(%a: memref<4xf32>) workgroup [1, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// expected-error@+1 {{binding 0 isn't a flat buffer of numbers in global memory, but 'memref<2x2xf32>'}}
kernel.func @rank(%a: memref<2x2xf32> {kernel.access = "read"}) workgroup [1, 1, 1] grid [1, 1, 1] {
  kernel.return
}

// -----

// A NaN decides: what a device's max does with one is not said.
kernel.func @maximum(%a: memref<1xf32> {kernel.access = "read_write"}) workgroup [1, 1, 1] grid [1, 1, 1] {
  %c0 = arith.constant 0 : index
  %x = memref.load %a[%c0] : memref<1xf32>
  // expected-error@+1 {{can't stand in a kernel}}
  %y = arith.maximumf %x, %x : f32
  memref.store %y, %a[%c0] : memref<1xf32>
  kernel.return
}

// -----

// Seven floats are 28 bytes: padded to 32, two vectors.
kernel.func @padding(%a: memref<7xf32> {kernel.access = "read"}) workgroup [1, 1, 1] grid [1, 1, 1] {
  %two = kernel.vector_view %a : memref<7xf32> to memref<2xvector<4xf32>>
  // expected-error@+1 {{shows 48 bytes of memory that has 32}}
  %three = kernel.vector_view %a : memref<7xf32> to memref<3xvector<4xf32>>
  kernel.return
}
