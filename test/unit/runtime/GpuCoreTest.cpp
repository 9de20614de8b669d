// What GPU drivers share, on a device without hardware: schedules with barriers
// and realigned ranges, pooled memory, limits, maps, failures.
#include "runtime/core/PackageLoader.h"
#include "runtime/package/PackageFormat.h"
#include "runtime/package/PackageWriter.h"
#include "test/unit/runtime/FakeGpu.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

using namespace polytile;
using namespace polytile::runtime;
using polytile::test::FakeGpu;
namespace pkg = polytile::package;
using Catch::Contains;

namespace {

constexpr uint32_t kWide = sizeof(float);

pkg::TensorDesc tensor(std::string name, int64_t rows, int64_t columns) {
  return {std::move(name), pkg::ElementType::F32, {rows, columns}};
}

pkg::KernelDesc kernelOf(std::string symbol) {
  pkg::KernelDesc kernel;
  kernel.symbol = std::move(symbol);
  kernel.file = "fake.tile";
  kernel.line = 3;
  kernel.workgroupSize = {1, 1, 1};
  return kernel;
}

pkg::BindingDesc at(uint32_t buffer, uint64_t offset, uint64_t size,
                    pkg::Access access, std::vector<int64_t> strides = {}) {
  pkg::BindingDesc binding;
  binding.buffer = buffer;
  binding.byteOffset = offset;
  binding.size = size;
  binding.loopStrides = std::move(strides);
  binding.alignment = 4;
  binding.access = access;
  return binding;
}

pkg::StepDesc dispatch(uint32_t kernel, std::vector<pkg::BindingDesc> bindings,
                       uint32_t count) {
  pkg::DispatchDesc made;
  made.kernel = kernel;
  made.bindings = std::move(bindings);
  made.items = count;
  made.grid = {count, 1, 1};
  return {made};
}

pkg::PackageDesc packageOf(pkg::EntryDesc entry) {
  pkg::PackageDesc package;
  pkg::ModuleDesc module;
  module.format = "opencl-c";
  module.bytes = {'x'};
  package.modules.push_back(module);
  package.entries.push_back(std::move(entry));
  return package;
}

Status load(const pkg::PackageDesc &description,
            std::shared_ptr<const Package> &package) {
  std::vector<uint8_t> file = pkg::writePackage(description);
  return loadPackageMemory({file.data(), file.size()}, package);
}

Status prepare(const std::shared_ptr<FakeGpu> &gpu, pkg::EntryDesc entry,
               std::shared_ptr<Executable> &executable) {
  std::shared_ptr<const Package> package;
  Status status = load(packageOf(std::move(entry)), package);
  INFO(status.message());
  REQUIRE(status.ok());
  return gpu->prepare(package, 0, executable);
}

std::shared_ptr<Executable> need(const std::shared_ptr<FakeGpu> &gpu,
                                 pkg::EntryDesc entry) {
  std::shared_ptr<Executable> executable;
  Status status = prepare(gpu, std::move(entry), executable);
  INFO(status.message());
  REQUIRE(status.ok());
  return executable;
}

std::shared_ptr<Buffer> bufferOf(const std::shared_ptr<FakeGpu> &gpu,
                                 const std::vector<float> &values) {
  std::shared_ptr<Buffer> buffer;
  REQUIRE(gpu->createBuffer(values.size() * kWide, buffer).ok());
  REQUIRE(buffer->write(0, values.data(), values.size() * kWide).ok());
  return buffer;
}

std::vector<float> contentsOf(Buffer &buffer) {
  std::vector<float> values(buffer.size() / kWide);
  REQUIRE(buffer.read(0, values.data(), buffer.size()).ok());
  return values;
}

/// Y[r] = X[r] + Y[r - 1] for rows of 10 floats, which begin at no multiple of
/// the device's alignment.
pkg::EntryDesc scanEntry(int64_t rows) {
  constexpr int64_t row = 10 * kWide;
  pkg::EntryDesc entry;
  entry.name = "scan";
  entry.inputs = {tensor("X", rows, 10)};
  entry.outputs = {tensor("Y", rows, 10)};
  pkg::VariantDesc variant;
  variant.target = "opencl";
  variant.kernels = {kernelOf("add"), kernelOf("double")};
  uint64_t all = uint64_t(rows * row);
  variant.buffers = {{pkg::BufferKind::Input, 0, all, 0},
                     {pkg::BufferKind::Output, 0, all, 0},
                     {pkg::BufferKind::Temporary, 0, row, 512},
                     {pkg::BufferKind::Constant, 0, row, 0}};
  variant.constants = {{std::vector<uint8_t>(row, 0)}};
  variant.arenaBytes = 1024;
  // The running sum is kept in a temporary, which begins with the constant.
  variant.steps.push_back({pkg::CopyDesc{at(3, 0, row, pkg::Access::Read),
                                         at(2, 0, row, pkg::Access::Write)}});
  pkg::LoopDesc loop;
  loop.tripCount = uint64_t(rows);
  loop.body.push_back(dispatch(0,
                               {at(0, 0, row, pkg::Access::Read, {row}),
                                at(2, 0, row, pkg::Access::Read),
                                at(1, 0, row, pkg::Access::Write, {row})},
                               10));
  loop.body.push_back({pkg::CopyDesc{at(1, 0, row, pkg::Access::Read, {row}),
                                     at(2, 0, row, pkg::Access::Write)}});
  variant.steps.push_back({loop});
  entry.variants = {variant};
  return entry;
}

/// Many doublings of disjoint rows of one input, then one of the output.
pkg::EntryDesc rowsEntry(int64_t rows) {
  constexpr int64_t row = 64 * kWide;
  pkg::EntryDesc entry;
  entry.name = "rows";
  entry.inputs = {tensor("X", rows, 64)};
  entry.outputs = {tensor("Y", rows, 64), tensor("Z", rows, 64)};
  entry.aliases = {{0, 0}};
  pkg::VariantDesc variant;
  variant.target = "opencl";
  variant.kernels = {kernelOf("double")};
  uint64_t all = uint64_t(rows * row);
  variant.buffers = {{pkg::BufferKind::Input, 0, all, 0},
                     {pkg::BufferKind::Output, 0, all, 0},
                     {pkg::BufferKind::Output, 1, all, 0}};
  pkg::LoopDesc loop;
  loop.tripCount = uint64_t(rows);
  loop.body.push_back(dispatch(0,
                               {at(0, 0, row, pkg::Access::Read, {row}),
                                at(1, 0, row, pkg::Access::Write, {row})},
                               64));
  variant.steps.push_back({loop});
  variant.steps.push_back(dispatch(
      0, {at(1, 0, all, pkg::Access::Read), at(2, 0, all, pkg::Access::Write)},
      uint32_t(rows * 64)));
  entry.variants = {variant};
  return entry;
}

std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = float(i % 97) + 0.5f;
  return values;
}

