//===- CpuTarget.cpp - Kernels to a shared object -------------------------===//
//
// The order of the steps: loops on buffers, LLVM's dialect, LLVM IR, object,
// shared object.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/CpuTarget.h"

#include "compiler/target/cpu/Object.h"
#include "compiler/target/cpu/Passes.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/Verifier.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

namespace polytile::cpu {

FailureOr<std::string> resolveLevel(StringRef level) {
  static constexpr StringLiteral known[] = {"x86-64", "x86-64-v2", "x86-64-v3",
                                            "x86-64-v4"};
  if (llvm::is_contained(known, level))
    return level.str();
  if (level != "native")
    return failure();
  const auto has = llvm::sys::getHostCPUFeatures();
  auto all = [&](std::initializer_list<const char *> names) {
    return llvm::all_of(names,
                        [&](const char *name) { return has.lookup(name); });
  };
  bool v2 = all({"sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "cx16"});
  bool v3 = v2 && all({"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt",
                       "movbe"});
  bool v4 =
      v3 && all({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"});
  return known[v4 ? 3 : v3 ? 2 : v2 ? 1 : 0].str();
}

void registerCpuDialects(DialectRegistry &registry) {
  registry
      .insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
              LLVM::LLVMDialect, memref::MemRefDialect, scf::SCFDialect,
              vector::VectorDialect, linalg::LinalgDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void registerCpuPasses() { registerCpuTargetPasses(); }

namespace {

/// One run of the code generator; each step needs the one before.
class Compilation {
public:
  Compilation(ModuleOp module, const CpuOptions &options)
      : module(module), options(options) {}

  LogicalResult lower(bool toLLVM);
  LogicalResult translate();
  FailureOr<SmallVector<char, 0>> emit(llvm::CodeGenFileType type);
  LogicalResult report(llvm::Error error) {
    return module.emitError("code generation failed: ")
               << llvm::toString(std::move(error)),
           failure();
  }

  ModuleOp module;
  CpuOptions options;
  std::string level;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> code;
};

} // namespace

LogicalResult Compilation::lower(bool toLLVM) {
  FailureOr<std::string> resolved = resolveLevel(options.level);
  if (failed(resolved))
    return module.emitError("unknown CPU '")
           << options.level
           << "'; known are x86-64, x86-64-v2, x86-64-v3, x86-64-v4 and native";
  level = *resolved;
  PassManager passes(module.getContext());
  passes.enableVerifier(options.verifyEach);
  CpuLowerKernelsOptions lowering;
  lowering.level = level;
  passes.addPass(createCpuLowerKernels(lowering));
  if (toLLVM) {
    passes.addPass(createCpuLowerMicroKernels());
    passes.addPass(createCpuConvertToLLVM());
    passes.addPass(createReconcileUnrealizedCastsPass());
  }
  return passes.run(module);
}

LogicalResult Compilation::translate() {
  code =
      translateModuleToLLVMIR(module, context, "kernels", !options.verifyEach);
  if (!code)
    return module.emitError("the kernels have no LLVM IR");
  auto target = makeTargetMachine(level, options.optimizationLevel);
  if (!target)
    return report(target.takeError());
  machine = std::move(*target);
  code->setTargetTriple(machine->getTargetTriple().str());
  code->setDataLayout(machine->createDataLayout());
  if (llvm::Error error = linkSupport(*code))
    return report(std::move(error));
  optimize(*code, *machine, options.optimizationLevel, options.verifyEach);
  if (options.verifyEach && llvm::verifyModule(*code, &llvm::errs()))
    return module.emitError("the optimised LLVM IR is broken");
  return success();
}

FailureOr<SmallVector<char, 0>> Compilation::emit(llvm::CodeGenFileType type) {
  auto bytes = emitCode(*code, *machine, type);
  if (!bytes)
    return report(bytes.takeError());
  return std::move(*bytes);
}

/// The numbers that the lowering has left on each entry.
static std::vector<CompiledKernel> readKernels(ModuleOp module) {
  std::vector<CompiledKernel> kernels;
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    auto facts = function->getAttrOfType<DictionaryAttr>(kernelAttrName);
    if (!facts)
      continue;
    auto number = [&](StringRef name) {
      return cast<IntegerAttr>(facts.get(name)).getInt();
    };
    CompiledKernel kernel;
    kernel.symbol = function.getName().str();
    kernel.items = number("items");
    kernel.grain = number("grain");
    kernel.workspaceBytes = number("workspace_bytes");
    kernel.flops = number("flops");
    kernel.bytes = number("bytes");
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

FailureOr<CompiledModule> compileKernels(ModuleOp module,
                                         const CpuOptions &options) {
  Compilation compilation(module, options);
  if (failed(compilation.lower(true)) || failed(compilation.translate()))
    return failure();
  CompiledModule result;
  result.kernels = readKernels(module);
  result.level = compilation.level;
  auto object = compilation.emit(llvm::CodeGenFileType::ObjectFile);
  if (failed(object))
    return failure();
  auto linked = linkSharedObject(*object);
  if (!linked)
    return compilation.report(linked.takeError());
  result.sharedObject = std::move(*linked);
  return result;
}

LogicalResult emitKernels(ModuleOp module, const CpuOptions &options,
                          CpuStage stage, raw_ostream &output) {
  Compilation compilation(module, options);
  if (failed(compilation.lower(stage != CpuStage::Linalg)))
    return failure();
  if (stage == CpuStage::Linalg) {
    // Repeated constants and index arithmetic are LLVM's to clean up; a reader
    // is spared them.
    PassManager passes(module.getContext());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    if (failed(passes.run(module)))
      return failure();
    module.print(output);
    return success();
  }
  if (failed(compilation.translate()))
    return failure();
  if (stage == CpuStage::LLVM) {
    compilation.code->print(output, nullptr);
    return success();
  }
  auto text = compilation.emit(llvm::CodeGenFileType::AssemblyFile);
  if (failed(text))
    return failure();
  output.write(text->data(), text->size());
  return success();
}

} // namespace polytile::cpu
