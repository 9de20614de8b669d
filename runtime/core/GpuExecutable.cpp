// Runs of entries on GPUs: scratch that is kept, constants that are uploaded
// once, arguments in host memory that are brought over and back.
#include "runtime/core/GpuDevice.h"

#include "runtime/core/Simulation.h"

namespace polytile::runtime {

GpuExecutable::GpuExecutable(std::shared_ptr<GpuDevice> device,
                             std::shared_ptr<const Package> package,
                             size_t entry, size_t variantIndex)
    : Executable(device, std::move(package), entry, variantIndex), gpu(*device),
      commands(variant(), device->capabilities().offsetAlignment),
      kernelCounters(variant().kernels.size()) {}

void GpuExecutable::retire() {
  gpu.leave(this);
  trim();
}

std::string GpuExecutable::kernelText(size_t index) const {
  const Kernel &kernel = variant().kernels[index];
  std::string text = "kernel " + inQuotes(kernel.symbol);
  if (!kernel.file.empty())
    text += " (" + kernel.file + ":" + std::to_string(kernel.line) + ")";
  return text;
}

void GpuExecutable::trim() {
  std::vector<std::unique_ptr<Scratch>> freed;
  std::lock_guard lock(scratchMutex);
  freed.swap(idle);
}

Status GpuExecutable::takeScratch(std::unique_ptr<Scratch> &scratch) {
  {
    std::lock_guard lock(scratchMutex);
    if (!idle.empty()) {
      scratch = std::move(idle.back());
      idle.pop_back();
      return {};
    }
  }
  auto made = std::make_unique<Scratch>();
  // Zeroed, as are buffers: what a vector reads past a tensor's end is then the
  // same in every run.
  PTL_TRY(gpu.take(commands.arenaBytes(), true, made->arena).within("arena"));
  PTL_TRY(makeRunState(made->state));
  scratch = std::move(made);
  return {};
}

Status GpuExecutable::uploadConstants() {
  std::lock_guard lock(constantsMutex);
  const std::vector<Bytes> &sources = variant().constants;
  while (constants.size() < sources.size()) {
    Bytes source = sources[constants.size()];
    PooledMemory memory;
    PTL_TRY(gpu.take(source.size(), true, memory).within("constants"));
    if (!source.empty())
      PTL_TRY(gpu.upload(*memory.get(), 0, source.data(), source.size())
                  .within("constants"));
    constants.push_back(std::move(memory));
  }
  return {};
}

Status GpuExecutable::run(BufferSpan inputs, BufferSpan outputs) {
  PTL_TRY(gpu.checkAlive());
  if (isSimulated("device-lost"))
    gpu.markLost("simulated");
  PTL_TRY(gpu.checkAlive());
  PTL_TRY(uploadConstants());
  std::unique_ptr<Scratch> scratch;
  PTL_TRY(takeScratch(scratch));
  PTL_TRY(runWith(*scratch, commands.resolve(inputs, outputs)));
  std::lock_guard lock(scratchMutex);
  idle.push_back(std::move(scratch));
  return {};
}

Status GpuExecutable::runWith(Scratch &scratch, const GpuArguments &arguments) {
  std::vector<DeviceMemory *> storages{scratch.arena.get()};
  for (const PooledMemory &constant : constants)
    storages.push_back(constant.get());
  std::vector<PooledMemory> copies(arguments.buffers.size());
  for (size_t i = 0; i < copies.size(); ++i) {
    const Buffer &buffer = *arguments.buffers[i];
    if (!buffer.data()) {
      storages.push_back(&static_cast<const GpuBuffer &>(buffer).memory());
      continue;
    }
    PTL_TRY(gpu.take(buffer.size(), false, copies[i])
                .within("copy of an argument in host memory"));
    storages.push_back(copies[i].get());
    if (arguments.isRead[i] && buffer.size())
      PTL_TRY(gpu.upload(*copies[i].get(), 0, buffer.data(), buffer.size()));
  }
  GpuRun run{arguments, storages, *scratch.state, profiling.load()};
  PTL_TRY(execute(run));
  for (size_t i = 0; i < copies.size(); ++i) {
    const Buffer &buffer = *arguments.buffers[i];
    if (copies[i] && arguments.isWritten[i] && buffer.size())
      PTL_TRY(gpu.download(*copies[i].get(), 0, buffer.data(), buffer.size()));
  }
  return {};
}

} // namespace polytile::runtime
