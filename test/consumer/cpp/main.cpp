// Loads a compiled matrix product, runs it on a stream and checks every number;
// then offers the runtime a damaged copy, which must be refused with a status.
// What a C++ program of a user looks like.
#include <fstream>
#include <iostream>
#include <iterator>
#include <numeric>
#include <polytile/runtime.hpp>
#include <string>
#include <vector>

namespace {

/// Runs entry 0 with small integers; the number of elements that differ from a
/// plain triple loop.
int runMatmul(const polytile::Device &device,
              const polytile::Package &package) {
  auto inputs = package.inputs(0), outputs = package.outputs(0);
  int64_t rows = inputs.at(0).dims.at(0), depth = inputs.at(0).dims.at(1),
          columns = inputs.at(1).dims.at(1);
  std::vector<float> a(rows * depth), b(depth * columns), c(rows * columns);
  std::iota(a.begin(), a.end(), -2.0f);
  std::iota(b.begin(), b.end(), 1.0f);

  auto bufferA = polytile::Buffer::create(device, inputs[0].byteSize).orThrow();
  auto bufferB = polytile::Buffer::create(device, inputs[1].byteSize).orThrow();
  auto bufferC =
      polytile::Buffer::create(device, outputs.at(0).byteSize).orThrow();
  bufferA.write(a.data(), inputs[0].byteSize).orThrow();
  bufferB.write(b.data(), inputs[1].byteSize).orThrow();

  auto executable = polytile::Executable::create(device, package).orThrow();
  auto stream = polytile::Stream::create(device).orThrow();
  stream.run(executable, {&bufferA, &bufferB}, {&bufferC}).orThrow();
  stream.synchronize().orThrow();
  bufferC.read(c.data(), outputs[0].byteSize).orThrow();

  int wrong = 0;
  for (int64_t m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < columns; ++n) {
      float sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += a[m * depth + k] * b[k * columns + n];
      wrong += c[m * columns + n] != sum;
    }
  }
  return wrong;
}

/// Whether a copy of the file with one bit turned is refused as damaged.
bool refusesDamage(const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  bytes.at(bytes.size() / 2) ^= 1;
  auto package = polytile::Package::loadMemory(bytes.data(), bytes.size());
  return !package && package.status().code() == PTL_STATUS_CORRUPT;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " matmul.ptl\n";
    return 2;
  }
  try {
    auto device = polytile::Device::open("cpu:0").orThrow();
    auto package = polytile::Package::load(argv[1]).orThrow();
    int wrong = runMatmul(device, package);
    if (wrong != 0) {
      std::cerr << wrong << " wrong elements\n";
      return 1;
    }
    if (!refusesDamage(argv[1])) {
      std::cerr << "a damaged package was not refused\n";
      return 1;
    }
    std::cout << package.entryName(0) << " of " << package.producer()
              << ": all right\n";
  } catch (const std::exception &error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
