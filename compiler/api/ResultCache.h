//===- ResultCache.h - What was compiled, by content ------------*- C++ -*-===//
//
// A training loop asks for the same program again and again: equal requests
// are answered from memory.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_API_RESULTCACHE_H
#define POLYTILE_COMPILER_API_RESULTCACHE_H

#include "compiler/pipeline/Pipeline.h"

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace polytile {

/// Successful responses by all that a request consists of; the least recently
/// used go first. Thread-safe; two threads that ask for the same at once may
/// both compute it.
class ResultCache {
public:
  using Compute = pipeline::Response (*)(const pipeline::Request &);

  std::shared_ptr<const pipeline::Response>
  get(const pipeline::Request &request, Compute compute);

private:
  struct Entry {
    std::string key;
    std::shared_ptr<const pipeline::Response> response;
  };

  void trim();

  static constexpr size_t byteLimit = size_t(256) << 20;
  std::mutex mutex;
  std::list<Entry> entries; ///< the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> byKey;
  size_t bytes = 0;
};

} // namespace polytile

#endif // POLYTILE_COMPILER_API_RESULTCACHE_H
