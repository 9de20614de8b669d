//===- SourceDiagnostics.cpp - MLIR's diagnostics as the language's -------===//
//
// A range is a fused location of its begin and its end (Tile_Dialect says so);
// a call that was inlined is a call-site location around it.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/SourceDiagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <algorithm>

using namespace mlir;
using namespace polytile;
using namespace polytile::pipeline;

namespace {

/// The byte offset of a line and column, which counts code points.
uint32_t offsetOf(const lang::SourceFile &source, unsigned line,
                  unsigned column) {
  line = std::clamp(line, 1u, source.lineCount());
  std::string_view text = source.lineText(line);
  size_t offset = 0;
  for (unsigned passed = 1; passed < column && offset < text.size(); ++passed)
    for (++offset; offset < text.size() && (text[offset] & 0xc0) == 0x80;)
      ++offset;
  return source.lineStart(line) + static_cast<uint32_t>(offset);
}

std::optional<uint32_t> offsetOf(const lang::SourceFile &source,
                                 FileLineColLoc loc) {
  StringRef name(source.name().data(), source.name().size());
  if (!loc || loc.getFilename().getValue() != name)
    return std::nullopt;
  return offsetOf(source, loc.getLine(), loc.getColumn());
}

/// `loc` without the names around it, and its caller where it was inlined.
Location unwrap(Location loc, std::optional<Location> *caller = nullptr) {
  while (true) {
    if (auto name = dyn_cast<NameLoc>(loc)) {
      loc = name.getChildLoc();
    } else if (auto call = dyn_cast<CallSiteLoc>(loc)) {
      if (caller)
        *caller = call.getCaller();
      loc = call.getCallee();
    } else {
      return loc;
    }
  }
}

void addNotes(const lang::SourceFile &source, Location loc,
              lang::Diagnostic &diagnostic) {
  std::optional<Location> caller;
  unwrap(loc, &caller);
  for (unsigned depth = 0; caller && depth < 8; ++depth) {
    Location call = *caller;
    if (auto range = getSourceRange(source, call))
      diagnostic.withNote(*range, "called from here");
    caller.reset();
    unwrap(call, &caller);
  }
}

} // namespace

std::optional<lang::SourceRange>
pipeline::getSourceRange(const lang::SourceFile &source, Location loc) {
  loc = unwrap(loc);
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    ArrayRef<Location> parts = fused.getLocations();
    if (parts.size() == 2) {
      auto begin = offsetOf(source, dyn_cast<FileLineColLoc>(parts[0]));
      auto end = offsetOf(source, dyn_cast<FileLineColLoc>(parts[1]));
      if (begin && end && *begin <= *end)
        return lang::SourceRange{*begin, *end};
    }
    for (Location part : parts)
      if (auto range = getSourceRange(source, part))
        return range;
    return std::nullopt;
  }
  if (auto begin = offsetOf(source, dyn_cast<FileLineColLoc>(loc)))
    return lang::SourceRange{*begin, *begin + 1};
  return std::nullopt;
}

SourceDiagnosticHandler::SourceDiagnosticHandler(MLIRContext &context,
                                                 lang::DiagnosticEngine &engine)
    : engine(engine), handler(&context, [this](mlir::Diagnostic &diagnostic) {
        report(diagnostic);
        return success();
      }) {}

void SourceDiagnosticHandler::report(mlir::Diagnostic &diagnostic) {
  bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
  if (!isError && diagnostic.getSeverity() != DiagnosticSeverity::Warning)
    return;
  auto range = getSourceRange(engine.source(), diagnostic.getLocation());
  lang::SourceRange where = range.value_or(lang::SourceRange{});
  lang::Diagnostic &reported = isError
                                   ? engine.error(where, diagnostic.str())
                                   : engine.warning(where, diagnostic.str());
  for (mlir::Diagnostic &note : diagnostic.getNotes()) {
    auto noteRange = getSourceRange(engine.source(), note.getLocation());
    if (noteRange)
      reported.withNote(*noteRange, note.str());
    else
      reported.withHint(note.str());
  }
  addNotes(engine.source(), diagnostic.getLocation(), reported);
  if (!isError || device.empty())
    return;
  if (diagnostic.str().find(device) != std::string::npos)
    refused = true;
  else
    reported.withHint("while compiling for " + device);
}