/// Sets POLYTILE_SIMULATE for the length of a scope.
struct Simulated {
  explicit Simulated(const char *what) { setenv("POLYTILE_SIMULATE", what, 1); }
  ~Simulated() { unsetenv("POLYTILE_SIMULATE"); }
};

} // namespace

TEST_CASE("a GPU's loop over misaligned rows waits where data flows") {
  auto gpu = FakeGpu::make();
  constexpr int64_t rows = 7;
  auto scan = need(gpu, scanEntry(rows));
  std::vector<float> x = ramp(rows * 10), expected = x;
  for (size_t i = 10; i < expected.size(); ++i)
    expected[i] += expected[i - 10];
  auto in = bufferOf(gpu, x),
       out = bufferOf(gpu, std::vector<float>(rows * 10));
  for (int round = 0; round < 3; ++round) {
    std::vector<std::shared_ptr<Buffer>> inputs{in}, outputs{out};
    REQUIRE(scan->check(inputs, outputs).ok());
    Status status = scan->run(inputs, outputs);
    INFO(status.message());
    REQUIRE(status.ok());
    CHECK(contentsOf(*out) == expected);
  }
}

TEST_CASE("a GPU's independent dispatches wait for nothing") {
  auto gpu = FakeGpu::make();
  constexpr size_t rows = 32;
  auto executable = need(gpu, rowsEntry(rows));
  std::vector<float> x = ramp(rows * 64);
  auto in = bufferOf(gpu, x);
  auto y = bufferOf(gpu, std::vector<float>(x.size())),
       z = bufferOf(gpu, std::vector<float>(x.size()));
  std::vector<std::shared_ptr<Buffer>> inputs{in}, outputs{y, z};
  REQUIRE(executable->run(inputs, outputs).ok());
  CHECK(gpu->dispatches == rows + 1);
  CHECK(gpu->barriers == 1);
  CHECK(contentsOf(*z)[5] == 4 * x[5]);
  // In place, the rows of input and output are the same, and still apart from
  // each other.
  outputs[0] = in;
  REQUIRE(executable->check(inputs, outputs).ok());
  REQUIRE(executable->run(inputs, outputs).ok());
  CHECK(gpu->barriers == 2);
  CHECK(contentsOf(*in)[70] == 2 * x[70]);
  CHECK(contentsOf(*z)[70] == 4 * x[70]);
}

