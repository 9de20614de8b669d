// The package loader against damaged, truncated, foreign and wrongly written
// files: always a status, never a crash.
//
// Two kinds of damage. Bytes changed under the checksum must all be noticed.
// Fields changed with a checksum that fits again (what a wrong writer would do)
// may be accepted only if the schedule is then safe to run, which is tried.
#include "runtime/core/PackageLoader.h"
#include "runtime/device/Registry.h"
#include "runtime/package/PackageFormat.h"
#include "test/conformance/TestPackages.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <random>

using namespace polytile;
using namespace polytile::runtime;
namespace pkg = polytile::package;

namespace {

using File = std::vector<uint8_t>;

Status load(const File &file, std::shared_ptr<const Package> &package) {
  return loadPackageMemory({file.data(), file.size()}, package);
}

Status load(const File &file) {
  std::shared_ptr<const Package> package;
  return load(file, package);
}

/// A package without modules, so that loops over its bytes stay short.
File smallFile() {
  pkg::PackageDesc package;
  package.producer = "polytile test";
  package.entries.push_back(test::moveEntry());
  return pkg::writePackage(package);
}

void fixChecksum(File &file) {
  uint32_t checksum = pkg::checksumOfFile(file.data(), file.size());
  std::memcpy(file.data() + offsetof(pkg::Header, checksum), &checksum, 4);
}

pkg::Header headerOf(const File &file) {
  pkg::Header header;
  std::memcpy(&header, file.data(), sizeof(header));
  return header;
}

/// Loads a description changed by `change`, and gives the message.
template <typename Change>
std::string messageAfter(pkg::EntryDesc entry, Change change) {
  change(entry);
  Status status = load(pkg::writePackage(test::packageOf(entry)));
  CHECK(status.code() == PTL_STATUS_CORRUPT);
  return status.message();
}

pkg::DispatchDesc &firstDispatch(pkg::EntryDesc &entry) {
  return std::get<pkg::DispatchDesc>(entry.variants[0].steps[0].operation);
}

/// How many steps one run takes, at most `cap`.
uint64_t costOf(const std::vector<Step> &steps, uint64_t cap) {
  uint64_t cost = 0;
  for (const Step &step : steps) {
    uint64_t add = 1;
    if (const auto *loop = std::get_if<Loop>(&step.operation)) {
      uint64_t body = costOf(loop->body, cap) + 1;
      if (__builtin_mul_overflow(body, static_cast<uint64_t>(loop->tripCount),
                                 &add))
        add = cap;
    } else if (const auto *fill = std::get_if<Fill>(&step.operation)) {
      add += static_cast<uint64_t>(fill->dst.size) / 64;
    }
    cost = std::min(cap, cost + std::min(cap, add));
  }
  return cost;
}

/// Runs an accepted package where that is small enough: with a sanitizer, a
/// schedule that leaves its buffers is caught.
void tryToRun(const std::shared_ptr<Device> &device,
              const std::shared_ptr<const Package> &package) {
  constexpr uint64_t cap = 20000, most = 1 << 20;
  for (size_t i = 0; i < package->entries.size(); ++i) {
    std::shared_ptr<Executable> executable;
    if (!device->prepare(package, i, executable).ok() ||
        costOf(executable->variant().steps, cap) >= cap ||
        executable->scratchBytes() > most)
      continue;
    std::vector<std::shared_ptr<Buffer>> inputs, outputs;
    bool small = true;
    auto make = [&](const std::vector<Tensor> &tensors,
                    std::vector<std::shared_ptr<Buffer>> &buffers) {
      for (const Tensor &tensor : tensors) {
        small = small && tensor.byteSize <= most;
        if (small)
          REQUIRE(
              Buffer::create(device, tensor.byteSize, buffers.emplace_back())
                  .ok());
      }
    };
    make(executable->entry().inputs, inputs);
    make(executable->entry().outputs, outputs);
    if (small && executable->check(inputs, outputs).ok())
      (void)executable->run(inputs, outputs).ok();
  }
}

} // namespace

