//===- Diagnostics.cpp - Collecting and rendering messages ----------------===//
//
// A recorded program may have lines of many thousand characters, so rendering
// shows a window around the range. Columns of the caret line are counted in
// code points, and tabs are repeated, so that carets stand under their text.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Diagnostics.h"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <iterator>

using namespace polytile::lang;

namespace {

struct MessageInfo {
  std::string_view name;
  Severity severity;
  std::string_view text;
};

constexpr MessageInfo messages[] = {
#define DIAGNOSTIC(ID, SEVERITY, TEXT) {#ID, Severity::SEVERITY, TEXT},
#include "lang/tile/DiagnosticMessages.def"
};

/// Bytes of a source line that are shown at most, and before the range.
constexpr size_t windowSize = 120;
constexpr size_t windowLead = 60;

const MessageInfo &info(DiagnosticId id) {
  assert(id != DiagnosticId::None && "free text has no row in the table");
  return messages[static_cast<unsigned>(id) - 1];
}

/// Replaces `{0}`, `{1}`... by the arguments.
std::string fill(std::string_view text,
                 std::initializer_list<std::string_view> arguments) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    bool isPlace = text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}';
    if (!isPlace) {
      result += text[i];
      continue;
    }
    size_t number = static_cast<size_t>(text[i + 1] - '0');
    assert(number < arguments.size() && "a message lacks an argument");
    result += arguments.begin()[number];
    i += 2;
  }
  return result;
}

bool isContinuationByte(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Where the character that holds a byte begins. In bytes that are no UTF-8 it
/// goes back at most as far as the longest character is.
size_t startOfCharacter(std::string_view text, size_t offset) {
  for (unsigned i = 0; i < 3; ++i)
    if (offset > 0 && offset < text.size() && isContinuationByte(text[offset]))
      --offset;
  return offset;
}

/// The part of a line that is shown, and the range inside it.
struct Window {
  std::string text;
  size_t begin;
  size_t end;
};

Window cutWindow(std::string_view line, size_t begin, size_t end) {
  begin = std::min(begin, line.size());
  end = std::clamp(end, begin, line.size());
  if (line.size() <= windowSize)
    return {std::string(line), begin, end};
  size_t first =
      startOfCharacter(line, begin > windowLead ? begin - windowLead : 0);
  size_t last =
      startOfCharacter(line, std::min(line.size(), first + windowSize));
  std::string_view before = first > 0 ? "..." : "";
  std::string_view after = last < line.size() ? "..." : "";
  size_t shift = before.size();
  Window window{std::string(before), begin - first + shift,
                std::min(end, last) - first + shift};
  window.text += line.substr(first, last - first);
  window.text += after;
  return window;
}

void renderSnippet(const SourceFile &source, SourceRange range,
                   std::string_view label, std::string &out) {
  uint32_t lineNumber = source.lineColumn(range.begin).line;
  uint32_t lineBegin = source.lineStart(lineNumber);
  Window window = cutWindow(source.lineText(lineNumber),
                            range.begin - lineBegin, range.end - lineBegin);

  out += "  ";
  for (char c : window.text) {
    auto byte = static_cast<unsigned char>(c);
    out += (byte < 0x20 && c != '\t') || byte == 0x7F ? '?' : c;
  }
  out += "\n  ";
  for (size_t i = 0; i < window.begin; ++i)
    if (window.text[i] == '\t')
      out += '\t';
    else if (!isContinuationByte(window.text[i]))
      out += ' ';
  out += '^';
  for (size_t i = window.begin + 1; i < window.end; ++i)
    if (!isContinuationByte(window.text[i]))
      out += '~';
  if (!label.empty())
    fmt::format_to(std::back_inserter(out), " {}", label);
  out += '\n';
}

std::string_view spelling(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  }
  return "";
}

void renderHead(const SourceFile &source, SourceRange range, Severity severity,
                std::string_view message, std::string &out) {
  LineColumn place = source.lineColumn(range.begin);
  fmt::format_to(std::back_inserter(out), "{}:{}:{}: {}: {}\n", source.name(),
                 place.line, place.column, spelling(severity), message);
}

} // namespace

std::string polytile::lang::diagnosticName(DiagnosticId id) {
  if (id == DiagnosticId::None)
    return "none";
  std::string result;
  for (char c : info(id).name) {
    bool isCapital = c >= 'A' && c <= 'Z';
    if (isCapital && !result.empty())
      result += '-';
    result += isCapital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return result;
}

std::vector<DiagnosticId> polytile::lang::allDiagnosticIds() {
  std::vector<DiagnosticId> result;
  for (size_t i = 0; i < std::size(messages); ++i)
    result.push_back(static_cast<DiagnosticId>(i + 1));
  return result;
}

DiagnosticEngine::DiagnosticEngine(std::shared_ptr<const SourceFile> source,
                                   unsigned errorLimit)
    : file(std::move(source)), limit(errorLimit) {}

Diagnostic &DiagnosticEngine::add(Diagnostic diagnostic) {
  bool isError = diagnostic.severity == Severity::Error;
  unsigned &count = isError ? errors : warnings;
  ++count;
  if (count <= limit) {
    collected.push_back(std::move(diagnostic));
    return collected.back();
  }
  droppedErrors += isError;
  dropped = std::move(diagnostic);
  return dropped;
}

Diagnostic &
DiagnosticEngine::report(DiagnosticId id, SourceRange range,
                         std::initializer_list<std::string_view> arguments) {
  Diagnostic diagnostic;
  diagnostic.severity = info(id).severity;
  diagnostic.id = id;
  diagnostic.range = range;
  diagnostic.message = fill(info(id).text, arguments);
  return add(std::move(diagnostic));
}

Diagnostic &DiagnosticEngine::error(SourceRange range, std::string message) {
  Diagnostic diagnostic;
  diagnostic.range = range;
  diagnostic.message = std::move(message);
  return add(std::move(diagnostic));
}

Diagnostic &DiagnosticEngine::warning(SourceRange range, std::string message) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::Warning;
  diagnostic.range = range;
  diagnostic.message = std::move(message);
  return add(std::move(diagnostic));
}

std::string DiagnosticEngine::render() const {
  std::string out;
  std::vector<const Diagnostic *> ordered;
  for (const Diagnostic &diagnostic : collected)
    ordered.push_back(&diagnostic);
  // Pointers into one vector: those at one place stay in order of report.
  std::sort(ordered.begin(), ordered.end(),
            [](const Diagnostic *a, const Diagnostic *b) {
              return std::pair(a->range.begin, a) <
                     std::pair(b->range.begin, b);
            });
  for (const Diagnostic *diagnostic : ordered)
    out += renderDiagnostic(*file, *diagnostic);
  if (droppedErrors != 0)
    fmt::format_to(std::back_inserter(out), "{}: {} more error{} not shown\n",
                   file->name(), droppedErrors,
                   droppedErrors == 1 ? " is" : "s are");
  return out;
}

std::string polytile::lang::renderDiagnostic(const SourceFile &source,
                                             const Diagnostic &diagnostic) {
  std::string out;
  renderHead(source, diagnostic.range, diagnostic.severity, diagnostic.message,
             out);
  renderSnippet(source, diagnostic.range, diagnostic.label, out);
  for (const std::string &hint : diagnostic.hints)
    fmt::format_to(std::back_inserter(out), "hint: {}\n", hint);
  for (const DiagnosticNote &note : diagnostic.notes) {
    renderHead(source, note.range, Severity::Note, note.message, out);
    renderSnippet(source, note.range, "", out);
  }
  return out;
}
