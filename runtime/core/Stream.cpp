// Streams and events.
#include "runtime/core/Stream.h"

#include <new>

namespace polytile::runtime {

uint64_t Event::issue() {
  std::lock_guard lock(mutex);
  return ++issued;
}

void Event::pass(uint64_t ticket) {
  std::lock_guard lock(mutex);
  if (ticket > passed) {
    passed = ticket;
    when = Clock::now();
  }
  changed.notify_all();
}

void Event::await(uint64_t ticket) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return passed >= ticket; });
}

uint64_t Event::latest() const {
  std::lock_guard lock(mutex);
  return issued;
}

bool Event::isReached() const {
  std::lock_guard lock(mutex);
  return passed >= issued;
}

bool Event::time(Clock::time_point &result) const {
  std::lock_guard lock(mutex);
  result = when;
  return issued != 0 && passed >= issued;
}

Stream::Stream() : thread([this] { work(); }) {}

Stream::~Stream() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  arrived.notify_all();
  thread.join();
}

void Stream::enqueue(Task task) {
  {
    std::lock_guard lock(mutex);
    queue.push_back(std::move(task));
  }
  arrived.notify_one();
}

void Stream::enqueueRun(std::shared_ptr<Executable> executable,
                        std::vector<std::shared_ptr<Buffer>> inputs,
                        std::vector<std::shared_ptr<Buffer>> outputs) {
  enqueue({[executable = std::move(executable), inputs = std::move(inputs),
            outputs = std::move(outputs)] {
    return executable->run(inputs, outputs);
  }});
}

void Stream::enqueueRecord(std::shared_ptr<Event> event) {
  // The ticket is taken under the queue's lock, so that tickets of one stream
  // pass in order.
  std::unique_lock lock(mutex);
  uint64_t ticket = event->issue();
  queue.push_back({[event = std::move(event), ticket] {
                     event->pass(ticket);
                     return Status();
                   },
                   /*evenAfterFailure=*/true});
  lock.unlock();
  arrived.notify_one();
}

void Stream::enqueueWait(std::shared_ptr<Event> event) {
  uint64_t ticket = event->latest();
  enqueue({[event = std::move(event), ticket] {
             event->await(ticket);
             return Status();
           },
           /*evenAfterFailure=*/true});
}

Status Stream::synchronize() {
  std::unique_lock lock(mutex);
  drained.wait(lock, [&] { return queue.empty() && !busy; });
  return std::exchange(failure, Status());
}

void Stream::work() {
  std::unique_lock lock(mutex);
  for (;;) {
    arrived.wait(lock, [&] { return !queue.empty() || stopping; });
    if (queue.empty())
      return;
    Task task = std::move(queue.front());
    queue.pop_front();
    busy = true;
    bool skip = !failure.ok() && !task.evenAfterFailure;
    lock.unlock();
    Status status;
    if (!skip) {
      try {
        status = task.body();
      } catch (const std::bad_alloc &) {
        status = Status(outOfMemoryStatus());
      }
    }
    task = {};
    lock.lock();
    busy = false;
    if (failure.ok() && !status.ok())
      failure = std::move(status);
    if (queue.empty())
      drained.notify_all();
  }
}

} // namespace polytile::runtime
