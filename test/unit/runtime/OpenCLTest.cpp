// The OpenCL driver from inside, on what the machine has: the loader's absence,
// programs and their cache, parts of buffers, device times. What every driver
// must do is tested by the conformance suite.
#include "runtime/core/DiskCache.h"
#include "runtime/core/PackageLoader.h"
#include "runtime/device/Registry.h"
#include "runtime/device/opencl/OpenCLDevice.h"
#include "runtime/package/PackageWriter.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace polytile;
using namespace polytile::runtime;
namespace pkg = polytile::package;
using Catch::Contains;

namespace {

constexpr const char *kKernels = R"(
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void sum(__global const float *x, __global const float *bias,
         __global const float *before, __global float *y) {
  uint i = get_global_id(0);
  y[i] = x[i] + bias[i] + before[i];
}
)";

constexpr int64_t kRow = 10;
constexpr uint64_t kRowBytes = kRow * sizeof(float);

pkg::BindingDesc at(uint32_t buffer, uint64_t size, pkg::Access access,
                    std::vector<int64_t> strides = {}) {
  pkg::BindingDesc binding;
  binding.buffer = buffer;
  binding.size = size;
  binding.loopStrides = std::move(strides);
  binding.alignment = 4;
  binding.access = access;
  return binding;
}

/// Y[r] = X[r] + 1 + Y[r - 1]: rows whose beginnings no device has aligned, a
/// constant, and a temporary that isn't the arena's first.
pkg::PackageDesc scanPackage(int64_t rows, const std::string &source) {
  pkg::PackageDesc package;
  pkg::ModuleDesc module;
  module.format = "opencl-c";
  module.bytes.assign(source.begin(), source.end());
  package.modules = {module};
  pkg::KernelDesc kernel;
  kernel.symbol = "sum";
  kernel.file = "scan.tile";
  kernel.line = 7;
  kernel.workgroupSize = {1, 1, 1};
  kernel.buildOptions = "-cl-std=CL1.2";
  pkg::VariantDesc variant;
  variant.target = "opencl";
  variant.kernels = {kernel};
  uint64_t all = uint64_t(rows) * kRowBytes;
  std::vector<float> ones(kRow, 1.0f);
  std::vector<uint8_t> bias(kRowBytes);
  std::memcpy(bias.data(), ones.data(), kRowBytes);
  variant.constants = {{bias}};
  variant.buffers = {{pkg::BufferKind::Input, 0, all, 0},
                     {pkg::BufferKind::Output, 0, all, 0},
                     {pkg::BufferKind::Constant, 0, kRowBytes, 0},
                     {pkg::BufferKind::Temporary, 0, kRowBytes, 512}};
  variant.arenaBytes = 1024;
  variant.steps.push_back(
      {pkg::FillDesc{at(3, kRowBytes, pkg::Access::Write), {0}}});
  pkg::LoopDesc loop;
  loop.tripCount = uint64_t(rows);
  pkg::DispatchDesc dispatch;
  dispatch.bindings = {
      at(0, kRowBytes, pkg::Access::Read, {int64_t(kRowBytes)}),
      at(2, kRowBytes, pkg::Access::Read), at(3, kRowBytes, pkg::Access::Read),
      at(1, kRowBytes, pkg::Access::Write, {int64_t(kRowBytes)})};
  dispatch.items = kRow;
  dispatch.grid = {kRow, 1, 1};
  loop.body.push_back({dispatch});
  loop.body.push_back(
      {pkg::CopyDesc{at(1, kRowBytes, pkg::Access::Read, {int64_t(kRowBytes)}),
                     at(3, kRowBytes, pkg::Access::Write)}});
  variant.steps.push_back({loop});
  pkg::EntryDesc entry;
  entry.name = "scan";
  entry.inputs = {{"X", pkg::ElementType::F32, {rows, kRow}}};
  entry.outputs = {{"Y", pkg::ElementType::F32, {rows, kRow}}};
  entry.variants = {variant};
  package.entries = {entry};
  return package;
}

Status prepare(const std::shared_ptr<Device> &device,
               const pkg::PackageDesc &description,
               std::shared_ptr<Executable> &executable) {
  std::vector<uint8_t> file = pkg::writePackage(description);
  std::shared_ptr<const Package> package;
  PTL_TRY(loadPackageMemory({file.data(), file.size()}, package));
  return device->prepare(package, 0, executable);
}

