// Streams and events for drivers whose runs block: each stream is a thread that
// works off a queue in order.
#pragma once

#include "runtime/core/Device.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

namespace polytile::runtime {

/// A point in a stream. Each record that is queued takes a ticket; the event is
/// reached when its latest ticket has been passed. Thread-safe.
class Event {
public:
  using Clock = std::chrono::steady_clock;

  uint64_t issue();
  void pass(uint64_t ticket);
  void await(uint64_t ticket);
  /// The latest ticket.
  uint64_t latest() const;
  bool isReached() const;
  /// Nothing while it isn't reached or was never recorded.
  bool time(Clock::time_point &when) const;

private:
  mutable std::mutex mutex;
  std::condition_variable changed;
  uint64_t issued = 0, passed = 0;
  Clock::time_point when;
};

/// An asynchronous queue. Thread-safe.
class Stream {
public:
  Stream();
  /// Waits for what is queued.
  ~Stream();

  void enqueueRun(std::shared_ptr<Executable> executable,
                  std::vector<std::shared_ptr<Buffer>> inputs,
                  std::vector<std::shared_ptr<Buffer>> outputs);
  void enqueueRecord(std::shared_ptr<Event> event);
  void enqueueWait(std::shared_ptr<Event> event);
  /// Waits, and hands out the first failure since the last call.
  Status synchronize();

private:
  struct Task {
    std::function<Status()> body;
    bool evenAfterFailure = false;
  };
  void enqueue(Task task);
  void work();

  std::mutex mutex;
  std::condition_variable arrived, drained;
  std::deque<Task> queue;
  bool busy = false, stopping = false;
  Status failure;
  std::thread thread;
};

} // namespace polytile::runtime
