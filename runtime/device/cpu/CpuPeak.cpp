// Measures what this processor reaches at best: independent fused multiply-adds
// in registers, and copies of arrays larger than the caches. Percentages of
// "the device's peak" refer to these, not to a data sheet.
#include "runtime/device/cpu/CpuDevice.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace polytile::runtime {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Vectors in flight: enough to cover 4 cycles of latency on two units, few
/// enough for 16 registers with one to spare.
constexpr int kChains = 12;

/// One chunk of work: `rounds` times kChains multiply-adds of a vector. The
/// empty asm keeps each sum in its register and the loop from being solved by
/// the compiler. Sums converge to 2, so that no denormal slows them.
#define PTL_DEFINE_PEAK(NAME, TARGET, BYTES)                                   \
  __attribute__((target(TARGET), noinline)) double NAME(int64_t rounds) {      \
    typedef float Vector __attribute__((vector_size(BYTES)));                  \
    Vector half = Vector{} + 0.5f, one = Vector{} + 1.0f, sums[kChains];       \
    for (Vector & sum : sums)                                                  \
      sum = one;                                                               \
    for (int64_t round = 0; round < rounds; ++round)                           \
      for (Vector & sum : sums) {                                              \
        sum = __builtin_elementwise_fma(sum, half, one);                       \
        __asm__ volatile("" : "+v"(sum));                                      \
      }                                                                        \
    Vector total = {};                                                         \
    for (Vector & sum : sums)                                                  \
      total += sum;                                                            \
    return total[0];                                                           \
  }

#if defined(__x86_64__)
PTL_DEFINE_PEAK(spinAvx512, "avx512f", 64)
PTL_DEFINE_PEAK(spinAvx2, "avx2,fma", 32)

/// Without fused multiply-adds the best that there is: a product and a sum
/// apart.
double spinSse(int64_t rounds) {
  typedef float Vector __attribute__((vector_size(16)));
  Vector half = Vector{} + 0.5f, one = Vector{} + 1.0f, sums[kChains];
  for (Vector &sum : sums)
    sum = one;
  for (int64_t round = 0; round < rounds; ++round)
    for (Vector &sum : sums) {
      sum = sum * half + one;
      __asm__ volatile("" : "+x"(sum));
    }
  Vector total = {};
  for (Vector &sum : sums)
    total += sum;
  return total[0];
}
#endif

struct Spinner {
  double (*function)(int64_t);
  int lanes;
};

Spinner spinnerOf(int level) {
#if defined(__x86_64__)
  if (level >= 4)
    return {spinAvx512, 16};
  if (level == 3)
    return {spinAvx2, 8};
  return {spinSse, 4};
#else
  return {[](int64_t) { return 0.0; }, 0};
#endif
}

double measureFlops(ThreadPool &pool, int level) {
  constexpr int64_t rounds = 200000;
  constexpr int repeats = 12;
  Spinner spinner = spinnerOf(level);
  int64_t chunks = int64_t(pool.threadCount()) * 8;
  double best = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    auto begin = Clock::now();
    pool.forEach(chunks, 1, [&](unsigned, int64_t first, int64_t last) {
      for (int64_t chunk = first; chunk < last; ++chunk)
        spinner.function(rounds);
    });
    double flops =
        2.0 * kChains * spinner.lanes * double(rounds) * double(chunks);
    best = std::max(best, flops / secondsSince(begin));
  }
  return best;
}

double measureCopy(ThreadPool &pool) {
  constexpr uint64_t bytes = uint64_t(128) << 20;
  constexpr int64_t pieces = 128;
  constexpr int repeats = 5;
  Memory source, target;
  if (!Memory::allocate(nullptr, bytes, true, source).ok() ||
      !Memory::allocate(nullptr, bytes, true, target).ok())
    return 0;
  std::memset(source.data(), 1, bytes);
  double best = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    auto begin = Clock::now();
    pool.forEach(pieces, 1, [&](unsigned, int64_t first, int64_t last) {
      uint64_t piece = bytes / pieces,
               offset = static_cast<uint64_t>(first) * piece;
      std::memcpy(target.data() + offset, source.data() + offset,
                  static_cast<uint64_t>(last - first) * piece);
    });
    best = std::max(best, 2.0 * double(bytes) / secondsSince(begin));
  }
  return best;
}

/// One dispatch in a row of them, each with work for every thread.
double measureLaunch(ThreadPool &pool) {
  constexpr int launches = 1000, repeats = 5;
  std::atomic<int64_t> items{0};
  double best = 1e30;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    auto begin = Clock::now();
    for (int i = 0; i < launches; ++i)
      pool.forEach(pool.threadCount(), 1,
                   [&](unsigned, int64_t first, int64_t last) {
                     items.fetch_add(last - first, std::memory_order_relaxed);
                   });
    best = std::min(best, secondsSince(begin));
  }
  return best / launches;
}

} // namespace

ptl_device_peak measureCpuPeak(ThreadPool &pool, int level) {
  return {measureFlops(pool, level), measureCopy(pool), measureLaunch(pool)};
}

} // namespace polytile::runtime