/// Runs the scan and compares.
void checkScan(const std::shared_ptr<Device> &device, Executable &scan,
               int64_t rows) {
  std::vector<float> x(size_t(rows * kRow)), y(x.size()), expected(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = float(i % 13);
    expected[i] = x[i] + 1 + (i < kRow ? 0 : expected[i - kRow]);
  }
  std::vector<std::shared_ptr<Buffer>> inputs(1), outputs(1);
  uint64_t bytes = x.size() * sizeof(float);
  REQUIRE(device->createBuffer(bytes, inputs[0]).ok());
  REQUIRE(device->createBuffer(bytes, outputs[0]).ok());
  REQUIRE(inputs[0]->write(0, x.data(), bytes).ok());
  REQUIRE(scan.check(inputs, outputs).ok());
  Status status = scan.run(inputs, outputs);
  INFO(status.message());
  REQUIRE(status.ok());
  REQUIRE(outputs[0]->read(0, y.data(), bytes).ok());
  CHECK(y == expected);
}

/// Every OpenCL device here; says so when there is none.
std::vector<std::shared_ptr<Device>> everyDevice() {
  std::vector<std::shared_ptr<Device>> devices;
  for (unsigned i = 0;; ++i) {
    std::shared_ptr<Device> device;
    if (!makeOpenCLDevice(i, {}, device).ok())
      break;
    devices.push_back(std::move(device));
  }
  if (devices.empty())
    WARN("SKIPPED: this machine has no OpenCL device");
  return devices;
}

struct Variable {
  Variable(const char *name, const std::string &value) : name(name) {
    if (const char *found = std::getenv(name))
      before = found;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before)
      setenv(name, before->c_str(), 1);
    else
      unsetenv(name);
  }
  const char *name;
  std::optional<std::string> before;
};

} // namespace

TEST_CASE("without an OpenCL loader there is a reason, and the rest works") {
  for (const char *library :
       {"/nowhere/libOpenCL.so.1", "/dev/null", "libc.so.6"}) {
    Variable chosen("POLYTILE_OPENCL_LIBRARY", library);
    std::vector<ListedDevice> devices;
    REQUIRE(listOpenCLDevices(devices).ok());
    REQUIRE(devices.size() == 1);
    CHECK(devices[0].name == "opencl");
    CHECK_THAT(devices[0].reason, Contains(library) || Contains("lacks cl"));
    std::shared_ptr<Device> device;
    Status status = openDevice("opencl:0", {}, device);
    CHECK(status.code() == PTL_STATUS_NOT_FOUND);
    CHECK_THAT(status.message(), Contains("no device 'opencl:0'") &&
                                     Contains("there are: cpu:0"));
    CHECK(openDevice("cpu", {}, device).ok());
  }
}

TEST_CASE("names of devices are taken apart strictly") {
  std::shared_ptr<Device> device;
  for (const char *name :
       {"opencl:", "opencl:x", "opencl:1x", "opencl0", "opencl:-1",
        "opencl:99999999999", "cpu:1", "", "opencl:77", "gpu"})
    CHECK(openDevice(name, {}, device).code() == PTL_STATUS_NOT_FOUND);
}

TEST_CASE("rows that no device has aligned run on every OpenCL device") {
  for (const std::shared_ptr<Device> &device : everyDevice()) {
    INFO(device->description());
    for (int64_t rows : {1, 2, 33}) {
      std::shared_ptr<Executable> scan;
      Status status = prepare(device, scanPackage(rows, kKernels), scan);
      INFO(status.message());
      REQUIRE(status.ok());
      checkScan(device, *scan, rows);
      checkScan(device, *scan, rows);
      scan->setProfiling(true);
      checkScan(device, *scan, rows);
      KernelTimes times = scan->times(true)[0];
      CHECK(times.calls == uint64_t(rows));
      CHECK(times.nanoseconds > 0);
    }
  }
}

TEST_CASE("threads share an executable on an OpenCL device") {
  for (const std::shared_ptr<Device> &device : everyDevice()) {
    std::shared_ptr<Executable> scan;
    REQUIRE(prepare(device, scanPackage(5, kKernels), scan).ok());
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        std::vector<std::shared_ptr<Buffer>> inputs(1), outputs(1);
        std::vector<float> y(5 * kRow);
        uint64_t bytes = y.size() * sizeof(float);
        for (int round = 0; round < 8; ++round) {
          bool fine = device->createBuffer(bytes, inputs[0]).ok() &&
                      device->createBuffer(bytes, outputs[0]).ok() &&
                      scan->run(inputs, outputs).ok() &&
                      outputs[0]->read(0, y.data(), bytes).ok() && y[0] == 1 &&
                      y.back() == 5;
          wrong += !fine;
        }
      });
    for (std::thread &thread : threads)
      thread.join();
    CHECK(wrong == 0);
  }
}

