// Turns the plain structs of PackageWriter.h into the bytes of a .ptl file.
//
// One FlatBuffer with all the metadata is built bottom up (children before
// parents, as FlatBuffers wants), while module and constant bytes are collected
// in the data section; the header with the checksum comes last.
#include "runtime/package/PackageWriter.h"

#include "runtime/package/PackageFormat.h"
#include "runtime/package/Package_generated.h"

#include <cstring>
#include <map>

namespace fbs = polytile::package::fbs;
using flatbuffers::Offset;

namespace polytile::package {
namespace {

/// The data section: blobs at multiples of 64, equal ones once.
class DataSection {
public:
  fbs::Blob add(const std::vector<uint8_t> &bytes) {
    uint64_t key =
        bytes.size() ^ (uint64_t(crc32c(0, bytes.data(), bytes.size())) << 32);
    auto [first, last] = known.equal_range(key);
    for (; first != last; ++first) {
      auto [offset, size] = first->second;
      if (size == bytes.size() &&
          (size == 0 || !std::memcmp(data.data() + offset, bytes.data(), size)))
        return fbs::Blob(offset, size);
    }
    data.resize((data.size() + kDataAlignment - 1) / kDataAlignment *
                kDataAlignment);
    uint64_t offset = data.size();
    data.insert(data.end(), bytes.begin(), bytes.end());
    known.emplace(key, std::pair(offset, uint64_t(bytes.size())));
    return fbs::Blob(offset, bytes.size());
  }
  const std::vector<uint8_t> &bytes() const { return data; }

private:
  std::vector<uint8_t> data;
  std::multimap<uint64_t, std::pair<uint64_t, uint64_t>> known;
};

/// Builds the FlatBuffer; one function for each struct.
class MetadataBuilder {
  template <typename Desc, typename Function>
  auto table(const std::vector<Desc> &descs, Function function) {
    std::vector<decltype(function(descs[0]))> offsets;
    offsets.reserve(descs.size());
    for (const Desc &desc : descs)
      offsets.push_back(function(desc));
    return builder.CreateVector(offsets);
  }

public:
  std::vector<uint8_t> build(const PackageDesc &package) {
    auto entries = table(package.entries,
                         [&](const EntryDesc &entry) { return add(entry); });
    auto modules = table(package.modules,
                         [&](const ModuleDesc &module) { return add(module); });
    auto producer = builder.CreateString(package.producer);
    builder.Finish(fbs::CreatePackage(builder, producer, entries, modules),
                   fbs::PackageIdentifier());
    return {builder.GetBufferPointer(),
            builder.GetBufferPointer() + builder.GetSize()};
  }
  const std::vector<uint8_t> &data() const { return section.bytes(); }

private:
  Offset<fbs::Tensor> add(const TensorDesc &tensor) {
    auto name = builder.CreateString(tensor.name);
    auto dims = builder.CreateVector(tensor.dims);
    return fbs::CreateTensor(
        builder, name, static_cast<fbs::ElementType>(tensor.elementType), dims);
  }

  Offset<fbs::Module> add(const ModuleDesc &module) {
    fbs::Blob blob = section.add(module.bytes);
    auto format = builder.CreateString(module.format);
    return fbs::CreateModule(builder, format, module.kernelAbiVersion, &blob);
  }

  Offset<fbs::Kernel> add(const KernelDesc &kernel) {
    auto symbol = builder.CreateString(kernel.symbol);
    auto source = builder.CreateSharedString(kernel.source);
    auto file = builder.CreateSharedString(kernel.file);
    auto workgroup = numbers(kernel.workgroupSize);
    Offset<flatbuffers::String> options;
    if (!kernel.buildOptions.empty())
      options = builder.CreateSharedString(kernel.buildOptions);
    return fbs::CreateKernel(
        builder, kernel.module, symbol, source, file, kernel.line,
        kernel.workspaceBytes, kernel.flops, kernel.bytes, workgroup,
        kernel.workgroupMemoryBytes, options, kernel.subgroupSize);
  }

  /// Nothing for none, so that packages without them keep their bytes.
  Offset<flatbuffers::Vector<uint32_t>>
  numbers(const std::vector<uint32_t> &values) {
    if (values.empty())
      return 0;
    return builder.CreateVector(values);
  }

  Offset<fbs::Constant> add(const ConstantDesc &constant) {
    fbs::Blob blob = section.add(constant.bytes);
    return fbs::CreateConstant(builder, &blob);
  }

  Offset<fbs::Buffer> add(const BufferDesc &buffer) {
    return fbs::CreateBuffer(builder, static_cast<fbs::BufferKind>(buffer.kind),
                             buffer.index, buffer.size, buffer.arenaOffset);
  }

