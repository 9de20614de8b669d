// What every driver must do, through the C++ face of the public API alone. Run
// for each device in kDevices; the null device accepts everything and runs
// nothing, so results are compared only where kernels run.
#include "polytile/runtime.hpp"
#include "test/conformance/TestPackages.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <thread>

using namespace polytile;
using namespace polytile::test;

extern "C" int checkHeaderInC11(void);

namespace {

struct Kind {
  const char *name;
  bool runsKernels;
};
constexpr Kind kDevices[] = {{"null:0", false}, {"cpu:0", true}};

/// The value, or a failed test that shows the message.
template <typename T> T need(Result<T> result) {
  if (!result.ok())
    FAIL(result.status().message());
  return std::move(*result);
}

void need(const Status &status) {
  INFO(status.message() << " at " << status.place());
  REQUIRE(status.ok());
}

Package load(const package::EntryDesc &entry) {
  std::vector<uint8_t> bytes = package::writePackage(packageOf(entry));
  return need(Package::loadMemory(bytes.data(), bytes.size()));
}

Buffer bufferOf(const Device &device, const std::vector<float> &values) {
  Buffer buffer = need(Buffer::create(device, values.size() * 4));
  need(buffer.write(values.data(), values.size() * 4));
  return buffer;
}

template <typename T = float> std::vector<T> contents(const Buffer &buffer) {
  std::vector<T> values(buffer.size() / sizeof(T));
  need(buffer.read(values.data(), buffer.size()));
  return values;
}

std::vector<float> ramp(size_t n, float start = 0) {
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), start);
  return values;
}

} // namespace

TEST_CASE("the header compiles as C11 and its functions link") {
  CHECK(checkHeaderInC11() == 0);
}

TEST_CASE("every device says its name and, if it is a CPU, its level") {
  for (Kind kind : kDevices) {
    Device device = need(Device::open(kind.name));
    CHECK(device.name() == kind.name);
    CHECK(device.cpuLevel().empty() == !kind.runsKernels);
  }
}

TEST_CASE("add runs on sizes from 0") {
  for (Kind kind : kDevices)
    for (int64_t n : {0, 1, 2, 3, 7, 16, 17, 64, 100, 1000, 100003}) {
      INFO(kind.name << ", n = " << n);
      Device device = need(Device::open(kind.name));
      Package package = load(addEntry(n));
      Executable add = need(Executable::create(device, package));
      auto a = ramp(size_t(n)), b = ramp(size_t(n), 5);
      Buffer A = bufferOf(device, a), B = bufferOf(device, b),
             C = need(Buffer::create(device, a.size() * 4));
      for (int repeat = 0; repeat < 3; ++repeat)
        need(add.run({&A, &B}, {&C}));
      auto c = contents(C);
      bool right = true;
      for (size_t i = 0; i < c.size(); ++i)
        right &= c[i] == a[i] + b[i];
      CHECK((right || !kind.runsKernels));
    }
}

TEST_CASE("inputs may be the same buffer, outputs may not overlap") {
  for (Kind kind : kDevices) {
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable add = need(Executable::create(device, load(addEntry(16))));
    Buffer A = bufferOf(device, ramp(16)), C = need(Buffer::create(device, 64));
    need(add.run({&A, &A}, {&C}));
    if (kind.runsKernels)
      CHECK(contents(C)[15] == 30);
    Status status = add.run({&A, &C}, {&C});
    CHECK(status.code() == PTL_STATUS_INVALID_ARGUMENT);
    CHECK_THAT(status.message(), Catch::Contains("overlaps input 1 (B)"));
  }
}

TEST_CASE("wrong arguments are named") {
  for (Kind kind : kDevices) {
    INFO(kind.name);
    Device device = need(Device::open(kind.name)),
           other = need(Device::open(kind.name));
    Package package = load(addEntry(16));
    Executable add = need(Executable::create(device, package));
    Buffer A = need(Buffer::create(device, 64)),
           C = need(Buffer::create(device, 64));
    Buffer small = need(Buffer::create(device, 60)),
           foreign = need(Buffer::create(other, 64));
    CHECK_THAT(add.run({&A}, {&C}).message(),
               Catch::Contains("takes 2 inputs, not 1"));
    CHECK_THAT(add.run({&A, nullptr}, {&C}).message(),
               Catch::Contains("input 1 (B) is null"));
    CHECK_THAT(add.run({&A, &small}, {&C}).message(),
               Catch::Contains("f32[16], 64 bytes; its buffer has 60"));
    CHECK_THAT(add.run({&A, &foreign}, {&C}).message(),
               Catch::Contains("belongs to another device"));
    CHECK(!Status(ptl_executable_run(nullptr, nullptr, 0, nullptr, 0)).ok());
    CHECK(!Executable::create(device, package, 1).ok());
  }
}

