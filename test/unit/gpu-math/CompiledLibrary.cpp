// Compiles the math library for this machine; see CompiledLibrary.h.
#include "test/unit/gpu-math/CompiledLibrary.h"

#include "compiler/target/cpu/CpuTarget.h"
#include "compiler/target/cpu/Object.h"
#include "compiler/target/gpu/math/MathLibrary.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir;

namespace polytile::gpu::test {

bool canFuse() {
  std::string level = *cpu::resolveLevel("native");
  return level == "x86-64-v3" || level == "x86-64-v4";
}

/// Every function of the library, public.
static OwningOpRef<ModuleOp> buildModule(MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, math::MathDialect, scf::SCFDialect,
                      func::FuncDialect, cf::ControlFlowDialect,
                      LLVM::LLVMDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  for (const std::string &name : mathFunctionNames())
    getOrCreateMathFunction(*module, name).setPublic();
  return module;
}

/// Multiply-adds as a product and a sum.
static void separateMultiplyAdds(ModuleOp module) {
  module.walk([](math::FmaOp op) {
    OpBuilder builder(op);
    Value product =
        builder.create<arith::MulFOp>(op.getLoc(), op.getA(), op.getB());
    op.replaceAllUsesWith(
        builder.create<arith::AddFOp>(op.getLoc(), product, op.getC())
            .getResult());
    op.erase();
  });
}

static LogicalResult lower(ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(createConvertSCFToCFPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  return passes.run(module);
}

static llvm::Expected<std::vector<char>> compile(ModuleOp module,
                                                 bool isFused) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(module, context);
  if (!translated)
    return llvm::createStringError("the library can't be translated");
  auto machine = cpu::makeTargetMachine(isFused ? "x86-64-v3" : "x86-64", 2);
  if (!machine)
    return machine.takeError();
  translated->setDataLayout((*machine)->createDataLayout());
  translated->setTargetTriple((*machine)->getTargetTriple().str());
  cpu::optimize(*translated, **machine, 2, true);
  auto object =
      cpu::emitCode(*translated, **machine, llvm::CodeGenFileType::ObjectFile);
  if (!object)
    return object.takeError();
  return cpu::linkSharedObject(*object);
}

CompiledLibrary::CompiledLibrary(bool isFused) {
  DialectRegistry registry;
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  OwningOpRef<ModuleOp> module = buildModule(context);
  if (!isFused)
    separateMultiplyAdds(*module);
  if (failed(verify(*module)) || failed(lower(*module))) {
    problem = "the library can't be lowered";
    return;
  }
  auto object = compile(*module, isFused);
  if (!object) {
    problem = llvm::toString(object.takeError());
    return;
  }
  int file = memfd_create("math", 0);
  if (write(file, object->data(), object->size()) !=
      static_cast<ssize_t>(object->size())) {
    problem = "the library can't be written";
    return;
  }
  std::string path = "/proc/self/fd/" + std::to_string(file);
  handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    problem = dlerror();
}

void *CompiledLibrary::find(const std::string &name) const {
  return dlsym(handle, name.c_str());
}

} // namespace polytile::gpu::test
