//===- SourceDiagnostics.h - MLIR's diagnostics as the language's -*- C++
//-*-===//
//
// Passes report through MLIR, users read source lines with carets: this turns
// locations back into ranges of the source text.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_SOURCEDIAGNOSTICS_H
#define POLYTILE_COMPILER_PIPELINE_SOURCEDIAGNOSTICS_H

#include "lang/tile/Diagnostics.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

#include <optional>
#include <string>

namespace polytile::pipeline {

/// The range of `source` that `loc` stands for: of the callee where a call was
/// inlined; none when it lies in no file of that name.
std::optional<lang::SourceRange> getSourceRange(const lang::SourceFile &source,
                                                mlir::Location loc);

/// While it lives, the diagnostics of a context go to an engine of the
/// language. An inlined call adds a note "called from here".
class SourceDiagnosticHandler {
public:
  SourceDiagnosticHandler(mlir::MLIRContext &context,
                          lang::DiagnosticEngine &engine);

  /// From now on a phase may refuse what `device` lacks, and says so by naming
  /// it; other errors get a hint that it was compiled for.
  void setDevice(std::string name) { device = std::move(name); }

  /// Whether an error has named the device.
  bool hasRefused() const { return refused; }

private:
  void report(mlir::Diagnostic &diagnostic);

  lang::DiagnosticEngine &engine;
  std::string device;
  bool refused = false;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_SOURCEDIAGNOSTICS_H