TEST_CASE("a package comes back as it was described") {
  pkg::PackageDesc description;
  description.producer = "polytile 9";
  description.modules.push_back(test::kernelModule());
  for (const pkg::EntryDesc &entry :
       {test::addEntry(5), test::twiceEntry(7), test::scanEntry(3),
        test::moveEntry(), test::levelsEntry(), test::emptyEntry(1)})
    description.entries.push_back(entry);
  File file = pkg::writePackage(description);
  CHECK(file == pkg::writePackage(description));
  std::shared_ptr<const Package> package;
  Status status = load(file, package);
  INFO(status.message());
  REQUIRE(status.ok());
  CHECK(package->producer == "polytile 9");
  REQUIRE(package->entries.size() == 6);
  REQUIRE(package->modules.size() == 1);
  CHECK(std::equal(package->modules[0].bytes.begin(),
                   package->modules[0].bytes.end(),
                   description.modules[0].bytes.begin()));
  CHECK(reinterpret_cast<uintptr_t>(package->modules[0].bytes.data()) % 64 ==
        0);
  const Entry &twice = package->entries[1];
  CHECK(twice.name == "twice");
  CHECK(twice.inputs[0].dims == std::vector<int64_t>{7});
  CHECK(twice.inputs[0].byteSize == 28);
  CHECK(twice.aliases.size() == 1);
  CHECK(twice.variants[0].arenaBytes == 92);
  const Loop &loop =
      std::get<Loop>(package->entries[2].variants[0].steps[1].operation);
  CHECK(loop.tripCount == 3);
  CHECK(std::get<Dispatch>(loop.body[0].operation).bindings[0].strides ==
        std::vector<int64_t>{64});
  CHECK(package->entries[4].variants[3].requirements[0] == "x86-64-v4");
}

TEST_CASE("equal blobs are stored once") {
  pkg::PackageDesc package;
  package.modules.resize(3);
  for (pkg::ModuleDesc &module : package.modules)
    module.bytes.assign(100000, 1);
  package.modules[2].bytes[5] = 2;
  CHECK(pkg::writePackage(package).size() < 201000);
}

TEST_CASE("foreign, empty and missing files say what they are") {
  CHECK(load({}).code() == PTL_STATUS_CORRUPT);
  CHECK_THAT(load({'P', 'K', 3, 4}).message(),
             Catch::Contains("not a Polytile package"));
  File file = smallFile();
  file[8] = 99;
  fixChecksum(file);
  Status status = load(file);
  CHECK(status.code() == PTL_STATUS_INCOMPATIBLE);
  CHECK_THAT(status.message(), Catch::Contains("package format 99"));
  std::shared_ptr<const Package> package;
  CHECK(loadPackageFile("/no/such/file.ptl", package).code() ==
        PTL_STATUS_NOT_FOUND);
  CHECK(loadPackageFile("/", package).code() == PTL_STATUS_IO);
  pkg::PackageDesc other;
  other.modules.emplace_back().kernelAbiVersion = 77;
  CHECK(load(pkg::writePackage(other)).code() == PTL_STATUS_INCOMPATIBLE);
}

TEST_CASE("every truncation and every flipped bit is noticed") {
  File file = smallFile();
  REQUIRE(load(file).ok());
  for (size_t size = 0; size < file.size(); ++size) {
    Status status =
        load(File(file.begin(), file.begin() + static_cast<ptrdiff_t>(size)));
    if (status.code() != PTL_STATUS_CORRUPT)
      FAIL("truncated to " << size << ": " << status.message());
  }
  for (size_t byte = 0; byte < file.size(); ++byte)
    for (uint8_t mask : {1, 8, 128, 255}) {
      File damaged = file;
      damaged[byte] ^= mask;
      if (load(damaged).ok())
        FAIL("byte " << byte << " with mask " << int(mask)
                     << " was not noticed");
    }
  File longer = file;
  longer.push_back(0);
  CHECK_THAT(load(longer).message(), Catch::Contains("too long"));
}

TEST_CASE(
    "changed fields under a checksum that fits are refused or safe to run") {
  std::shared_ptr<Device> device;
  DeviceOptions options;
  options.threadCount = 1;
  REQUIRE(openDevice("cpu:0", options, device).ok());
  File file = smallFile();
  pkg::Header header = headerOf(file);
  size_t begin = header.metadataOffset, end = begin + header.metadataBytes;
  std::mt19937_64 random(1);
  constexpr uint64_t extremes[] = {0,
                                   1,
                                   2,
                                   63,
                                   64,
                                   127,
                                   128,
                                   255,
                                   256,
                                   1 << 16,
                                   INT32_MAX,
                                   UINT32_MAX,
                                   INT64_MAX,
                                   UINT64_MAX,
                                   uint64_t(1) << 47,
                                   uint64_t(1) << 63,
                                   uint64_t(-64),
                                   uint64_t(-128)};
  auto attempt = [&](const File &changed) {
    File fixed = changed;
    fixChecksum(fixed);
    std::shared_ptr<const Package> package;
    if (load(fixed, package).ok())
      tryToRun(device, package);
  };
  // Every 4- and 8-byte field, at its own place, set to extremes; then random
  // bytes, several at once.
  for (size_t width : {1, 4, 8})
    for (size_t at = begin; at + width <= end; at += width)
      for (uint64_t value : extremes) {
        File changed = file;
        std::memcpy(changed.data() + at, &value, width);
        attempt(changed);
      }
  for (int round = 0; round < 20000; ++round) {
    File changed = file;
    for (uint64_t i = 0, count = 1 + random() % 4; i < count; ++i)
      changed[begin + random() % (end - begin)] =
          static_cast<uint8_t>(random());
    attempt(changed);
  }
  for (size_t at = 8; at < sizeof(pkg::Header); at += 4)
    for (uint64_t value : extremes) {
      File changed = file;
      std::memcpy(changed.data() + at, &value, 4);
      attempt(changed);
    }
}

