//===- TargetCode.cpp - Kernels of tile IR to code for one target ---------===//
//
// The only file that names every code generator. A GPU's kernels go through
// the kernel dialect, and from there to OpenCL C or SPIR-V.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/TargetCode.h"

#include "compiler/pipeline/GpuCode.h"
#include "compiler/pipeline/SourceDiagnostics.h"
#include "compiler/target/cpu/CpuTarget.h"
#include "compiler/target/gpu/GpuTarget.h"
#include "dialects/program/IR/ProgramOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace polytile;
using namespace polytile::pipeline;

namespace {

/// The statement that each kernel function of `module` computes, which the
/// function gets as an attribute for printers.
KernelOrigins findOrigins(ModuleOp module, const lang::SourceFile &source) {
  constexpr size_t longest = 200;
  KernelOrigins origins;
  for (auto function : module.getOps<func::FuncOp>()) {
    KernelOrigin &origin = origins[function.getSymName()];
    auto addBinding = [&](StringAttr name) {
      origin.bindings.push_back(name ? name.str() : "");
    };
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      addBinding(function.getArgAttrOfType<StringAttr>(i, "tile.name"));
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      addBinding(function.getResultAttrOfType<StringAttr>(i, "tile.name"));
    auto range = getSourceRange(source, function.getLoc());
    if (!range)
      continue;
    for (char c : source.text(*range))
      if (!std::isspace(static_cast<unsigned char>(c)))
        origin.source += c;
      else if (!origin.source.empty() && origin.source.back() != ' ')
        origin.source += ' ';
    if (origin.source.size() > longest)
      origin.source.resize(longest);
    origin.file = std::string(source.name());
    origin.line = source.lineColumn(range->begin).line;
    function->setAttr(program::kernelSourceAttrName,
                      StringAttr::get(module.getContext(), origin.source));
  }
  return origins;
}

FailureOr<TargetCode> compileForCpu(ModuleOp module, const Target &target,
                                    const KernelOrigins &origins) {
  cpu::CpuOptions options;
  options.level = target.cpuLevel;
  FailureOr<cpu::CompiledModule> compiled =
      cpu::compileKernels(module, options);
  if (failed(compiled))
    return failure();
  TargetCode code;
  code.requirements.push_back(compiled->level);
  code.modules.push_back(makeModule("elf-x86_64", compiled->sharedObject.data(),
                                    compiled->sharedObject.size()));
  for (const cpu::CompiledKernel &compiledKernel : compiled->kernels) {
    KernelCode kernel = makeKernel(compiledKernel.symbol, origins);
    kernel.desc.workspaceBytes = compiledKernel.workspaceBytes;
    kernel.desc.flops = compiledKernel.flops;
    kernel.desc.bytes = compiledKernel.bytes;
    kernel.items = compiledKernel.items;
    kernel.grain = compiledKernel.grain;
    code.kernels.push_back(std::move(kernel));
  }
  return code;
}

LogicalResult emitForCpu(ModuleOp module, const Target &target, Stop stop,
                         std::string &text) {
  cpu::CpuOptions options;
  options.level = target.cpuLevel;
  cpu::CpuStage stage = stop == Stop::Linalg ? cpu::CpuStage::Linalg
                        : stop == Stop::Llvm ? cpu::CpuStage::LLVM
                                             : cpu::CpuStage::Assembly;
  llvm::raw_string_ostream stream(text);
  return cpu::emitKernels(module, options, stage, stream);
}

} // namespace

KernelCode pipeline::makeKernel(StringRef symbol,
                                const KernelOrigins &origins) {
  KernelCode kernel;
  const KernelOrigin &origin = origins.at(symbol);
  kernel.desc.symbol = symbol.str();
  kernel.desc.source = origin.source;
  kernel.desc.file = origin.file;
  kernel.desc.line = origin.line;
  return kernel;
}

package::ModuleDesc pipeline::makeModule(const char *format, const void *bytes,
                                         size_t size) {
  package::ModuleDesc module;
  module.format = format;
  const auto *begin = static_cast<const uint8_t *>(bytes);
  module.bytes.assign(begin, begin + size);
  return module;
}

void pipeline::registerTargetDialects(const Target &target,
                                      DialectRegistry &registry) {
  if (target.isCpu())
    cpu::registerCpuDialects(registry);
  else
    gpu::registerGpuDialects(registry);
}

FailureOr<TargetCode> pipeline::compileTarget(ModuleOp module,
                                              const Target &target,
                                              const lang::SourceFile &source,
                                              PhaseDumps &dumps) {
  FailureOr<TargetCode> code = TargetCode();
  if (!module.getOps<func::FuncOp>().empty()) {
    KernelOrigins origins = findOrigins(module, source);
    code = target.isCpu() ? compileForCpu(module, target, origins)
                          : compileForGpu(module, target, origins, dumps);
  }
  if (succeeded(code))
    code->target = target.kind;
  return code;
}

FailureOr<std::string> pipeline::emitTarget(ModuleOp module,
                                            const Target &target, Stop stop,
                                            const lang::SourceFile &source,
                                            PhaseDumps &dumps) {
  KernelOrigins origins = findOrigins(module, source);
  if (!target.isCpu())
    return emitForGpu(module, target, stop, origins, dumps);
  std::string text;
  if (failed(emitForCpu(module, target, stop, text)))
    return failure();
  return text;
}
