// RUN: polytile-opt --tile-infer-bounds --split-input-file --verify-diagnostics %s

func.func @no_upper_bound(%A: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{index variable 'j' has no upper bound; bound it by an access or a constraint, such as j < N}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(n, j) -> (n)>] into affine_map<(n, j) -> (n)>
       domain affine_set<(n, j) : (j >= 0)> names ["n", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @no_lower_bound(%A: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{index variable 'j' has no lower bound; bound it by an access or a constraint, such as 0 <= j}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(n, j) -> (n)>] into affine_map<(n, j) -> (n)>
       domain affine_set<(n, j) : (n - j >= 0)> names ["n", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// The name of a variable of the source is preferred to that of a fraction.

func.func @no_bounds(%A: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{index variable 'j' has no bounds; bound it by an access or a constraint, such as 0 <= j < N}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(q, n, j) -> (n)>] into affine_map<(q, n, j) -> (n)>
       domain affine_set<(q, n, j) : (q * 2 - j == 0)> names ["j / 2", "n", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @two_writes(%A: tensor<2x3xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'=' may write an element of 'O' more than once: 'n' does not occur in its indices}}
  %0 = tile.contract assign ins(%A) maps [affine_map<(m, n) -> (m, n)>] into affine_map<(m, n) -> (m)>
       domain affine_set<(m, n) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {tile.name = "O"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @different_values_meet(%A: tensor<2x3xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'=' may write an element of the result more than once: different index values lead to one element}}
  %0 = tile.contract assign ins(%A) maps [affine_map<(m, n) -> (m, n)>] into affine_map<(m, n) -> (m + n)>
       domain affine_set<(m, n) : (0 == 0)> names ["m", "n"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<2x3xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @sizes_unknown(%A: tensor<?xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{bounds need sizes that are numbers}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(m) -> (m)>] into affine_map<(m) -> (m)>
       domain affine_set<(m) : (0 == 0)> names ["m"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<?xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