TEST_CASE("each rule of the schedule is named when it is broken") {
  using Catch::Contains;
  auto add = test::addEntry(16);
  CHECK_THAT(messageAfter(add, [](auto &e) { firstDispatch(e).kernel = 5; }),
             Contains("names kernel 5; there are 1"));
  CHECK_THAT(messageAfter(
                 add, [](auto &e) { firstDispatch(e).bindings[0].buffer = 9; }),
             Contains("buffer 9"));
  CHECK_THAT(messageAfter(
                 add, [](auto &e) { firstDispatch(e).bindings[0].size = 65; }),
             Contains("leaves its buffer"));
  CHECK_THAT(
      messageAfter(
          add, [](auto &e) { firstDispatch(e).bindings[0].byteOffset = 64; }),
      Contains("leaves its buffer"));
  CHECK_THAT(
      messageAfter(
          add, [](auto &e) { firstDispatch(e).bindings[0].byteOffset = 4; }),
      Contains("no multiple of its alignment 64"));
  CHECK_THAT(
      messageAfter(add,
                   [](auto &e) { firstDispatch(e).bindings[0].alignment = 3; }),
      Contains("power of two"));
  CHECK_THAT(messageAfter(add,
                          [](auto &e) {
                            firstDispatch(e).bindings[0].access =
                                pkg::Access::Write;
                          }),
             Contains("input or a constant"));
  CHECK_THAT(messageAfter(
                 add, [](auto &e) { firstDispatch(e).bindings[0].buffer = 2; }),
             Contains("overlap"));
  CHECK_THAT(messageAfter(add,
                          [](auto &e) {
                            firstDispatch(e).bindings[0].loopStrides = {64};
                          }),
             Contains("1 loop strides inside 0 loops"));
  CHECK_THAT(
      messageAfter(add, [](auto &e) { firstDispatch(e).items = UINT64_MAX; }),
      Contains("impossible"));
  CHECK_THAT(
      messageAfter(add, [](auto &e) { e.variants[0].buffers[0].index = 2; }),
      Contains("index 2 of 2"));
  CHECK_THAT(
      messageAfter(add, [](auto &e) { e.variants[0].buffers[0].size = 60; }),
      Contains("that of its tensor 64"));
  CHECK_THAT(
      messageAfter(add, [](auto &e) { e.variants[0].kernels[0].module = 1; }),
      Contains("module 1"));
  CHECK_THAT(
      messageAfter(add, [](auto &e) { e.variants[0].kernels[0].symbol = ""; }),
      Contains("symbol"));
  CHECK_THAT(messageAfter(add, [](auto &e) { e.inputs[0].dims = {-1}; }),
             Contains("f32[-1]"));
  CHECK_THAT(
      messageAfter(add,
                   [](auto &e) { e.inputs[0].dims = {INT64_MAX, INT64_MAX}; }),
      Contains("impossible"));
  CHECK_THAT(
      messageAfter(
          add, [](auto &e) { e.inputs[0].elementType = pkg::ElementType(77); }),
      Contains("type 77"));
  CHECK_THAT(messageAfter(add, [](auto &e) { e.aliases = {{0, 7}}; }),
             Contains("in place"));
  auto twice = test::twiceEntry(16);
  CHECK_THAT(
      messageAfter(twice,
                   [](auto &e) { e.variants[0].buffers[2].arenaOffset = 128; }),
      Contains("arena of 128"));
  CHECK_THAT(messageAfter(twice,
                          [](auto &e) {
                            e.variants[0].buffers[2].arenaOffset =
                                UINT64_MAX - 63;
                          }),
             Contains("arena"));
  CHECK_THAT(messageAfter(
                 twice, [](auto &e) { e.variants[0].arenaBytes = UINT64_MAX; }),
             Contains("impossible"));
  auto noAlias = [](auto &e) {
    std::get<pkg::DispatchDesc>(e.variants[0].steps[1].operation)
        .bindings[1]
        .mayAlias = false;
  };
  CHECK_THAT(messageAfter(twice, noAlias), Contains("overlap"));
}

