//===- Suggestion.cpp - Edit distance -------------------------------------===//
//
// Optimal string alignment, three rows at a time; names are short.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Suggestion.h"

#include <algorithm>
#include <vector>

using namespace polytile::lang;

namespace {

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

size_t polytile::lang::editDistance(std::string_view a, std::string_view b,
                                    size_t limit) {
  size_t longer = std::max(a.size(), b.size());
  if (longer - std::min(a.size(), b.size()) > limit)
    return limit + 1;
  std::vector<size_t> beforeLast(b.size() + 1), last(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      bool same = lowered(a[i - 1]) == lowered(b[j - 1]);
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      bool swapped =
          i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped)
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
    }
    beforeLast.swap(last);
    last.swap(row);
  }
  size_t distance = last[b.size()];
  if (distance == 0 && a != b)
    distance = 1;
  return std::min(distance, limit + 1);
}

Suggestion::Suggestion(std::string_view misspelt)
    : misspelt(misspelt), bound(std::max<size_t>(1, misspelt.size() / 3)) {}

void Suggestion::consider(std::string_view candidate) {
  // Two different single letters have nothing to do with each other.
  if (misspelt.size() <= 1 && candidate.size() <= 1 &&
      lowered(misspelt[0]) != lowered(candidate[0]))
    return;
  size_t distance = editDistance(misspelt, candidate, bound);
  if (distance > bound)
    return;
  nearest = candidate;
  if (distance > 0)
    bound = distance - 1;
}
