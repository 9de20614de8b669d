//===- knn.cpp - Classifies Fashion-MNIST through the runtime's C++ API ---===//
//
// Loads the package that `polytile compile` made of knn.tile, gives it all
// 10,000 test images in batches of 500, and compares the label of the nearest
// of the 60,000 training images with the true one. Shows what a program that
// links libpolytile-runtime does: open a device, load a package, make buffers,
// run, read the profile.
//
//   polytile-knn-demo [--device NAME] [--package knn.ptl] [--data FOLDER]
//
//===----------------------------------------------------------------------===//

#include <polytile/runtime.hpp>

#include <zlib.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

constexpr size_t batchSize = 500;

/// The contents of an IDX file of bytes: dimensions and elements in big-endian
/// order, as the MNIST data set defined it.
struct Dataset {
  std::vector<size_t> dims;
  std::vector<uint8_t> bytes;
};

Dataset readIdx(const std::string &path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file)
    throw std::runtime_error("cannot open " + path +
                             "; Debian's package dataset-fashion-mnist has it");
  auto read = [&](void *to, size_t count) {
    if (gzread(file, to, static_cast<unsigned>(count)) !=
        static_cast<int>(count)) {
      gzclose(file);
      throw std::runtime_error(path + " ends early");
    }
  };
  uint8_t magic[4];
  read(magic, 4);
  if (magic[0] != 0 || magic[1] != 0 || magic[2] != 8) {
    gzclose(file);
    throw std::runtime_error(path + " is no IDX file of bytes");
  }
  Dataset set;
  size_t count = 1;
  for (int i = 0; i < magic[3]; ++i) {
    uint8_t size[4];
    read(size, 4);
    set.dims.push_back(size_t(size[0]) << 24 | size_t(size[1]) << 16 |
                       size_t(size[2]) << 8 | size[3]);
    count *= set.dims.back();
  }
  set.bytes.resize(count);
  read(set.bytes.data(), count);
  gzclose(file);
  return set;
}

struct Options {
  std::string device;
  std::string package = POLYTILE_KNN_PACKAGE;
  std::string data = "/usr/share/datasets/fashion-mnist";
};

Options parse(int argc, char **argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    auto value = [&]() -> std::string {
      if (i + 1 == argc)
        throw std::runtime_error(std::string(argv[i]) + " needs a value");
      return argv[++i];
    };
    if (!std::strcmp(argv[i], "--device"))
      options.device = value();
    else if (!std::strcmp(argv[i], "--package"))
      options.package = value();
    else if (!std::strcmp(argv[i], "--data"))
      options.data = value();
    else
      throw std::runtime_error(std::string("unknown option ") + argv[i] +
                               "; there are --device, --package and --data");
  }
  return options;
}

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

void printProfile(polytile::Executable &executable, double total) {
  std::printf("\nwhere the time went\n");
  for (const polytile::KernelProfile &kernel : executable.profile().orThrow()) {
    std::printf("  %6.3f s %4.1f %%  %7.1f GFLOP/s %6.1f GB/s  line %u: %s\n",
                kernel.seconds, 100 * kernel.seconds / total,
                static_cast<double>(kernel.flops) / kernel.seconds / 1e9,
                static_cast<double>(kernel.bytes) / kernel.seconds / 1e9,
                kernel.line, kernel.source.c_str());
  }
}

/// One line that is written over on a terminal, and several lines in a log.
void printProgress(size_t done, size_t all, size_t correct) {
  std::printf("%s  %5zu of %zu images, accuracy so far %.4f",
              isatty(STDOUT_FILENO) ? "\r" : "\n", done, all,
              static_cast<double>(correct) / static_cast<double>(done));
  std::fflush(stdout);
}

/// Number of test images whose nearest training image has their label.
size_t classify(polytile::Device &device, polytile::Executable &executable,
                const Dataset &train, const Dataset &test,
                const Dataset &trainLabels, const Dataset &testLabels) {
  using polytile::Buffer;
  size_t pixels = train.dims[1] * train.dims[2], queries = test.dims[0];
  Buffer images = Buffer::create(device, train.bytes.size()).orThrow();
  images.write(train.bytes.data(), train.bytes.size()).orThrow();
  Buffer batch = Buffer::create(device, batchSize * pixels).orThrow();
  Buffer result = Buffer::create(device, batchSize * sizeof(int32_t)).orThrow();
  std::vector<int32_t> nearest(batchSize);
  size_t correct = 0;
  for (size_t first = 0; first < queries; first += batchSize) {
    batch.write(test.bytes.data() + first * pixels, batchSize * pixels)
        .orThrow();
    executable.run({&batch, &images}, {&result}).orThrow();
    result.read(nearest.data(), batchSize * sizeof(int32_t)).orThrow();
    for (size_t i = 0; i < batchSize; ++i)
      correct += trainLabels.bytes[static_cast<size_t>(nearest[i])] ==
                 testLabels.bytes[first + i];
    if (isatty(STDOUT_FILENO) || (first / batchSize) % 4 == 3)
      printProgress(first + batchSize, queries, correct);
  }
  std::printf("\n");
  return correct;
}

void run(const Options &options) {
  Dataset train = readIdx(options.data + "/train-images-idx3-ubyte.gz");
  Dataset trainLabels = readIdx(options.data + "/train-labels-idx1-ubyte.gz");
  Dataset test = readIdx(options.data + "/t10k-images-idx3-ubyte.gz");
  Dataset testLabels = readIdx(options.data + "/t10k-labels-idx1-ubyte.gz");
  if (train.dims != std::vector<size_t>{60000, 28, 28} ||
      test.dims != std::vector<size_t>{10000, 28, 28} ||
      trainLabels.bytes.size() != 60000 || testLabels.bytes.size() != 10000)
    throw std::runtime_error("the data set in " + options.data +
                             " is not Fashion-MNIST");

  auto device = polytile::Device::open(options.device).orThrow();
  auto package = polytile::Package::load(options.package).orThrow();
  auto executable = polytile::Executable::create(device, package).orThrow();
  executable.setProfiling(true).orThrow();
  std::printf("Fashion-MNIST: 60,000 training and 10,000 test images of 784 "
              "pixels, nearest neighbour\n"
              "  on %s (%s)\n",
              device.name().c_str(), executable.variant().c_str());

  auto start = std::chrono::steady_clock::now();
  size_t correct =
      classify(device, executable, train, test, trainLabels, testLabels);
  double seconds = secondsSince(start);
  double flops = 2.0 * 10000 * 60000 * 784;
  auto peak = device.measurePeak().orThrow();
  std::printf("\naccuracy %.4f\n", static_cast<double>(correct) / 10000);
  std::printf("time     %.2f s, %.1f GFLOP/s: %.0f %% of this device's "
              "measured peak of %.1f GFLOP/s\n",
              seconds, flops / seconds / 1e9,
              100 * flops / seconds / peak.f32_flops_per_second,
              peak.f32_flops_per_second / 1e9);
  printProfile(executable, seconds);
}

} // namespace

int main(int argc, char **argv) {
  try {
    run(parse(argc, argv));
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "polytile-knn-demo: error: %s\n", error.what());
    return 1;
  }
}
