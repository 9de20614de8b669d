// The cache on disk: what is damaged, foreign or switched off is absent.
#include "runtime/core/DiskCache.h"

#include "runtime/core/DynamicLibrary.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace polytile::runtime;
namespace fs = std::filesystem;

namespace {

/// A cache folder of its own for the length of a test.
struct CacheFolder {
  CacheFolder() {
    path = fs::temp_directory_path() /
           ("polytile-cache-" + std::to_string(::getpid()));
    if (const char *previous = std::getenv("XDG_CACHE_HOME"))
      before = previous;
    setenv("XDG_CACHE_HOME", path.c_str(), 1);
  }
  ~CacheFolder() {
    if (before.empty())
      unsetenv("XDG_CACHE_HOME");
    else
      setenv("XDG_CACHE_HOME", before.c_str(), 1);
    unsetenv("POLYTILE_CACHE");
    fs::remove_all(path);
  }
  /// The only file of a kind.
  fs::path onlyFile(const std::string &kind) const {
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(path / "polytile" / kind))
      files.push_back(entry.path());
    REQUIRE(files.size() == 1);
    return files[0];
  }

  fs::path path;
  std::string before;
};

std::span<const unsigned char> bytesOf(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string contentsOf(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void replace(const fs::path &path, const std::string &contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

} // namespace

TEST_CASE("the cache gives back what was stored under exactly this key") {
  CacheFolder folder;
  Memory value;
  CHECK_FALSE(readCache("opencl", "device A", value));
  writeCache("opencl", "device A", bytesOf("binary"));
  REQUIRE(readCache("opencl", "device A", value));
  CHECK(std::string(reinterpret_cast<char *>(value.data()), value.size()) ==
        "binary");
  CHECK_FALSE(readCache("opencl", "device B", value));
  CHECK_FALSE(readCache("vulkan", "device A", value));
  writeCache("opencl", "device A", bytesOf("newer"));
  REQUIRE(readCache("opencl", "device A", value));
  CHECK(value.size() == 5);
  // Nothing stays beside it.
  folder.onlyFile("opencl");
  dropCache("opencl", "device A");
  CHECK_FALSE(readCache("opencl", "device A", value));
  writeCache("opencl", "empty", {});
  CHECK(readCache("opencl", "empty", value));
}

TEST_CASE("a damaged, truncated or foreign file of the cache is absent") {
  CacheFolder folder;
  Memory value;
  writeCache("opencl", "key", bytesOf("a longer value"));
  fs::path path = folder.onlyFile("opencl");
  std::string good = contentsOf(path);
  for (size_t i = 0; i < good.size(); ++i) {
    // The last four bytes of the header are not used.
    if (i >= 28 && i < 32)
      continue;
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    replace(path, bad);
    INFO("byte " << i);
    CHECK_FALSE(readCache("opencl", "key", value));
  }
  for (size_t size = 0; size < good.size(); ++size) {
    replace(path, good.substr(0, size));
    CHECK_FALSE(readCache("opencl", "key", value));
  }
  replace(path, good);
  CHECK(readCache("opencl", "key", value));
}

TEST_CASE("POLYTILE_CACHE=off and a place that can't be written keep nothing") {
  CacheFolder folder;
  Memory value;
  setenv("POLYTILE_CACHE", "off", 1);
  writeCache("opencl", "key", bytesOf("value"));
  CHECK_FALSE(readCache("opencl", "key", value));
  CHECK_FALSE(fs::exists(folder.path));
  unsetenv("POLYTILE_CACHE");
  setenv("XDG_CACHE_HOME", "/dev/null", 1);
  writeCache("opencl", "key", bytesOf("value"));
  CHECK_FALSE(readCache("opencl", "key", value));
}

TEST_CASE("a vendor's library that isn't there is a reason, not a crash") {
  DynamicLibrary library;
  const char *const names[] = {"libpolytile-none.so.1", "libpolytile-none.so",
                               nullptr};
  Status status = library.open("POLYTILE_TEST_LIBRARY", names);
  CHECK(status.code() == PTL_STATUS_NOT_FOUND);
  CHECK_THAT(status.message(), Catch::Contains("libpolytile-none.so.1"));
  CHECK_FALSE(library.isOpen());
  CHECK(library.find("clGetPlatformIDs") == nullptr);
  setenv("POLYTILE_TEST_LIBRARY", "/dev/null", 1);
  const char *const real[] = {"libc.so.6", nullptr};
  status = library.open("POLYTILE_TEST_LIBRARY", real);
  CHECK_THAT(status.message(), Catch::Contains("POLYTILE_TEST_LIBRARY"));
  unsetenv("POLYTILE_TEST_LIBRARY");
  REQUIRE(library.open("POLYTILE_TEST_LIBRARY", real).ok());
  CHECK(library.find("malloc") != nullptr);
}