TEST_CASE("temporaries, updates in place, and one buffer as input and output") {
  for (Kind kind : kDevices)
    for (int64_t n : {1, 17, 1000}) {
      INFO(kind.name << ", n = " << n);
      Device device = need(Device::open(kind.name));
      Executable twice = need(Executable::create(device, load(twiceEntry(n))));
      Buffer A = bufferOf(device, ramp(size_t(n), 1)),
             C = need(Buffer::create(device, size_t(n) * 4));
      need(twice.run({&A}, {&C}));
      need(twice.run({&A}, {&A}));
      if (kind.runsKernels) {
        CHECK(contents(C)[size_t(n) - 1] == 4 * float(n));
        CHECK(contents(A) == contents(C));
      }
    }
}

TEST_CASE("loops move their bindings") {
  for (Kind kind : kDevices)
    for (int64_t steps : {0, 1, 5, 100}) {
      INFO(kind.name << ", " << steps << " steps");
      Device device = need(Device::open(kind.name));
      Executable scan =
          need(Executable::create(device, load(scanEntry(steps))));
      Buffer X = bufferOf(device, std::vector<float>(size_t(steps) * 16, 1));
      Buffer Y = need(Buffer::create(device, X.size()));
      need(scan.run({&X}, {&Y}));
      auto y = contents(Y);
      for (size_t i = 0; kind.runsKernels && i < y.size(); ++i)
        REQUIRE(y[i] == float(i / 16 + 1));
    }
}

TEST_CASE("fills, copies, constants and nested loops with negative strides") {
  Device device = need(Device::open("cpu:0"));
  Executable move = need(Executable::create(device, load(moveEntry())));
  Buffer in = bufferOf(device, ramp(6 * 32)),
         out = need(Buffer::create(device, 4 * 6 * 32 * 4));
  need(move.run({&in}, {&out}));
  auto bytes = contents<unsigned char>(out);
  for (size_t i = 0; i < 24; ++i)
    CHECK(bytes[i] == i % 8 + 1);
  for (size_t i = bytes.size() - 128; i < bytes.size(); ++i)
    CHECK(bytes[i] == 7);
  auto values = contents(out);
  CHECK(
      values[32] ==
      4 * 32); // second cell of the first row is the last but one of the input
  CHECK(values[3 * 6 * 32] == 5 * 32); // first cell of the last row
}

TEST_CASE("the best variant that the device satisfies runs") {
  Package package = load(levelsEntry());
  int best = need(Device::open("cpu:0")).cpuLevel().back() - '0';
  for (int limit = 1; limit <= 4; ++limit) {
    DeviceOptions options;
    options.cpuLevel =
        limit == 1 ? "x86-64" : "x86-64-v" + std::to_string(limit);
    Device device = need(Device::open("cpu:0", options));
    Executable levels = need(Executable::create(device, package));
    Buffer level = need(Buffer::create(device, 4));
    need(levels.run({}, {&level}));
    int expected = std::min(limit, best);
    CHECK(contents<int32_t>(level)[0] == expected);
    CHECK_THAT(levels.variant(), Catch::StartsWith("cpu x86-64"));
  }
}

TEST_CASE("what no variant satisfies is refused with what there is") {
  package::EntryDesc entry = levelsEntry();
  entry.variants.resize(1);
  entry.variants[0].requirements = {"x86-64", "made-up-feature"};
  Device device = need(Device::open("cpu:0"));
  auto refused = Executable::create(device, load(entry));
  CHECK(refused.status().code() == PTL_STATUS_INCOMPATIBLE);
  CHECK_THAT(refused.status().message(), Catch::Contains("made-up-feature"));
  entry.variants[0].target = "made-up";
  CHECK(Executable::create(device, load(entry)).status().code() ==
        PTL_STATUS_INCOMPATIBLE);
}

