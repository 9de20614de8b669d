//===- GpuCode.cpp - Kernels of tile IR to OpenCL C and SPIR-V ------------===//
//
// What a kernel requires of a device is collected here: sizes from the kernel
// dialect, features from the schedules and the printers. The runtime compares
// it with the device before it loads the code.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/GpuCode.h"

#include "compiler/target/gpu/GpuTarget.h"
#include "compiler/target/opencl/OpenCLTarget.h"
#include "compiler/target/spirv/SpirvTarget.h"
#include "dialects/kernel/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"

#include <algorithm>

using namespace mlir;
using namespace polytile;
using namespace polytile::pipeline;

namespace {

/// Every usable device binds so many bytes, and so many buffers at once; more
/// is a requirement.
constexpr uint64_t commonBindingBytes = uint64_t(128) << 20;
constexpr uint64_t commonBindings = 16;

/// The names of the source, for readers of the printed kernels.
void nameKernels(ModuleOp module, const KernelOrigins &origins) {
  Builder builder(module.getContext());
  for (auto kernel : module.getOps<kernel::FuncOp>()) {
    auto origin = origins.find(kernel.getSymName());
    if (origin == origins.end())
      continue;
    if (!kernel.getSource() && !origin->second.source.empty())
      kernel.setSource(origin->second.source);
    for (auto [i, name] : llvm::enumerate(origin->second.bindings))
      if (!name.empty() && i < kernel.getNumArguments() &&
          kernel.getBindingName(i).empty())
        kernel.setArgAttr(i, "kernel.name", builder.getStringAttr(name));
  }
}

/// Kernels of tile IR to kernels that fit the device's limits.
LogicalResult lower(ModuleOp module, const Target &target,
                    const KernelOrigins &origins, PhaseDumps &dumps) {
  if (failed(gpu::lowerKernels(module, target.device)))
    return failure();
  nameKernels(module, origins);
  dumps.dump("gpu-lower-kernels", module);
  // Behind all schedules: they see whole tensors, and none needs to know.
  kernel::KernelSplitBindingsOptions options;
  options.bindingBytes = target.device.limits.bindingBytes;
  options.offsetAlignment = target.device.limits.offsetAlignment;
  options.maxBindings = target.device.limits.bindings;
  options.device = target.device.describe();
  PassManager passes(module.getContext());
  passes.addPass(kernel::createKernelSplitBindings(options));
  dumps.attach(passes);
  return passes.run(module);
}

uint64_t bytesOf(Type binding) {
  auto memory = cast<MemRefType>(binding);
  return memory.getNumElements() *
         kernel::getMemoryBytes(memory.getElementType());
}

/// What each binding shows, where that isn't a whole tensor.
std::vector<BindingWindow> windowsOf(kernel::FuncOp function) {
  std::vector<BindingWindow> windows;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto tensor =
        function.getArgAttrOfType<IntegerAttr>(i, kernel::bindingAttrName);
    auto offset =
        function.getArgAttrOfType<IntegerAttr>(i, kernel::offsetAttrName);
    if (!tensor || !offset)
      return {};
    windows.push_back({static_cast<uint32_t>(tensor.getInt()),
                       static_cast<uint64_t>(offset.getInt()),
                       bytesOf(function.getArgumentTypes()[i])});
  }
  return windows;
}

void require(std::vector<std::string> &requirements, std::string text) {
  if (!llvm::is_contained(requirements, text))
    requirements.push_back(std::move(text));
}

/// The largest numbers that any kernel needs.
struct Sizes {
  uint64_t workgroup = 0, memory = 0, binding = 0, bindings = 0;
};

void measure(kernel::FuncOp kernel, Sizes &sizes) {
  sizes.workgroup =
      std::max<uint64_t>(sizes.workgroup, kernel.getWorkgroupItems());
  sizes.memory =
      std::max<uint64_t>(sizes.memory, kernel.getWorkgroupMemoryBytes());
  sizes.bindings = std::max<uint64_t>(sizes.bindings, kernel.getNumArguments());
  for (Type type : kernel.getArgumentTypes())
    sizes.binding = std::max(sizes.binding, bytesOf(type));
}

void requireSizes(const Sizes &sizes, std::vector<std::string> &requirements) {
  auto atLeast = [&](const char *limit, uint64_t number) {
    require(requirements, std::string(limit) + ">=" + std::to_string(number));
  };
  if (sizes.workgroup > 0)
    atLeast("workgroup_size", sizes.workgroup);
  if (sizes.memory > 0)
    atLeast("workgroup_memory_bytes", sizes.memory);
  if (sizes.binding > commonBindingBytes)
    atLeast("binding_bytes", sizes.binding);
  if (sizes.bindings > commonBindings)
    atLeast("bindings", sizes.bindings);
}

