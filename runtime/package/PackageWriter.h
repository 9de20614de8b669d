// Writes packages: plain structs that mirror Package.fbs, and one function that
// turns them into bytes.
//
// The compiler fills these structs without knowing FlatBuffers or the runtime,
// and needs no LLVM here. The writer checks nothing but what it needs to write;
// runtime/core/PackageLoader.h has the rules, and the compiler's tests load
// what they write. Library: PolytilePackage (static).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace polytile::package {

/// The values equal those of Package.fbs and of ptl_element_type.
enum class ElementType : uint8_t {
  Invalid = 0,
  Bool = 1,
  I8 = 2,
  I16 = 3,
  I32 = 4,
  I64 = 5,
  U8 = 6,
  U16 = 7,
  U32 = 8,
  U64 = 9,
  F16 = 10,
  BF16 = 11,
  F32 = 12,
  F64 = 13
};

/// An input or output: dense, row-major; a scalar has no dims; a dim may be 0.
struct TensorDesc {
  std::string name;
  ElementType elementType = ElementType::F32;
  std::vector<int64_t> dims;
};

/// `output` may be run in the very buffer of `input`.
struct AliasDesc {
  uint32_t output = 0;
  uint32_t input = 0;
};

/// A shared object ("elf-x86_64"), OpenCL C text ("opencl-c") or a SPIR-V
/// module ("spirv"), shared by the kernels of every variant that name it.
struct ModuleDesc {
  std::string format = "elf-x86_64";
  uint32_t kernelAbiVersion = 1;
  std::vector<uint8_t> bytes;
};

struct KernelDesc {
  uint32_t module = 0; ///< index into PackageDesc::modules
  std::string symbol;
  std::string source; ///< the Tile statement(s), for profiles and messages
  std::string file;
  uint32_t line = 0;
  uint64_t workspaceBytes = 0; ///< of one call in flight
  uint64_t flops = 0;          ///< of one whole dispatch, 0: unknown
  uint64_t bytes = 0; ///< read and written by one whole dispatch, 0: unknown
  /// opencl, vulkan: work items of a workgroup in x, y, z; cpu: empty.
  std::vector<uint32_t> workgroupSize;
  uint64_t workgroupMemoryBytes = 0; ///< that a workgroup shares
  std::string buildOptions;          ///< opencl: for clBuildProgram
  uint32_t subgroupSize = 0;         ///< that the kernel needs; 0: any
};

struct ConstantDesc {
  std::vector<uint8_t> bytes;
};

enum class BufferKind : uint8_t {
  Input = 0,
  Output = 1,
  Temporary = 2,
  Constant = 3
};

struct BufferDesc {
  BufferKind kind = BufferKind::Temporary;
  uint32_t index = 0; ///< input, output: of the entry; constant: of the variant
  uint64_t size = 0;  ///< bytes; equal to the tensor's or the constant's
  uint64_t arenaOffset = 0; ///< temporary only; a multiple of 64
};

enum class Access : uint8_t { Read = 0, Write = 1, ReadWrite = 2 };

/// A range of a buffer: byteOffset + sum of iteration * loopStrides over the
/// enclosing loops, outermost first.
struct BindingDesc {
  uint32_t buffer = 0;
  uint64_t byteOffset = 0;
  uint64_t size = 0;
  std::vector<int64_t> loopStrides;
  uint32_t alignment =
      64; ///< what every reached offset is a multiple of: a power of two <= 64
  Access access = Access::Read;
  bool mayAlias = false; ///< written, and may be exactly the range of another
                         ///< binding of the dispatch
};

struct DispatchDesc {
  uint32_t kernel = 0;
  std::vector<BindingDesc> bindings;
  uint64_t items = 1;
  uint64_t grain = 0; ///< at least so many items a call; 0: the runtime decides
  /// opencl, vulkan: counts of workgroups in x, y, z, whose product is items;
  /// cpu: empty.
  std::vector<uint32_t> grid;
};

struct FillDesc {
  BindingDesc dst;
  std::vector<uint8_t> pattern; ///< 1, 2, 4 or 8 bytes
};

struct CopyDesc {
  BindingDesc src;
  BindingDesc dst;
};

struct StepDesc;

struct LoopDesc {
  uint64_t tripCount = 0;
  std::vector<StepDesc> body;
};

struct StepDesc {
  std::variant<DispatchDesc, FillDesc, CopyDesc, LoopDesc> operation;
};

struct VariantDesc {
  std::string target = "cpu";
  std::vector<std::string>
      requirements; ///< all must hold; see Package.fbs for their forms
  std::vector<KernelDesc> kernels;
  std::vector<ConstantDesc> constants;
  std::vector<BufferDesc> buffers;
  uint64_t arenaBytes = 0;
  std::vector<StepDesc> steps;
};

struct EntryDesc {
  std::string name;
  std::vector<TensorDesc> inputs;
  std::vector<TensorDesc> outputs;
  std::vector<AliasDesc> aliases;
  std::vector<VariantDesc> variants;
};

struct PackageDesc {
  std::string producer = "polytile 0.1.0";
  std::vector<EntryDesc> entries;
  std::vector<ModuleDesc> modules;
};

/// The bytes of a .ptl file, header and checksum included. The same description
/// gives the same bytes. Blobs of equal content are stored once.
/// \pre the metadata (everything but module and constant bytes) stays under 2
/// GiB.
std::vector<uint8_t> writePackage(const PackageDesc &package);

} // namespace polytile::package
