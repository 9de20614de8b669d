//===- KernelOps.h - The kernel dialect and its operations ------*- C++ -*-===//
//
// Include this to build or print kernels for GPU-like devices. What the
// operations mean, and which operations of other dialects may stand in a
// kernel, is said in KernelOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_DIALECTS_KERNEL_IR_KERNELOPS_H
#define POLYTILE_DIALECTS_KERNEL_IR_KERNELOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace polytile::kernel {

/// Of a binding: "read", "write" or "read_write".
inline constexpr llvm::StringLiteral accessAttrName = "kernel.access";
/// Of a binding: the tensor's name in the source.
inline constexpr llvm::StringLiteral nameAttrName = "kernel.name";
/// Of a written binding: the number of the read one whose memory it may be.
inline constexpr llvm::StringLiteral mayAliasAttrName = "kernel.may_alias";

/// Bytes of a memory element: a number, or a vector of numbers.
int64_t getMemoryBytes(mlir::Type element);

/// True for the types that memory can hold, without vectors.
bool isMemoryType(mlir::Type type);

/// True when `type` lies in workgroup memory, or in private memory.
bool isWorkgroupMemory(mlir::MemRefType type);
bool isPrivateMemory(mlir::MemRefType type);

/// The type of `count` elements in workgroup or in private memory.
mlir::MemRefType getWorkgroupType(int64_t count, mlir::Type element);
mlir::MemRefType getPrivateType(int64_t count, mlir::Type element);

} // namespace polytile::kernel

#include "dialects/kernel/IR/KernelDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/kernel/IR/KernelOps.h.inc"

#endif // POLYTILE_DIALECTS_KERNEL_IR_KERNELOPS_H