  Offset<fbs::Binding> add(const BindingDesc &binding) {
    auto strides = binding.loopStrides.empty()
                       ? 0
                       : builder.CreateVector(binding.loopStrides);
    return fbs::CreateBinding(builder, binding.buffer, binding.byteOffset,
                              binding.size, strides, binding.alignment,
                              static_cast<fbs::Access>(binding.access),
                              binding.mayAlias);
  }

  Offset<fbs::Step> step(fbs::Operation kind, Offset<void> operation) {
    return fbs::CreateStep(builder, kind, operation);
  }
  Offset<fbs::Step> add(const DispatchDesc &dispatch) {
    auto bindings = table(dispatch.bindings, [&](const BindingDesc &binding) {
      return add(binding);
    });
    auto grid = numbers(dispatch.grid);
    auto made = fbs::CreateDispatch(builder, dispatch.kernel, bindings,
                                    dispatch.items, dispatch.grain, grid);
    return step(fbs::Operation::Dispatch, made.Union());
  }
  Offset<fbs::Step> add(const FillDesc &fill) {
    auto dst = add(fill.dst);
    auto pattern = builder.CreateVector(fill.pattern);
    return step(fbs::Operation::Fill,
                fbs::CreateFill(builder, dst, pattern).Union());
  }
  Offset<fbs::Step> add(const CopyDesc &copy) {
    auto src = add(copy.src);
    auto dst = add(copy.dst);
    return step(fbs::Operation::Copy,
                fbs::CreateCopy(builder, src, dst).Union());
  }
  Offset<fbs::Step> add(const LoopDesc &loop) {
    auto body = steps(loop.body);
    return step(fbs::Operation::Loop,
                fbs::CreateLoop(builder, loop.tripCount, body).Union());
  }
  Offset<flatbuffers::Vector<Offset<fbs::Step>>>
  steps(const std::vector<StepDesc> &descs) {
    return table(descs, [&](const StepDesc &desc) {
      return std::visit([&](const auto &operation) { return add(operation); },
                        desc.operation);
    });
  }

  Offset<fbs::Variant> add(const VariantDesc &variant) {
    auto target = builder.CreateString(variant.target);
    auto requirements = builder.CreateVectorOfStrings(variant.requirements);
    auto kernels = table(variant.kernels,
                         [&](const KernelDesc &kernel) { return add(kernel); });
    auto constants =
        table(variant.constants,
              [&](const ConstantDesc &constant) { return add(constant); });
    auto buffers = table(variant.buffers,
                         [&](const BufferDesc &buffer) { return add(buffer); });
    auto body = steps(variant.steps);
    return fbs::CreateVariant(builder, target, requirements, kernels, constants,
                              buffers, variant.arenaBytes, body);
  }

  Offset<fbs::Entry> add(const EntryDesc &entry) {
    auto name = builder.CreateString(entry.name);
    auto tensor = [&](const TensorDesc &desc) { return add(desc); };
    auto inputs = table(entry.inputs, tensor);
    auto outputs = table(entry.outputs, tensor);
    std::vector<fbs::Alias> pairs;
    for (const AliasDesc &alias : entry.aliases)
      pairs.emplace_back(alias.output, alias.input);
    auto aliases = builder.CreateVectorOfStructs(pairs);
    auto variants = table(entry.variants, [&](const VariantDesc &variant) {
      return add(variant);
    });
    return fbs::CreateEntry(builder, name, inputs, outputs, aliases, variants);
  }

  flatbuffers::FlatBufferBuilder builder;
  DataSection section;
};

} // namespace

std::vector<uint8_t> writePackage(const PackageDesc &package) {
  MetadataBuilder builder;
  std::vector<uint8_t> metadata = builder.build(package);
  const std::vector<uint8_t> &data = builder.data();

  Header header = {};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.formatVersion = kFormatVersion;
  header.headerBytes = sizeof(Header);
  header.metadataOffset = sizeof(Header);
  header.metadataBytes = metadata.size();
  header.dataOffset = (sizeof(Header) + metadata.size() + kDataAlignment - 1) /
                      kDataAlignment * kDataAlignment;
  header.dataBytes = data.size();
  header.fileBytes = header.dataOffset + header.dataBytes;

  std::vector<uint8_t> file(header.fileBytes);
  std::memcpy(file.data(), &header, sizeof(header));
  std::memcpy(file.data() + header.metadataOffset, metadata.data(),
              metadata.size());
  if (!data.empty())
    std::memcpy(file.data() + header.dataOffset, data.data(), data.size());
  header.checksum = checksumOfFile(file.data(), file.size());
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

} // namespace polytile::package
