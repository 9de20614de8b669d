// Runs on a Vulkan device: recordings that are used again, schedules of many
// commands, fills at odd places, several threads, damaged kernels, peaks.
#include "test/unit/vulkan/VulkanTestSupport.h"

#include <cstring>
#include <filesystem>
#include <numeric>
#include <thread>

using namespace polytile;
using namespace polytile::runtime;
using Catch::Contains;
using test::MemoryKind;
namespace pkg = polytile::package;

namespace {

using Buffers = std::vector<std::shared_ptr<Buffer>>;

std::vector<float> ramp(size_t n, float start) {
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), start);
  return values;
}

void run(Executable &executable, const Buffers &inputs,
         const Buffers &outputs) {
  test::need(executable.check(inputs, outputs));
  test::need(executable.run(inputs, outputs));
}

/// count(): out[64] = how often the kernel ran, `times` times.
pkg::EntryDesc countEntry(uint64_t times) {
  pkg::EntryDesc entry = test::itemsEntry("count", "count_i32", 64);
  std::vector<pkg::StepDesc> &steps = entry.variants[0].steps;
  pkg::LoopDesc loop;
  loop.tripCount = times;
  loop.body = {steps[1]};
  steps[1] = {loop};
  return entry;
}

} // namespace

TEST_CASE("one executable on changing buffers") {
  MemoryKind kind = GENERATE(MemoryKind::AsItIs, MemoryKind::Discrete);
  std::shared_ptr<VulkanDevice> device = test::openVulkan(kind);
  for (int64_t n : {1, 3, 64, 65, 1000}) {
    std::shared_ptr<Executable> add = test::prepare(device, test::addEntry(n));
    auto size = static_cast<size_t>(n);
    Buffers sets[6];
    for (int i = 0; i < 6; ++i)
      sets[i] = {test::bufferOf(device, ramp(size, float(i))),
                 test::bufferOf(device, ramp(size, 10)),
                 test::bufferOf(device, ramp(size, 0))};
    // More sets than recordings are kept for, twice the same, and mixed.
    for (int i : {0, 0, 1, 0, 2, 3, 4, 5, 0, 1, 1}) {
      std::vector<float> zeros(size, 0);
      test::need(sets[i][2]->write(0, zeros.data(), size * 4));
      run(*add, {sets[i][0], sets[i][1]}, {sets[i][2]});
      std::vector<float> sum = test::contents(*sets[i][2]);
      for (size_t at = 0; at < size; ++at)
        REQUIRE(sum[at] == float(i) + 10 + 2 * float(at));
    }
    // The same buffer as both inputs is another schedule than two buffers.
    run(*add, {sets[0][0], sets[0][0]}, {sets[1][2]});
    CHECK(test::contents(*sets[1][2])[0] == 0);
  }
}

TEST_CASE("buffers that die and come back are other buffers") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  constexpr size_t n = 65535 * 64; // allocations of their own
  std::shared_ptr<Executable> add =
      test::prepare(device, test::addEntry(static_cast<int64_t>(n)));
  for (int i = 0; i < 4; ++i) {
    auto a = test::bufferOf(device, std::vector<float>(n, float(i)));
    auto b = test::bufferOf(device, std::vector<float>(n, 1));
    auto c = test::bufferOf(device, std::vector<float>(n, 0));
    run(*add, {a, b}, {c});
    CHECK(test::contents(*c)[n - 1] == float(i) + 1);
    a = b = c = nullptr;
    auto other = test::bufferOf(device, std::vector<float>(n / 2, 0));
  }
}

TEST_CASE("schedules of more commands than recordings hold") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  for (uint64_t times : {uint64_t(0), uint64_t(1), uint64_t(4095),
                         uint64_t(4096), uint64_t(70000)}) {
    std::shared_ptr<Executable> count =
        test::prepare(device, countEntry(times));
    auto out = test::bufferOf(device, std::vector<float>(64, 5));
    for (int again = 0; again < (times < 5000 ? 3 : 1); ++again) {
      run(*count, {}, {out});
      CHECK(test::contents<int32_t>(*out) ==
            std::vector<int32_t>(64, int32_t(times)));
    }
  }
}

TEST_CASE("profiles count dispatches and take their time") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  std::shared_ptr<Executable> count = test::prepare(device, countEntry(5000));
  auto out = test::bufferOf(device, std::vector<float>(64, 0));
  run(*count, {}, {out});
  CHECK(count->times(false)[0].calls == 0);
  count->setProfiling(true);
  run(*count, {}, {out});
  run(*count, {}, {out});
  KernelTimes times = count->times(true)[0];
  CHECK(times.calls == 10000);
  CHECK(times.nanoseconds > 0);
  count->setProfiling(false);
  run(*count, {}, {out});
  CHECK(count->times(false)[0].calls == 0);
}

