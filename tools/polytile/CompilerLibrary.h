//===- CompilerLibrary.h - libpolytile-compiler, opened when needed -*- C++
//-*-===//
//
// The compiler brings LLVM with it (190 MB): it is opened by dlopen, so that
// packages run fast, and on machines without LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_COMPILERLIBRARY_H
#define POLYTILE_TOOLS_POLYTILE_COMPILERLIBRARY_H

#include <polytile/compiler.h>

#include <memory>
#include <string>

namespace polytile::cli {

/// The functions of the library, by the names of compiler.h.
struct CompilerLibrary {
  decltype(&::ptlc_compile) compile;
  decltype(&::ptlc_interpret) interpret;
  decltype(&::ptlc_check) check;
  decltype(&::ptlc_result_code) code;
  decltype(&::ptlc_result_diagnostics) diagnostics;
  decltype(&::ptlc_result_data) data;
  decltype(&::ptlc_result_size) size;
  decltype(&::ptlc_result_output_count) outputCount;
  decltype(&::ptlc_result_output) output;
  decltype(&::ptlc_result_destroy) destroy;

  /// Opens the library on the first call; fails when there is none.
  static const CompilerLibrary &get();

  /// A text that changes whenever the library does, without opening it.
  static std::string identity();
};

struct DestroyResult {
  void operator()(ptlc_result *result) const {
    CompilerLibrary::get().destroy(result);
  }
};
using CompilerResult = std::unique_ptr<ptlc_result, DestroyResult>;

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_COMPILERLIBRARY_H
