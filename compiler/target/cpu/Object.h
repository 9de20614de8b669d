//===- Object.h - LLVM IR to object code and shared object ------*- C++ -*-===//
//
// The steps after MLIR: optimise, emit, link. They know nothing of tile IR.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_COMPILER_TARGET_CPU_OBJECT_H
#define POLYTILE_COMPILER_TARGET_CPU_OBJECT_H

#include "compiler/target/cpu/CpuTarget.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace polytile::cpu {

/// The machine of a concrete level.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
makeTargetMachine(llvm::StringRef level, unsigned optimization);

/// Adds the support functions that `module` calls (support/), as internal
/// functions to be inlined.
llvm::Error linkSupport(llvm::Module &module);

/// Gives every function the machine's attributes and runs LLVM's pipeline.
void optimize(llvm::Module &module, llvm::TargetMachine &machine,
              unsigned level, bool verifyEach);

/// Object code, or assembly text.
llvm::Expected<llvm::SmallVector<char, 0>>
emitCode(llvm::Module &module, llvm::TargetMachine &machine,
         llvm::CodeGenFileType type);

/// Links one object into a shared object without any dependency. Serialised:
/// LLD keeps global state.
llvm::Expected<std::vector<char>> linkSharedObject(llvm::ArrayRef<char> object);

} // namespace polytile::cpu

#endif // POLYTILE_COMPILER_TARGET_CPU_OBJECT_H
