// Feeds arbitrary bytes to the Tile front end: whatever the text is, parsing,
// checking and rendering what they report must end without a crash, and errors
// must not be silent.
#include "lang/tile/Diagnostics.h"
#include "lang/tile/Parser.h"
#include "lang/tile/Source.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  polytile::lang::DiagnosticEngine diagnostics(
      polytile::lang::SourceFile::create("fuzz.tile", std::move(text)));
  auto program = polytile::lang::parseAndCheck(diagnostics);
  if (!program || (diagnostics.hasErrors() && diagnostics.render().empty()))
    std::abort();
  return 0;
}
