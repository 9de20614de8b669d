// The cache of compiled programs: one file for each key, which carries the key.
//
//   "PTLCACHE"  key's length (8)  value's length (8)  CRC-32C of both (4)
//   key  value
#include "runtime/core/DiskCache.h"

#include "runtime/core/File.h"
#include "runtime/package/PackageFormat.h"

#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace polytile::runtime {
namespace {

struct CacheHeader {
  char magic[8];
  uint64_t keyBytes;
  uint64_t valueBytes;
  uint32_t checksum;
  uint32_t reserved;
};
constexpr char kMagic[8] = {'P', 'T', 'L', 'C', 'A', 'C', 'H', 'E'};

const char *environment(const char *name) {
  const char *value = std::getenv(name);
  return value && *value ? value : nullptr;
}

std::span<const unsigned char> bytesOf(const std::string &text) {
  return {reinterpret_cast<const unsigned char *>(text.data()), text.size()};
}

std::string pathOf(const std::string &kind, const std::string &key) {
  std::string folder = cacheFolder(kind);
  return folder.empty() ? folder : folder + "/" + hashText(bytesOf(key));
}

uint32_t checksumOf(std::span<const unsigned char> key,
                    std::span<const unsigned char> value) {
  uint32_t crc = package::crc32c(0, key.data(), key.size());
  return package::crc32c(crc, value.data(), value.size());
}

} // namespace

bool isCacheEnabled() {
  const char *choice = environment("POLYTILE_CACHE");
  return !choice || (std::strcmp(choice, "off") && std::strcmp(choice, "0"));
}

std::string cacheFolder(const std::string &kind) {
  if (!isCacheEnabled())
    return {};
  if (const char *cache = environment("XDG_CACHE_HOME"))
    return std::string(cache) + "/polytile/" + kind;
  if (const char *home = environment("HOME"))
    return std::string(home) + "/.cache/polytile/" + kind;
  return {};
}

std::string hashText(std::span<const unsigned char> bytes) {
  // Two FNV-1a sums of different primes and starts, mixed at the end.
  uint64_t sums[2] = {0xcbf29ce484222325u, 0x9ae16a3b2f90404fu};
  for (unsigned char byte : bytes) {
    sums[0] = (sums[0] ^ byte) * 0x100000001b3u;
    sums[1] = (sums[1] ^ byte) * 0x9e3779b97f4a7c15u;
    sums[1] ^= sums[1] >> 29;
  }
  std::string text;
  for (uint64_t sum : sums) {
    sum ^= sum >> 32;
    for (int shift = 60; shift >= 0; shift -= 4)
      text += "0123456789abcdef"[sum >> shift & 15];
  }
  return text;
}

bool readCache(const std::string &kind, const std::string &key, Memory &value) {
  std::string path = pathOf(kind, key);
  Memory file;
  if (path.empty() || !readFile(path.c_str(), file).ok() ||
      file.size() < sizeof(CacheHeader))
    return false;
  CacheHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  std::span<const unsigned char> rest(file.data() + sizeof(header),
                                      file.size() - sizeof(header));
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) ||
      header.keyBytes != key.size() || header.keyBytes > rest.size() ||
      header.valueBytes != rest.size() - header.keyBytes)
    return false;
  auto foundKey = rest.first(key.size()), found = rest.subspan(key.size());
  if (std::memcmp(foundKey.data(), key.data(), key.size()) ||
      header.checksum != checksumOf(foundKey, found) ||
      !Memory::allocate(nullptr, found.size(), false, value).ok())
    return false;
  if (!found.empty())
    std::memcpy(value.data(), found.data(), found.size());
  return true;
}

void writeCache(const std::string &kind, const std::string &key,
                std::span<const unsigned char> value) {
  std::string path = pathOf(kind, key);
  if (path.empty() || !makeFolders(cacheFolder(kind)))
    return;
  CacheHeader header = {};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.keyBytes = key.size();
  header.valueBytes = value.size();
  header.checksum = checksumOf(bytesOf(key), value);
  std::span<const unsigned char> pieces[] = {
      {reinterpret_cast<const unsigned char *>(&header), sizeof(header)},
      bytesOf(key),
      value};
  (void)writeFile(path.c_str(), pieces).ok();
}

void dropCache(const std::string &kind, const std::string &key) {
  std::string path = pathOf(kind, key);
  if (!path.empty())
    ::unlink(path.c_str());
}

} // namespace polytile::runtime
