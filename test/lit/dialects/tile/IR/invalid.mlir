// RUN: polytile-opt --split-input-file --verify-diagnostics %s

// What the verifiers refuse, one case each.

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{must have a map for each input}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{an input map must have a dimension for each index variable}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i) -> (i, i)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{an input map has 1 results for a tensor of rank 2}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{the output map has 2 results for a tensor of rank 1}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i, j)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{the output map must have a dimension for each index variable and a symbol for each of 'symbols'}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j)[N] -> (i + N)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{domain must have a dimension for each index variable}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i) : (i >= 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{has 0 sizes, but 1 are to be given}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{has 1 sizes, but 0 are to be given}}
  %0 = tile.contract sum ins(%A) sizes(%N) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>, index) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{default must have the rank and element type of the result}}
  %0 = tile.contract sum ins(%A) default %D maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>, tensor<3xf64>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{bounds must be given for every index variable}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    tile.yield %a : f32
  } {lower_bounds = array<i64: 0>} : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{body must have an argument for each input}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32, %b: f32):
    tile.yield %a : f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{body argument of type 'f64' stands for an element of 'tensor<3x4xf32>'}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f64):
    tile.yield %a : f64
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%A: tensor<3x4xf32>, %D: tensor<3xf64>, %N: index) {
  // expected-error @+1 {{body must end in 'tile.yield'}}
  %0 = tile.contract sum ins(%A) maps [affine_map<(i, j) -> (i, j)>] into affine_map<(i, j) -> (i)>
       domain affine_set<(i, j) : (0 == 0)> names ["i", "j"] {
  ^bb0(%a: f32):
    %b = tile.neg %a : (f32) -> f32
  } : (tensor<3x4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<3xf32>, %b: tensor<4xf32>) {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{the shapes (3) and (4) do not broadcast}}
  %0 = tile.add %a, %b : (tensor<3xf32>, tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<3xf32>) {
  // expected-error @+1 {{must keep the shape}}
  %0 = tile.cast %a : tensor<3xf32> -> tensor<4xi8>
  return
}

// -----

func.func @f(%a: tensor<3xi32>) {
  // expected-error @+1 {{must be floating-point number or tensor of these}}
  %0 = tile.exp %a : (tensor<3xi32>) -> tensor<3xi32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{has 0 sizes for the 1 dynamic dimensions of}}
  %0 = tile.index 0 : tensor<?xi32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{dimension 2 of a tensor of rank 2}}
  %0 = tile.index 2 : tensor<3x4xi32>
  return
}

// -----

func.func @f(%N: index) {
  // expected-error @+1 {{cannot make 'tensor<3xi64>' from 2 sizes}}
  %0 = tile.from_sizes %N, %N : tensor<3xi64>
  return
}

// -----

func.func @f(%a: tensor<6xf32>) {
  // expected-error @+1 {{must keep the element type}}
  %0 = tile.reshape %a : tensor<6xf32> -> tensor<6xi32>
  return
}

// -----

func.func @f(%a: tensor<6xf32>) {
  // expected-error @+1 {{from 6 elements to 8}}
  %0 = tile.reshape %a : tensor<6xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%a: tensor<6xf32>, %i: tensor<3xf32>) {
  // expected-error @+1 {{indices must be integers}}
  %0 = tile.gather clip %a, %i : (tensor<6xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%a: tensor<f32>, %u: tensor<f32>, %i: tensor<i32>) {
  // expected-error @+1 {{needs a tensor with at least one dimension}}
  %0 = tile.scatter clip %u, %i, %a : (tensor<f32>, tensor<i32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @f(%a: tensor<6xf32>, %u: tensor<2xf32>, %i: tensor<3xi32>) {
  // expected-error @+1 {{for indices}}
  %0 = tile.scatter clip %u, %i, %a : (tensor<2xf32>, tensor<3xi32>, tensor<6xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @f(%s: tensor<3x16xui32>) {
  // expected-error @+1 {{state must be tensor<3x2048xui32>}}
  %0:2 = tile.prng_step %s : tensor<3x16xui32> -> tensor<3x16xui32>, tensor<4xf32>
  return
}

// -----

func.func @f(%s: tensor<3x2048xui32>) {
  // expected-error @+1 {{draws f32 values}}
  %0:2 = tile.prng_step %s : tensor<3x2048xui32> -> tensor<3x2048xui32>, tensor<4xf64>
  return
}
