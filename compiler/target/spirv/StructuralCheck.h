//===- StructuralCheck.h - Are these words a SPIR-V module? ---------------===//
//
// A check of our own output that runs on every module, since the packaged
// spirv-val is too old for cooperative matrices and isn't there at run time. It
// knows the instructions that the SPIR-V target writes and nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_STRUCTURALCHECK_H
#define POLYTILE_COMPILER_TARGET_SPIRV_STRUCTURALCHECK_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace polytile::spirv_target {

/// The first problem of a module, or none. Checked are
/// - the header, the lengths and the order of instructions;
/// - ids: within the bound, defined once, defined before they are used;
/// - capabilities: each that an instruction, a type, a builtin or a
///   mode needs is declared, with its extension; none is declared in vain;
/// - one entry point for GLCompute with a LocalSize; its interface lists the
///   inputs, from SPIR-V 1.4 on all global variables;
/// - buffers: set, binding, Block, offsets and strides, Aliased where two share
///   a binding;
/// - blocks: each begins with a label and ends with one terminator, variables
///   stand first;
/// - in the Vulkan memory model, accesses to workgroup memory that say
///   NonPrivatePointer; matrices that fit in each product.
std::optional<std::string> checkStructure(llvm::ArrayRef<uint32_t> words);

} // namespace polytile::spirv_target

#endif // POLYTILE_COMPILER_TARGET_SPIRV_STRUCTURALCHECK_H
