//===- Diagnostics.h - Located messages for the user ------------*- C++ -*-===//
//
// The front end and the importer report into one DiagnosticEngine. It only
// collects; rendering is a separate step, so that a terminal, a test and an
// editor can each show the same diagnostics in their own way.
//
// Messages of the front end have identifiers (DiagnosticMessages.def): a test
// in test/diagnostics exists for each of them.
//
// This header is also included by C++17 code (the importer).
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_LANG_TILE_DIAGNOSTICS_H
#define POLYTILE_LANG_TILE_DIAGNOSTICS_H

#include "lang/tile/Source.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace polytile::lang {

enum class Severity : uint8_t { Error, Warning, Note };

/// Identifiers of the messages of the front end.
enum class DiagnosticId : uint16_t {
  None, ///< a message of another component, with free text
#define DIAGNOSTIC(ID, SEVERITY, TEXT) ID,
#include "lang/tile/DiagnosticMessages.def"
};

/// The kebab-case name of an identifier, as the tests spell it:
/// `ExpectedToken` is "expected-token".
std::string diagnosticName(DiagnosticId id);

/// All identifiers except None, in the order of the .def file.
std::vector<DiagnosticId> allDiagnosticIds();

/// A further place that explains a diagnostic ("first defined here").
struct DiagnosticNote {
  SourceRange range;
  std::string message;
};

/// One message. Errors and warnings have a range; a note belongs to one.
struct Diagnostic {
  Severity severity = Severity::Error;
  DiagnosticId id = DiagnosticId::None;
  SourceRange range;
  std::string message;
  std::string label; ///< short text after the caret range; may be empty
  std::vector<std::string> hints;
  std::vector<DiagnosticNote> notes;

  Diagnostic &withLabel(std::string text) {
    label = std::move(text);
    return *this;
  }
  Diagnostic &withHint(std::string text) {
    hints.push_back(std::move(text));
    return *this;
  }
  Diagnostic &withNote(SourceRange where, std::string text) {
    notes.push_back({where, std::move(text)});
    return *this;
  }
};

/// Collects the diagnostics of one source file. Not thread-safe: one engine
/// belongs to one compilation.
class DiagnosticEngine {
public:
  /// After `errorLimit` errors further ones are counted, but not kept.
  explicit DiagnosticEngine(std::shared_ptr<const SourceFile> source,
                            unsigned errorLimit = 50);

  const SourceFile &source() const { return *file; }
  std::shared_ptr<const SourceFile> sharedSource() const { return file; }

  /// Reports a message of the front end; `{0}`, `{1}`... in its text are
  /// replaced by the arguments. The reference stays valid until the next
  /// report.
  Diagnostic &report(DiagnosticId id, SourceRange range,
                     std::initializer_list<std::string_view> arguments = {});

  /// Reports a message with free text, for the components after the checker.
  Diagnostic &error(SourceRange range, std::string message);
  Diagnostic &warning(SourceRange range, std::string message);

  bool hasErrors() const { return errors != 0; }
  /// True when further errors are only counted: suggestions need no search.
  bool isFull() const { return errors >= limit; }
  unsigned errorCount() const { return errors; }
  unsigned warningCount() const { return warnings; }
  const std::vector<Diagnostic> &diagnostics() const { return collected; }

  /// All diagnostics in order of the text, as `renderDiagnostic` writes them,
  /// and a last line that counts the errors that were dropped, if any were.
  std::string render() const;

private:
  Diagnostic &add(Diagnostic diagnostic);

  std::shared_ptr<const SourceFile> file;
  std::vector<Diagnostic> collected;
  Diagnostic dropped; ///< takes what comes after the limit
  unsigned limit;
  unsigned errors = 0;
  unsigned warnings = 0;
  unsigned droppedErrors = 0;
};

/// Renders one diagnostic:
///
///     f.tile:2:7: error: unknown function 'sigmod'
///       O = sigmod(A);
///           ^~~~~~
///     hint: did you mean 'sigmoid'?
///
/// Lines over about 120 characters are cut around the range.
std::string renderDiagnostic(const SourceFile &source,
                             const Diagnostic &diagnostic);

} // namespace polytile::lang

#endif // POLYTILE_LANG_TILE_DIAGNOSTICS_H
