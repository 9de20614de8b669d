//===- Passes.h - Passes from the program dialect to itself -----*- C++ -*-===//
//
// Their documentation stands in Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_PASSES_H
#define POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_PASSES_H

#include "dialects/program/IR/ProgramOps.h"

#include "mlir/Pass/Pass.h"

namespace polytile::program {

#define GEN_PASS_DECL
#include "dialects/program/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dialects/program/Transforms/Passes.h.inc"

} // namespace polytile::program

#endif // POLYTILE_DIALECTS_PROGRAM_TRANSFORMS_PASSES_H
