//===- PackageBuilder.cpp - The program dialect to package bytes ----------===//
//
// One step of the package for each step of the entry. A view is a binding of
// the buffer that it shows; buffers of the package are the roots.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/PackageBuilder.h"

#include "compiler/pipeline/FrontEnd.h"
#include "compiler/pipeline/SourceDiagnostics.h"
#include "dialects/program/IR/ProgramOps.h"
#include "runtime/package/PackageWriter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>

using namespace mlir;
using namespace polytile;
using namespace polytile::pipeline;

namespace {

/// The enumerators of the two types have the same names in another order.
package::ElementType toPackageType(Type type) {
  switch (toElementType(type)) {
  case lang::ElementType::Bool:
    return package::ElementType::Bool;
  case lang::ElementType::I8:
    return package::ElementType::I8;
  case lang::ElementType::I16:
    return package::ElementType::I16;
  case lang::ElementType::I32:
    return package::ElementType::I32;
  case lang::ElementType::I64:
    return package::ElementType::I64;
  case lang::ElementType::U8:
    return package::ElementType::U8;
  case lang::ElementType::U16:
    return package::ElementType::U16;
  case lang::ElementType::U32:
    return package::ElementType::U32;
  case lang::ElementType::U64:
    return package::ElementType::U64;
  case lang::ElementType::F16:
    return package::ElementType::F16;
  case lang::ElementType::BF16:
    return package::ElementType::BF16;
  case lang::ElementType::F32:
    return package::ElementType::F32;
  case lang::ElementType::F64:
    return package::ElementType::F64;
  }
  llvm_unreachable("no other element type");
}

/// An element as memory holds it; a bool takes a byte.
std::vector<uint8_t> bytesOfElement(Attribute value) {
  APInt bits = isa<FloatAttr>(value)
                   ? cast<FloatAttr>(value).getValue().bitcastToAPInt()
                   : cast<IntegerAttr>(value).getValue();
  std::vector<uint8_t> bytes;
  for (unsigned i = 0; i < bits.getBitWidth(); i += 8)
    bytes.push_back(static_cast<uint8_t>(
        bits.extractBitsAsZExtValue(std::min(8u, bits.getBitWidth() - i), i)));
  return bytes;
}

std::vector<uint8_t> bytesOfConstant(ElementsAttr value) {
  std::vector<uint8_t> bytes;
  bytes.reserve(program::getBufferBytes(value.getShapedType()));
  for (Attribute element : value.getValues<Attribute>()) {
    std::vector<uint8_t> part = bytesOfElement(element);
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

package::TensorDesc describe(StringRef name, MemRefType type) {
  return {name.str(), toPackageType(type.getElementType()),
          std::vector<int64_t>(type.getShape())};
}

/// Builds the entry and its only variant.
class EntryWriter {
public:
  EntryWriter(package::EntryDesc &entry, package::VariantDesc &variant,
              const llvm::StringMap<uint32_t> &kernels,
              const cpu::CompiledModule &compiled)
      : entry(entry), variant(variant), kernels(kernels), compiled(compiled) {}

  void write(program::EntryOp op);

private:
  void declare(Operation &op);
  void addBuffer(Value value, package::BufferKind kind, uint32_t index,
                 uint64_t offset = 0);
  package::BindingDesc bind(Value value, package::Access access) const;

  package::EntryDesc &entry;
  package::VariantDesc &variant;
  const llvm::StringMap<uint32_t> &kernels;
  const cpu::CompiledModule &compiled;
  llvm::DenseMap<Value, uint32_t> buffers;
};

void EntryWriter::addBuffer(Value value, package::BufferKind kind,
                            uint32_t index, uint64_t offset) {
  package::BufferDesc buffer;
  buffer.kind = kind;
  buffer.index = index;
  buffer.size = program::getBufferBytes(cast<MemRefType>(value.getType()));
  buffer.arenaOffset = offset;
  buffers[value] = variant.buffers.size();
  variant.buffers.push_back(buffer);
}

package::BindingDesc EntryWriter::bind(Value value,
                                       package::Access access) const {
  package::BindingDesc binding;
  binding.buffer = buffers.lookup(program::getRootBuffer(value));
  binding.size = program::getBufferBytes(cast<MemRefType>(value.getType()));
  binding.access = access;
  return binding;
}

/// Adds the tensor, buffer or constant that `op` declares.
void EntryWriter::declare(Operation &op) {
  if (auto input = dyn_cast<program::InputOp>(op)) {
    entry.inputs.resize(
        std::max<size_t>(entry.inputs.size(), input.getIndex() + 1));
    entry.inputs[input.getIndex()] =
        describe(input.getTensor(), input.getResult().getType());
    addBuffer(input.getResult(), package::BufferKind::Input, input.getIndex());
  } else if (auto output = dyn_cast<program::OutputOp>(op)) {
    entry.outputs.resize(
        std::max<size_t>(entry.outputs.size(), output.getIndex() + 1));
    entry.outputs[output.getIndex()] =
        describe(output.getTensor(), output.getResult().getType());
    addBuffer(output.getResult(), package::BufferKind::Output,
              output.getIndex());
  } else if (auto temporary = dyn_cast<program::TemporaryOp>(op)) {
    addBuffer(temporary.getResult(), package::BufferKind::Temporary, 0,
              temporary.getOffset().value_or(0));
  } else if (auto constant = dyn_cast<program::ConstantOp>(op)) {
    addBuffer(constant.getResult(), package::BufferKind::Constant,
              variant.constants.size());
    variant.constants.push_back({bytesOfConstant(constant.getValue())});
  }
}

void EntryWriter::write(program::EntryOp op) {
  variant.arenaBytes = op.getArenaBytes().value_or(0);
  for (Operation &step : op.getBody().front()) {
    declare(step);
    if (auto dispatch = dyn_cast<program::DispatchOp>(step)) {
      package::DispatchDesc desc;
      desc.kernel = kernels.lookup(dispatch.getKernel());
      for (Value value : dispatch.getReads())
        desc.bindings.push_back(bind(value, package::Access::Read));
      for (Value value : dispatch.getWrites())
        desc.bindings.push_back(bind(value, package::Access::Write));
      desc.items = compiled.kernels[desc.kernel].items;
      desc.grain = compiled.kernels[desc.kernel].grain;
      variant.steps.push_back({std::move(desc)});
    } else if (auto copy = dyn_cast<program::CopyOp>(step)) {
      variant.steps.push_back(
          {package::CopyDesc{bind(copy.getSource(), package::Access::Read),
                             bind(copy.getTarget(), package::Access::Write)}});
    } else if (auto fill = dyn_cast<program::FillOp>(step)) {
      variant.steps.push_back(
          {package::FillDesc{bind(fill.getTarget(), package::Access::Write),
                             bytesOfElement(fill.getValue())}});
    }
  }
}

} // namespace

std::vector<KernelOrigin>
pipeline::findOrigins(ModuleOp module, const lang::SourceFile &source) {
  constexpr size_t longest = 200;
  std::vector<KernelOrigin> origins;
  for (auto function : module.getOps<func::FuncOp>()) {
    KernelOrigin origin;
    if (auto range = getSourceRange(source, function.getLoc())) {
      for (char c : source.text(*range))
        if (!std::isspace(static_cast<unsigned char>(c)))
          origin.source += c;
        else if (!origin.source.empty() && origin.source.back() != ' ')
          origin.source += ' ';
      if (origin.source.size() > longest)
        origin.source.resize(longest);
      origin.file = std::string(source.name());
      origin.line = source.lineColumn(range->begin).line;
    }
    origins.push_back(std::move(origin));
  }
  return origins;
}

std::string pipeline::buildPackage(ModuleOp module,
                                   const cpu::CompiledModule &compiled,
                                   const std::vector<KernelOrigin> &origins) {
  package::PackageDesc desc;
  package::ModuleDesc object;
  object.bytes.assign(compiled.sharedObject.begin(),
                      compiled.sharedObject.end());
  bool hasKernels = !compiled.kernels.empty();
  if (hasKernels)
    desc.modules.push_back(std::move(object));

  llvm::StringMap<uint32_t> numbers;
  std::vector<package::KernelDesc> kernels;
  for (auto [kernel, origin] : llvm::zip_equal(compiled.kernels, origins)) {
    numbers[kernel.symbol] = kernels.size();
    package::KernelDesc kernelDesc;
    kernelDesc.symbol = kernel.symbol;
    kernelDesc.source = origin.source;
    kernelDesc.file = origin.file;
    kernelDesc.line = origin.line;
    kernelDesc.workspaceBytes = kernel.workspaceBytes;
    kernelDesc.flops = kernel.flops;
    kernelDesc.bytes = kernel.bytes;
    kernels.push_back(std::move(kernelDesc));
  }
  for (auto op : module.getOps<program::EntryOp>()) {
    package::EntryDesc entry;
    entry.name = op.getSymName().str();
    package::VariantDesc variant;
    if (!compiled.level.empty())
      variant.requirements.push_back(compiled.level);
    variant.kernels = kernels;
    EntryWriter(entry, variant, numbers, compiled).write(op);
    entry.variants.push_back(std::move(variant));
    desc.entries.push_back(std::move(entry));
  }
  std::vector<uint8_t> bytes = package::writePackage(desc);
  return std::string(bytes.begin(), bytes.end());
}
