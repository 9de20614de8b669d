// Packages for tests.
#include "test/conformance/TestPackages.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

using namespace polytile::package;

namespace polytile::test {
namespace {

BufferDesc input(uint32_t index, uint64_t size) {
  return {BufferKind::Input, index, size, 0};
}
BufferDesc output(uint32_t index, uint64_t size) {
  return {BufferKind::Output, index, size, 0};
}
BufferDesc temporary(uint64_t offset, uint64_t size) {
  return {BufferKind::Temporary, 0, size, offset};
}

std::vector<uint8_t> contentsOf(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes(std::istreambuf_iterator<char>(file), {});
  if (bytes.empty()) {
    std::fprintf(stderr, "no test kernels at %s\n", path.c_str());
    std::abort();
  }
  return bytes;
}

/// The kernels that kernels.cl and the folder spirv have.
constexpr const char *gpuKernels[] = {"add_f32",   "scan_step",   "double_f32",
                                      "count_i32", "reverse_f32", "nothing"};
constexpr uint32_t workgroupSize = 64;
/// Where packageOf puts their modules.
constexpr uint32_t openclModule = 1, firstSpirvModule = 2;

const char *const *gpuKernelCalled(const std::string &symbol) {
  return std::find(std::begin(gpuKernels), std::end(gpuKernels), symbol);
}

/// Turns a variant's dispatches into those of workgroups, each with one more
/// binding: a constant that holds the number of items.
struct Offload {
  VariantDesc variant;

  void run(const std::string &target) {
    variant.target = target;
    for (KernelDesc &kernel : variant.kernels) {
      kernel.module = target == "opencl"
                          ? openclModule
                          : static_cast<uint32_t>(
                                firstSpirvModule +
                                (gpuKernelCalled(kernel.symbol) - gpuKernels));
      kernel.workgroupSize = {workgroupSize, 1, 1};
    }
    // What was aligned for vector instructions is aligned for any device.
    variant.arenaBytes = 0;
    for (BufferDesc &buffer : variant.buffers)
      if (buffer.kind == BufferKind::Temporary) {
        buffer.arenaOffset *= 8;
        variant.arenaBytes =
            std::max(variant.arenaBytes, buffer.arenaOffset + buffer.size);
      }
    visit(variant.steps);
  }

  void visit(std::vector<StepDesc> &steps) {
    std::vector<StepDesc> kept;
    for (StepDesc &step : steps) {
      if (auto *loop = std::get_if<LoopDesc>(&step.operation))
        visit(loop->body);
      if (auto *dispatch = std::get_if<DispatchDesc>(&step.operation)) {
        if (dispatch->items == 0)
          continue;
        visit(*dispatch);
      }
      kept.push_back(std::move(step));
    }
    steps = std::move(kept);
  }

