//===- ParserFuzzer.cpp - Any bytes are a program or an error -------------===//
//
// The front end must take any text without a crash, and whatever it accepts
// must come back from the printer as the same program.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Parser.h"
#include "lang/tile/Printer.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace polytile::lang;

namespace {

void require(bool condition, const char *what) {
  if (condition)
    return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  DiagnosticEngine diagnostics(SourceFile::create("fuzz.tile", text));
  std::unique_ptr<Program> program = parseAndCheck(diagnostics);
  std::string rendered = diagnostics.render();
  require(diagnostics.hasErrors() ==
              (rendered.find(": error: ") != std::string::npos),
          "errors are told");
  if (diagnostics.hasErrors())
    return 0;

  std::string printed = printSource(*program);
  DiagnosticEngine again(SourceFile::create("printed.tile", printed));
  std::unique_ptr<Program> reparsed = parseAndCheck(again);
  require(!again.hasErrors(), "printed text is a program");
  require(printTree(*reparsed) == printTree(*program),
          "printed text is the same program");
  require(printSource(*reparsed) == printed, "printing is a fixed point");
  return 0;
}
