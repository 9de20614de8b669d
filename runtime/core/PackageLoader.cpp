// Loads a package; the order of its checks stands in PackageLoader.h.
#include "runtime/core/PackageLoader.h"

#include "runtime/abi/polytile_kernel_abi.h"
#include "runtime/core/File.h"
#include "runtime/core/PackageDescription.h"
#include "runtime/package/PackageFormat.h"
#include "runtime/package/Package_generated.h"

#include <algorithm>
#include <cstring>

namespace fbs = polytile::package::fbs;

namespace polytile::runtime {
namespace {

/// No size, offset or count in a package may pass this, so that sums of a few
/// stay far from overflow.
constexpr uint64_t kLargestSize = uint64_t(1) << 48;

std::string text(const flatbuffers::String *string) {
  return string ? string->str() : std::string();
}

/// Iterates over a FlatBuffers vector that may be absent.
template <typename Vector> uint32_t sizeOf(const Vector *vector) {
  return vector ? vector->size() : 0;
}

/// FlatBuffers' verifier doesn't look at the alignment of a vector's elements,
/// so a wrong writer's may stand anywhere.
int64_t valueAt(const flatbuffers::Vector<int64_t> &vector, uint32_t index) {
  int64_t value;
  std::memcpy(&value, vector.Data() + index * sizeof(value), sizeof(value));
  return value;
}

/// Turns verified metadata into the model, checking each value on its way.
class Reader {
public:
  Reader(Bytes data, Package &package) : data(data), package(package) {}

  Status read(const fbs::Package &source) {
    package.producer = text(source.producer());
    for (uint32_t i = 0; i < sizeOf(source.modules()); ++i)
      PTL_TRY(read(*source.modules()->Get(i))
                  .within("module " + std::to_string(i)));
    for (uint32_t i = 0; i < sizeOf(source.entries()); ++i) {
      Entry entry;
      PTL_TRY(read(*source.entries()->Get(i), entry)
                  .within("entry " +
                          inQuotes(text(source.entries()->Get(i)->name()))));
      package.entries.push_back(std::move(entry));
    }
    return {};
  }

private:
  Status read(const fbs::Blob &blob, Bytes &bytes) {
    if (blob.offset() % package::kDataAlignment)
      return fail(PTL_STATUS_CORRUPT, "data offset ", blob.offset(),
                  " is no multiple of ", package::kDataAlignment);
    if (blob.offset() > data.size() ||
        blob.size() > data.size() - blob.offset())
      return fail(PTL_STATUS_CORRUPT, "data [", blob.offset(), ", +",
                  blob.size(), ") leaves the section of ", data.size(),
                  " bytes");
    bytes = data.subspan(blob.offset(), blob.size());
    return {};
  }

  Status read(const fbs::Module &source) {
    Module module;
    module.format = text(source.format());
    if (source.kernel_abi_version() != PTL_KERNEL_ABI_VERSION)
      return fail(PTL_STATUS_INCOMPATIBLE,
                  "its kernels were compiled for kernel ABI ",
                  source.kernel_abi_version(), "; this runtime has ",
                  PTL_KERNEL_ABI_VERSION);
    PTL_TRY(read(*source.data(), module.bytes));
    if (module.format == "opencl-c" &&
        std::find(module.bytes.begin(), module.bytes.end(), 0) !=
            module.bytes.end())
      return fail(PTL_STATUS_CORRUPT, "its OpenCL C text holds a zero byte");
    if (module.format == "spirv")
      PTL_TRY(checkSpirvHeader(module.bytes));
    package.modules.push_back(std::move(module));
    return {};
  }

  /// Five words of header: the magic number, version, generator, bound, 0.
  static Status checkSpirvHeader(Bytes bytes) {
    constexpr size_t word = sizeof(uint32_t), headerWords = 5;
    constexpr uint32_t magic = 0x07230203;
    uint32_t first = 0;
    if (bytes.size() >= headerWords * word)
      std::memcpy(&first, bytes.data(), word);
    if (first != magic || bytes.size() % word)
      return fail(PTL_STATUS_CORRUPT, "its ", bytes.size(),
                  " bytes are no SPIR-V module");
    return {};
  }

