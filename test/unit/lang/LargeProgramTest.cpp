//===- LargeProgramTest.cpp - Recorded networks are read in no time -------===//
//
// 5 MB take under a second of processor time, and twice the text takes twice
// as long.
//
//===----------------------------------------------------------------------===//

#include "RecordedNetwork.h"
#include "TestSupport.h"

#include <catch2/catch.hpp>

#include <ctime>

using namespace polytile::lang;
using namespace polytile::lang::test;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool isSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool isSanitized = true;
#else
constexpr bool isSanitized = false;
#endif
#else
constexpr bool isSanitized = false;
#endif

double secondsToCompile(std::string text) {
  std::clock_t begin = std::clock();
  Compiled compiled = compile(std::move(text));
  CHECK(compiled.messages() == "");
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

} // namespace

TEST_CASE("a recorded network of 5 MB is read in under a second") {
  std::string text = writeRecordedNetwork(3900);
  REQUIRE(text.size() > 5000000);
  double seconds = secondsToCompile(text);
  WARN("parsed and checked " << text.size() << " bytes in " << seconds << " s");
  if (!isSanitized)
    CHECK(seconds < 1.0);
}

TEST_CASE("a network of errors is read in no time, too") {
  std::string text = "function f(A[N]) -> (O) {\n";
  for (int i = 0; i < 100000; ++i)
    text += "  X_T" + std::to_string(i) + " = add(X_I" + std::to_string(i) +
            ", A);\n";
  text += "  O = A;\n}\n";
  std::clock_t begin = std::clock();
  Compiled compiled = compile(std::move(text));
  CHECK(compiled.diagnostics->errorCount() == 100000);
  CHECK(compiled.diagnostics->diagnostics().size() == 50);
  double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (!isSanitized)
    CHECK(seconds < 5.0);
}
