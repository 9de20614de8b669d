//===- Source.h - Source text, byte ranges, lines and columns ---*- C++ -*-===//
//
// Every token and AST node carries a range of bytes of one file. Lines and
// columns are computed only when a diagnostic or an MLIR location needs them,
// so that parsing a large recorded program doesn't pay for them.
//
// This header is also included by C++17 code (the importer).
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_SOURCE_H
#define POLYTILE_LANG_TILE_SOURCE_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polytile::lang {

/// A half-open range [begin, end) of byte offsets in one source file.
struct SourceRange {
  uint32_t begin = 0;
  uint32_t end = 0;

  uint32_t size() const { return end - begin; }

  /// The smallest range that holds both.
  static SourceRange join(SourceRange a, SourceRange b) {
    return {a.begin < b.begin ? a.begin : b.begin,
            a.end > b.end ? a.end : b.end};
  }
};

/// A position as people read it: both numbers start at 1, the column counts
/// UTF-8 code points.
struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;
};

/// One source text and its name. Immutable, so it may be shared by threads.
class SourceFile {
public:
  /// Copies nothing: `text` is moved in. Texts of 4 GiB and more are refused
  /// by the parser.
  SourceFile(std::string name, std::string text);

  static std::shared_ptr<const SourceFile> create(std::string name,
                                                  std::string text) {
    return std::make_shared<const SourceFile>(std::move(name), std::move(text));
  }

  std::string_view name() const { return fileName; }
  std::string_view text() const { return contents; }
  std::string_view text(SourceRange range) const {
    return std::string_view(contents).substr(range.begin, range.size());
  }

  /// Line and column of a byte offset; offsets past the end give the end.
  LineColumn lineColumn(uint32_t offset) const;

  /// Number of lines, at least 1.
  uint32_t lineCount() const {
    return static_cast<uint32_t>(lineStarts.size());
  }

  /// The text of a line (from 1), without its end-of-line characters.
  std::string_view lineText(uint32_t line) const;

  /// Byte offset where a line (from 1) begins.
  uint32_t lineStart(uint32_t line) const { return lineStarts[line - 1]; }

private:
  std::string fileName;
  std::string contents;
  std::vector<uint32_t> lineStarts;
};

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_SOURCE_H