  Status read(const fbs::Tensor &source, Tensor &tensor) {
    tensor.name = text(source.name());
    int64_t type = static_cast<int64_t>(source.element_type());
    if (!isElementType(type))
      return fail(PTL_STATUS_CORRUPT, "tensor ", inQuotes(tensor.name),
                  " has the unknown element type ", type);
    tensor.type = static_cast<ptl_element_type>(type);
    for (uint32_t i = 0; i < sizeOf(source.dims()); ++i)
      tensor.dims.push_back(valueAt(*source.dims(), i));
    auto bytes = denseByteSize(tensor.type, tensor.dims);
    if (!bytes || *bytes > kLargestSize)
      return fail(PTL_STATUS_CORRUPT, "tensor ", inQuotes(tensor.name),
                  " has the impossible shape ",
                  typeText(tensor.type, tensor.dims));
    tensor.byteSize = *bytes;
    return {};
  }

  template <typename Vector>
  Status readTensors(const Vector *source, std::vector<Tensor> &tensors) {
    tensors.resize(sizeOf(source));
    for (uint32_t i = 0; i < tensors.size(); ++i)
      PTL_TRY(read(*source->Get(i), tensors[i]));
    return {};
  }

  Status read(const fbs::Entry &source, Entry &entry) {
    entry.name = text(source.name());
    PTL_TRY(readTensors(source.inputs(), entry.inputs));
    PTL_TRY(readTensors(source.outputs(), entry.outputs));
    for (uint32_t i = 0; i < sizeOf(source.aliases()); ++i) {
      Alias alias{source.aliases()->Get(i)->output(),
                  source.aliases()->Get(i)->input()};
      if (alias.output >= entry.outputs.size() ||
          alias.input >= entry.inputs.size() ||
          entry.outputs[alias.output].byteSize !=
              entry.inputs[alias.input].byteSize)
        return fail(PTL_STATUS_CORRUPT, "output ", alias.output,
                    " can't be updated in place of input ", alias.input);
      entry.aliases.push_back(alias);
    }
    for (uint32_t i = 0; i < sizeOf(source.variants()); ++i) {
      std::string where = "variant " + std::to_string(i);
      Variant variant;
      PTL_TRY(read(*source.variants()->Get(i), entry, variant).within(where));
      PTL_TRY(checkSchedule(variant, where));
      entry.variants.push_back(std::move(variant));
    }
    return {};
  }

  Status read(const fbs::Variant &source, const Entry &entry,
              Variant &variant) {
    variant.target = text(source.target());
    isForGpu = variant.isForGpu();
    for (uint32_t i = 0; i < sizeOf(source.requirements()); ++i)
      variant.requirements.push_back(text(source.requirements()->Get(i)));
    for (uint32_t i = 0; i < sizeOf(source.kernels()); ++i)
      PTL_TRY(read(*source.kernels()->Get(i), variant));
    for (uint32_t i = 0; i < sizeOf(source.constants()); ++i) {
      Bytes bytes;
      PTL_TRY(read(*source.constants()->Get(i)->data(), bytes)
                  .within("constant " + std::to_string(i)));
      variant.constants.push_back(bytes);
    }
    variant.arenaBytes = source.arena_bytes();
    if (variant.arenaBytes > kLargestSize)
      return fail(PTL_STATUS_CORRUPT, "an arena of ", variant.arenaBytes,
                  " bytes is impossible");
    for (uint32_t i = 0; i < sizeOf(source.buffers()); ++i)
      PTL_TRY(read(*source.buffers()->Get(i), entry, variant)
                  .within("buffer " + std::to_string(i)));
    return readSteps(source.steps(), variant.steps, 0);
  }

