//===- DiagnosticsTest.cpp - Places, rendering and suggestions ------------===//
//
// How messages look; which ones there are is tested in test/diagnostics.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Diagnostics.h"
#include "lang/tile/Suggestion.h"

#include <catch2/catch.hpp>

using namespace polytile::lang;

namespace {

std::string bestOf(std::string_view name,
                   std::initializer_list<std::string_view> candidates) {
  Suggestion suggestion(name);
  for (std::string_view candidate : candidates)
    suggestion.consider(candidate);
  return std::string(suggestion.best());
}

} // namespace

TEST_CASE("lines and columns start at 1 and count characters") {
  SourceFile source("t.tile", "ab\n\xC2\xB7x\r\n\n");
  CHECK(source.lineCount() == 4);
  CHECK(source.lineText(1) == "ab");
  CHECK(source.lineText(2) == "\xC2\xB7x");
  CHECK(source.lineText(4) == "");
  LineColumn place = source.lineColumn(5);
  CHECK(place.line == 2);
  CHECK(place.column == 2);
  CHECK(source.lineColumn(1000).line == 4);
}

TEST_CASE("an empty file has one line") {
  SourceFile source("t.tile", "");
  CHECK(source.lineCount() == 1);
  CHECK(source.lineText(1) == "");
  CHECK(source.lineColumn(0).line == 1);
}

TEST_CASE("a full diagnostic") {
  DiagnosticEngine diagnostics(SourceFile::create("t.tile", "O = A + B;\n"));
  diagnostics.error({4, 9}, "can't add")
      .withLabel("f32 and bool")
      .withHint("convert one")
      .withNote({8, 9}, "B is here");
  CHECK(diagnostics.render() == "t.tile:1:5: error: can't add\n"
                                "  O = A + B;\n"
                                "      ^~~~~ f32 and bool\n"
                                "hint: convert one\n"
                                "t.tile:1:9: note: B is here\n"
                                "  O = A + B;\n"
                                "          ^\n");
}

TEST_CASE("carets stand under wide characters and tabs") {
  DiagnosticEngine diagnostics(
      SourceFile::create("t.tile", "\t\xC2\xB7\xC2\xB7 AB\n"));
  diagnostics.warning({6, 8}, "here");
  CHECK(diagnostics.render() == "t.tile:1:5: warning: here\n"
                                "  \t\xC2\xB7\xC2\xB7 AB\n"
                                "  \t   ^~\n");
}

TEST_CASE("bytes that are no UTF-8 are cut somewhere") {
  std::string text = "abc" + std::string(500, '\x82') + "def";
  for (uint32_t begin : {0u, 2u, 50u, 130u, 499u, 505u}) {
    DiagnosticEngine diagnostics(SourceFile::create("t.tile", text));
    diagnostics.error({begin, begin + 1}, "here");
    CHECK(diagnostics.render().find('^') != std::string::npos);
  }
}

TEST_CASE("a range over several lines is shown on its first") {
  DiagnosticEngine diagnostics(SourceFile::create("t.tile", "ab(\ncd)\n"));
  diagnostics.error({1, 7}, "here");
  CHECK(diagnostics.render() == "t.tile:1:2: error: here\n  ab(\n   ^~\n");
}

TEST_CASE("diagnostics are shown in the order of the text") {
  DiagnosticEngine diagnostics(SourceFile::create("t.tile", "a\nb\n"));
  diagnostics.error({2, 3}, "second");
  diagnostics.error({0, 1}, "first");
  std::string rendered = diagnostics.render();
  CHECK(rendered.find("first") < rendered.find("second"));
}

TEST_CASE("errors after the limit are counted") {
  DiagnosticEngine diagnostics(SourceFile::create("t.tile", "a\n"), 2);
  for (int i = 0; i < 5; ++i)
    diagnostics.error({0, 1}, "e").withHint("h");
  CHECK(diagnostics.errorCount() == 5);
  CHECK(diagnostics.diagnostics().size() == 2);
  std::string rendered = diagnostics.render();
  std::string last = "t.tile: 3 more errors are not shown\n";
  CHECK(rendered.substr(rendered.size() - last.size()) == last);
}

TEST_CASE("edit distance") {
  CHECK(editDistance("", "abc", 5) == 3);
  CHECK(editDistance("kitten", "sitting", 5) == 3);
  CHECK(editDistance("ab", "ba", 5) == 1);
  CHECK(editDistance("Rows", "rows", 5) == 1);
  CHECK(editDistance("abcdef", "x", 2) == 3);
}

TEST_CASE("suggestions") {
  CHECK(bestOf("sigmod", {"sin", "sigmoid", "round"}) == "sigmoid");
  CHECK(bestOf("Row", {"Cols", "Rows"}) == "Rows");
  CHECK(bestOf("B", {"A", "N"}) == "");
  CHECK(bestOf("n", {"N"}) == "N");
  CHECK(bestOf("foo", {"completely", "other"}) == "");
}