TEST_CASE("every item runs once, with threads of any number") {
  for (uint32_t threads : {1u, 2u, 3u, 8u})
    for (int64_t items : {0, 1, 2, 7, 1000, 100000}) {
      INFO(threads << " threads, " << items << " items");
      DeviceOptions options;
      options.threadCount = threads;
      Device device = need(Device::open("cpu:0", options));
      CHECK(device.threadCount() == threads);
      Executable count = need(Executable::create(
          device, load(itemsEntry("count", "count_i32", items))));
      Buffer out = need(Buffer::create(device, size_t(items) * 4));
      for (int repeat = 0; repeat < 5; ++repeat)
        need(count.run({}, {&out}));
      CHECK(contents<int32_t>(out) == std::vector<int32_t>(size_t(items), 1));
    }
}

TEST_CASE("each thread has a workspace of its own") {
  DeviceOptions options;
  options.threadCount = 4;
  Device device = need(Device::open("cpu:0", options));
  Executable use = need(Executable::create(
      device, load(itemsEntry("use", "use_workspace", 500, 1000))));
  CHECK(use.scratchBytes() == 4 * 1024);
  Buffer out = need(Buffer::create(device, 2000));
  need(use.run({}, {&out}));
  CHECK(contents<int32_t>(out) == std::vector<int32_t>(500, 1));
}

TEST_CASE("a failing kernel is a status with its name, line and code, and the "
          "next run is clean") {
  Device device = need(Device::open("cpu:0"));
  Executable bad = need(
      Executable::create(device, load(itemsEntry("bad", "fail_at_three", 8))));
  Buffer out = need(Buffer::create(device, 32));
  for (int repeat = 0; repeat < 2; ++repeat) {
    Status status = bad.run({}, {&out});
    CHECK(status.code() == PTL_STATUS_KERNEL_FAILED);
    CHECK_THAT(status.message(), Catch::Contains("fail_at_three") &&
                                     Catch::Contains("kernels.c:1") &&
                                     Catch::Contains("returned 42"));
  }
}

TEST_CASE("memory that isn't aligned works") {
  for (Kind kind : kDevices) {
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable add = need(Executable::create(device, load(addEntry(100))));
    std::vector<float> a = ramp(101), c(101, -1);
    Buffer A = need(Buffer::wrap(device, a.data() + 1, 400)),
           C = need(Buffer::wrap(device, c.data() + 1, 400));
    need(add.run({&A, &A}, {&C}));
    if (kind.runsKernels) {
      CHECK(c[100] == 200);
      CHECK(c[0] == -1);
    }
  }
}

TEST_CASE(
    "running out of memory is a status, and smaller work succeeds afterwards") {
  for (Kind kind : kDevices) {
    INFO(kind.name);
    DeviceOptions options;
    options.memoryLimitBytes = 1 << 20;
    Device device = need(Device::open(kind.name, options));
    auto large = Buffer::create(device, (1 << 20) + 1);
    CHECK(large.status().code() == PTL_STATUS_OUT_OF_MEMORY);
    CHECK_THAT(large.status().message(), Catch::Contains("1048576"));
    Buffer small = need(Buffer::create(device, 1 << 19));
    CHECK(need(device.memoryUsage()).in_use_bytes == 1 << 19);
    CHECK(Buffer::create(device, UINT64_MAX).status().code() ==
          PTL_STATUS_OUT_OF_MEMORY);
    CHECK(Buffer::create(device, UINT64_MAX / 2).status().code() ==
          PTL_STATUS_OUT_OF_MEMORY);
    CHECK(need(device.memoryUsage()).in_use_bytes == 1 << 19);
  }
}