  Status read(const fbs::Kernel &source, Variant &variant) {
    Kernel kernel;
    kernel.module = source.module_();
    kernel.symbol = text(source.symbol());
    kernel.source = text(source.source());
    kernel.file = text(source.file());
    kernel.line = source.line();
    kernel.workspaceBytes = source.workspace_bytes();
    kernel.flops = source.flops();
    kernel.bytes = source.bytes();
    if (kernel.module >= package.modules.size())
      return fail(PTL_STATUS_CORRUPT, "kernel ", inQuotes(kernel.symbol),
                  " names module ", kernel.module, "; there are ",
                  package.modules.size());
    if (kernel.symbol.empty() || kernel.symbol.find('\0') != std::string::npos)
      return fail(PTL_STATUS_CORRUPT, "kernel ", variant.kernels.size(),
                  " has no usable symbol");
    if (kernel.workspaceBytes > kLargestSize)
      return fail(PTL_STATUS_CORRUPT, "kernel ", inQuotes(kernel.symbol),
                  " wants a workspace of ", kernel.workspaceBytes, " bytes");
    PTL_TRY(readGpuPart(source, variant, kernel)
                .within("kernel " + inQuotes(kernel.symbol)));
    variant.kernels.push_back(std::move(kernel));
    return {};
  }

  /// Workgroups and the like: needed for GPUs, and meaningless elsewhere.
  Status readGpuPart(const fbs::Kernel &source, const Variant &variant,
                     Kernel &kernel) {
    constexpr uint64_t mostMemory = uint64_t(1) << 30;
    constexpr uint32_t largestSize = 1024, mostItems = 4096,
                       largestSubgroup = 128;
    kernel.workgroupMemoryBytes = source.workgroup_memory_bytes();
    kernel.buildOptions = text(source.build_options());
    kernel.subgroupSize = source.subgroup_size();
    if (!variant.isForGpu()) {
      if (sizeOf(source.workgroup_size()) || kernel.workgroupMemoryBytes ||
          kernel.subgroupSize)
        return fail(PTL_STATUS_CORRUPT, "workgroups on the target ",
                    inQuotes(variant.target));
      return {};
    }
    std::string_view format = variant.target == "opencl" ? "opencl-c" : "spirv";
    const Module &module = package.modules[kernel.module];
    if (module.format != format)
      return fail(PTL_STATUS_CORRUPT, "its module is ", inQuotes(module.format),
                  ", not ", inQuotes(format));
    uint64_t items = 0;
    PTL_TRY(readTriple(source.workgroup_size(), "workgroup size", largestSize,
                       kernel.workgroupSize, items));
    if (items > mostItems)
      return fail(PTL_STATUS_CORRUPT, "a workgroup of ", items,
                  " items; allowed are ", mostItems);
    if (kernel.workgroupMemoryBytes > mostMemory || kernel.workspaceBytes)
      return fail(PTL_STATUS_CORRUPT, kernel.workgroupMemoryBytes,
                  " bytes of workgroup memory and a workspace of ",
                  kernel.workspaceBytes, " bytes; allowed are ", mostMemory,
                  " and none");
    if (kernel.subgroupSize > largestSubgroup ||
        (kernel.subgroupSize & (kernel.subgroupSize - 1)))
      return fail(PTL_STATUS_CORRUPT, "a subgroup of ", kernel.subgroupSize,
                  ", not a power of two up to ", largestSubgroup);
    if (kernel.buildOptions.find('\0') != std::string::npos)
      return fail(PTL_STATUS_CORRUPT, "its build options hold a zero byte");
    return {};
  }

