// The header of a package file and its checksum: what the writer and the loader
// must agree on beyond Package.fbs.
//
// The schema can't hold these: the header must be readable before anything is
// verified.
#pragma once

#include <cstddef>
#include <cstdint>

namespace polytile::package {

/// As PNG's: a byte above 127 and both line endings, so that text transfers and
/// 7-bit channels are noticed.
inline constexpr unsigned char kMagic[8] = {0x8B, 'P',  'T',  'L',
                                            '\r', '\n', 0x1A, '\n'};

/// Raised when old readers would misunderstand a new file.
inline constexpr uint32_t kFormatVersion = 1;

/// Blobs and sections start at multiples of it.
inline constexpr uint64_t kDataAlignment = 64;

/// The first 64 bytes, little-endian. Every byte of the file counts in
/// `checksum`, whose own 4 bytes count as 0.
struct Header {
  unsigned char magic[8];
  uint32_t formatVersion;
  uint32_t headerBytes; ///< 64
  uint64_t fileBytes;
  uint64_t metadataOffset; ///< 64
  uint64_t metadataBytes;
  uint64_t dataOffset; ///< a multiple of 64, at or after the metadata's end
  uint64_t dataBytes;  ///< reaches to the file's end
  uint32_t checksum;   ///< CRC-32C
  uint32_t reserved;   ///< 0
};
static_assert(sizeof(Header) == 64 && offsetof(Header, checksum) == 56);

/// CRC-32C (Castagnoli, as in RFC 3720) of `bytes` more bytes; start with crc
/// 0. Uses the CPU's instruction where there is one.
uint32_t crc32c(uint32_t crc, const void *data, size_t bytes);

/// The checksum of a whole file image with its checksum field taken as 0.
/// \pre bytes >= sizeof(Header)
uint32_t checksumOfFile(const unsigned char *file, size_t bytes);

} // namespace polytile::package
