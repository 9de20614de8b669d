//===- Suggestion.h - "Did you mean ...?" -----------------------*- C++ -*-===//
//
// Finds the name nearest to a misspelt one.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_SUGGESTION_H
#define POLYTILE_LANG_TILE_SUGGESTION_H

#include <cstddef>
#include <string_view>

namespace polytile::lang {

/// Number of insertions, deletions, substitutions and swaps of neighbours
/// that turn `a` into `b`; `limit + 1` when there are more than `limit`.
/// Differences of letter case cost nothing but still count as a difference of
/// one when they are the only ones.
size_t editDistance(std::string_view a, std::string_view b, size_t limit);

/// Collects candidates and keeps the nearest; the first one wins a tie.
class Suggestion {
public:
  explicit Suggestion(std::string_view misspelt);

  void consider(std::string_view candidate);

  /// Empty when nothing is near enough: a third of the letters may differ.
  std::string_view best() const { return nearest; }

private:
  std::string_view misspelt;
  std::string_view nearest;
  size_t bound; ///< a candidate must be at most this far away
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_SUGGESTION_H
