// Aligned host memory: small blocks from the heap, large ones mapped.
#include "runtime/core/Memory.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace polytile::runtime {
namespace {

constexpr uint64_t kMapFrom = uint64_t(1) << 20;
constexpr uint64_t kHugePage = uint64_t(2) << 20;
constexpr uint64_t kLargest = uint64_t(1) << 47;

#if defined(__SANITIZE_ADDRESS__) ||                                           \
    (defined(__has_feature) && __has_feature(address_sanitizer))
constexpr bool kMapLarge = false; // so that every block has red zones
#else
constexpr bool kMapLarge = true;
#endif

uint64_t roundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

} // namespace

Status MemoryAccount::reserve(uint64_t bytes) {
  uint64_t most = limit.load(std::memory_order_relaxed);
  uint64_t before = inUse.load(std::memory_order_relaxed);
  uint64_t after;
  do {
    if (__builtin_add_overflow(before, bytes, &after) || (most && after > most))
      return fail(PTL_STATUS_OUT_OF_MEMORY, bytes, " bytes were asked for, ",
                  before, " are in use, and the device's limit is ", most,
                  " bytes");
  } while (
      !inUse.compare_exchange_weak(before, after, std::memory_order_relaxed));
  uint64_t highest = peak.load(std::memory_order_relaxed);
  while (highest < after &&
         !peak.compare_exchange_weak(highest, after, std::memory_order_relaxed))
    ;
  return {};
}

ptl_memory_usage MemoryAccount::usage() const {
  return {inUse.load(std::memory_order_relaxed),
          peak.load(std::memory_order_relaxed),
          limit.load(std::memory_order_relaxed)};
}

Memory &Memory::operator=(Memory &&other) noexcept {
  if (this != &other) {
    reset();
    account = std::move(other.account);
    begin = std::exchange(other.begin, nullptr);
    bytes = std::exchange(other.bytes, 0);
    mapped = std::exchange(other.mapped, 0);
  }
  return *this;
}

Status Memory::allocate(std::shared_ptr<MemoryAccount> account, uint64_t bytes,
                        bool zeroed, Memory &memory) {
  memory.reset();
  if (bytes > kLargest)
    return fail(PTL_STATUS_OUT_OF_MEMORY, bytes,
                " bytes were asked for; no machine has more than ", kLargest);
  if (account)
    PTL_TRY(account->reserve(bytes));
  uint64_t length = roundUp(bytes ? bytes : 1, kAlignment);
  void *block = nullptr;
  if (kMapLarge && length >= kMapFrom) {
    length = roundUp(length, 4096);
    block = mmap(nullptr, length, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
      block = nullptr;
    else if (length >= kHugePage)
      madvise(block, length, MADV_HUGEPAGE);
    memory.mapped = block ? length : 0;
  } else {
    block = std::aligned_alloc(kAlignment, length);
    if (block && zeroed)
      std::memset(block, 0, length);
  }
  if (!block) {
    if (account)
      account->release(bytes);
    return fail(PTL_STATUS_OUT_OF_MEMORY, "the system has no ", bytes,
                " bytes of memory left");
  }
  memory.account = std::move(account);
  memory.begin = static_cast<unsigned char *>(block);
  memory.bytes = bytes;
  return {};
}

void Memory::reset() {
  if (!begin)
    return;
  if (mapped)
    munmap(begin, mapped);
  else
    std::free(begin);
  if (account)
    account->release(bytes);
  account.reset();
  begin = nullptr;
  bytes = mapped = 0;
}

} // namespace polytile::runtime