TEST_CASE("an arena over the limit is a status; idle scratch is given back") {
  DeviceOptions options;
  options.memoryLimitBytes = 1 << 20;
  Device device = need(Device::open("cpu:0", options));
  struct alignas(64) Block {
    float values[1 << 18];
  };
  auto data = std::make_unique<Block>(), result = std::make_unique<Block>();
  std::fill(std::begin(data->values), std::end(data->values), 1.0f);
  auto run = [&](Executable &executable, uint64_t bytes) {
    Buffer a = need(Buffer::wrap(device, data->values, bytes));
    Buffer c = need(Buffer::wrap(device, result->values, bytes));
    return executable.run({&a}, {&c});
  };
  Executable large =
      need(Executable::create(device, load(twiceEntry(1 << 18))));
  CHECK(run(large, 1 << 20).code() == PTL_STATUS_OUT_OF_MEMORY);
  Executable first = need(Executable::create(device, load(twiceEntry(150000))));
  Executable second =
      need(Executable::create(device, load(twiceEntry(150001))));
  for (int repeat = 0; repeat < 2; ++repeat) {
    need(run(first, 600000));
    need(run(second, 600004));
    CHECK(result->values[150000] == 4);
  }
}

TEST_CASE("streams run in order, events order streams, failures wait for the "
          "synchronize") {
  for (Kind kind : kDevices) {
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable twice = need(Executable::create(device, load(twiceEntry(100))));
    Buffer A = bufferOf(device, std::vector<float>(100, 1));
    Stream first = need(Stream::create(device)),
           second = need(Stream::create(device));
    Event done = need(Event::create(device)), end = need(Event::create(device));
    CHECK(done.isReached());
    for (int i = 0; i < 3; ++i)
      need(first.run(twice, {&A}, {&A}));
    need(first.record(done));
    need(second.wait(done));
    need(second.run(twice, {&A}, {&A}));
    need(second.record(end));
    need(second.synchronize());
    need(end.synchronize());
    CHECK((done.isReached() && end.isReached()));
    double seconds = -1;
    need(Status(ptl_event_elapsed(done.get(), end.get(), &seconds)));
    CHECK(seconds >= 0);
    if (kind.runsKernels)
      CHECK(contents(A)[99] == 256);
  }
  Device device = need(Device::open("cpu:0"));
  Executable bad = need(
      Executable::create(device, load(itemsEntry("bad", "fail_at_three", 8))));
  Executable count = need(
      Executable::create(device, load(itemsEntry("count", "count_i32", 8))));
  Buffer out = need(Buffer::create(device, 32)),
         skipped = need(Buffer::create(device, 32));
  Stream stream = need(Stream::create(device));
  need(stream.run(bad, {}, {&out}));
  need(stream.run(count, {}, {&skipped}));
  CHECK(stream.synchronize().code() == PTL_STATUS_KERNEL_FAILED);
  CHECK(contents<int32_t>(skipped)[0] == 0);
  need(stream.run(count, {}, {&skipped}));
  need(stream.synchronize());
  CHECK(contents<int32_t>(skipped)[0] == 1);
}

TEST_CASE("handles may die in any order while work is queued") {
  Result<Stream> stream = Status();
  std::vector<float> result(1000, 0);
  {
    Device device = need(Device::open("cpu:0"));
    stream = Stream::create(device);
    Executable twice = need(Executable::create(device, load(twiceEntry(1000))));
    Buffer A = bufferOf(device, std::vector<float>(1000, 1)),
           C = need(Buffer::wrap(device, result.data(), 4000));
    for (int i = 0; i < 50; ++i)
      need(stream->run(twice, {&A}, {&C}));
  }
  need(stream->synchronize());
  CHECK(result[999] == 4);
}