  /// Three numbers of 1 to `largest`, and their product.
  template <typename Vector>
  Status readTriple(const Vector *source, const char *what, uint32_t largest,
                    std::array<uint32_t, 3> &triple, uint64_t &product) {
    if (sizeOf(source) != triple.size())
      return fail(PTL_STATUS_CORRUPT, "a ", what, " of ", sizeOf(source),
                  " numbers, not 3");
    product = 1;
    for (uint32_t i = 0; i < triple.size(); ++i) {
      std::memcpy(&triple[i], source->Data() + i * sizeof(uint32_t),
                  sizeof(uint32_t));
      if (triple[i] == 0 || triple[i] > largest)
        return fail(PTL_STATUS_CORRUPT, "a ", what, " of ", triple[i],
                    " in dimension ", i, "; allowed is 1 to ", largest);
      if (__builtin_mul_overflow(product, uint64_t(triple[i]), &product) ||
          product > kLargestSize)
        return fail(PTL_STATUS_CORRUPT, "a ", what, " whose product passes ",
                    kLargestSize);
    }
    return {};
  }

  Status read(const fbs::Buffer &source, const Entry &entry, Variant &variant) {
    if (source.kind() > fbs::BufferKind::MAX)
      return fail(PTL_STATUS_CORRUPT, "unknown kind ", int(source.kind()));
    BufferSlot buffer{static_cast<BufferKind>(source.kind()), source.index(),
                      source.size(), source.arena_offset()};
    if (buffer.size > kLargestSize)
      return fail(PTL_STATUS_CORRUPT, "a size of ", buffer.size,
                  " bytes is impossible");
    if (buffer.kind == BufferKind::Temporary) {
      if (buffer.arenaOffset % Memory::kAlignment ||
          buffer.arenaOffset > variant.arenaBytes ||
          buffer.size > variant.arenaBytes - buffer.arenaOffset)
        return fail(PTL_STATUS_CORRUPT, "[", buffer.arenaOffset, ", +",
                    buffer.size, ") does not fit the arena of ",
                    variant.arenaBytes, " bytes at a multiple of ",
                    Memory::kAlignment);
    } else {
      uint64_t size = 0;
      size_t count = buffer.kind == BufferKind::Input ? entry.inputs.size()
                     : buffer.kind == BufferKind::Output
                         ? entry.outputs.size()
                         : variant.constants.size();
      if (buffer.index >= count)
        return fail(PTL_STATUS_CORRUPT, "index ", buffer.index, " of ", count);
      size = buffer.kind == BufferKind::Input
                 ? entry.inputs[buffer.index].byteSize
             : buffer.kind == BufferKind::Output
                 ? entry.outputs[buffer.index].byteSize
                 : variant.constants[buffer.index].size();
      if (buffer.size != size)
        return fail(PTL_STATUS_CORRUPT, "its size is ", buffer.size,
                    ", that of its tensor ", size);
    }
    variant.buffers.push_back(buffer);
    return {};
  }

  Status read(const fbs::Binding &source, Binding &binding) {
    if (source.byte_offset() > kLargestSize || source.size() > kLargestSize)
      return fail(PTL_STATUS_CORRUPT, "a binding of ", source.size(),
                  " bytes at ", source.byte_offset(), " is impossible");
    if (source.access() > fbs::Access::MAX)
      return fail(PTL_STATUS_CORRUPT, "unknown access ", int(source.access()));
    binding.buffer = source.buffer();
    binding.offset = static_cast<int64_t>(source.byte_offset());
    binding.size = static_cast<int64_t>(source.size());
    binding.access = static_cast<Access>(source.access());
    binding.mayAlias = source.may_alias();
    uint32_t alignment = source.alignment();
    if (alignment == 0 || alignment > Memory::kAlignment ||
        (alignment & (alignment - 1)))
      return fail(PTL_STATUS_CORRUPT, "a binding's alignment is ", alignment,
                  ", not a power of two up to ", Memory::kAlignment);
    bool aligned = binding.offset % alignment == 0;
    for (uint32_t i = 0; i < sizeOf(source.loop_strides()); ++i) {
      binding.strides.push_back(valueAt(*source.loop_strides(), i));
      aligned &= binding.strides.back() % static_cast<int64_t>(alignment) == 0;
    }
    if (!aligned)
      return fail(
          PTL_STATUS_CORRUPT,
          "a binding's offset or stride is no multiple of its alignment ",
          alignment);
    return {};
  }

