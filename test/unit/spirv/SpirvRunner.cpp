// Compiles, packs and runs kernels in a test; see SpirvRunner.h.
#include "test/unit/spirv/SpirvRunner.h"

#include "dialects/kernel/IR/KernelOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "runtime/include/polytile/runtime.hpp"
#include "runtime/package/PackageWriter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

using namespace mlir;

namespace polytile::spirv_target::test {
namespace {

Device &vulkanDevice() {
  static Device device = [] {
    ::setenv("POLYTILE_VULKAN_VALIDATION", "1", /*overwrite=*/0);
    ::setenv("POLYTILE_CACHE", "off", 0);
    return Device::open("vulkan:0").orThrow();
  }();
  return device;
}

std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registry.insert<kernel::KernelDialect>();
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

package::BindingDesc bind(uint32_t buffer, uint64_t size,
                          package::Access access) {
  package::BindingDesc binding;
  binding.buffer = buffer;
  binding.size = size;
  binding.access = access;
  return binding;
}

package::TensorDesc bytesTensor(const std::string &name, size_t size) {
  return {name, package::ElementType::U8, {static_cast<int64_t>(size)}};
}

} // namespace

schedule::DeviceDescription
deviceWithout(const std::vector<std::string> &features) {
  std::string problem;
  auto device =
      schedule::DeviceDescription::parse(vulkanDevice().description(), problem);
  INFO(problem);
  REQUIRE(device);
  auto isTaken = [&](const std::string &feature) {
    return std::find(features.begin(), features.end(), feature) !=
           features.end();
  };
  auto &all = device->features;
  all.erase(std::remove_if(all.begin(), all.end(), isTaken), all.end());
  return *device;
}

std::vector<SpirvKernel> compile(const std::string &text,
                                 const schedule::DeviceDescription &device) {
  auto context = makeContext();
  auto module = parseSourceString<ModuleOp>(text, context.get());
  REQUIRE(module);
  auto kernels = compileSpirv(*module, device);
  REQUIRE(succeeded(kernels));
  return *kernels;
}

std::string refusal(const std::string &text,
                    const schedule::DeviceDescription &device) {
  auto context = makeContext();
  auto module = parseSourceString<ModuleOp>(text, context.get());
  REQUIRE(module);
  std::string message;
  ScopedDiagnosticHandler handler(context.get(), [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  REQUIRE(failed(compileSpirv(*module, device)));
  return message;
}

Bytes run(const std::string &text, const schedule::DeviceDescription &device,
          const std::vector<Bytes> &inputs, size_t resultBytes,
          uint32_t workgroup, uint32_t grid) {
  std::vector<SpirvKernel> kernels = compile(text, device);
  REQUIRE(kernels.size() == 1);
  package::PackageDesc package;
  package.modules.push_back({"spirv", 1, bytesOf(kernels[0].words)});
  package::EntryDesc entry;
  entry.name = "main";
  package::VariantDesc variant;
  variant.target = "vulkan";
  variant.kernels.emplace_back();
  variant.kernels[0].symbol = kernels[0].symbol;
  variant.kernels[0].workgroupSize = {workgroup, 1, 1};
  package::DispatchDesc dispatch;
  for (const Bytes &input : inputs) {
    uint32_t number = static_cast<uint32_t>(entry.inputs.size());
    entry.inputs.push_back(
        bytesTensor("I" + std::to_string(number), input.size()));
    variant.buffers.push_back(
        {package::BufferKind::Input, number, input.size(), 0});
    dispatch.bindings.push_back(
        bind(number, input.size(), package::Access::Read));
  }
  entry.outputs.push_back(bytesTensor("O", resultBytes));
  variant.buffers.push_back({package::BufferKind::Output, 0, resultBytes, 0});
  dispatch.bindings.push_back(bind(static_cast<uint32_t>(inputs.size()),
                                   resultBytes, package::Access::ReadWrite));
  dispatch.items = grid;
  dispatch.grid = {grid, 1, 1};
  variant.steps.push_back({dispatch});
  entry.variants.push_back(variant);
  package.entries.push_back(entry);

  std::vector<uint8_t> file = package::writePackage(package);
  Package loaded = Package::loadMemory(file.data(), file.size()).orThrow();
  Executable executable = Executable::create(vulkanDevice(), loaded).orThrow();
  std::vector<Buffer> buffers;
  BufferList arguments;
  buffers.reserve(inputs.size());
  for (const Bytes &input : inputs) {
    buffers.push_back(Buffer::create(vulkanDevice(), input.size()).orThrow());
    buffers.back().write(input.data(), input.size()).orThrow();
    arguments.push_back(&buffers.back());
  }
  Buffer result = Buffer::create(vulkanDevice(), resultBytes).orThrow();
  Bytes bytes(resultBytes, 0);
  result.write(bytes.data(), bytes.size()).orThrow();
  executable.run(arguments, {&result}).orThrow();
  result.read(bytes.data(), bytes.size()).orThrow();
  return bytes;
}

} // namespace polytile::spirv_target::test