TEST_CASE("programs come from the disk, and damaged ones from their source") {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() /
      ("polytile-opencl-" + std::to_string(::getpid()));
  Variable cache("XDG_CACHE_HOME", folder.string());
  // PoCL keeps its own files there, too, and fails when they vanish.
  std::filesystem::path ofDriver = folder.string() + "-driver";
  std::filesystem::create_directories(ofDriver);
  Variable driverCache("POCL_CACHE_DIR", ofDriver.string());
  std::filesystem::path files = folder / "polytile" / "opencl";
  std::vector<std::shared_ptr<Device>> devices = everyDevice();
  for (unsigned i = 0; i < devices.size(); ++i) {
    std::filesystem::remove_all(folder);
    // A new device each time: an open one remembers its programs.
    auto runOnce = [&] {
      std::shared_ptr<Device> device;
      REQUIRE(makeOpenCLDevice(i, {}, device).ok());
      std::shared_ptr<Executable> scan;
      Status status = prepare(device, scanPackage(3, kKernels), scan);
      INFO(status.message());
      REQUIRE(status.ok());
      checkScan(device, *scan, 3);
    };
    runOnce();
    REQUIRE(std::filesystem::exists(files));
    runOnce();
    // Files that are damaged; and, where the driver survives it (rusticl
    // panics), whole files around something that is no binary.
    bool toDriver = devices[i]->description().find("Portable Computing") !=
                    std::string::npos;
    for (const auto &entry : std::filesystem::directory_iterator(files)) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::string all{std::istreambuf_iterator<char>(file), {}};
      file.close();
      uint64_t keyBytes = 0;
      std::memcpy(&keyBytes, all.data() + 8, sizeof(keyBytes));
      std::string key = all.substr(32, keyBytes);
      const unsigned char junk[] = {'j', 'u', 'n', 'k', 0, 1, 2, 3};
      if (toDriver && key.starts_with("program"))
        writeCache("opencl", key, junk);
      else
        std::ofstream(entry.path(), std::ios::binary)
            << all.substr(0, all.size() - 1);
    }
    runOnce();
    runOnce();
  }
  std::filesystem::remove_all(folder);
  Variable off("POLYTILE_CACHE", "off");
  for (const std::shared_ptr<Device> &device : everyDevice()) {
    std::shared_ptr<Executable> scan;
    REQUIRE(prepare(device, scanPackage(3, kKernels), scan).ok());
    checkScan(device, *scan, 3);
  }
  CHECK_FALSE(std::filesystem::exists(folder));
  std::filesystem::remove_all(ofDriver);
}

TEST_CASE("an OpenCL program that doesn't build says which kernel and why") {
  for (const std::shared_ptr<Device> &device : everyDevice()) {
    std::shared_ptr<Executable> scan;
    Status status =
        prepare(device,
                scanPackage(1, "__kernel void sum(__global float *x) {\n  x[0]"
                               " = undeclared_thing;\n}\n"),
                scan);
    CHECK(status.code() == PTL_STATUS_KERNEL_FAILED);
    CHECK_THAT(status.message(), Contains("kernel 'sum' (scan.tile:7)") &&
                                     Contains("undeclared_thing"));
    status = prepare(device,
                     scanPackage(1, "__kernel void other(__global float *x) {"
                                    " x[0] = 1; }\n"),
                     scan);
    CHECK(status.code() == PTL_STATUS_CORRUPT);
    // The device is as good as before.
    REQUIRE(prepare(device, scanPackage(1, kKernels), scan).ok());
    checkScan(device, *scan, 1);
  }
}

TEST_CASE("large transfers go through pinned memory in pieces") {
  const OpenCLApi *api = nullptr;
  std::vector<OpenCLCandidate> candidates;
  std::vector<ListedDevice> broken;
  if (!OpenCLApi::open(api).ok() ||
      !enumerateOpenCL(*api, candidates, broken).ok()) {
    WARN("SKIPPED: this machine has no OpenCL device");
    return;
  }
  for (const OpenCLCandidate &candidate : candidates) {
    OpenCLProbe probe;
    REQUIRE(probeOpenCL(*api, candidate, "opencl:0", probe).ok());
    // As on a card of its own, which the machine may not have.
    probe.hasUnifiedMemory = false;
    auto device = std::make_shared<OpenCLDevice>(*api, candidate, probe, 0);
    REQUIRE(device->open().ok());
    constexpr size_t bytes = (size_t(20) << 20) + 3, offset = 5;
    std::vector<unsigned char> sent(bytes);
    for (size_t i = 0; i < bytes; ++i)
      sent[i] = static_cast<unsigned char>(i * 2654435761u >> 13);
    auto transfer = [&] {
      std::shared_ptr<Buffer> buffer;
      std::vector<unsigned char> received(bytes);
      unsigned char before = 1, after = 1;
      return device->createBuffer(bytes + 2 * offset, buffer).ok() &&
             buffer->write(offset, sent.data(), bytes).ok() &&
             buffer->read(offset, received.data(), bytes).ok() &&
             buffer->read(offset - 1, &before, 1).ok() &&
             buffer->read(offset + bytes, &after, 1).ok() && received == sent &&
             before == 0 && after == 0;
    };
    CHECK(transfer());
    // One thread has the pinned memory, the others go past it.
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] { wrong += !transfer(); });
    for (std::thread &thread : threads)
      thread.join();
    CHECK(wrong == 0);
  }
}
