//===- ProgramOps.h - The program dialect and its operations ----*- C++ -*-===//
//
// Include this to build, plan or print the host's side of a program. What the
// operations mean stands in ProgramOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_PROGRAM_IR_PROGRAMOPS_H
#define POLYTILE_DIALECTS_PROGRAM_IR_PROGRAMOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace polytile::program {

/// The attribute that marks a function as a kernel.
inline constexpr llvm::StringLiteral kernelAttrName = "program.kernel";
/// The Tile statements that a kernel computes (a string).
inline constexpr llvm::StringLiteral kernelSourceAttrName = "program.source";

/// Offsets in the arena are multiples of this.
inline constexpr int64_t bufferAlignment = 64;

/// Bytes of one element in memory: a bool takes a whole byte.
int64_t getElementBytes(mlir::Type elementType);

/// Bytes of a buffer of static shape.
int64_t getBufferBytes(mlir::ShapedType type);

/// The buffer whose memory `buffer` shows: looks through views.
mlir::Value getRootBuffer(mlir::Value buffer);

/// True for the operations that do something, as opposed to those that declare
/// buffers.
bool isStep(mlir::Operation *op);

} // namespace polytile::program

#include "dialects/program/IR/ProgramDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/program/IR/ProgramOps.h.inc"

#endif // POLYTILE_DIALECTS_PROGRAM_IR_PROGRAMOPS_H