TEST_CASE("fills of any pattern, offset and size") {
  MemoryKind kind = GENERATE(MemoryKind::AsItIs, MemoryKind::Discrete);
  std::shared_ptr<VulkanDevice> device = test::openVulkan(kind);
  const std::vector<uint8_t> patterns[] = {{7},
                                           {1, 2},
                                           {1, 2, 3, 4},
                                           {1, 2, 3, 4, 1, 2, 3, 4},
                                           {1, 2, 3, 4, 5, 6, 7, 8}};
  constexpr uint64_t size = 300000;
  for (const std::vector<uint8_t> &pattern : patterns)
    for (uint64_t offset : {0, 1, 2, 3, 5, 64})
      for (uint64_t repeats :
           {uint64_t(1), uint64_t(2), uint64_t(9), 280000 / pattern.size()}) {
        pkg::BindingDesc dst = test::writes(0, repeats * pattern.size());
        dst.byteOffset = offset;
        dst.alignment = 1;
        pkg::VariantDesc variant;
        variant.buffers = {{pkg::BufferKind::Output, 0, size, 0}};
        variant.steps = {{pkg::FillDesc{test::writes(0, size), {0}}},
                         {pkg::FillDesc{dst, pattern}}};
        pkg::EntryDesc entry{"fill",
                             {},
                             {{"out", pkg::ElementType::U8, {int64_t(size)}}},
                             {},
                             {variant}};
        std::shared_ptr<Executable> fill = test::prepare(device, entry);
        std::shared_ptr<Buffer> out;
        test::need(Buffer::create(device, size, out));
        run(*fill, {}, {out});
        std::vector<uint8_t> expected(size, 0);
        for (uint64_t i = 0; i < repeats * pattern.size(); ++i)
          expected[offset + i] = pattern[i % pattern.size()];
        INFO("pattern of " << pattern.size() << ", offset " << offset << ", "
                           << repeats << " times");
        REQUIRE(test::contents<uint8_t>(*out) == expected);
      }
}

TEST_CASE("four threads run one executable and transfer meanwhile") {
  MemoryKind kind = GENERATE(MemoryKind::AsItIs, MemoryKind::Discrete);
  std::shared_ptr<VulkanDevice> device = test::openVulkan(kind);
  constexpr size_t n = 1000;
  std::shared_ptr<Executable> twice =
      test::prepare(device, test::twiceEntry(n));
  std::vector<std::string> problems(4);
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < problems.size(); ++thread)
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 25 && problems[thread].empty(); ++round) {
        std::vector<float> values = ramp(n, float(thread)), result(n);
        std::shared_ptr<Buffer> in, out;
        Status status = Buffer::create(device, n * 4, in);
        if (status.ok())
          status = Buffer::create(device, n * 4, out);
        if (status.ok())
          status = in->write(0, values.data(), n * 4);
        Buffers inputs{in}, outputs{out};
        if (status.ok())
          status = twice->run(inputs, outputs);
        if (status.ok())
          status = out->read(0, result.data(), n * 4);
        problems[thread] = status.ok() ? "" : status.message();
        for (size_t i = 0; i < n; ++i)
          if (result[i] != 4 * values[i])
            problems[thread] += "wrong ";
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &problem : problems)
    CHECK(problem.substr(0, 200) == "");
}

TEST_CASE("a module that isn't what the package says is refused by name") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  std::shared_ptr<Executable> executable;
  auto withModule = [&](auto change) {
    pkg::PackageDesc package =
        test::packageOf(test::onEveryDevice(test::addEntry(4)));
    for (pkg::ModuleDesc &module : package.modules)
      if (module.format == "spirv")
        change(module.bytes);
    return test::tryToPrepare(device, package, executable);
  };
  Status cut = withModule(
      [](std::vector<uint8_t> &bytes) { bytes.resize(bytes.size() / 8 * 4); });
  CHECK(cut.code() == PTL_STATUS_CORRUPT);
  CHECK_THAT(cut.message(), Contains("add_f32"));
  Status renamed = withModule([](std::vector<uint8_t> &bytes) {
    std::string text(bytes.begin(), bytes.end());
    size_t at = text.find("add_f32");
    if (at != text.npos)
      bytes[at] = 'b';
  });
  CHECK(renamed.code() == PTL_STATUS_CORRUPT);
  CHECK_THAT(renamed.message(), Contains("add_f32"));
  Status tooNew = withModule([](std::vector<uint8_t> &bytes) {
    bytes[5] = 2;
    bytes[6] = 9;
  });
  CHECK(tooNew.code() == PTL_STATUS_INCOMPATIBLE);
}

TEST_CASE("compiled pipelines are kept on disk, and damage there is harmless") {
  namespace fs = std::filesystem;
  fs::path folder = fs::temp_directory_path() /
                    ("polytile-vulkan-test-" + std::to_string(::getpid()));
  test::Variable cache("POLYTILE_CACHE", "on");
  test::Variable home("XDG_CACHE_HOME", folder.c_str());
  auto addOnce = [] {
    std::shared_ptr<VulkanDevice> device = test::openVulkan();
    std::shared_ptr<Executable> add = test::prepare(device, test::addEntry(4));
    auto a = test::bufferOf(device, ramp(4, 1)),
         c = test::bufferOf(device, ramp(4, 0));
    run(*add, {a, a}, {c});
    CHECK(test::contents(*c) == std::vector<float>{2, 4, 6, 8});
  };
  addOnce();
  std::vector<fs::path> files;
  for (const auto &file :
       fs::recursive_directory_iterator(folder / "polytile" / "vulkan"))
    if (file.is_regular_file())
      files.push_back(file.path());
  REQUIRE(files.size() == 1);
  addOnce();
  fs::resize_file(files[0], fs::file_size(files[0]) - 1);
  addOnce();
  fs::remove_all(folder);
}

TEST_CASE("the peak is measured") {
  std::shared_ptr<VulkanDevice> device = test::openVulkan();
  ptl_device_peak peak{};
  test::need(device->measurePeak(peak));
  CHECK(peak.f32_flops_per_second > 1e9);
  CHECK(peak.copy_bytes_per_second > 1e8);
}
