//===- Arena.h - Bump allocation for syntax trees ---------------*- C++ -*-===//
//
// A recorded network has hundreds of thousands of nodes that live and die
// together: one bump allocator is faster than as many `new`, and makes the
// tree trivially destructible.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_ARENA_H
#define POLYTILE_LANG_TILE_ARENA_H

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace polytile::lang {

/// A fixed array in an arena; copying it copies a pointer and a length.
template <typename T> class List {
public:
  List() = default;
  List(T *data, size_t size) : first(data), count(size) {}

  T *begin() const { return first; }
  T *end() const { return first + count; }
  size_t size() const { return count; }
  bool empty() const { return count == 0; }
  T &operator[](size_t i) const {
    assert(i < count && "index past the end");
    return first[i];
  }
  T &front() const { return (*this)[0]; }
  T &back() const { return (*this)[count - 1]; }

private:
  T *first = nullptr;
  size_t count = 0;
};

/// Allocates trivially destructible objects that live as long as the arena.
class Arena {
public:
  Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;

  template <typename T, typename... Args> T *create(Args &&...args) {
    static_assert(std::is_trivially_destructible_v<T>,
                  "the arena runs no destructors");
    return new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  /// Copies `size` elements from `data`.
  template <typename T> List<T> copy(const T *data, size_t size) {
    static_assert(std::is_trivially_destructible_v<T>,
                  "the arena runs no destructors");
    if (size == 0)
      return {};
    T *memory = static_cast<T *>(allocate(sizeof(T) * size, alignof(T)));
    for (size_t i = 0; i < size; ++i)
      new (memory + i) T(data[i]);
    return {memory, size};
  }

  template <typename T> List<T> copy(const std::vector<T> &values) {
    return copy(values.data(), values.size());
  }

private:
  void *allocate(size_t size, size_t alignment) {
    size_t aligned = (used + alignment - 1) & ~(alignment - 1);
    if (aligned + size > capacity) {
      capacity = size > blockSize ? size : blockSize;
      blocks.push_back(std::make_unique<std::byte[]>(capacity));
      aligned = 0;
    }
    used = aligned + size;
    return blocks.back().get() + aligned;
  }

  static constexpr size_t blockSize = size_t(256) * 1024;
  std::vector<std::unique_ptr<std::byte[]>> blocks;
  size_t used = 0;
  size_t capacity = 0;
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_ARENA_H
