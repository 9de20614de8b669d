// RUN: polytile-opt %s --tile-specialize --split-input-file --verify-diagnostics

func.func @broadcast(%A: tensor<?xf32>, %B: tensor<?xf32>) -> tensor<?xf32>
    attributes {tile.argument_shapes = [array<i64: 3>, array<i64: 4>]} {
  // expected-error @+1 {{the shapes (3) and (4) do not broadcast: sizes must be equal, or 1}}
  %0 = tile.add %A, %B : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @unequal(%A: tensor<?xf32>, %B: tensor<?xf32>) attributes {tile.argument_shapes = [array<i64: 3>, array<i64: 4>]} {
  %c0 = arith.constant 0 : index
  %0 = tensor.dim %A, %c0 : tensor<?xf32>
  %1 = tensor.dim %B, %c0 : tensor<?xf32>
  // expected-error @+1 {{'K' is 3 in 'A' and 4 in 'B'}}
  tile.require_equal %0, %1, "'K' is {0} in 'A' and {1} in 'B'"
  return
}

// -----

func.func @zero_division(%A: tensor<?xf32>) -> tensor<i32> attributes {tile.argument_shapes = [array<i64: 0>]} {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %0 = tensor.dim %A, %c0 : tensor<?xf32>
  // expected-error @+1 {{division by zero among sizes}}
  %1 = arith.floordivsi %c6, %0 : index
  %2 = tile.from_sizes %1 : tensor<i32>
  return %2 : tensor<i32>
}

// -----

func.func @negative(%A: tensor<?xf32>) -> tensor<?xi32> attributes {tile.argument_shapes = [array<i64: 2>]} {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %0 = tensor.dim %A, %c0 : tensor<?xf32>
  %1 = arith.subi %0, %c6 : index
  // expected-error @+1 {{the size -4 is negative}}
  %2 = tile.index 0 sizes(%1) : tensor<?xi32>
  return %2 : tensor<?xi32>
}

// -----

func.func @elements(%A: tensor<?xf32>) -> tensor<4xf32> attributes {tile.argument_shapes = [array<i64: 5>]} {
  // expected-error @+1 {{a tensor of 5 elements cannot be reshaped to 4 elements}}
  %0 = tile.reshape %A : tensor<?xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @huge(%A: tensor<?xf32>) -> tensor<?x?xf32> attributes {tile.argument_shapes = [array<i64: 1>]} {
  %c = arith.constant 4294967296 : index
  // expected-error @+1 {{a tensor of shape (4294967296, 4294967296) is larger than 2^48 bytes}}
  %0 = tile.broadcast %A sizes(%c, %c) : tensor<?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
