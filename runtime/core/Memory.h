// Aligned host memory that is counted against a device's limit.
//
// Blocks of a mebibyte and more come straight from the system: they are zero
// already, cost pages only as they are touched, and may use huge pages, which
// matrix products want.
#pragma once

#include "runtime/core/Status.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace polytile::runtime {

/// Counts bytes in use and refuses what passes the limit. Any thread.
class MemoryAccount {
public:
  explicit MemoryAccount(uint64_t limit = 0) : limit(limit) {}
  /// OUT_OF_MEMORY states what was asked for, what is in use and the limit.
  Status reserve(uint64_t bytes);
  void release(uint64_t bytes) {
    inUse.fetch_sub(bytes, std::memory_order_relaxed);
  }
  void setLimit(uint64_t bytes) {
    limit.store(bytes, std::memory_order_relaxed);
  }
  ptl_memory_usage usage() const;

private:
  std::atomic<uint64_t> inUse{0};
  std::atomic<uint64_t> peak{0};
  std::atomic<uint64_t> limit;
};

/// An owned block, aligned to 64 bytes; movable; never null once allocated,
/// even for 0 bytes.
class Memory {
public:
  static constexpr uint64_t kAlignment = 64;

  Memory() = default;
  Memory(Memory &&other) noexcept { *this = std::move(other); }
  Memory &operator=(Memory &&other) noexcept;
  ~Memory() { reset(); }

  /// Allocates `bytes`, zeroed when asked. `account` may be null (uncounted).
  static Status allocate(std::shared_ptr<MemoryAccount> account, uint64_t bytes,
                         bool zeroed, Memory &memory);

  unsigned char *data() const { return begin; }
  uint64_t size() const { return bytes; }
  explicit operator bool() const { return begin != nullptr; }
  void reset();

private:
  std::shared_ptr<MemoryAccount> account;
  unsigned char *begin = nullptr;
  uint64_t bytes = 0;
  uint64_t mapped = 0; ///< the length that was mapped; 0: from the heap
};

} // namespace polytile::runtime