TEST_CASE("one executable serves several threads at once") {
  Device device = need(Device::open("cpu:0"));
  Executable twice = need(Executable::create(device, load(twiceEntry(5000))));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::vector<float> data(5000, float(t)), result(5000);
      auto A = Buffer::wrap(device, data.data(), 20000),
           C = Buffer::wrap(device, result.data(), 20000);
      for (int i = 0; i < 100; ++i) {
        std::fill(result.begin(), result.end(), -1.0f);
        bool right = twice.run({&*A}, {&*C}).ok();
        for (float value : result)
          right &= value == 4 * float(t);
        wrong += !right;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("profiles count dispatches, time and work") {
  Device device = need(Device::open("cpu:0"));
  Executable add = need(Executable::create(device, load(addEntry(1000))));
  Buffer A = bufferOf(device, ramp(1000)),
         C = need(Buffer::create(device, 4000));
  need(add.run({&A, &A}, {&C}));
  CHECK(need(add.profile())[0].calls == 0);
  need(add.setProfiling(true));
  for (int i = 0; i < 3; ++i)
    need(add.run({&A, &A}, {&C}));
  KernelProfile kernel = need(add.profile(/*reset=*/true))[0];
  CHECK(kernel.symbol == "add_f32");
  CHECK(kernel.calls == 3);
  CHECK(kernel.flops == 3000);
  CHECK(kernel.bytes == 36000);
  CHECK(kernel.seconds > 0);
  CHECK(need(add.profile())[0].calls == 0);
}

TEST_CASE("buffers check their ranges, map and unmap") {
  for (Kind kind : kDevices) {
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Buffer buffer = need(Buffer::create(device, 100));
    CHECK(contents<unsigned char>(buffer) ==
          std::vector<unsigned char>(100, 0));
    char byte = 1;
    CHECK(buffer.write(&byte, 1, 100).code() == PTL_STATUS_INVALID_ARGUMENT);
    CHECK(buffer.write(&byte, 2, UINT64_MAX).code() ==
          PTL_STATUS_INVALID_ARGUMENT);
    need(buffer.write(&byte, 1, 99));
    auto *data = static_cast<char *>(need(buffer.map()));
    CHECK(data[99] == 1);
    data[0] = 2;
    need(buffer.unmap());
    CHECK(contents<char>(buffer)[0] == 2);
    CHECK(!buffer.unmap().ok());
    int released = 0;
    auto count = [](void *user) { ++*static_cast<int *>(user); };
    ptl_buffer *raw = nullptr;
    REQUIRE(!ptl_buffer_wrap(device.get(), data, 10, count, &released, &raw));
    ptl_buffer_destroy(raw);
    CHECK(released == 1);
  }
}

TEST_CASE("DLPack goes out and comes in without a copy") {
  Device device = need(Device::open("cpu:0"));
  Buffer buffer = bufferOf(device, ramp(6));
  int64_t dims[] = {2, 3}, wrong[] = {2, 4};
  DLManagedTensor *tensor = nullptr;
  CHECK(!Status(ptl_buffer_export_dlpack(buffer.get(), PTL_ELEMENT_F32, 2,
                                         wrong, &tensor))
             .ok());
  need(Status(ptl_buffer_export_dlpack(buffer.get(), PTL_ELEMENT_F32, 2, dims,
                                       &tensor)));
  ptl_tensor_info info = {};
  ptl_buffer *raw = nullptr;
  need(Status(ptl_buffer_import_dlpack(device.get(), tensor, &info, &raw)));
  Buffer shared(raw);
  CHECK(info.element_type == PTL_ELEMENT_F32);
  CHECK((info.rank == 2 && info.dims[0] == 2 && info.dims[1] == 3));
  float value = 9;
  need(buffer.write(&value, 4, 8));
  CHECK(contents(shared)[2] == 9);
  buffer = Buffer();
  CHECK(contents(shared)[5] == 5);
}

TEST_CASE("devices describe themselves and refuse what they are not") {
  ptl_device_list *list = nullptr;
  need(Status(ptl_device_list_create(&list)));
  REQUIRE(ptl_device_list_count(list) >= 1);
  CHECK(std::string(ptl_device_list_name(list, 0)) == "cpu:0");
  CHECK_THAT(ptl_device_list_description(list, 0),
             Catch::Contains("\"cpu_level\": \"x86-64"));
  ptl_device_list_destroy(list);
  auto missing = Device::open("opencl:3");
  CHECK(missing.status().code() == PTL_STATUS_NOT_FOUND);
  CHECK_THAT(missing.status().message(), Catch::Contains("cpu:0"));
  CHECK_THAT(missing.status().place(), Catch::StartsWith("runtime/"));
  DeviceOptions options;
  options.cpuLevel = "x86-64-v9";
  CHECK(Device::open("cpu:0", options).status().code() ==
        PTL_STATUS_INVALID_ARGUMENT);
  CHECK(Status(ptl_version_check(PTL_VERSION)).ok());
  CHECK(!Status(ptl_version_check(PTL_VERSION + 0x100)).ok());
  CHECK(!Status(ptl_version_check(PTL_VERSION + 0x10000)).ok());
}

TEST_CASE("an empty dispatch through the API costs microseconds") {
  Device device = need(Device::open("cpu:0"));
  for (uint64_t items : {uint64_t(1), uint64_t(64)}) {
    Executable empty =
        need(Executable::create(device, load(emptyEntry(items))));
    double best = 1e9;
    for (int repeat = 0; repeat < 20; ++repeat) {
      constexpr int runs = 1000;
      auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < runs; ++i)
        if (ptl_status *status =
                ptl_executable_run(empty.get(), nullptr, 0, nullptr, 0))
          FAIL(ptl_status_message(status));
      std::chrono::duration<double, std::micro> time =
          std::chrono::steady_clock::now() - begin;
      best = std::min(best, time.count() / runs);
    }
    WARN("empty dispatch of " << items << " item(s): " << best << " us");
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) &&     \
    !__has_feature(thread_sanitizer)
    CHECK(best <= 5.0);
#endif
  }
}

