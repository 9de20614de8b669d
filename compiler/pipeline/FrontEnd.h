//===- FrontEnd.h - Source text and arguments to the tile dialect -*- C++
//-*-===//
//
// The phases before the first pass: parse, check, choose the function, match
// the caller's arguments to its parameters, import.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_PIPELINE_FRONTEND_H
#define POLYTILE_COMPILER_PIPELINE_FRONTEND_H

#include "compiler/pipeline/Pipeline.h"
#include "lang/tile/Diagnostics.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace polytile::pipeline {

/// A checked program and the function to compile.
struct CheckedProgram {
  std::unique_ptr<lang::Program> program;
  const lang::Function *function = nullptr;
};

/// Parses, checks and finds the function (the last one when `name` is empty).
/// Null in `function` after an error, which is reported.
CheckedProgram parseAndFind(lang::DiagnosticEngine &diagnostics,
                            const std::string &name);

/// The arguments in the order of the parameters, bare numbers with their types
/// and bytes (kept in `numbers`). Reports inputs that are missing, unknown or
/// given twice, and numbers that don't fit.
std::optional<std::vector<Argument>>
matchArguments(const lang::Function &function, const Request &request,
               std::vector<std::string> &numbers,
               lang::DiagnosticEngine &diagnostics);

/// False, and reports it, when one of `outputs` isn't an output.
bool checkOutputs(const lang::Function &function,
                  const std::vector<std::string> &outputs,
                  lang::DiagnosticEngine &diagnostics);

/// The function as a module of tile IR on symbolic sizes, ready for
/// tile-specialize.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importForShapes(mlir::MLIRContext &context, const CheckedProgram &checked,
                const std::vector<Argument> &arguments,
                lang::DiagnosticEngine &diagnostics);

/// Parameters and outputs as one line of JSON; see PTLC_EMIT_SIGNATURE.
std::string describeSignature(const lang::Function &function);

/// The element type of the language that an MLIR element type stands for.
lang::ElementType toElementType(mlir::Type type);

} // namespace polytile::pipeline

#endif // POLYTILE_COMPILER_PIPELINE_FRONTEND_H
