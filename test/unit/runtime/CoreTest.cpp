// The runtime's small parts: thread pool, memory, element types, JSON,
// settings, CPU features.
#include "runtime/core/Device.h"
#include "runtime/core/Json.h"
#include "runtime/core/Settings.h"
#include "runtime/core/ThreadPool.h"
#include "runtime/device/Registry.h"
#include "runtime/device/cpu/CpuFeatures.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

using namespace polytile::runtime;

namespace {

/// Sets an environment variable for one test.
class Environment {
public:
  Environment(const char *name, const char *value) : name(name) {
    if (const char *old = std::getenv(name))
      before = old, had = true;
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Environment() { had ? ::setenv(name, before.c_str(), 1) : ::unsetenv(name); }

private:
  const char *name;
  std::string before;
  bool had = false;
};

/// Runs a job and tells whether each item ran once.
bool coversOnce(ThreadPool &pool, int64_t items, int64_t grain) {
  std::vector<std::atomic<int>> counts(static_cast<size_t>(items));
  pool.forEach(items, grain, [&](unsigned, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      counts[static_cast<size_t>(i)].fetch_add(1, std::memory_order_relaxed);
  });
  for (auto &count : counts)
    if (count != 1)
      return false;
  return true;
}

} // namespace

TEST_CASE("the thread pool runs every item once") {
  for (unsigned threads : {1u, 2u, 3u, 16u}) {
    ThreadPool pool(threads);
    CHECK(pool.threadCount() == threads);
    for (int64_t items : {0, 1, 2, 3, 17, 1000, 54321})
      for (int64_t grain : {0, 1, 7, 100000}) {
        INFO(threads << " threads, " << items << " items by " << grain);
        CHECK(coversOnce(pool, items, grain));
      }
  }
}

TEST_CASE("many short jobs in a row lose nothing") {
  ThreadPool pool(4);
  for (int round = 0; round < 20000; ++round)
    if (!coversOnce(pool, 5, 1))
      FAIL("round " << round);
}

TEST_CASE("jobs with pauses between them wake the sleepers") {
  ThreadPool pool(3);
  for (int round = 0; round < 200; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(round % 5 * 50));
    REQUIRE(coversOnce(pool, 8, 1));
  }
}

