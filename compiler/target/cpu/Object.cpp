//===- Object.cpp - LLVM IR to object code --------------------------------===//
//
// LLVM's own pipeline with what kernels need: vectors as wide as the level has,
// no library calls made up, and no unrolling of loops marked as scheduled.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/Object.h"

#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"

#include <mutex>

using namespace llvm;

// The bitcode of support/, put into the library by SupportBitcode.cpp.
extern "C" const char polytileCpuSupportBegin[];
extern "C" const char polytileCpuSupportEnd[];

namespace polytile::cpu {

Expected<std::unique_ptr<TargetMachine>>
makeTargetMachine(StringRef level, unsigned optimization) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
  const std::string triple = "x86_64-unknown-linux-gnu";
  std::string message;
  const Target *target = TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return createStringError(message);
  TargetOptions options;
  auto codeGen = static_cast<CodeGenOptLevel>(std::min(optimization, 2u));
  return std::unique_ptr<TargetMachine>(target->createTargetMachine(
      triple, level, "", options, Reloc::PIC_, std::nullopt, codeGen));
}

Error linkSupport(Module &module) {
  StringRef bitcode(polytileCpuSupportBegin,
                    polytileCpuSupportEnd - polytileCpuSupportBegin);
  auto support = getLazyBitcodeModule(MemoryBufferRef(bitcode, "support"),
                                      module.getContext());
  if (!support)
    return support.takeError();
  (*support)->setTargetTriple(module.getTargetTriple());
  (*support)->setDataLayout(module.getDataLayout());
  std::set<std::string> defined;
  for (Function &function : **support)
    if (!function.isDeclaration())
      defined.insert(function.getName().str());
  if (Linker::linkModules(module, std::move(*support), Linker::LinkOnlyNeeded))
    return createStringError("the support functions can't be linked");
  for (Function &function : module) {
    if (function.isDeclaration() || !defined.count(function.getName().str()))
      continue;
    function.setLinkage(GlobalValue::InternalLinkage);
  }
  return Error::success();
}

/// Loops of scheduled functions (micro-kernels) are as unrolled as they are to
/// be.
static void keepSchedule(Function &function) {
  DominatorTree dominators(function);
  LoopInfo loops(dominators);
  LLVMContext &context = function.getContext();
  auto name = [&](StringRef text) {
    return MDNode::get(context, MDString::get(context, text));
  };
  for (Loop *loop : loops.getLoopsInPreorder()) {
    MDNode *id = MDNode::getDistinct(
        context,
        {nullptr, name("llvm.loop.unroll.disable"),
         MDNode::get(
             context,
             {MDString::get(context, "llvm.loop.vectorize.enable"),
              ConstantAsMetadata::get(ConstantInt::getFalse(context))})});
    id->replaceOperandWith(0, id);
    loop->setLoopID(id);
  }
}

static void setAttributes(Module &module, const TargetMachine &machine) {
  StringRef width = machine.getTargetCPU() == "x86-64-v4" ? "512" : "256";
  for (Function &function : module) {
    for (const char *old : {"target-features", "tune-cpu",
                            "stack-protector-buffer-size", "no-trapping-math"})
      function.removeFnAttr(old);
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("prefer-vector-width", width);
    function.addFnAttr("min-legal-vector-width", width);
    function.addFnAttr(Attribute::NoUnwind);
    if (function.hasFnAttribute("polytile-scheduled") &&
        !function.isDeclaration())
      keepSchedule(function);
  }
}

void optimize(Module &module, TargetMachine &machine, unsigned level,
              bool verifyEach) {
  setAttributes(module, machine);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.LoopInterleaving = level >= 2;
  tuning.SLPVectorization = false;
  // Loops are interleaved where they are vectorised, and short ones are never
  // made: more copies cost compile time alone.
  tuning.LoopUnrolling = false;
  PassBuilder builder(&machine, tuning);
  TargetLibraryInfoImpl library{Triple(module.getTargetTriple())};
  library.disableAllFunctions();
  functions.registerPass([&] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  static const OptimizationLevel levels[] = {
      OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
      OptimizationLevel::O3};
  OptimizationLevel chosen = levels[std::min(level, 3u)];
  ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(chosen)
                 : builder.buildPerModuleDefaultPipeline(chosen);
  passes.run(module, modules);
}

Expected<SmallVector<char, 0>> emitCode(Module &module, TargetMachine &machine,
                                        CodeGenFileType type) {
  SmallVector<char, 0> code;
  raw_svector_ostream stream(code);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return createStringError("the target can't emit code");
  passes.run(module);
  return std::move(code);
}

} // namespace polytile::cpu