/// Every kernel of `module`, of the kernel dialect; they all get the module 0.
void describeKernels(ModuleOp module, const KernelOrigins &origins,
                     TargetCode &code) {
  Sizes sizes;
  for (auto function : module.getOps<kernel::FuncOp>()) {
    gpu::CompiledKernel compiled = gpu::describeKernel(function);
    KernelCode kernel = makeKernel(compiled.symbol, origins);
    kernel.desc.flops = compiled.flops;
    kernel.desc.bytes = compiled.bytes;
    kernel.desc.workgroupSize.assign(compiled.workgroupSize.begin(),
                                     compiled.workgroupSize.end());
    kernel.desc.workgroupMemoryBytes = compiled.workgroupMemoryBytes;
    kernel.desc.subgroupSize = compiled.subgroupSize;
    kernel.grid.assign(compiled.grid.begin(), compiled.grid.end());
    kernel.windows = windowsOf(function);
    kernel.items = 1;
    for (uint32_t count : kernel.grid)
      kernel.items *= count;
    for (const std::string &feature : compiled.requirements)
      require(code.requirements, feature);
    if (compiled.subgroupSize)
      require(code.requirements,
              "subgroup_size=" + std::to_string(compiled.subgroupSize));
    measure(function, sizes);
    code.kernels.push_back(std::move(kernel));
  }
  requireSizes(sizes, code.requirements);
}

LogicalResult addOpenCL(ModuleOp module, const Target &target,
                        TargetCode &code) {
  FailureOr<std::string> text = opencl::printOpenCL(module, target.device);
  if (failed(text))
    return failure();
  code.modules.push_back(makeModule("opencl-c", text->data(), text->size()));
  std::string options = opencl::buildOptions(target.device);
  for (KernelCode &kernel : code.kernels)
    kernel.desc.buildOptions = options;
  return success();
}

LogicalResult addSpirv(ModuleOp module, const Target &target,
                       TargetCode &code) {
  FailureOr<std::vector<spirv_target::SpirvKernel>> binaries =
      spirv_target::compileSpirv(module, target.device);
  if (failed(binaries))
    return failure();
  for (const spirv_target::SpirvKernel &binary : *binaries) {
    for (KernelCode &kernel : code.kernels)
      if (kernel.desc.symbol == binary.symbol)
        kernel.desc.module = code.modules.size();
    for (const std::string &feature : binary.requirements)
      require(code.requirements, feature);
    code.modules.push_back(makeModule("spirv", binary.words.data(),
                                      binary.words.size() * sizeof(uint32_t)));
  }
  return success();
}

} // namespace

FailureOr<TargetCode> pipeline::compileForGpu(ModuleOp module,
                                              const Target &target,
                                              const KernelOrigins &origins,
                                              PhaseDumps &dumps) {
  if (failed(lower(module, target, origins, dumps)))
    return failure();
  TargetCode code;
  describeKernels(module, origins, code);
  for (StringRef feature : target.granted)
    require(code.requirements, feature.str());
  bool isOpenCL = target.kind == schedule::kind::OpenCL;
  if (failed(isOpenCL ? addOpenCL(module, target, code)
                      : addSpirv(module, target, code)))
    return failure();
  return code;
}

FailureOr<std::string> pipeline::emitForGpu(ModuleOp module,
                                            const Target &target, Stop stop,
                                            const KernelOrigins &origins,
                                            PhaseDumps &dumps) {
  if (failed(lower(module, target, origins, dumps)))
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (stop == Stop::Kernel) {
    module->print(stream, OpPrintingFlags().useLocalScope());
    stream << '\n';
    return text;
  }
  if (stop == Stop::OpenCL)
    return opencl::printOpenCL(module, target.device);
  if (stop == Stop::SpirvText) {
    if (failed(spirv_target::printSpirv(module, target.device, stream)))
      return failure();
    return text;
  }
  FailureOr<std::vector<spirv_target::SpirvKernel>> binaries =
      spirv_target::compileSpirv(module, target.device);
  if (failed(binaries))
    return failure();
  for (const spirv_target::SpirvKernel &binary : *binaries)
    text.append(reinterpret_cast<const char *>(binary.words.data()),
                binary.words.size() * sizeof(uint32_t));
  return text;
}