TEST_CASE("a kernel that writes a part of a misaligned range keeps the rest") {
  auto gpu = FakeGpu::make();
  pkg::EntryDesc entry = rowsEntry(1);
  pkg::VariantDesc &variant = entry.variants[0];
  variant.kernels = {kernelOf("first")};
  variant.steps = {
      {pkg::FillDesc{at(1, 0, 256, pkg::Access::Write), {0, 0, 0x80, 0x3F}}},
      {pkg::FillDesc{at(2, 0, 256, pkg::Access::Write), {0}}},
      dispatch(
          0,
          {at(0, 4, 64, pkg::Access::Read), at(1, 12, 64, pkg::Access::Write)},
          16)};
  auto executable = need(gpu, entry);
  auto in = bufferOf(gpu, ramp(64));
  auto y = bufferOf(gpu, std::vector<float>(64)),
       z = bufferOf(gpu, std::vector<float>(64));
  std::vector<std::shared_ptr<Buffer>> inputs{in}, outputs{y, z};
  Status status = executable->run(inputs, outputs);
  INFO(status.message());
  REQUIRE(status.ok());
  std::vector<float> expected(64, 1.0f);
  expected[3] = 1.5f;
  CHECK(contentsOf(*y) == expected);
}

TEST_CASE("host memory is brought to a GPU and back in each run") {
  auto gpu = FakeGpu::make();
  auto executable = need(gpu, rowsEntry(2));
  std::vector<float> x = ramp(128), y(128), z(128);
  std::vector<std::shared_ptr<Buffer>> inputs(1), outputs(2);
  auto wrap = [&](std::vector<float> &values, std::shared_ptr<Buffer> &buffer) {
    REQUIRE(Buffer::wrap(gpu, values.data(), values.size() * kWide, nullptr,
                         nullptr, buffer)
                .ok());
  };
  wrap(x, inputs[0]);
  wrap(y, outputs[0]);
  wrap(z, outputs[1]);
  uint64_t before = gpu->account->usage().in_use_bytes;
  REQUIRE(executable->run(inputs, outputs).ok());
  CHECK(y[9] == 2 * x[9]);
  CHECK(z[127] == 4 * x[127]);
  executable->trim();
  CHECK(gpu->account->usage().in_use_bytes == before);
  // Another device's buffer, and overlaps that aren't declared.
  outputs[1] = inputs[0];
  CHECK_THAT(executable->check(inputs, outputs).message(),
             Contains("output 1 (Z) overlaps input 0"));
}