TEST_CASE("each rule of loops is named when it is broken") {
  using Catch::Contains;
  auto loopOf = [](pkg::EntryDesc &e) -> pkg::LoopDesc & {
    return std::get<pkg::LoopDesc>(e.variants[0].steps[1].operation);
  };
  auto bindings = [&](pkg::EntryDesc &e) -> auto & {
    return std::get<pkg::DispatchDesc>(loopOf(e).body[0].operation).bindings;
  };
  auto scan = test::scanEntry(10);
  CHECK_THAT(messageAfter(scan, [&](auto &e) { ++loopOf(e).tripCount; }),
             Contains("leaves its buffer"));
  CHECK_THAT(
      messageAfter(scan, [&](auto &e) { bindings(e)[0].loopStrides = {-64}; }),
      Contains("leaves its buffer"));
  CHECK_THAT(
      messageAfter(scan,
                   [&](auto &e) { bindings(e)[0].loopStrides = {INT64_MIN}; }),
      Contains("leaves its buffer"));
  CHECK_THAT(
      messageAfter(scan, [&](auto &e) { bindings(e)[0].loopStrides = {66}; }),
      Contains("alignment"));
  CHECK_THAT(
      messageAfter(scan, [&](auto &e) { loopOf(e).tripCount = UINT64_MAX; }),
      Contains("iterations"));
  auto nested = [&](auto &e) {
    for (int i = 0; i < 9; ++i) {
      pkg::LoopDesc outer;
      outer.tripCount = 1;
      outer.body = std::move(e.variants[0].steps);
      e.variants[0].steps = {pkg::StepDesc{outer}};
    }
  };
  CHECK_THAT(messageAfter(scan, nested), Contains("8 deep"));
  auto uneven = [&](auto &e) {
    std::get<pkg::CopyDesc>(loopOf(e).body[1].operation).dst.size = 32;
  };
  CHECK_THAT(messageAfter(scan, uneven),
             Contains("copy of 64 bytes goes to 32"));
  auto pattern = [&](auto &e) {
    std::get<pkg::FillDesc>(e.variants[0].steps[0].operation).pattern = {1, 2,
                                                                         3};
  };
  CHECK_THAT(messageAfter(scan, pattern), Contains("pattern of 3 bytes"));
}

TEST_CASE(
    "modules that are no shared objects, and missing kernels, are refused") {
  std::shared_ptr<Device> device;
  REQUIRE(openDevice("cpu:0", {}, device).ok());
  auto prepare = [&](const pkg::PackageDesc &description) {
    std::shared_ptr<const Package> package;
    REQUIRE(load(pkg::writePackage(description), package).ok());
    std::shared_ptr<Executable> executable;
    return device->prepare(package, 0, executable);
  };
  pkg::PackageDesc good = test::packageOf(test::addEntry(4));
  CHECK(prepare(good).ok());
  pkg::PackageDesc bad = good;
  bad.entries[0].variants[0].kernels[0].symbol = "subtract_f32";
  CHECK_THAT(prepare(bad).message(),
             Catch::Contains("no kernel 'subtract_f32'"));
  bad = good;
  bad.modules[0].bytes = {1, 2, 3};
  CHECK(prepare(bad).code() == PTL_STATUS_CORRUPT);
  bad = good;
  bad.modules[0].format = "made-up";
  CHECK(prepare(bad).code() == PTL_STATUS_INCOMPATIBLE);
  for (size_t size : {64u, 200u, 1000u}) {
    bad = good;
    bad.modules[0].bytes.resize(size);
    CHECK(prepare(bad).code() == PTL_STATUS_CORRUPT);
  }
}

TEST_CASE("a thousand modules come and go without being confused") {
  std::shared_ptr<Device> device;
  REQUIRE(openDevice("cpu:0", {}, device).ok());
  for (int round = 0; round < 200; ++round)
    for (const char *symbol : {"level_1", "level_2"}) {
      pkg::PackageDesc description = test::packageOf(test::levelsEntry());
      description.entries[0].variants.resize(1);
      description.entries[0].variants[0].kernels[0].symbol = symbol;
      std::shared_ptr<const Package> package;
      REQUIRE(load(pkg::writePackage(description), package).ok());
      std::shared_ptr<Executable> executable;
      REQUIRE(device->prepare(package, 0, executable).ok());
      std::vector<std::shared_ptr<Buffer>> out(1);
      REQUIRE(Buffer::create(device, 4, out[0]).ok());
      REQUIRE(executable->run({}, out).ok());
      REQUIRE(*reinterpret_cast<int32_t *>(out[0]->data()) == symbol[6] - '0');
    }
}

TEST_CASE("CRC-32C has its known value, by any split") {
  CHECK(pkg::crc32c(0, "123456789", 9) == 0xE3069283u);
  CHECK(pkg::crc32c(pkg::crc32c(0, "1234", 4), "56789", 5) == 0xE3069283u);
}
