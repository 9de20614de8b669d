//===- DiagnosticsTest.cpp - Every message as a user sees it --------------===//
//
// For each message identifier `some-id` there is some-id.tile in this folder,
// and some-id.expected with the rendered diagnostics; variants are called
// some-id--variant.tile. A new message without a test fails here.
//
// After a wanted change run the test with POLYTILE_UPDATE_EXPECTED=1, and read
// the difference.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Parser.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace polytile::lang;
namespace fs = std::filesystem;

namespace {

const fs::path folder = "test/diagnostics";

std::string readFile(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<fs::path> programs() {
  std::vector<fs::path> result;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".tile")
      result.push_back(entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

DiagnosticEngine compile(const fs::path &path) {
  DiagnosticEngine diagnostics(
      SourceFile::create(path.filename().string(), readFile(path)));
  parseAndCheck(diagnostics);
  return diagnostics;
}

} // namespace

TEST_CASE("every program gives the diagnostics beside it") {
  bool update = std::getenv("POLYTILE_UPDATE_EXPECTED") != nullptr;
  std::vector<fs::path> paths = programs();
  REQUIRE(paths.size() > 50);
  for (const fs::path &path : paths) {
    INFO(path.filename().string());
    std::string rendered = compile(path).render();
    fs::path expected = path;
    expected.replace_extension(".expected");
    if (update)
      std::ofstream(expected, std::ios::binary) << rendered;
    CHECK(rendered == readFile(expected));
  }
}

TEST_CASE("every message has a program that gives it") {
  for (DiagnosticId id : allDiagnosticIds()) {
    // Takes a file of 2 GiB: test/unit/lang sets a lower limit instead.
    if (id == DiagnosticId::FileTooLarge)
      continue;
    std::string name = diagnosticName(id);
    INFO(name);
    fs::path path = folder / (name + ".tile");
    CHECK(fs::exists(path));
    if (!fs::exists(path))
      continue;
    DiagnosticEngine diagnostics = compile(path);
    const std::vector<Diagnostic> &all = diagnostics.diagnostics();
    CHECK(std::any_of(all.begin(), all.end(),
                      [&](const Diagnostic &d) { return d.id == id; }));
  }
}