TEST_CASE("entries are found by name and by their inputs' types") {
  package::PackageDesc description = packageOf(addEntry(4));
  description.entries.push_back(addEntry(8));
  description.entries.push_back(twiceEntry(8));
  std::vector<uint8_t> bytes = package::writePackage(description);
  Package package = need(Package::loadMemory(bytes.data(), bytes.size()));
  CHECK(package.entryCount() == 3);
  CHECK(need(package.findEntry()) == 2);
  CHECK(need(package.findEntry("twice")) == 2);
  CHECK(package.inputs(1)[0].dims == std::vector<int64_t>{8});
  CHECK(package.outputs(2)[0].name == "C");
  CHECK_THAT(package.findEntry("add").status().message(),
             Catch::Contains("2 entries are called 'add'"));
  CHECK_THAT(package.findEntry("sub").status().message(),
             Catch::Contains("add(f32[4], f32[4])"));
  int64_t eight = 8, nine = 9;
  ptl_tensor_info inputs[2] = {};
  inputs[0] = inputs[1] = {"", PTL_ELEMENT_F32, 1, &eight, 32, nullptr};
  size_t entry = 99;
  need(Status(ptl_package_find_entry(package.get(), "add", inputs, 2, &entry)));
  CHECK(entry == 1);
  inputs[1].dims = &nine;
  Status missing(
      ptl_package_find_entry(package.get(), "add", inputs, 2, &entry));
  CHECK(missing.code() == PTL_STATUS_NOT_FOUND);
  CHECK_THAT(missing.message(), Catch::Contains("for (f32[8], f32[9])"));
  CHECK_THAT(package.description(), Catch::Contains("\"symbol\": \"add_f32\""));
}

TEST_CASE("tensors go through files of both kinds by the API") {
  std::string path = std::tmpnam(nullptr);
  TensorFile file = need(TensorFile::create());
  std::vector<float> values = ramp(6);
  need(file.add("x", PTL_ELEMENT_F32, {2, 3}, values.data()));
  auto *flags =
      static_cast<unsigned char *>(need(file.add("y", PTL_ELEMENT_BOOL, {})));
  *flags = 1;
  CHECK(!file.add("z", PTL_ELEMENT_F64, {-1}).ok());
  CHECK(!file.add("z", PTL_ELEMENT_INVALID, {}).ok());
  CHECK(file.save(path + ".npy").code() == PTL_STATUS_INVALID_ARGUMENT);
  need(file.save(path + ".npz"));
  TensorFile all = need(TensorFile::load(path + ".npz"));
  CHECK(all.count() == 2);
  TensorInfo x = need(all.find("x"));
  CHECK(x.dims == std::vector<int64_t>{2, 3});
  CHECK(!std::memcmp(x.data, values.data(), 24));
  CHECK(all.find("w").status().code() == PTL_STATUS_NOT_FOUND);
  TensorFile one = need(TensorFile::load(path + ".npz", "y"));
  need(one.save(path + ".npy"));
  TensorInfo y = need(need(TensorFile::load(path + ".npy")).tensor(0));
  CHECK(y.elementType == PTL_ELEMENT_BOOL);
  CHECK(y.dims.empty());
  std::remove((path + ".npz").c_str());
  std::remove((path + ".npy").c_str());
}
