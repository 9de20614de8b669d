// The thread pool: splits the work items of one dispatch over the cores, within
// a microsecond or two.
//
// A matrix product of 100 microseconds can't afford the 10 that waking a thread
// through the kernel takes, so workers spin for a short while before they
// sleep, the caller works as well, and nobody waits for a worker that hasn't
// come: a worker joins a job by counting itself in, and a job that is closed
// before it came is none of its business.
//
//   state = epoch (32 bits) | open (1 bit) | joined workers (31 bits)
//
//   - caller: publish the job, state = {epoch + 1, open, 0}; take chunks until
//     none is left; clear open; wait for joined == 0
//   - worker: see a new epoch; joined + 1 by compare-exchange, only while open
//     and the same epoch; take chunks; joined - 1
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace polytile::runtime {

/// The cores that this process may use: its affinity mask, cut by the control
/// group's CPU quota. At least 1.
unsigned usableCoreCount();

class ThreadPool {
public:
  /// What a job runs: worker is below threadCount(), and no two calls with the
  /// same worker run at once within a job.
  using Function = void (*)(void *context, unsigned worker, int64_t begin,
                            int64_t end);

  /// `threads` work on a job, the caller being one of them; fewer where the
  /// system refuses to start them. At least 1.
  explicit ThreadPool(unsigned threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  unsigned threadCount() const {
    return static_cast<unsigned>(workers.size()) + 1;
  }

  /// Runs function over [0, items) in disjoint ranges of at least `grain` items
  /// (0: chosen here) and returns when all are done. Any thread. Called from
  /// inside a job, or while another thread's job occupies the pool, it runs
  /// inline.
  void run(int64_t items, int64_t grain, Function function, void *context);

  /// The same for a callable (worker, begin, end).
  template <typename Callable>
  void forEach(int64_t items, int64_t grain, Callable &&callable) {
    using Plain = std::remove_reference_t<Callable>;
    run(
        items, grain,
        [](void *context, unsigned worker, int64_t begin, int64_t end) {
          (*static_cast<Plain *>(context))(worker, begin, end);
        },
        &callable);
  }

private:
  void work(unsigned worker);
  void takeChunks(unsigned worker);
  uint32_t awaitEpoch(uint32_t seen);
  bool join(uint32_t epoch);
  void leave();
  void closeAndWait();

  // The job: written by the caller before the epoch that publishes it, and
  // unchanged while anyone is joined.
  Function function = nullptr;
  void *context = nullptr;
  int64_t items = 0;
  int64_t chunk = 1;

  alignas(64) std::atomic<int64_t> next{0};
  alignas(64) std::atomic<uint64_t> state{0};
  alignas(64) std::atomic<uint32_t> epochWord{
      0}; ///< what sleeping workers wait on
  std::atomic<uint32_t> sleepers{0};
  alignas(64) std::atomic<uint32_t> doneWord{
      0}; ///< what a sleeping caller waits on
  std::atomic<bool> callerSleeps{false};
  alignas(64) std::atomic<bool> occupied{false};
  std::atomic<bool> stopping{false};
  std::vector<std::thread> workers;
};

} // namespace polytile::runtime
