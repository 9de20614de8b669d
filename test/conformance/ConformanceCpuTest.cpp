// What is the CPU driver's own business, and what needs no device at all: the
// rest of the conformance suite, which is the same whatever the devices.
#include "test/conformance/ConformanceSupport.h"

#include <chrono>
#include <cstdio>
#include <cstring>

using namespace polytile;
using namespace polytile::test;

extern "C" int checkHeaderInC11(void);

TEST_CASE("the header compiles as C11 and its functions link", "[cpu]") {
  CHECK(checkHeaderInC11() == 0);
}

TEST_CASE("the best variant that the device satisfies runs", "[cpu]") {
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

TEST_CASE("what no variant satisfies is refused with what there is", "[cpu]") {
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

TEST_CASE("every item runs once, with threads of any number", "[cpu]") {
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

TEST_CASE("each thread has a workspace of its own", "[cpu]") {
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
          "next run is clean",
          "[cpu]") {
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

TEST_CASE("an arena over the limit is a status; idle scratch is given back",
          "[cpu]") {
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

TEST_CASE("DLPack goes out and comes in without a copy", "[cpu]") {
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

TEST_CASE("devices describe themselves and refuse what they are not", "[cpu]") {
  ptl_device_list *list = nullptr;
  need(Status(ptl_device_list_create(&list)));
  REQUIRE(ptl_device_list_count(list) >= 1);
  CHECK(std::string(ptl_device_list_name(list, 0)) == "cpu:0");
  CHECK_THAT(ptl_device_list_description(list, 0),
             Catch::Contains("\"cpu_level\": \"x86-64"));
  ptl_device_list_destroy(list);
  // The same from C++; what isn't offered has a reason instead.
  for (const ListedDevice &device : need(Device::list()))
    CHECK(device.description.empty() != device.reason.empty());
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

TEST_CASE("an empty dispatch through the API costs microseconds", "[cpu]") {
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

TEST_CASE("entries are found by name and by their inputs' types", "[cpu]") {
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

TEST_CASE("tensors go through files of both kinds by the API", "[cpu]") {
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
TEST_CASE("a failure in a stream waits for the synchronize", "[cpu]") {
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
