//===- PackageBuilder.cpp - The program dialect to package bytes ----------===//
//
// One step of the package for each step of the entry. A view is a binding of
// the buffer that it shows; buffers of the package are the roots. Constants
// that several variants hold are stored once: the writer sees to that.
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/PackageBuilder.h"

#include "compiler/pipeline/FrontEnd.h"
#include "dialects/program/IR/ProgramOps.h"

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

/// Builds a variant of an entry, and the entry's tensors.
class EntryWriter {
public:
  EntryWriter(package::EntryDesc &entry, package::VariantDesc &variant,
              const llvm::StringMap<uint32_t> &numbers,
              const std::vector<KernelCode> &kernels)
      : entry(entry), variant(variant), numbers(numbers), kernels(kernels) {}

  void write(program::EntryOp op);

private:
  void declare(Operation &op);
  void addBuffer(Value value, package::BufferKind kind, uint32_t index,
                 uint64_t offset = 0);
  package::BindingDesc bind(Value value, package::Access access) const;
  std::vector<package::BindingDesc> bindAll(program::DispatchOp dispatch,
                                            const KernelCode &kernel) const;

  package::EntryDesc &entry;
  package::VariantDesc &variant;
  const llvm::StringMap<uint32_t> &numbers; ///< of kernels, by symbol
  const std::vector<KernelCode> &kernels;
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

/// The bindings of a dispatch: a whole tensor each, or the kernel's windows.
std::vector<package::BindingDesc>
EntryWriter::bindAll(program::DispatchOp dispatch,
                     const KernelCode &kernel) const {
  std::vector<package::BindingDesc> tensors;
  for (Value value : dispatch.getReads())
    tensors.push_back(bind(value, package::Access::Read));
  for (Value value : dispatch.getWrites())
    tensors.push_back(bind(value, package::Access::Write));
  if (kernel.windows.empty())
    return tensors;
  std::vector<package::BindingDesc> bindings;
  for (const BindingWindow &window : kernel.windows) {
    bindings.push_back(tensors[window.tensor]);
    bindings.back().byteOffset = window.offset;
    bindings.back().size = window.size;
  }
  return bindings;
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
      desc.kernel = numbers.lookup(dispatch.getKernel());
      const KernelCode &kernel = kernels[desc.kernel];
      desc.bindings = bindAll(dispatch, kernel);
      desc.items = kernel.items;
      desc.grain = kernel.grain;
      desc.grid = kernel.grid;
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

void PackageBuilder::addTarget(ModuleOp program, TargetCode code) {
  uint32_t firstModule = desc.modules.size();
  for (package::ModuleDesc &module : code.modules)
    desc.modules.push_back(std::move(module));
  llvm::StringMap<uint32_t> numbers;
  std::vector<package::KernelDesc> kernels;
  for (const KernelCode &kernel : code.kernels) {
    numbers[kernel.desc.symbol] = kernels.size();
    kernels.push_back(kernel.desc);
    kernels.back().module += firstModule;
  }
  for (auto [i, op] : llvm::enumerate(program.getOps<program::EntryOp>())) {
    if (i == desc.entries.size())
      desc.entries.emplace_back().name = op.getSymName().str();
    package::VariantDesc variant;
    variant.target = code.target;
    variant.requirements = code.requirements;
    variant.kernels = kernels;
    EntryWriter(desc.entries[i], variant, numbers, code.kernels).write(op);
    desc.entries[i].variants.push_back(std::move(variant));
  }
}

std::string PackageBuilder::write() const {
  std::vector<uint8_t> bytes = package::writePackage(desc);
  return std::string(bytes.begin(), bytes.end());
}
