//===- PackageCache.cpp - Compiled packages on disk -----------------------===//
//
// An entry is a file named after a hash of its key:
//
//   "PTLCACHE" version | sizes of key, diagnostics, package | the three
//
// The whole key is stored and compared, so a collision of hashes is a miss, not
// a wrong result; the package carries a checksum of its own.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/PackageCache.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>
#include <vector>

using namespace polytile::cli;
namespace fs = std::filesystem;

namespace {

constexpr char magic[] = "PTLCACHE1";
constexpr uintmax_t limitBytes = uintmax_t(1) << 30;

struct Header {
  char magic[16];
  uint64_t keyBytes, diagnosticsBytes, packageBytes;
};

std::string findDirectory() {
  auto environment = [](const char *name) {
    const char *value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (std::string own = environment("POLYTILE_CACHE_DIR"); !own.empty())
    return own;
  if (std::string xdg = environment("XDG_CACHE_HOME"); !xdg.empty())
    return xdg + "/polytile";
  if (std::string home = environment("HOME"); !home.empty())
    return home + "/.cache/polytile";
  return "";
}

/// FNV-1a from a given start.
uint64_t hash(std::string_view text, uint64_t value) {
  for (unsigned char c : text)
    value = (value ^ c) * 0x100000001b3;
  return value;
}

} // namespace

PackageCache::PackageCache(bool enabled)
    : directory(enabled ? findDirectory() : "") {}

std::string PackageCache::pathOf(std::string_view key) const {
  return fmt::format("{}/{:016x}{:016x}.ptlc", directory,
                     hash(key, 0xcbf29ce484222325),
                     hash(key, 0x9e3779b97f4a7c15));
}

std::optional<CachedPackage> PackageCache::find(std::string_view key) const {
  if (directory.empty())
    return std::nullopt;
  std::string path = pathOf(key);
  std::error_code error;
  uintmax_t size = fs::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  Header header{};
  if (error || size < sizeof(header) ||
      !file.read(reinterpret_cast<char *>(&header), sizeof(header)))
    return std::nullopt;
  uintmax_t rest = size - sizeof(header);
  if (std::memcmp(header.magic, magic, sizeof(magic)) != 0 ||
      header.keyBytes != key.size() || header.diagnosticsBytes > rest ||
      header.packageBytes > rest ||
      header.keyBytes + header.diagnosticsBytes + header.packageBytes != rest)
    return std::nullopt;
  std::string stored(header.keyBytes, '\0');
  CachedPackage entry;
  entry.diagnostics.resize(header.diagnosticsBytes);
  entry.package.resize(header.packageBytes);
  file.read(stored.data(), stored.size());
  file.read(entry.diagnostics.data(), entry.diagnostics.size());
  file.read(entry.package.data(), entry.package.size());
  if (!file || stored != key)
    return std::nullopt;
  // What was used last is pruned last.
  fs::last_write_time(path, fs::file_time_type::clock::now(), error);
  return entry;
}

void PackageCache::store(std::string_view key,
                         const CachedPackage &entry) const {
  if (directory.empty())
    return;
  std::error_code error;
  fs::create_directories(directory, error);
  std::string path = pathOf(key);
  std::string beside = fmt::format("{}.{}", path, getpid());
  Header header{};
  std::memcpy(header.magic, magic, sizeof(magic));
  header.keyBytes = key.size();
  header.diagnosticsBytes = entry.diagnostics.size();
  header.packageBytes = entry.package.size();
  std::ofstream file(beside, std::ios::binary);
  file.write(reinterpret_cast<const char *>(&header), sizeof(header));
  file.write(key.data(), key.size());
  file.write(entry.diagnostics.data(), entry.diagnostics.size());
  file.write(entry.package.data(), entry.package.size());
  file.close();
  if (file)
    fs::rename(beside, path, error);
  if (!file || error)
    fs::remove(beside, error);
  prune();
}

void PackageCache::remove(std::string_view key) const {
  std::error_code error;
  if (!directory.empty())
    fs::remove(pathOf(key), error);
}

void PackageCache::prune() const {
  struct Entry {
    fs::file_time_type used;
    uintmax_t bytes;
    fs::path path;
  };
  std::vector<Entry> entries;
  uintmax_t total = 0;
  std::error_code error;
  for (const fs::directory_entry &file :
       fs::directory_iterator(directory, error)) {
    if (file.path().extension() != ".ptlc")
      continue;
    Entry entry{file.last_write_time(error), file.file_size(error),
                file.path()};
    if (error)
      continue;
    total += entry.bytes;
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry &a, const Entry &b) { return a.used < b.used; });
  for (const Entry &entry : entries) {
    if (total <= limitBytes)
      return;
    fs::remove(entry.path, error);
    total -= entry.bytes;
  }
}
