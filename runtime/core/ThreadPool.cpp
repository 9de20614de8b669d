// The thread pool's protocol; see ThreadPool.h for the idea.
#include "runtime/core/ThreadPool.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <sched.h>
#include <system_error>
#include <utility>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace polytile::runtime {
namespace {

constexpr uint64_t kOpen = uint64_t(1) << 31;
constexpr uint64_t kJoinedMask = kOpen - 1;

/// How long an idle worker spins before it sleeps, and a caller for a late
/// worker. Long enough to bridge the gap between two dispatches of one run,
/// short enough not to be seen in the load of an idle program.
constexpr auto kWorkerSpin = std::chrono::microseconds(60);
constexpr auto kCallerSpin = std::chrono::microseconds(100);

/// Chunks a thread takes from a job on average, when the package leaves it
/// open: few enough for kernels that prepare something in each call, enough to
/// even out a core that is slowed by a neighbour.
constexpr int64_t kChunksAThread = 4;

/// True while this thread runs items of any pool's job.
thread_local bool insideJob = false;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

/// Spins until `done()` or the time is up; tells which.
template <typename Done> bool spin(std::chrono::nanoseconds most, Done done) {
  auto end = std::chrono::steady_clock::now() + most;
  do {
    for (int i = 0; i < 32; ++i) {
      if (done())
        return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

/// CPUs that the control group grants ("200000 100000" is 2), or a large
/// number.
double controlGroupCores() {
  double cores = 1e9;
  if (std::FILE *file = std::fopen("/sys/fs/cgroup/cpu.max", "re")) {
    long long quota, period;
    if (std::fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 &&
        period > 0)
      cores = double(quota) / double(period);
    std::fclose(file);
  }
  return cores;
}

} // namespace

unsigned usableCoreCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  unsigned cores = std::thread::hardware_concurrency();
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    cores = static_cast<unsigned>(CPU_COUNT(&set));
  double granted = std::ceil(controlGroupCores());
  if (granted < cores)
    cores = static_cast<unsigned>(granted);
  return std::max(1u, cores);
}

ThreadPool::ThreadPool(unsigned threads) {
  workers.reserve(threads);
  for (unsigned worker = 1; worker < threads; ++worker) {
    try {
      workers.emplace_back([this, worker] { work(worker); });
    } catch (const std::system_error &) {
      return; // the system has no more threads: those that there are do the
              // work
    }
  }
}

ThreadPool::~ThreadPool() {
  stopping.store(true);
  epochWord.fetch_add(1);
  epochWord.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::run(int64_t count, int64_t grain, Function body, void *data) {
  if (count <= 0)
    return;
  int64_t threads = threadCount();
  int64_t share =
      grain > 0 ? grain
                : std::max<int64_t>(1, count / (threads * kChunksAThread));
  bool alone = threads == 1 || share >= count || insideJob ||
               occupied.exchange(true, std::memory_order_acquire);
  if (alone) {
    bool outer = std::exchange(insideJob, true);
    body(data, 0, 0, count);
    insideJob = outer;
    return;
  }
  function = body;
  context = data;
  items = count;
  chunk = share;
  next.store(0, std::memory_order_relaxed);
  uint32_t epoch = epochWord.load(std::memory_order_relaxed) + 1;
  state.store((uint64_t(epoch) << 32) | kOpen, std::memory_order_release);
  epochWord.store(epoch, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst))
    epochWord.notify_all();
  insideJob = true;
  takeChunks(0);
  insideJob = false;
  closeAndWait();
  occupied.store(false, std::memory_order_release);
}

void ThreadPool::takeChunks(unsigned worker) {
  for (;;) {
    int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
    if (begin >= items)
      return;
    function(context, worker, begin, begin + std::min(chunk, items - begin));
  }
}

void ThreadPool::closeAndWait() {
  auto nobody = [&] {
    return (state.load(std::memory_order_seq_cst) & kJoinedMask) == 0;
  };
  state.fetch_and(~kOpen, std::memory_order_acq_rel);
  if (spin(kCallerSpin, nobody))
    return;
  callerSleeps.store(true, std::memory_order_seq_cst);
  for (;;) {
    uint32_t seen = doneWord.load(std::memory_order_seq_cst);
    if (nobody())
      break;
    doneWord.wait(seen, std::memory_order_seq_cst);
  }
  callerSleeps.store(false, std::memory_order_relaxed);
}

bool ThreadPool::join(uint32_t epoch) {
  uint64_t seen = state.load(std::memory_order_acquire);
  while ((seen >> 32) == epoch && (seen & kOpen))
    if (state.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel,
                                    std::memory_order_acquire))
      return true;
  return false;
}

void ThreadPool::leave() {
  uint64_t before = state.fetch_sub(1, std::memory_order_seq_cst);
  if ((before & kJoinedMask) == 1 &&
      callerSleeps.load(std::memory_order_seq_cst)) {
    doneWord.fetch_add(1, std::memory_order_seq_cst);
    doneWord.notify_all();
  }
}

uint32_t ThreadPool::awaitEpoch(uint32_t seen) {
  auto changed = [&] {
    return epochWord.load(std::memory_order_acquire) != seen;
  };
  if (!spin(kWorkerSpin, changed)) {
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    while (epochWord.load(std::memory_order_seq_cst) == seen)
      epochWord.wait(seen, std::memory_order_seq_cst);
    sleepers.fetch_sub(1, std::memory_order_relaxed);
  }
  return epochWord.load(std::memory_order_acquire);
}

void ThreadPool::work(unsigned worker) {
  insideJob = true;
  uint32_t seen = 0;
  for (;;) {
    seen = awaitEpoch(seen);
    if (stopping.load())
      return;
    if (join(seen)) {
      takeChunks(worker);
      leave();
    }
  }
}

} // namespace polytile::runtime