TEST_CASE("maps of device memory nest, are written back, and block runs") {
  auto gpu = FakeGpu::make();
  auto executable = need(gpu, rowsEntry(1));
  auto in = bufferOf(gpu, ramp(64));
  auto y = bufferOf(gpu, std::vector<float>(64)),
       z = bufferOf(gpu, std::vector<float>(64));
  std::vector<std::shared_ptr<Buffer>> inputs{in}, outputs{y, z};
  void *outer = nullptr, *inner = nullptr;
  REQUIRE(in->map(PTL_MAP_READ_WRITE, 64, 64, &outer).ok());
  CHECK(static_cast<float *>(outer)[0] == 16.5f);
  CHECK(executable->check(inputs, outputs).code() == PTL_STATUS_BUSY);
  static_cast<float *>(outer)[1] = 100;
  REQUIRE(in->map(PTL_MAP_READ, 0, 256, &inner).ok());
  CHECK(static_cast<float *>(inner)[17] == 100);
  CHECK(static_cast<float *>(inner)[63] == 63.5f);
  static_cast<float *>(inner)[0] = -1; // mapped for reading: not written back
  CHECK(in->unmap().ok());
  CHECK(executable->check(inputs, outputs).code() == PTL_STATUS_BUSY);
  CHECK(in->unmap().ok());
  CHECK(executable->check(inputs, outputs).ok());
  CHECK(contentsOf(*in)[17] == 100);
  CHECK(contentsOf(*in)[0] == 0.5f);
  CHECK(in->unmap().code() == PTL_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("device memory is pooled, limited, and freed before giving up") {
  constexpr uint64_t memory = 1 << 20;
  auto gpu = FakeGpu::make(memory, memory / 2);
  std::shared_ptr<Buffer> buffer;
  for (int round = 0; round < 20; ++round) {
    buffer.reset();
    REQUIRE(gpu->createBuffer(50000, buffer).ok());
  }
  CHECK(gpu->allocations == 1);
  CHECK(gpu->account->usage().in_use_bytes == 50000);
  std::vector<float> zeros(50000 / kWide);
  CHECK(contentsOf(*buffer) == zeros);
  // The limit counts what is in use, with the numbers in the message.
  std::shared_ptr<Buffer> large;
  Status status = gpu->createBuffer(memory / 2, large);
  CHECK(status.code() == PTL_STATUS_OUT_OF_MEMORY);
  CHECK_THAT(status.message(), Contains("50000 are in use"));
  // Without a limit, the device's own; a buffer has one as well.
  gpu->account->setLimit(0);
  CHECK_THAT(gpu->createBuffer(memory, large).message(),
             Contains("allows buffers of 524288 bytes"));
  std::vector<std::shared_ptr<Buffer>> many;
  do {
    status = gpu->createBuffer(100000, many.emplace_back());
  } while (status.ok());
  CHECK(status.code() == PTL_STATUS_OUT_OF_MEMORY);
  many.clear();
  buffer.reset();
  // Whatever is idle by now is of the wrong size, and freed for this one.
  CHECK(gpu->createBuffer(memory / 2, large).ok());
  CHECK(gpu->createBuffer(memory / 4, buffer).ok());
}

TEST_CASE("scratch of an idle GPU executable is freed for others") {
  auto gpu = FakeGpu::make();
  auto scan = need(gpu, scanEntry(2));
  auto in = bufferOf(gpu, ramp(20)), out = bufferOf(gpu, ramp(20));
  std::vector<std::shared_ptr<Buffer>> inputs{in}, outputs{out};
  REQUIRE(scan->run(inputs, outputs).ok());
  uint64_t used = gpu->account->usage().in_use_bytes;
  gpu->account->setLimit(used);
  std::shared_ptr<Buffer> buffer;
  CHECK(gpu->createBuffer(scan->scratchBytes(), buffer).ok());
  // Now there is no room for a run, which says so and leaves all well.
  CHECK(scan->run(inputs, outputs).code() == PTL_STATUS_OUT_OF_MEMORY);
  buffer.reset();
  CHECK(scan->run(inputs, outputs).ok());
}

TEST_CASE("a GPU executable runs on several threads at once") {
  auto gpu = FakeGpu::make();
  auto executable = need(gpu, scanEntry(5));
  std::vector<float> expected = ramp(50);
  for (size_t i = 10; i < expected.size(); ++i)
    expected[i] += expected[i - 10];
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        std::vector<float> x = ramp(50), y(50);
        std::vector<std::shared_ptr<Buffer>> inputs(1), outputs(1);
        bool fine = gpu->createBuffer(200, inputs[0]).ok() &&
                    gpu->createBuffer(200, outputs[0]).ok() &&
                    inputs[0]->write(0, x.data(), 200).ok() &&
                    executable->run(inputs, outputs).ok() &&
                    outputs[0]->read(0, y.data(), 200).ok() && y == expected;
        if (!fine)
          ++wrong;
        if (round % 16 == 0)
          executable->trim();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("simulated failures come when they are asked for") {
  auto gpu = FakeGpu::make();
  auto in = bufferOf(gpu, ramp(20)), out = bufferOf(gpu, ramp(20));
  std::vector<std::shared_ptr<Buffer>> inputs{in}, outputs{out};
  std::shared_ptr<Executable> scan;
  {
    Simulated failure("build-failure");
    Status status = prepare(gpu, scanEntry(2), scan);
    CHECK(status.code() == PTL_STATUS_KERNEL_FAILED);
    CHECK_THAT(status.message(), Contains("'add'"));
  }
  scan = need(gpu, scanEntry(2));
  {
    Simulated failure("out-of-memory:2");
    std::shared_ptr<Buffer> buffer;
    CHECK(gpu->createBuffer(64, buffer).ok());
    CHECK(gpu->createBuffer(64, buffer).code() == PTL_STATUS_OUT_OF_MEMORY);
    CHECK(gpu->createBuffer(64, buffer).ok());
  }
  {
    Simulated failure("device-lost:2");
    CHECK(scan->run(inputs, outputs).ok());
    CHECK(scan->run(inputs, outputs).code() == PTL_STATUS_DEVICE_LOST);
  }
  // Lost is lost, for all that is on it; and the process goes on.
  Status status = scan->run(inputs, outputs);
  CHECK(status.code() == PTL_STATUS_DEVICE_LOST);
  CHECK_THAT(status.message(), Contains("opencl:9 (fake) was lost"));
  float value = 0;
  CHECK(in->read(0, &value, kWide).code() == PTL_STATUS_DEVICE_LOST);
  std::shared_ptr<Buffer> buffer;
  CHECK(gpu->createBuffer(64, buffer).code() == PTL_STATUS_DEVICE_LOST);
  CHECK(prepare(gpu, scanEntry(2), scan).code() == PTL_STATUS_DEVICE_LOST);
}

TEST_CASE("kernels over a device's limits are refused with the numbers") {
  auto gpu = FakeGpu::make();
  auto messageAfter = [&](auto change) {
    pkg::EntryDesc entry = rowsEntry(4);
    change(entry.variants[0]);
    std::shared_ptr<Executable> executable;
    Status status = prepare(gpu, entry, executable);
    CHECK(status.code() == PTL_STATUS_UNSUPPORTED);
    return status.message();
  };
  CHECK_THAT(messageAfter([](pkg::VariantDesc &variant) {
               variant.kernels[0].workgroupSize = {32, 32, 1};
             }),
             Contains("kernel 'double' has workgroups of 1024 items; the "
                      "device's limit is 256"));
  CHECK_THAT(messageAfter([](pkg::VariantDesc &variant) {
               variant.kernels[0].workgroupSize = {1, 1, 128};
             }),
             Contains("in dimension 2; the device's limit is 64"));
  CHECK_THAT(messageAfter([](pkg::VariantDesc &variant) {
               variant.kernels[0].workgroupMemoryBytes = 20000;
             }),
             Contains("uses 20000 bytes of workgroup memory; the device has "
                      "16384"));
  CHECK_THAT(messageAfter([](pkg::VariantDesc &variant) {
               variant.kernels[0].subgroupSize = 128;
             }),
             Contains("needs subgroups of 128"));
  CHECK_THAT(messageAfter([](pkg::VariantDesc &variant) {
               auto &last =
                   std::get<pkg::DispatchDesc>(variant.steps[1].operation);
               last.grid = {1, 70000, 1};
               last.items = 70000;
             }),
             Contains("runs 70000 workgroups in dimension 1"));
  pkg::EntryDesc large = rowsEntry(2000);
  auto &last =
      std::get<pkg::DispatchDesc>(large.variants[0].steps[1].operation);
  last.grid = {64000, 2, 1};
  std::shared_ptr<Executable> executable;
  Status status = prepare(gpu, large, executable);
  CHECK(status.code() == PTL_STATUS_UNSUPPORTED);
  CHECK_THAT(status.message(), Contains("binds 512000 bytes as its buffer 0; "
                                        "the device's limit is 262144"));
}

TEST_CASE("a GPU takes the variant whose requirements hold") {
  auto gpu = FakeGpu::make();
  pkg::EntryDesc entry = rowsEntry(1);
  auto with = [&](std::vector<std::string> requirements) {
    pkg::VariantDesc variant = entry.variants[0];
    variant.requirements = std::move(requirements);
    return variant;
  };
  entry.variants = {with({}), with({"i64", "workgroup_size>=256"}),
                    with({"f64", "i64", "i64"}),
                    with({"workgroup_memory_bytes>=32768", "i64", "i64"})};
  CHECK(need(gpu, entry)->variantText() == "opencl i64 workgroup_size>=256");
  entry.variants = {with({"subgroup_size=64"}), with({"f64"})};
  CHECK(need(gpu, entry)->variantText() == "opencl subgroup_size=64");
  entry.variants = {with({"i64", "f64"}), with({"binding_bytes>=999999"})};
  std::shared_ptr<Executable> executable;
  Status status = prepare(gpu, entry, executable);
  CHECK(status.code() == PTL_STATUS_INCOMPATIBLE);
  CHECK_THAT(status.message(),
             Contains("'opencl i64 f64' (lacking here: f64)"));
  CHECK_THAT(status.message(), Contains("(lacking here: binding_bytes>="));
  CHECK_FALSE(gpu->capabilities().satisfies("made_up>=1"));
  CHECK_FALSE(gpu->capabilities().satisfies("workgroup_size>=x"));
  CHECK_FALSE(gpu->capabilities().satisfies("subgroup_size=8"));
}

TEST_CASE("what a package says of kernels for GPUs is checked") {
  auto messageAfter = [](auto change) {
    pkg::EntryDesc entry = rowsEntry(2);
    change(entry.variants[0]);
    std::shared_ptr<const Package> package;
    Status status = load(packageOf(entry), package);
    CHECK(status.code() == PTL_STATUS_CORRUPT);
    return status.message();
  };
  auto last = [](pkg::VariantDesc &variant) -> pkg::DispatchDesc & {
    return std::get<pkg::DispatchDesc>(variant.steps[1].operation);
  };
  using Variant = pkg::VariantDesc;
  CHECK_THAT(messageAfter([](Variant &v) { v.kernels[0].workgroupSize = {}; }),
             Contains("workgroup size of 0 numbers"));
  CHECK_THAT(
      messageAfter([](Variant &v) { v.kernels[0].workgroupSize = {0, 1, 1}; }),
      Contains("workgroup size of 0 in dimension 0"));
  CHECK_THAT(messageAfter([](Variant &v) {
               v.kernels[0].workgroupSize = {1024, 1024, 1024};
             }),
             Contains("a workgroup of 1073741824 items"));
  CHECK_THAT(messageAfter([](Variant &v) { v.kernels[0].subgroupSize = 24; }),
             Contains("a subgroup of 24"));
  CHECK_THAT(messageAfter([](Variant &v) {
               v.kernels[0].workgroupMemoryBytes = ~uint64_t(0);
             }),
             Contains("of workgroup memory"));
  CHECK_THAT(messageAfter([&](Variant &v) { last(v).grid = {7, 1, 1}; }),
             Contains("a grid of 7 workgroups for 128 items"));
  CHECK_THAT(messageAfter([&](Variant &v) { last(v).grid = {~0u, ~0u, ~0u}; }),
             Contains("whose product passes"));
  CHECK_THAT(messageAfter([&](Variant &v) { last(v).grid = {}; }),
             Contains("a grid of 0 numbers"));
  CHECK_THAT(messageAfter([](Variant &v) { v.target = "cpu"; }),
             Contains("workgroups on the target 'cpu'"));
  CHECK_THAT(messageAfter([](Variant &v) { v.target = "vulkan"; }),
             Contains("its module is 'opencl-c', not 'spirv'"));
  std::shared_ptr<const Package> package;
  pkg::PackageDesc description = packageOf(rowsEntry(2));
  description.modules[0].format = "spirv";
  CHECK_THAT(load(description, package).message(),
             Contains("no SPIR-V module"));
  description.modules[0] = {"opencl-c", 1, {'a', 0, 'b'}};
  CHECK_THAT(load(description, package).message(), Contains("a zero byte"));
}

TEST_CASE("changed fields of a GPU's package are refused or safe to run") {
  auto gpu = FakeGpu::make();
  std::vector<uint8_t> file = pkg::writePackage(packageOf(scanEntry(3)));
  pkg::Header header;
  std::memcpy(&header, file.data(), sizeof(header));
  int accepted = 0, refused = 0;
  auto tryFile = [&](std::vector<uint8_t> changed) {
    uint32_t checksum = pkg::checksumOfFile(changed.data(), changed.size());
    std::memcpy(changed.data() + offsetof(pkg::Header, checksum), &checksum, 4);
    std::shared_ptr<const Package> package;
    std::shared_ptr<Executable> executable;
    Status status =
        loadPackageMemory({changed.data(), changed.size()}, package);
    ++(status.ok() ? accepted : refused);
    if (!status.ok() || package->entries.empty() ||
        !gpu->prepare(package, 0, executable).ok())
      return;
    std::vector<std::shared_ptr<Buffer>> inputs, outputs;
    bool made = true;
    for (const Tensor &tensor : executable->entry().inputs)
      made &= gpu->createBuffer(tensor.byteSize, inputs.emplace_back()).ok();
    for (const Tensor &tensor : executable->entry().outputs)
      made &= gpu->createBuffer(tensor.byteSize, outputs.emplace_back()).ok();
    if (!made || !executable->check(inputs, outputs).ok())
      return;
    // A range outside of its storage would be INTERNAL.
    status = executable->run(inputs, outputs);
    if (status.code() == PTL_STATUS_INTERNAL)
      FAIL(status.message());
  };
  for (size_t at = header.metadataOffset;
       at + 4 <= header.metadataOffset + header.metadataBytes; at += 4)
    for (uint64_t value :
         {uint64_t(0), uint64_t(1), uint64_t(255), uint64_t(512),
          uint64_t(1) << 16, uint64_t(UINT32_MAX), ~uint64_t(63)})
      for (size_t width : {1, 4, 8}) {
        std::vector<uint8_t> changed = file;
        std::memcpy(changed.data() + at, &value,
                    std::min(width, changed.size() - at));
        tryFile(std::move(changed));
      }
  CHECK(accepted > 1000);
  CHECK(refused > 1000);
}

TEST_CASE("a GPU's profile counts each dispatch") {
  auto gpu = FakeGpu::make();
  auto executable = need(gpu, rowsEntry(3));
  auto in = bufferOf(gpu, ramp(192)), y = bufferOf(gpu, ramp(192)),
       z = bufferOf(gpu, ramp(192));
  std::vector<std::shared_ptr<Buffer>> inputs{in}, outputs{y, z};
  REQUIRE(executable->run(inputs, outputs).ok());
  CHECK(executable->times(false)[0].calls == 0);
  executable->setProfiling(true);
  REQUIRE(executable->run(inputs, outputs).ok());
  CHECK(executable->times(true)[0].calls == 4);
  CHECK(executable->times(false)[0].calls == 0);
}