TEST_CASE("nested and concurrent jobs of one pool are safe") {
  ThreadPool pool(3);
  std::atomic<int64_t> total{0};
  auto job = [&] {
    for (int round = 0; round < 200; ++round)
      pool.forEach(6, 1, [&](unsigned, int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          pool.forEach(10, 1, [&](unsigned, int64_t first, int64_t last) {
            total += last - first;
          });
      });
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back(job);
  for (std::thread &thread : threads)
    thread.join();
  CHECK(total == 4 * 200 * 6 * 10);
}

TEST_CASE("no two calls share a worker's number at a time") {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> users(4);
  std::atomic<int> clashes{0};
  for (int round = 0; round < 500; ++round)
    pool.forEach(40, 1, [&](unsigned worker, int64_t, int64_t) {
      clashes += users[worker].fetch_add(1) != 0;
      users[worker].fetch_sub(1);
    });
  CHECK(clashes == 0);
}

TEST_CASE("idle pools start and stop") {
  for (int round = 0; round < 50; ++round)
    ThreadPool pool(5);
  CHECK(usableCoreCount() >= 1);
}

TEST_CASE("memory is aligned, zeroed and counted") {
  auto account = std::make_shared<MemoryAccount>(1 << 22);
  for (uint64_t bytes :
       {0u, 1u, 63u, 4096u, (1u << 20) - 1, 1u << 20, 3u << 20}) {
    Memory memory;
    REQUIRE(Memory::allocate(account, bytes, true, memory).ok());
    REQUIRE(memory);
    CHECK(reinterpret_cast<uintptr_t>(memory.data()) % 64 == 0);
    CHECK(account->usage().in_use_bytes == bytes);
    for (uint64_t i = 0; i < bytes; i += 511)
      REQUIRE(memory.data()[i] == 0);
    Memory moved = std::move(memory);
    CHECK(!memory);
    CHECK(account->usage().in_use_bytes == bytes);
  }
  CHECK(account->usage().in_use_bytes == 0);
  CHECK(account->usage().peak_bytes == 3 << 20);
  Memory memory;
  CHECK(Memory::allocate(nullptr, UINT64_MAX, false, memory).code() ==
        PTL_STATUS_OUT_OF_MEMORY);
}

TEST_CASE("sizes of shapes do not overflow") {
  std::vector<int64_t> huge{INT64_MAX, 2},
      hugeButEmpty{INT64_MAX, INT64_MAX, 0}, negative{0, -1};
  CHECK(!denseByteSize(PTL_ELEMENT_F32, huge));
  CHECK(denseByteSize(PTL_ELEMENT_F32, hugeButEmpty) == 0);
  CHECK(!denseByteSize(PTL_ELEMENT_F32, negative));
  CHECK(denseByteSize(PTL_ELEMENT_F64, {}) == 8);
  for (int type = PTL_ELEMENT_BOOL; type <= PTL_ELEMENT_F64; ++type)
    CHECK(elementTypeFromName(elementTypeName(ptl_element_type(type))) == type);
  CHECK(elementTypeFromName("f8") == PTL_ELEMENT_INVALID);
  CHECK(elementTypeFromName(nullptr) == PTL_ELEMENT_INVALID);
}

TEST_CASE("JSON escapes quotes, control characters and broken UTF-8") {
  JsonWriter json;
  json.beginObject()
      .member("a", "x\"\\\n\x01")
      .member("b", "\xC3\xA9\xFF\xC0\x80\xED\xA0\x80")
      .member("c", true)
      .key("d");
  json.beginArray()
      .value(int64_t(-1))
      .value(uint64_t(2))
      .beginObject()
      .endObject()
      .endArray()
      .endObject();
  CHECK(json.text() ==
        "{\"a\": \"x\\\"\\\\\\u000a\\u0001\", \"b\": "
        "\"\xC3\xA9\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\", "
        "\"c\": true, \"d\": [-1, 2, {}]}");
}

TEST_CASE("the device comes from the argument, the environment, the settings, "
          "the default") {
  auto folder = std::filesystem::temp_directory_path() /
                ("polytile-settings-" + std::to_string(::getpid()));
  Environment config("XDG_CONFIG_HOME", folder.c_str()),
      none("POLYTILE_DEVICE", nullptr);
  const char *origin;
  CHECK(resolveDeviceName(nullptr, origin) == "cpu:0");
  CHECK(std::string(origin) == "default");
  REQUIRE(saveDeviceChoice("opencl:1").ok());
  CHECK(resolveDeviceName("", origin) == "opencl:1");
  CHECK(std::string(origin) == "settings");
  {
    Environment device("POLYTILE_DEVICE", "null:0");
    CHECK(resolveDeviceName(nullptr, origin) == "null:0");
    CHECK(std::string(origin) == "POLYTILE_DEVICE");
    CHECK(resolveDeviceName("vulkan:0", origin) == "vulkan:0");
    CHECK(std::string(origin) == "argument");
  }
  REQUIRE(saveDeviceChoice(nullptr).ok());
  REQUIRE(saveDeviceChoice(nullptr).ok());
  CHECK(resolveDeviceName(nullptr, origin) == "cpu:0");
  std::filesystem::remove_all(folder);
}

TEST_CASE(
    "the environment sets threads and CPU level, and nonsense is refused") {
  std::shared_ptr<Device> device;
  {
    Environment threads("POLYTILE_NUM_THREADS", "3"),
        level("POLYTILE_CPU", "x86-64");
    REQUIRE(openDevice("cpu:0", {}, device).ok());
    CHECK(device->threadCount() == 3);
    CHECK(device->cpuLevel() == "x86-64");
  }
  for (const char *bad : {"0", "-1", "many", "2x", "99999999999"}) {
    Environment threads("POLYTILE_NUM_THREADS", bad);
    CHECK(openDevice("cpu:0", {}, device).code() ==
          PTL_STATUS_INVALID_ARGUMENT);
  }
  Environment level("POLYTILE_CPU", "i386");
  CHECK(openDevice("cpu:0", {}, device).code() == PTL_STATUS_INVALID_ARGUMENT);
}

TEST_CASE("CPU levels are cut to what is asked for") {
  const CpuFeatures &host = hostCpuFeatures();
  CHECK(host.level >= 1);
  CpuFeatures two = host.limitedTo(2);
  CHECK(two.level <= 2);
  CHECK(!two.has("avx2"));
  CHECK(!two.has("avx512f"));
  for (int level = 1; level <= 4; ++level)
    CHECK(cpuLevelFromName(cpuLevelName(level)) == level);
  CHECK(cpuLevelFromName("x86-64-v5") == 0);
  CHECK(!hostCpuName().empty());
}

TEST_CASE(
    "a failure keeps code, message and place through copies and contexts") {
  Status status = fail(PTL_STATUS_NOT_FOUND, "no ", 3);
  Status copy = status.clone();
  status = std::move(status).within("here");
  CHECK(status.message() == "here: no 3");
  CHECK(copy.message() == "no 3");
  CHECK(copy.code() == PTL_STATUS_NOT_FOUND);
  CHECK(inQuotes("a\nb") == "'a?b'");
  CHECK(inQuotes(std::string(200, 'x')).size() < 100);
}