  void visit(DispatchDesc &dispatch) {
    auto items = static_cast<uint32_t>(dispatch.items);
    ConstantDesc count;
    for (unsigned byte = 0; byte < 4; ++byte)
      count.bytes.push_back(static_cast<uint8_t>(items >> (8 * byte)));
    variant.buffers.push_back(
        {BufferKind::Constant, uint32_t(variant.constants.size()), 4, 0});
    variant.constants.push_back(count);
    dispatch.bindings.push_back(
        reads(static_cast<uint32_t>(variant.buffers.size() - 1), 4));
    uint32_t groups =
        static_cast<uint32_t>((items + workgroupSize - 1) / workgroupSize);
    dispatch.grid = {groups, 1, 1};
    dispatch.items = groups;
    dispatch.grain = 0;
  }
};

/// A binding that moves by `strides` and is aligned only to an element.
BindingDesc moving(BindingDesc binding, uint64_t offset,
                   std::vector<int64_t> strides) {
  binding.byteOffset = offset;
  binding.loopStrides = std::move(strides);
  binding.alignment = 4;
  return binding;
}

} // namespace

ModuleDesc kernelModule() {
  return {"elf-x86_64", 1, contentsOf(POLYTILE_TEST_KERNELS)};
}

PackageDesc packageOf(EntryDesc entry) {
  PackageDesc package;
  package.producer = "polytile test";
  package.entries.push_back(std::move(entry));
  package.modules.push_back(kernelModule());
  const std::vector<VariantDesc> &variants = package.entries[0].variants;
  if (std::all_of(variants.begin(), variants.end(),
                  [](const VariantDesc &v) { return v.target == "cpu"; }))
    return package;
  package.modules.push_back(
      {"opencl-c", 1, contentsOf(POLYTILE_TEST_OPENCL_KERNELS)});
  for (const char *symbol : gpuKernels)
    package.modules.push_back(
        {"spirv", 1,
         contentsOf(std::string(POLYTILE_TEST_SPIRV_FOLDER) + "/" + symbol +
                    ".spv")});
  return package;
}

TensorDesc f32(std::string name, std::vector<int64_t> dims) {
  return {std::move(name), ElementType::F32, std::move(dims)};
}

TensorDesc i32(std::string name, std::vector<int64_t> dims) {
  return {std::move(name), ElementType::I32, std::move(dims)};
}

BindingDesc reads(uint32_t buffer, uint64_t size) {
  BindingDesc binding;
  binding.buffer = buffer;
  binding.size = size;
  return binding;
}

BindingDesc writes(uint32_t buffer, uint64_t size) {
  BindingDesc binding = reads(buffer, size);
  binding.access = Access::Write;
  return binding;
}

KernelDesc kernel(std::string symbol) {
  KernelDesc desc;
  desc.symbol = std::move(symbol);
  desc.source = "a kernel by hand";
  desc.file = "kernels.c";
  desc.line = 1;
  return desc;
}

StepDesc dispatch(uint32_t kernel, std::vector<BindingDesc> bindings,
                  uint64_t items) {
  DispatchDesc desc;
  desc.kernel = kernel;
  desc.bindings = std::move(bindings);
  desc.items = items;
  return {desc};
}

EntryDesc onEveryDevice(EntryDesc entry) {
  if (entry.variants.size() != 1 || entry.variants[0].target != "cpu")
    return entry;
  const VariantDesc cpu = entry.variants[0];
  for (const KernelDesc &kernel : cpu.kernels)
    if (gpuKernelCalled(kernel.symbol) == std::end(gpuKernels) ||
        kernel.workspaceBytes)
      return entry;
  for (const char *target : {"opencl", "vulkan"}) {
    Offload offload{cpu};
    offload.run(target);
    entry.variants.push_back(offload.variant);
  }
  return entry;
}

EntryDesc addEntry(int64_t n) {
  uint64_t bytes = static_cast<uint64_t>(n) * 4;
  VariantDesc variant;
  variant.kernels = {kernel("add_f32")};
  variant.kernels[0].flops = static_cast<uint64_t>(n);
  variant.kernels[0].bytes = 3 * bytes;
  variant.buffers = {input(0, bytes), input(1, bytes), output(0, bytes)};
  variant.steps = {
      dispatch(0, {reads(0, bytes), reads(1, bytes), writes(2, bytes)},
               static_cast<uint64_t>(n))};
  return {
      "add", {f32("A", {n}), f32("B", {n})}, {f32("C", {n})}, {}, {variant}};
}

EntryDesc twiceEntry(int64_t n) {
  uint64_t bytes = static_cast<uint64_t>(n) * 4,
           items = static_cast<uint64_t>(n);
  VariantDesc variant;
  variant.kernels = {kernel("double_f32"), kernel("add_f32")};
  variant.buffers = {input(0, bytes), output(0, bytes), temporary(64, bytes),
                     temporary(64, bytes)};
  variant.arenaBytes = 64 + bytes;
  // The first kernel works in place: its result's buffer is the place of its
  // operand's.
  BindingDesc inPlace = writes(3, bytes);
  inPlace.mayAlias = true;
  CopyDesc copy{reads(0, bytes), writes(2, bytes)};
  variant.steps = {
      StepDesc{copy}, dispatch(0, {reads(2, bytes), inPlace}, items),
      dispatch(1, {reads(3, bytes), reads(3, bytes), writes(1, bytes)}, items)};
  return {"twice", {f32("A", {n})}, {f32("C", {n})}, {{0, 0}}, {variant}};
}

EntryDesc scanEntry(int64_t steps) {
  constexpr uint64_t row = 64;
  uint64_t bytes = static_cast<uint64_t>(steps) * row;
  VariantDesc variant;
  variant.kernels = {kernel("scan_step")};
  variant.buffers = {input(0, bytes), output(0, bytes), temporary(0, row)};
  variant.arenaBytes = row;
  // Y[t] = X[t] + S, and S = Y[t], where S begins as zeros.
  LoopDesc loop;
  loop.tripCount = static_cast<uint64_t>(steps);
  loop.body = {
      dispatch(0,
               {moving(reads(0, row), 0, {row}), reads(2, row),
                moving(writes(1, row), 0, {row})},
               16),
      StepDesc{CopyDesc{moving(reads(1, row), 0, {row}), writes(2, row)}}};
  variant.steps = {StepDesc{FillDesc{writes(2, row), {0}}}, StepDesc{loop}};
  return {
      "scan", {f32("X", {steps, 16})}, {f32("Y", {steps, 16})}, {}, {variant}};
}

EntryDesc moveEntry() {
  constexpr uint64_t cell = 128, row = 6 * cell,
                     all = 4 * row; // 32 floats, 6 cells, 4 rows
  VariantDesc variant;
  ConstantDesc constant;
  constant.bytes.assign(cell, 7);
  variant.constants = {constant};
  variant.buffers = {input(0, row),
                     output(0, all),
                     {BufferKind::Constant, 0, cell, 0},
                     temporary(0, row)};
  variant.arenaBytes = row;
  LoopDesc inner;
  inner.tripCount = 6;
  // Cells from the last to the first: offset 5 * 128 - 128 * i1, in row i0.
  inner.body = {StepDesc{CopyDesc{
      moving(reads(3, cell), 0, {0, cell}),
      moving(writes(1, cell), 5 * cell, {int64_t(row), -int64_t(cell)})}}};
  LoopDesc outer;
  outer.tripCount = 4;
  outer.body = {StepDesc{inner}};
  FillDesc pattern{moving(writes(1, 24), 0, {}), {1, 2, 3, 4, 5, 6, 7, 8}};
  variant.steps = {StepDesc{CopyDesc{reads(0, row), writes(3, row)}},
                   StepDesc{outer}, StepDesc{pattern},
                   StepDesc{CopyDesc{reads(2, cell),
                                     moving(writes(1, cell), all - cell, {})}}};
  return {
      "move", {f32("in", {6, 32})}, {f32("out", {4, 6, 32})}, {}, {variant}};
}

EntryDesc levelsEntry() {
  EntryDesc entry{"levels", {}, {i32("level", {})}, {}, {}};
  for (int level = 1; level <= 4; ++level) {
    std::string number = std::to_string(level);
    VariantDesc variant;
    variant.requirements = {level == 1 ? "x86-64" : "x86-64-v" + number};
    variant.kernels = {kernel("level_" + number)};
    variant.buffers = {output(0, 4)};
    variant.steps = {dispatch(0, {writes(0, 4)}, 1)};
    entry.variants.push_back(variant);
  }
  return entry;
}

EntryDesc emptyEntry(uint64_t items) {
  VariantDesc variant;
  variant.kernels = {kernel("nothing")};
  variant.steps = {dispatch(0, {}, items)};
  return {"empty", {}, {}, {}, {variant}};
}

EntryDesc reverseEntry(uint32_t groups) {
  uint64_t bytes = groups * workgroupSize * 4;
  VariantDesc variant;
  variant.kernels = {kernel("reverse_f32")};
  variant.buffers = {input(0, bytes), output(0, bytes)};
  variant.steps = {
      dispatch(0, {reads(0, bytes), writes(1, bytes)}, groups * workgroupSize)};
  auto items = static_cast<int64_t>(groups * workgroupSize);
  EntryDesc entry = onEveryDevice(
      {"reverse", {f32("X", {items})}, {f32("Y", {items})}, {}, {variant}});
  for (VariantDesc &gpu : entry.variants)
    if (gpu.target != "cpu")
      gpu.kernels[0].workgroupMemoryBytes = workgroupSize * 4;
  entry.variants.erase(entry.variants.begin());
  return entry;
}

EntryDesc itemsEntry(std::string name, std::string symbol, int64_t items,
                     uint64_t workspaceBytes) {
  uint64_t bytes = static_cast<uint64_t>(items) * 4;
  VariantDesc variant;
  variant.kernels = {kernel(std::move(symbol))};
  variant.kernels[0].workspaceBytes = workspaceBytes;
  variant.buffers = {output(0, bytes)};
  BindingDesc counters = writes(0, bytes);
  counters.access = Access::ReadWrite;
  variant.steps = {StepDesc{FillDesc{writes(0, bytes), {0, 0, 0, 0}}},
                   dispatch(0, {counters}, static_cast<uint64_t>(items))};
  return {std::move(name), {}, {i32("out", {items})}, {}, {variant}};
}

} // namespace polytile::test