  Status read(const fbs::Dispatch &source, Dispatch &dispatch) {
    if (source.items() > kLargestSize || source.grain() > kLargestSize)
      return fail(PTL_STATUS_CORRUPT, "a dispatch of ", source.items(),
                  " items by ", source.grain(), " is impossible");
    dispatch.kernel = source.kernel();
    dispatch.items = static_cast<int64_t>(source.items());
    dispatch.grain = static_cast<int64_t>(source.grain());
    if (isForGpu) {
      uint64_t workgroups = 0;
      PTL_TRY(readTriple(source.grid(), "grid", UINT32_MAX, dispatch.grid,
                         workgroups));
      if (workgroups != source.items())
        return fail(PTL_STATUS_CORRUPT, "a grid of ", workgroups,
                    " workgroups for ", source.items(), " items");
    } else if (sizeOf(source.grid())) {
      return fail(PTL_STATUS_CORRUPT, "a grid for a target without workgroups");
    }
    dispatch.bindings.resize(sizeOf(source.bindings()));
    for (uint32_t i = 0; i < dispatch.bindings.size(); ++i)
      PTL_TRY(read(*source.bindings()->Get(i), dispatch.bindings[i]));
    return {};
  }

  Status read(const fbs::Fill &source, Fill &fill_) {
    PTL_TRY(read(*source.dst(), fill_.dst));
    for (uint32_t i = 0; i < sizeOf(source.pattern()); ++i)
      fill_.pattern.push_back(source.pattern()->Get(i));
    size_t size = fill_.pattern.size();
    if ((size != 1 && size != 2 && size != 4 && size != 8) ||
        fill_.dst.size % static_cast<int64_t>(size))
      return fail(PTL_STATUS_CORRUPT, "a pattern of ", size,
                  " bytes can't fill ", fill_.dst.size, " bytes");
    return {};
  }

  Status read(const fbs::Copy &source, Copy &copy) {
    PTL_TRY(read(*source.src(), copy.src));
    return read(*source.dst(), copy.dst);
  }

  /// Nesting is bounded before it is followed.
  template <typename Vector>
  Status readSteps(const Vector *source, std::vector<Step> &steps, int depth) {
    if (depth > 8)
      return fail(PTL_STATUS_CORRUPT, "loops are nested more than 8 deep");
    steps.resize(sizeOf(source));
    for (uint32_t i = 0; i < steps.size(); ++i)
      PTL_TRY(read(*source->Get(i), steps[i], depth));
    return {};
  }

  Status read(const fbs::Step &source, Step &step, int depth) {
    switch (source.operation_type()) {
    case fbs::Operation::Dispatch:
      return read(*source.operation_as_Dispatch(),
                  step.operation.emplace<Dispatch>());
    case fbs::Operation::Fill:
      return read(*source.operation_as_Fill(), step.operation.emplace<Fill>());
    case fbs::Operation::Copy:
      return read(*source.operation_as_Copy(), step.operation.emplace<Copy>());
    case fbs::Operation::Loop: {
      Loop &loop = step.operation.emplace<Loop>();
      if (source.operation_as_Loop()->trip_count() > kLargestSize)
        return fail(PTL_STATUS_CORRUPT, "a loop of ",
                    source.operation_as_Loop()->trip_count(), " iterations");
      loop.tripCount =
          static_cast<int64_t>(source.operation_as_Loop()->trip_count());
      return readSteps(source.operation_as_Loop()->body(), loop.body,
                       depth + 1);
    }
    default:
      return fail(PTL_STATUS_INCOMPATIBLE, "a step of the unknown kind ",
                  int(source.operation_type()));
    }
  }

