// A loaded package: plain values that have all been checked, over bytes that
// stay where they are.
//
// The loader turns the file's metadata into these once; nothing after it looks
// at the file's structure again. Modules and constants point into the package's
// own copy of the file.
#pragma once

#include "runtime/core/ElementType.h"
#include "runtime/core/Memory.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace polytile::runtime {

using Bytes = std::span<const unsigned char>;

struct Tensor {
  std::string name;
  ptl_element_type type = PTL_ELEMENT_INVALID;
  std::vector<int64_t> dims;
  uint64_t byteSize = 0;

  /// `name` and `dims` point into this object.
  ptl_tensor_info info() const {
    return {name.c_str(), type,     static_cast<int32_t>(dims.size()),
            dims.data(),  byteSize, nullptr};
  }
};

struct Module {
  std::string format;
  Bytes bytes;
};

struct Kernel {
  uint32_t module = 0;
  std::string symbol, source, file;
  uint32_t line = 0;
  uint64_t workspaceBytes = 0;
  uint64_t flops = 0;
  uint64_t bytes = 0;
  // Of kernels for GPUs:
  std::array<uint32_t, 3> workgroupSize{1, 1, 1};
  uint64_t workgroupMemoryBytes = 0;
  std::string buildOptions;
  uint32_t subgroupSize = 0; ///< 0: any
};

enum class BufferKind : uint8_t { Input, Output, Temporary, Constant };

struct BufferSlot {
  BufferKind kind = BufferKind::Temporary;
  uint32_t index = 0;
  uint64_t size = 0;
  uint64_t arenaOffset = 0;
};

enum class Access : uint8_t { Read, Write, ReadWrite };

/// A range of a buffer: offset + sum of iteration * strides[loop], outermost
/// loop first.
struct Binding {
  uint32_t buffer = 0;
  int64_t offset = 0;
  int64_t size = 0;
  std::vector<int64_t>
      strides; ///< at most as many as there are enclosing loops
  Access access = Access::Read;
  bool mayAlias = false;
};

struct Step;

struct Dispatch {
  uint32_t kernel = 0;
  std::vector<Binding> bindings;
  int64_t items = 0;
  int64_t grain = 0;
  std::array<uint32_t, 3> grid{1, 1, 1}; ///< workgroups, for GPUs
};

struct Fill {
  Binding dst;
  std::vector<unsigned char> pattern;
};

struct Copy {
  Binding src, dst;
};

struct Loop {
  int64_t tripCount = 0;
  std::vector<Step> body;
};

struct Step {
  std::variant<Dispatch, Fill, Copy, Loop> operation;
};

struct Variant {
  /// "opencl" and "vulkan": kernels have workgroups, dispatches a grid.
  bool isForGpu() const { return target == "opencl" || target == "vulkan"; }

  std::string target;
  std::vector<std::string> requirements;
  std::vector<Kernel> kernels;
  std::vector<Bytes> constants;
  std::vector<BufferSlot> buffers;
  uint64_t arenaBytes = 0;
  std::vector<Step> steps;
};

struct Alias {
  uint32_t output = 0, input = 0;
};

struct Entry {
  std::string name;
  std::vector<Tensor> inputs, outputs;
  std::vector<Alias> aliases;
  std::vector<Variant> variants;
};

struct Package {
  std::string producer;
  std::vector<Entry> entries;
  std::vector<Module> modules;
  std::string description; ///< JSON
  Memory file;             ///< what modules and constants point into
};

} // namespace polytile::runtime
