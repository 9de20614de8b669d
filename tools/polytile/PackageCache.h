//===- PackageCache.h - Compiled packages on disk ---------------*- C++ -*-===//
//
// `polytile run` of a program that was compiled before starts in the time that
// loading a package takes. The cache lies in $POLYTILE_CACHE_DIR, else in
// $XDG_CACHE_HOME/polytile, else in ~/.cache/polytile; it may be deleted at any
// time, and several processes may use it at once.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_PACKAGECACHE_H
#define POLYTILE_TOOLS_POLYTILE_PACKAGECACHE_H

#include <optional>
#include <string>
#include <string_view>

namespace polytile::cli {

/// What a compilation gave: the package, and warnings to print again.
struct CachedPackage {
  std::string package;
  std::string diagnostics;
};

/// Entries are whole or absent: they are written beside their place and then
/// renamed, and one whose key or length is wrong is ignored.
class PackageCache {
public:
  /// A disabled cache finds and stores nothing.
  explicit PackageCache(bool enabled);

  /// `key` is everything that the package depends on.
  std::optional<CachedPackage> find(std::string_view key) const;

  /// Failures are ignored: a cache is no promise. Old entries go when all
  /// together are over the limit.
  void store(std::string_view key, const CachedPackage &entry) const;

  /// Removes an entry whose package turned out to be damaged.
  void remove(std::string_view key) const;

private:
  std::string pathOf(std::string_view key) const;
  void prune() const;

  std::string directory; ///< empty: disabled
};

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_PACKAGECACHE_H