  Bytes data;
  Package &package;
  bool isForGpu = false; ///< the variant that is being read
};

/// Steps 1 and 2.
Status checkHeader(Bytes file, package::Header &header) {
  using namespace polytile::package;
  size_t compared = std::min(file.size(), sizeof(kMagic));
  if (std::memcmp(file.data(), kMagic, compared) || file.empty())
    return fail(
        PTL_STATUS_CORRUPT,
        "not a Polytile package: it doesn't begin with the package signature");
  if (file.size() < sizeof(Header))
    return fail(PTL_STATUS_CORRUPT, "truncated: ", file.size(),
                " bytes, less than the header of ", sizeof(Header));
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.formatVersion != kFormatVersion)
    return fail(PTL_STATUS_INCOMPATIBLE, "package format ",
                header.formatVersion, "; this runtime reads format ",
                kFormatVersion, ": compile it again");
  if (header.fileBytes != file.size())
    return fail(PTL_STATUS_CORRUPT,
                file.size() < header.fileBytes ? "truncated: " : "too long: ",
                file.size(), " bytes, the header says ", header.fileBytes);
  uint32_t checksum = checksumOfFile(file.data(), file.size());
  if (checksum != header.checksum)
    return fail(PTL_STATUS_CORRUPT, "damaged: checksum ", checksum,
                ", the header says ", header.checksum);
  auto inside = [&](uint64_t offset, uint64_t bytes) {
    return offset >= sizeof(Header) && offset <= file.size() &&
           bytes <= file.size() - offset && offset % kDataAlignment == 0;
  };
  if (header.headerBytes != sizeof(Header) ||
      !inside(header.metadataOffset, header.metadataBytes) ||
      !inside(header.dataOffset, header.dataBytes))
    return fail(PTL_STATUS_CORRUPT, "the header's sections leave the file of ",
                file.size(), " bytes");
  return {};
}

/// Step 3. Tables that are reached by several offsets are counted each time:
/// the limit is what a tree of that size has.
Status checkMetadata(Bytes metadata) {
  constexpr size_t smallest = 16, largest = (size_t(1) << 31) - 1;
  if (metadata.size() < smallest || metadata.size() > largest)
    return fail(PTL_STATUS_CORRUPT, "metadata of ", metadata.size(), " bytes");
  if (!fbs::PackageBufferHasIdentifier(metadata.data()))
    return fail(PTL_STATUS_CORRUPT, "the metadata isn't a package's");
  flatbuffers::uoffset_t mostTables =
      static_cast<flatbuffers::uoffset_t>(metadata.size() / 4);
  flatbuffers::Verifier verifier(metadata.data(), metadata.size(),
                                 /*max_depth=*/64, mostTables);
  if (!fbs::VerifyPackageBuffer(verifier))
    return fail(PTL_STATUS_CORRUPT, "the metadata's offsets are inconsistent");
  return {};
}

Status loadPackage(Memory file, std::shared_ptr<const Package> &result) {
  auto package = std::make_shared<Package>();
  Bytes bytes(file.data(), file.size());
  package::Header header;
  PTL_TRY(checkHeader(bytes, header));
  Bytes metadata = bytes.subspan(header.metadataOffset, header.metadataBytes);
  PTL_TRY(checkMetadata(metadata));
  Reader reader(bytes.subspan(header.dataOffset, header.dataBytes), *package);
  PTL_TRY(reader.read(*fbs::GetPackage(metadata.data())));
  package->file = std::move(file);
  package->description = describePackage(*package);
  result = std::move(package);
  return {};
}

} // namespace

Status loadPackageFile(const char *path,
                       std::shared_ptr<const Package> &package) {
  Memory file;
  PTL_TRY(readFile(path, file));
  return loadPackage(std::move(file), package).within(path);
}

Status loadPackageMemory(Bytes bytes, std::shared_ptr<const Package> &package) {
  Memory file;
  PTL_TRY(Memory::allocate(nullptr, bytes.size(), false, file));
  if (!bytes.empty())
    std::memcpy(file.data(), bytes.data(), bytes.size());
  return loadPackage(std::move(file), package).within("package in memory");
}

} // namespace polytile::runtime
