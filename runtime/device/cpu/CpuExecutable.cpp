// Runs an entry's schedule on the CPU. Everything was checked when the package
// was loaded, so that nothing is here.
#include "runtime/device/cpu/CpuExecutable.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace polytile::runtime {
namespace {

uint64_t roundUp(uint64_t bytes) {
  return (bytes + Memory::kAlignment - 1) / Memory::kAlignment *
         Memory::kAlignment;
}

size_t countMostBindings(const std::vector<Step> &steps) {
  size_t most = 0;
  for (const Step &step : steps) {
    if (const auto *dispatch = std::get_if<Dispatch>(&step.operation))
      most = std::max(most, dispatch->bindings.size());
    else if (const auto *loop = std::get_if<Loop>(&step.operation))
      most = std::max(most, countMostBindings(loop->body));
  }
  return most;
}

/// One dispatch as the pool's threads see it.
struct KernelCall {
  ptl_kernel_fn kernel;
  ptl_kernel_args args;
  unsigned char *workspaces;
  uint64_t workspaceStride;
  std::atomic<int32_t> failure{0};

  void operator()(unsigned worker, int64_t begin, int64_t end) {
    ptl_kernel_args own = args;
    own.workspace =
        args.workspace_bytes ? workspaces + worker * workspaceStride : nullptr;
    if (int32_t code = kernel(&own, begin, end)) {
      int32_t none = 0;
      failure.compare_exchange_strong(none, code, std::memory_order_relaxed);
    }
  }
};

bool isAligned(const void *pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % Memory::kAlignment == 0;
}

} // namespace

CpuExecutable::CpuExecutable(std::shared_ptr<CpuDevice> device,
                             std::shared_ptr<const Package> package,
                             size_t entry, size_t variantIndex)
    : Executable(device, std::move(package), entry, variantIndex), cpu(*device),
      counters(variant().kernels.size()) {
  for (const Kernel &kernel : variant().kernels)
    workspaceStride = std::max(workspaceStride, roundUp(kernel.workspaceBytes));
  const std::vector<BufferSlot> &buffers = variant().buffers;
  for (uint32_t i = 0; i < buffers.size(); ++i)
    if (buffers[i].kind == BufferKind::Input ||
        buffers[i].kind == BufferKind::Output)
      externals.push_back(i);
  mostBindings = countMostBindings(variant().steps);
}

Status CpuExecutable::make(std::shared_ptr<CpuDevice> device,
                           std::shared_ptr<const Package> package, size_t entry,
                           size_t variant,
                           std::shared_ptr<Executable> &executable) {
  auto made = std::make_shared<CpuExecutable>(std::move(device), package, entry,
                                              variant);
  PTL_TRY(made->loadKernels(*package));
  made->cpu.enter(made.get());
  executable = std::move(made);
  return {};
}

Status CpuExecutable::loadKernels(const Package &package) {
  modules.resize(package.modules.size());
  for (const Kernel &kernel : variant().kernels) {
    std::shared_ptr<CpuModule> &module = modules[kernel.module];
    if (!module)
      PTL_TRY(cpu.module(package, kernel.module, module));
    auto function =
        reinterpret_cast<ptl_kernel_fn>(module->find(kernel.symbol.c_str()));
    if (!function)
      return fail(PTL_STATUS_CORRUPT, "module ", kernel.module,
                  " has no kernel ", inQuotes(kernel.symbol));
    kernels.push_back(function);
  }
  return {};
}

Status CpuExecutable::takeScratch(std::unique_ptr<Scratch> &scratch) {
  {
    std::lock_guard lock(scratchMutex);
    if (!idle.empty()) {
      scratch = std::move(idle.back());
      idle.pop_back();
      return {};
    }
  }
  auto made = std::make_unique<Scratch>();
  PTL_TRY(
      cpu.allocate(variant().arenaBytes, false, made->arena).within("arena"));
  PTL_TRY(
      cpu.allocate(workspaceStride * cpu.threadCount(), false, made->workspace)
          .within("workspaces of " + std::to_string(cpu.threadCount()) +
                  " threads"));
  made->bindings.resize(mostBindings);
  for (const BufferSlot &buffer : variant().buffers) {
    unsigned char *base = nullptr;
    if (buffer.kind == BufferKind::Temporary)
      base = made->arena.data() + buffer.arenaOffset;
    else if (buffer.kind == BufferKind::Constant) // never written: the package
                                                  // was checked for it
      base =
          const_cast<unsigned char *>(variant().constants[buffer.index].data());
    made->bases.push_back(base);
  }
  scratch = std::move(made);
  return {};
}

Status CpuExecutable::bindArguments(Scratch &scratch, BufferSpan inputs,
                                    BufferSpan outputs) {
  scratch.staged.clear();
  for (uint32_t slot : externals) {
    const BufferSlot &buffer = variant().buffers[slot];
    bool isInput = buffer.kind == BufferKind::Input;
    const Buffer &argument =
        isInput ? *inputs[buffer.index] : *outputs[buffer.index];
    scratch.bases[slot] = argument.data();
    if (isAligned(argument.data()))
      continue;
    // One copy for all slots of the same argument.
    auto same = [&](uint32_t other) {
      return variant().buffers[other].kind == buffer.kind &&
             variant().buffers[other].index == buffer.index;
    };
    uint32_t first = *std::find_if(externals.begin(), externals.end(), same);
    if (first != slot) {
      scratch.bases[slot] = scratch.bases[first];
      continue;
    }
    Memory copy;
    PTL_TRY(cpu.allocate(argument.size(), false, copy)
                .within("aligned copy of an argument"));
    if (isInput)
      std::memcpy(copy.data(), argument.data(), argument.size());
    scratch.bases[slot] = copy.data();
    scratch.staged.push_back(std::move(copy));
  }
  return {};
}

