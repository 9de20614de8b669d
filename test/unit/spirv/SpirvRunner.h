// Runs kernels, given as text of the kernel dialect, on a Vulkan device.
//
// What the text says is what the device computes: the tests compare it with
// the same operations in C++. Features can be taken from the device, so that
// the ways around them run as well.
#pragma once

#include "compiler/target/spirv/SpirvTarget.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace polytile::spirv_target::test {

/// The first Vulkan device. Fails the test when there is none.
schedule::DeviceDescription
deviceWithout(const std::vector<std::string> &features);

/// The modules of all kernels of the text. Fails the test when there are none.
std::vector<SpirvKernel> compile(const std::string &text,
                                 const schedule::DeviceDescription &device);

/// Why the text can't be compiled for the device.
std::string refusal(const std::string &text,
                    const schedule::DeviceDescription &device);

using Bytes = std::vector<unsigned char>;

template <typename T> Bytes bytesOf(const std::vector<T> &values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <typename T> std::vector<T> valuesOf(const Bytes &bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

/// Runs the text's only kernel, whose last binding is its result of
/// `resultBytes` and whose others are the inputs. A workgroup has `workgroup`
/// items, and there are `grid` of them.
Bytes run(const std::string &text, const schedule::DeviceDescription &device,
          const std::vector<Bytes> &inputs, size_t resultBytes,
          uint32_t workgroup = 64, uint32_t grid = 1);

} // namespace polytile::spirv_target::test
