//===- InstructionTable.cpp - The instructions that we write --------------===//
//
// From the unified specification of SPIR-V 1.6 and of the extension
// SPV_KHR_cooperative_matrix; sorted by opcode.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/InstructionTable.h"

#include <algorithm>
#include <iterator>

using namespace polytile::spirv_target;

// Variables and OpUndef stand in functions as well; the check knows.
static constexpr Instruction table[] = {
    {1, "tr", Section::Globals, 0},             // OpUndef
    {5, "fs", Section::Names, 0},               // OpName
    {6, "fls", Section::Names, 0},              // OpMemberName
    {10, "s", Section::Extensions, 0},          // OpExtension
    {11, "rs", Section::Imports, 0},            // OpExtInstImport
    {12, "trilI", Section::Functions, 0},       // OpExtInst
    {14, "ll", Section::MemoryModel, 0},        // OpMemoryModel
    {15, "lfsF", Section::EntryPoints, 0},      // OpEntryPoint
    {16, "flL", Section::Modes, 0},             // OpExecutionMode
    {17, "l", Section::Capabilities, 0},        // OpCapability
    {19, "r", Section::Globals, 0},             // OpTypeVoid
    {20, "r", Section::Globals, 0},             // OpTypeBool
    {21, "rll", Section::Globals, 0},           // OpTypeInt
    {22, "rl", Section::Globals, 0},            // OpTypeFloat
    {23, "ril", Section::Globals, 0},           // OpTypeVector
    {28, "rii", Section::Globals, 0},           // OpTypeArray
    {29, "ri", Section::Globals, 0},            // OpTypeRuntimeArray
    {30, "rI", Section::Globals, 0},            // OpTypeStruct
    {32, "rli", Section::Globals, 0},           // OpTypePointer
    {33, "riI", Section::Globals, 0},           // OpTypeFunction
    {41, "tr", Section::Globals, 0},            // OpConstantTrue
    {42, "tr", Section::Globals, 0},            // OpConstantFalse
    {43, "trL", Section::Globals, 0},           // OpConstant
    {44, "trI", Section::Globals, 0},           // OpConstantComposite
    {46, "tr", Section::Globals, 0},            // OpConstantNull
    {54, "trli", Section::Functions, 0},        // OpFunction
    {55, "tr", Section::Functions, 0},          // OpFunctionParameter
    {56, "", Section::Functions, 0},            // OpFunctionEnd
    {57, "trfI", Section::Functions, 0},        // OpFunctionCall
    {59, "trlI", Section::Globals, 0},          // OpVariable
    {61, "trim", Section::Functions, 0},        // OpLoad
    {62, "iim", Section::Functions, 0},         // OpStore
    {65, "triI", Section::Functions, 0},        // OpAccessChain
    {71, "flL", Section::Decorations, 0},       // OpDecorate
    {72, "fllL", Section::Decorations, 0},      // OpMemberDecorate
    {77, "trii", Section::Functions, 0},        // OpVectorExtractDynamic
    {79, "triiL", Section::Functions, 0},       // OpVectorShuffle
    {80, "trI", Section::Functions, 0},         // OpCompositeConstruct
    {81, "triL", Section::Functions, 0},        // OpCompositeExtract
    {82, "triiL", Section::Functions, 0},       // OpCompositeInsert
    {109, "tri", Section::Functions, 0},        // OpConvertFToU
    {110, "tri", Section::Functions, 0},        // OpConvertFToS
    {111, "tri", Section::Functions, 0},        // OpConvertSToF
    {112, "tri", Section::Functions, 0},        // OpConvertUToF
    {113, "tri", Section::Functions, 0},        // OpUConvert
    {114, "tri", Section::Functions, 0},        // OpSConvert
    {115, "tri", Section::Functions, 0},        // OpFConvert
    {124, "tri", Section::Functions, 0},        // OpBitcast
    {126, "tri", Section::Functions, 0},        // OpSNegate
    {127, "tri", Section::Functions, 0},        // OpFNegate
    {128, "trii", Section::Functions, 0},       // OpIAdd
    {129, "trii", Section::Functions, 0},       // OpFAdd
    {130, "trii", Section::Functions, 0},       // OpISub
    {131, "trii", Section::Functions, 0},       // OpFSub
    {132, "trii", Section::Functions, 0},       // OpIMul
    {133, "trii", Section::Functions, 0},       // OpFMul
    {134, "trii", Section::Functions, 0},       // OpUDiv
    {135, "trii", Section::Functions, 0},       // OpSDiv
    {136, "trii", Section::Functions, 0},       // OpFDiv
    {137, "trii", Section::Functions, 0},       // OpUMod
    {138, "trii", Section::Functions, 0},       // OpSRem
    {139, "trii", Section::Functions, 0},       // OpSMod
    {140, "trii", Section::Functions, 0},       // OpFRem
    {141, "trii", Section::Functions, 0},       // OpFMod
    {149, "trii", Section::Functions, 0},       // OpIAddCarry
    {150, "trii", Section::Functions, 0},       // OpISubBorrow
    {151, "trii", Section::Functions, 0},       // OpUMulExtended
    {152, "trii", Section::Functions, 0},       // OpSMulExtended
    {156, "tri", Section::Functions, 0},        // OpIsNan
    {157, "tri", Section::Functions, 0},        // OpIsInf
    {164, "trii", Section::Functions, 0},       // OpLogicalEqual
    {165, "trii", Section::Functions, 0},       // OpLogicalNotEqual
    {166, "trii", Section::Functions, 0},       // OpLogicalOr
    {167, "trii", Section::Functions, 0},       // OpLogicalAnd
    {168, "tri", Section::Functions, 0},        // OpLogicalNot
    {169, "triii", Section::Functions, 0},      // OpSelect
    {170, "trii", Section::Functions, 0},       // OpIEqual
    {171, "trii", Section::Functions, 0},       // OpINotEqual
    {172, "trii", Section::Functions, 0},       // OpUGreaterThan
    {173, "trii", Section::Functions, 0},       // OpSGreaterThan
    {174, "trii", Section::Functions, 0},       // OpUGreaterThanEqual
    {175, "trii", Section::Functions, 0},       // OpSGreaterThanEqual
    {176, "trii", Section::Functions, 0},       // OpULessThan
    {177, "trii", Section::Functions, 0},       // OpSLessThan
    {178, "trii", Section::Functions, 0},       // OpULessThanEqual
    {179, "trii", Section::Functions, 0},       // OpSLessThanEqual
    {180, "trii", Section::Functions, 0},       // OpFOrdEqual
    {181, "trii", Section::Functions, 0},       // OpFUnordEqual
    {182, "trii", Section::Functions, 0},       // OpFOrdNotEqual
    {183, "trii", Section::Functions, 0},       // OpFUnordNotEqual
    {184, "trii", Section::Functions, 0},       // OpFOrdLessThan
    {185, "trii", Section::Functions, 0},       // OpFUnordLessThan
    {186, "trii", Section::Functions, 0},       // OpFOrdGreaterThan
    {187, "trii", Section::Functions, 0},       // OpFUnordGreaterThan
    {188, "trii", Section::Functions, 0},       // OpFOrdLessThanEqual
    {189, "trii", Section::Functions, 0},       // OpFUnordLessThanEqual
    {190, "trii", Section::Functions, 0},       // OpFOrdGreaterThanEqual
    {191, "trii", Section::Functions, 0},       // OpFUnordGreaterThanEqual
    {194, "trii", Section::Functions, 0},       // OpShiftRightLogical
    {195, "trii", Section::Functions, 0},       // OpShiftRightArithmetic
    {196, "trii", Section::Functions, 0},       // OpShiftLeftLogical
    {197, "trii", Section::Functions, 0},       // OpBitwiseOr
    {198, "trii", Section::Functions, 0},       // OpBitwiseXor
    {199, "trii", Section::Functions, 0},       // OpBitwiseAnd
    {200, "tri", Section::Functions, 0},        // OpNot
    {201, "triiii", Section::Functions, 0},     // OpBitFieldInsert
    {202, "triii", Section::Functions, 0},      // OpBitFieldSExtract
    {203, "triii", Section::Functions, 0},      // OpBitFieldUExtract
    {224, "iii", Section::Functions, 0},        // OpControlBarrier
    {240, "triiii", Section::Functions, 0},     // OpAtomicAnd
    {241, "triiii", Section::Functions, 0},     // OpAtomicOr
    {245, "trF", Section::Functions, 0},        // OpPhi
    {246, "ffl", Section::Functions, 0},        // OpLoopMerge
    {247, "fl", Section::Functions, 0},         // OpSelectionMerge
    {248, "r", Section::Functions, 0},          // OpLabel
    {249, "f", Section::Functions, 0},          // OpBranch
    {250, "iffL", Section::Functions, 0},       // OpBranchConditional
    {253, "", Section::Functions, 0},           // OpReturn
    {254, "i", Section::Functions, 0},          // OpReturnValue
    {255, "", Section::Functions, 0},           // OpUnreachable
    {345, "triii", Section::Functions, 65},     // OpGroupNonUniformShuffle
    {346, "triii", Section::Functions, 65},     // OpGroupNonUniformShuffleXor
    {4456, "riiiii", Section::Globals, 6022},   // OpTypeCooperativeMatrixKHR
    {4457, "triiim", Section::Functions, 6022}, // OpCooperativeMatrixLoadKHR
    {4458, "iiiim", Section::Functions, 6022},  // OpCooperativeMatrixStoreKHR
    {4459, "triiiL", Section::Functions, 6022}, // OpCooperativeMatrixMulAddKHR
};

const Instruction *polytile::spirv_target::findInstruction(uint16_t opcode) {
  const Instruction *found =
      std::lower_bound(std::begin(table), std::end(table), opcode,
                       [](const Instruction &row, uint16_t wanted) {
                         return row.opcode < wanted;
                       });
  return found != std::end(table) && found->opcode == opcode ? found : nullptr;
}
