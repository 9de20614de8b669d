//===- InstructionTable.h - The instructions that we write ----------------===//
//
// What the structural check knows of each instruction: where its ids are, which
// part of a module it belongs to, which capability it needs. An instruction
// that isn't here is one that the SPIR-V target doesn't write.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_SPIRV_INSTRUCTIONTABLE_H
#define POLYTILE_COMPILER_TARGET_SPIRV_INSTRUCTIONTABLE_H

#include <cstdint>

namespace polytile::spirv_target {

/// The parts of a module, in their order.
enum class Section : uint8_t {
  Capabilities,
  Extensions,
  Imports,
  MemoryModel,
  EntryPoints,
  Modes,
  Names,
  Decorations,
  Globals,   ///< types, constants and variables
  Functions, ///< everything between OpFunction and OpFunctionEnd
};

/// Opcodes that the check treats by name; numbers as in the specification.
namespace opcode {
enum : uint16_t {
  Extension = 10,
  MemoryModel = 14,
  EntryPoint = 15,
  ExecutionMode = 16,
  Capability = 17,
  TypeInt = 21,
  TypeFloat = 22,
  TypeVector = 23,
  TypeArray = 28,
  TypeRuntimeArray = 29,
  TypeStruct = 30,
  TypePointer = 32,
  Constant = 43,
  Function = 54,
  FunctionParameter = 55,
  FunctionEnd = 56,
  Variable = 59,
  Load = 61,
  Store = 62,
  Decorate = 71,
  MemberDecorate = 72,
  CompositeConstruct = 80,
  CompositeExtract = 81,
  UConvert = 113,
  SConvert = 114,
  FConvert = 115,
  LoopMerge = 246,
  SelectionMerge = 247,
  Label = 248,
  Branch = 249,
  BranchConditional = 250,
  Return = 253,
  ReturnValue = 254,
  Unreachable = 255,
  TypeCooperativeMatrix = 4456,
  CooperativeMatrixLoad = 4457,
  CooperativeMatrixStore = 4458,
  CooperativeMatrixMulAdd = 4459,
};
} // namespace opcode

struct Instruction {
  uint16_t opcode;
  /// Its operands, one letter each: t the result's type, r the result, i an id
  /// defined before, f an id that may be defined later, l a literal, s a
  /// string, m memory operands (optional); I, F and L: all that are left.
  const char *operands;
  Section section;
  /// The capability that it needs; 0 (Matrix, which Shader implies) for none.
  uint32_t capability;
};

/// The instruction of an opcode, or null.
const Instruction *findInstruction(uint16_t opcode);

} // namespace polytile::spirv_target

#endif // POLYTILE_COMPILER_TARGET_SPIRV_INSTRUCTIONTABLE_H
