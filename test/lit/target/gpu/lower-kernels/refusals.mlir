// RUN: polytile-opt %s --split-input-file --gpu-lower-kernels=device=generic-vulkan --verify-diagnostics
// What a device can't compute is refused with the place and the device's name.

func.func @double(%a: tensor<8xf32>) -> tensor<8xf64> attributes {program.kernel} {
  // expected-error @+1 {{vulkan generic has no 64-bit floats; a value here has elements of type f64}}
  %0 = tile.cast %a : tensor<8xf32> -> tensor<8xf64>
  return %0 : tensor<8xf64>
}

// -----

// expected-error @+1 {{vulkan generic has no 64-bit integers; a value here has elements of type u64}}
func.func @long(%a: tensor<8xui64>) -> tensor<8xui64> attributes {program.kernel} {
  return %a : tensor<8xui64>
}