void CpuExecutable::copyBack(Scratch &scratch, BufferSpan outputs) {
  for (uint32_t slot : externals) {
    const BufferSlot &buffer = variant().buffers[slot];
    if (buffer.kind != BufferKind::Output ||
        scratch.bases[slot] == outputs[buffer.index]->data())
      continue;
    std::memcpy(outputs[buffer.index]->data(), scratch.bases[slot],
                buffer.size);
  }
}

Status CpuExecutable::run(BufferSpan inputs, BufferSpan outputs) {
  std::unique_ptr<Scratch> scratch;
  PTL_TRY(takeScratch(scratch));
  scratch->depth = 0;
  Status status = bindArguments(*scratch, inputs, outputs);
  if (status.ok())
    status = execute(*scratch, variant().steps);
  if (status.ok() && !scratch->staged.empty())
    copyBack(*scratch, outputs);
  scratch->staged.clear();
  std::lock_guard lock(scratchMutex);
  idle.push_back(std::move(scratch));
  return status;
}

void CpuExecutable::trim() {
  std::lock_guard lock(scratchMutex);
  idle.clear();
}

Status CpuExecutable::execute(Scratch &scratch,
                              const std::vector<Step> &steps) {
  for (const Step &step : steps)
    PTL_TRY(std::visit(
        [&](const auto &operation) { return execute(scratch, operation); },
        step.operation));
  return {};
}

namespace {

/// Where a binding begins in this iteration.
unsigned char *address(const Binding &binding, unsigned char *const *bases,
                       const int64_t *iterations) {
  int64_t offset = binding.offset;
  for (size_t loop = 0; loop < binding.strides.size(); ++loop)
    offset += binding.strides[loop] * iterations[loop];
  return bases[binding.buffer] + offset;
}

} // namespace

Status CpuExecutable::execute(Scratch &scratch, const Dispatch &dispatch) {
  for (size_t i = 0; i < dispatch.bindings.size(); ++i)
    scratch.bindings[i] =
        address(dispatch.bindings[i], scratch.bases.data(), scratch.iterations);
  KernelCall call{
      kernels[dispatch.kernel],
      {PTL_KERNEL_ABI_VERSION, static_cast<uint32_t>(dispatch.bindings.size()),
       scratch.bindings.data(), nullptr,
       static_cast<int64_t>(variant().kernels[dispatch.kernel].workspaceBytes),
       dispatch.items},
      scratch.workspace.data(),
      workspaceStride};
  if (profiling.load(std::memory_order_relaxed)) {
    auto begin = std::chrono::steady_clock::now();
    cpu.pool().forEach(dispatch.items, dispatch.grain, call);
    auto time = std::chrono::steady_clock::now() - begin;
    counters.add(dispatch.kernel,
                 static_cast<uint64_t>(std::chrono::nanoseconds(time).count()));
  } else {
    cpu.pool().forEach(dispatch.items, dispatch.grain, call);
  }
  int32_t code = call.failure.load(std::memory_order_relaxed);
  return code ? dispatchFailure(dispatch, code) : Status();
}

Status CpuExecutable::dispatchFailure(const Dispatch &dispatch,
                                      int32_t code) const {
  const Kernel &kernel = variant().kernels[dispatch.kernel];
  std::string place;
  if (!kernel.file.empty())
    place = " (" + kernel.file + ":" + std::to_string(kernel.line) + ")";
  return fail(PTL_STATUS_KERNEL_FAILED, "kernel ", inQuotes(kernel.symbol),
              place, " returned ", code);
}

Status CpuExecutable::execute(Scratch &scratch, const Fill &fill) {
  unsigned char *begin =
      address(fill.dst, scratch.bases.data(), scratch.iterations);
  size_t size = static_cast<size_t>(fill.dst.size),
         pattern = fill.pattern.size();
  bool uniform =
      std::all_of(fill.pattern.begin(), fill.pattern.end(),
                  [&](unsigned char byte) { return byte == fill.pattern[0]; });
  if (uniform) {
    std::memset(begin, fill.pattern[0], size);
    return {};
  }
  // Doubles what is filled: each copy reads what the ones before it wrote.
  size_t done = std::min(size, pattern);
  std::memcpy(begin, fill.pattern.data(), done);
  while (done < size) {
    size_t piece = std::min(done, size - done);
    std::memcpy(begin + done, begin, piece);
    done += piece;
  }
  return {};
}

Status CpuExecutable::execute(Scratch &scratch, const Copy &copy) {
  unsigned char *dst =
      address(copy.dst, scratch.bases.data(), scratch.iterations);
  const unsigned char *src =
      address(copy.src, scratch.bases.data(), scratch.iterations);
  // The caller may have given one buffer as input and as output of an update in
  // place.
  std::memmove(dst, src, static_cast<size_t>(copy.src.size));
  return {};
}

Status CpuExecutable::execute(Scratch &scratch, const Loop &loop) {
  int64_t &iteration = scratch.iterations[scratch.depth++];
  for (iteration = 0; iteration < loop.tripCount; ++iteration)
    PTL_TRY(execute(scratch, loop.body));
  --scratch.depth;
  return {};
}

} // namespace polytile::runtime
