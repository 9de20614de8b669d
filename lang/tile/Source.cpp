//===- Source.cpp - Lines and columns -------------------------------------===//
//
// The table of line starts is built once: a binary search then finds the line
// of any byte.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Source.h"

#include <algorithm>

using namespace polytile::lang;

SourceFile::SourceFile(std::string name, std::string text)
    : fileName(std::move(name)), contents(std::move(text)) {
  lineStarts.push_back(0);
  size_t end = std::min<size_t>(contents.size(), UINT32_MAX - 1);
  for (size_t i = contents.find('\n'); i < end; i = contents.find('\n', i + 1))
    lineStarts.push_back(static_cast<uint32_t>(i + 1));
}

LineColumn SourceFile::lineColumn(uint32_t offset) const {
  offset = static_cast<uint32_t>(std::min<size_t>(offset, contents.size()));
  auto next = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  auto line = static_cast<uint32_t>(next - lineStarts.begin());
  uint32_t column = 1;
  for (uint32_t i = lineStarts[line - 1]; i < offset; ++i)
    column += (static_cast<unsigned char>(contents[i]) & 0xC0) != 0x80;
  return {line, column};
}

std::string_view SourceFile::lineText(uint32_t line) const {
  size_t begin = lineStarts[line - 1];
  size_t end = line < lineStarts.size() ? lineStarts[line] : contents.size();
  while (end > begin &&
         (contents[end - 1] == '\n' || contents[end - 1] == '\r'))
    --end;
  return std::string_view(contents).substr(begin, end - begin);
}
