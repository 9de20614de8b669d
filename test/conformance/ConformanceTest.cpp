// What every driver must do, through the C++ face of the public API alone: the
// good half; ConformanceFailureTest.cpp has what goes wrong.
#include "test/conformance/ConformanceSupport.h"

#include <atomic>
#include <thread>

using namespace polytile;
using namespace polytile::test;

TEST_CASE("every device says its name and, if it is a CPU, its level") {
  for (const Kind &kind : testDevices()) {
    Device device = need(Device::open(kind.name));
    CHECK(device.name() == kind.name);
    CHECK(device.cpuLevel().empty() == !kind.isCpu);
  }
}

TEST_CASE("add runs on sizes from 0") {
  for (const Kind &kind : testDevices())
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
  for (const Kind &kind : testDevices()) {
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

TEST_CASE("temporaries, updates in place, and one buffer as input and output") {
  for (const Kind &kind : testDevices())
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
  for (const Kind &kind : testDevices())
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

TEST_CASE("memory that isn't aligned works") {
  for (const Kind &kind : testDevices()) {
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

TEST_CASE("buffers check their ranges, map and unmap") {
  for (const Kind &kind : testDevices()) {
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

TEST_CASE("streams run in order, and events order streams") {
  for (const Kind &kind : testDevices()) {
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
}

TEST_CASE("fills, copies, constants and nested loops with negative strides") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
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
    CHECK(values[32] == 4 * 32); // second cell of the first row is the last but
                                 // one of the input
    CHECK(values[3 * 6 * 32] == 5 * 32); // first cell of the last row
  }
}

TEST_CASE("handles may die in any order while work is queued") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Result<Stream> stream = Status();
    std::vector<float> result(1000, 0);
    {
      Device device = need(Device::open(kind.name));
      stream = Stream::create(device);
      Executable twice =
          need(Executable::create(device, load(twiceEntry(1000))));
      Buffer A = bufferOf(device, std::vector<float>(1000, 1)),
             C = need(Buffer::wrap(device, result.data(), 4000));
      for (int i = 0; i < 50; ++i)
        need(stream->run(twice, {&A}, {&C}));
    }
    need(stream->synchronize());
    CHECK(result[999] == 4);
  }
}

TEST_CASE("one executable serves several threads at once") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable twice = need(Executable::create(device, load(twiceEntry(5000))));
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        std::vector<float> data(5000, float(t)), result(5000);
        auto A = Buffer::wrap(device, data.data(), 20000),
             C = Buffer::wrap(device, result.data(), 20000);
        for (int i = 0; i < (kind.isCpu ? 100 : 20); ++i) {
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
}

TEST_CASE("profiles count dispatches, time and work") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
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
}

TEST_CASE("a buffer that is mapped can't be run on where its memory isn't the "
          "host's") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable add = need(Executable::create(device, load(addEntry(16))));
    Buffer A = bufferOf(device, ramp(16)), C = need(Buffer::create(device, 64));
    auto *data = static_cast<float *>(need(A.map()));
    CHECK(data[15] == 15);
    data[15] = 1;
    CHECK(add.run({&A, &A}, {&C}).code() == PTL_STATUS_BUSY);
    need(A.unmap());
    need(add.run({&A, &A}, {&C}));
    CHECK(contents(C)[15] == 2);
  }
}

TEST_CASE("items of a workgroup share memory") {
  for (const Kind &kind : testDevices()) {
    if (!kind.isGpu())
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable reverse =
        need(Executable::create(device, load(reverseEntry(5))));
    Buffer X = bufferOf(device, ramp(320)),
           Y = need(Buffer::create(device, 320 * 4));
    need(reverse.run({&X}, {&Y}));
    auto y = contents(Y);
    for (size_t i = 0; i < y.size(); ++i)
      REQUIRE(y[i] == float(i / 64 * 64 + 63 - i % 64));
  }
}

TEST_CASE("many dispatches in one run see each other's results") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Device device = need(Device::open(kind.name));
    Executable scan = need(Executable::create(device, load(scanEntry(1000))));
    Buffer X = bufferOf(device, std::vector<float>(16000, 1)),
           Y = need(Buffer::create(device, X.size()));
    for (int repeat = 0; repeat < 2; ++repeat) {
      need(scan.run({&X}, {&Y}));
      CHECK(contents(Y)[15999] == 1000);
    }
  }
}

TEST_CASE("threads open, fill and run on one kind of device at once") {
  for (const Kind &kind : testDevices()) {
    if (!kind.runsKernels)
      continue;
    INFO(kind.name);
    Package package = load(addEntry(1000));
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        auto device = Device::open(kind.name);
        if (!device.ok())
          return;
        auto add = Executable::create(*device, package);
        auto stream = Stream::create(*device);
        auto A = Buffer::create(*device, 4000),
             C = Buffer::create(*device, 4000);
        if (!add.ok() || !stream.ok() || !A.ok() || !C.ok())
          return;
        std::vector<float> data(1000, float(t)), result(1000);
        bool good = A->write(data.data(), 4000).ok();
        for (int i = 0; good && i < 5; ++i)
          good = stream->run(*add, {&*A, &*A}, {&*C}).ok();
        good = good && stream->synchronize().ok() &&
               C->read(result.data(), 4000).ok();
        right += good && result == std::vector<float>(1000, 2 * float(t));
      });
    for (std::thread &thread : threads)
      thread.join();
    CHECK(right == 4);
  }
}
