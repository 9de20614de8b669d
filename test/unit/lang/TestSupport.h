//===- TestSupport.h - Short ways to parse and check in tests ---*- C++ -*-===//
//
// What the tests of this folder share.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TEST_UNIT_LANG_TESTSUPPORT_H
#define POLYTILE_TEST_UNIT_LANG_TESTSUPPORT_H

#include "lang/tile/Checker.h"
#include "lang/tile/Parser.h"
#include "lang/tile/Printer.h"

#include <memory>
#include <string>

namespace polytile::lang::test {

/// A program and what was said about it.
struct Compiled {
  std::unique_ptr<DiagnosticEngine> diagnostics;
  std::unique_ptr<Program> program;

  std::string messages() const { return diagnostics->render(); }
  const Function &function(size_t i = 0) const {
    return *program->functions.at(i);
  }
  const Contraction &contraction(size_t statement = 0) const {
    return *cast<Contraction>(function().statements[statement]);
  }
  const Assignment &assignment(size_t statement = 0) const {
    return *cast<Assignment>(function().statements[statement]);
  }
};

inline Compiled parseOnly(std::string text) {
  Compiled result;
  result.diagnostics = std::make_unique<DiagnosticEngine>(
      SourceFile::create("test.tile", std::move(text)));
  result.program = parse(*result.diagnostics);
  return result;
}

inline Compiled compile(std::string text) {
  Compiled result;
  result.diagnostics = std::make_unique<DiagnosticEngine>(
      SourceFile::create("test.tile", std::move(text)));
  result.program = parseAndCheck(*result.diagnostics);
  return result;
}

} // namespace polytile::lang::test

#endif // POLYTILE_TEST_UNIT_LANG_TESTSUPPORT_H
