// Runs entries on OpenCL devices: all commands of a run go into one in-order
// queue, and are waited for once.
#include "runtime/device/opencl/OpenCLExecutable.h"

#include <algorithm>
#include <map>

namespace polytile::runtime {

/// One run's queue and kernels: arguments belong to a kernel object, so that
/// runs at the same time need their own.
struct OpenCLExecutable::State final : RunState {
  struct Bound {
    OpenCLHandle<cl_kernel> kernel;
    std::vector<cl_mem> arguments; ///< that are set
  };
  using Place = std::tuple<cl_mem, uint64_t, uint64_t>;

  OpenCLHandle<cl_command_queue> queue, profiledQueue;
  std::vector<Bound> kernels;
  /// Parts of the arena and of constants, which stay; and of this run's
  /// arguments.
  std::map<Place, OpenCLHandle<cl_mem>> kept, passing;
};

OpenCLExecutable::OpenCLExecutable(std::shared_ptr<OpenCLDevice> device,
                                   cl_device_id id,
                                   std::shared_ptr<const Package> package,
                                   size_t entry, size_t variant)
    : GpuExecutable(device, std::move(package), entry, variant),
      opencl(*device), id(id) {}

Status OpenCLExecutable::makeKernel(size_t index,
                                    OpenCLHandle<cl_kernel> &made) const {
  cl_int code = CL_SUCCESS;
  cl_kernel kernel =
      opencl.api.CreateKernel(programs[index]->handle(),
                              variant().kernels[index].symbol.c_str(), &code);
  made = {kernel, opencl.api.ReleaseKernel};
  if (code == CL_INVALID_KERNEL_NAME)
    return fail(PTL_STATUS_CORRUPT, "module ", variant().kernels[index].module,
                " has no ", kernelText(index));
  if (code != CL_SUCCESS)
    return opencl.failure(code, kernelText(index) + ": clCreateKernel");
  return {};
}

Status OpenCLExecutable::buildKernels() {
  // Kernels of one module share a program; its text is looked at once.
  std::map<std::pair<uint32_t, std::string>, std::shared_ptr<OpenCLProgram>>
      built;
  for (size_t i = 0; i < variant().kernels.size(); ++i) {
    const Kernel &kernel = variant().kernels[i];
    auto &program = built[{kernel.module, kernel.buildOptions}];
    if (!program)
      PTL_TRY(opencl
                  .program(loadedPackage().modules[kernel.module].bytes,
                           kernel.buildOptions, program)
                  .within(kernelText(i) + " can't be built for " +
                          opencl.name() + " (" +
                          opencl.capabilities().hardware + ")"));
    programs.push_back(program);
    OpenCLHandle<cl_kernel> compiled;
    PTL_TRY(makeKernel(i, compiled));
    PTL_TRY(checkCompiled(i, compiled.get()));
  }
  return {};
}

/// What only the compiled kernel tells: its registers may allow fewer items
/// than the device does. Its local memory is not asked for: NVIDIA counts 16
/// bytes more than were declared, and runs kernels that use all of it. A kernel
/// that was compiled for its workgroups can run them, whatever the driver says
/// of others (rusticl says 32 of all kernels).
Status OpenCLExecutable::checkCompiled(size_t index, cl_kernel compiled) const {
  const Kernel &kernel = variant().kernels[index];
  uint64_t items = 1;
  for (uint32_t size : kernel.workgroupSize)
    items *= size;
  size_t allowed = 0, required[3] = {};
  opencl.api.GetKernelWorkGroupInfo(compiled, id,
                                    CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                                    sizeof(required), required, nullptr);
  bool isFixed = std::equal(std::begin(required), std::end(required),
                            kernel.workgroupSize.begin());
  if (!isFixed &&
      opencl.api.GetKernelWorkGroupInfo(compiled, id, CL_KERNEL_WORK_GROUP_SIZE,
                                        sizeof(allowed), &allowed,
                                        nullptr) == CL_SUCCESS &&
      allowed && items > allowed)
    return fail(PTL_STATUS_UNSUPPORTED, kernelText(index),
                " has workgroups of ", items, " items; compiled for ",
                opencl.name(), " it allows ", allowed);
  return {};
}

Status OpenCLExecutable::makeRunState(std::unique_ptr<RunState> &state) {
  auto made = std::make_unique<State>();
  PTL_TRY(opencl.makeQueue(false, made->queue));
  for (size_t i = 0; i < programs.size(); ++i)
    PTL_TRY(makeKernel(i, made->kernels.emplace_back().kernel));
  state = std::move(made);
  return {};
}

/// Puts the commands of one run into its queue.
class OpenCLExecutable::Recorder {
public:
  Recorder(OpenCLExecutable &executable, GpuRun &run, cl_command_queue queue)
      : executable(executable), run(run), api(executable.opencl.api),
        state(static_cast<State &>(run.state)), queue(queue) {}

  Status record(const GpuCommand &command) {
    PTL_TRY(recordOne(command));
    // Drivers may hold commands back until they are told; and an endless row of
    // them would fill the host's memory.
    constexpr uint64_t flushEach = 256, finishEach = 16384;
    ++commands;
    cl_int code = CL_SUCCESS;
    if (commands % finishEach == 0)
      code = api.Finish(queue);
    else if (commands % flushEach == 0)
      code = api.Flush(queue);
    return code == CL_SUCCESS ? Status()
                              : executable.opencl.failure(code, "clFlush");
  }

  struct Timed {
    uint32_t kernel;
    OpenCLHandle<cl_event> event;
  };
  std::vector<Timed> events;
  size_t lastKernel = 0;

private:
  Status recordOne(const GpuCommand &command) {
    switch (command.kind) {
    case GpuCommand::Kind::Dispatch:
      return dispatch(command);
    case GpuCommand::Kind::Fill:
      return fill(command);
    case GpuCommand::Kind::Copy:
      return copy(command);
    }
    return {};
  }

  cl_mem storage(const GpuRange &range) const {
    return static_cast<OpenCLMemory *>(run.storages[range.storage])->handle();
  }

  /// The memory itself where the range begins with it, else a part of it.
  Status memoryOf(const GpuRange &range, cl_mem &memory) {
    memory = storage(range);
    if (range.offset == 0)
      return {};
    bool stays = range.storage < executable.schedule().firstArgument();
    OpenCLHandle<cl_mem> &part =
        (stays ? state.kept
               : state.passing)[{memory, range.offset, range.size}];
    if (!part) {
      cl_buffer_region region{range.offset, range.size};
      cl_int code = CL_SUCCESS;
      cl_mem made =
          api.CreateSubBuffer(memory, CL_MEM_READ_WRITE,
                              CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
      if (code != CL_SUCCESS)
        return executable.opencl.failure(code, "clCreateSubBuffer");
      part = {made, api.ReleaseMemObject};
    }
    memory = part.get();
    return {};
  }

  Status dispatch(const GpuCommand &command) {
    lastKernel = command.kernel;
    State::Bound &bound = state.kernels[command.kernel];
    bound.arguments.resize(
        std::max(bound.arguments.size(), command.ranges.size()));
    for (size_t i = 0; i < command.ranges.size(); ++i) {
      cl_mem memory = nullptr;
      PTL_TRY(memoryOf(command.ranges[i], memory));
      if (bound.arguments[i] == memory)
        continue;
      bound.arguments[i] = nullptr;
      cl_int code = api.SetKernelArg(bound.kernel.get(), cl_uint(i),
                                     sizeof(memory), &memory);
      if (code != CL_SUCCESS)
        return failed(command, code, "clSetKernelArg");
      bound.arguments[i] = memory;
    }
    const Kernel &kernel = executable.variant().kernels[command.kernel];
    size_t global[3], local[3];
    for (size_t i = 0; i < 3; ++i) {
      local[i] = kernel.workgroupSize[i];
      global[i] = local[i] * command.grid[i];
    }
    cl_event event = nullptr;
    cl_int code = api.EnqueueNDRangeKernel(queue, bound.kernel.get(), 3,
                                           nullptr, global, local, 0, nullptr,
                                           run.isProfiled ? &event : nullptr);
    if (code != CL_SUCCESS)
      return failed(command, code, "clEnqueueNDRangeKernel");
    if (run.isProfiled)
      events.push_back({command.kernel, {event, api.ReleaseEvent}});
    return {};
  }

  Status failed(const GpuCommand &command, cl_int code, const char *what) {
    return executable.opencl.failure(
        code, executable.kernelText(command.kernel) + ": " + what);
  }

  Status fill(const GpuCommand &command) {
    const GpuRange &range = command.ranges[0];
    cl_int code = api.EnqueueFillBuffer(
        queue, storage(range), command.pattern.data(), command.pattern.size(),
        range.offset, range.size, 0, nullptr, nullptr);
    return code == CL_SUCCESS
               ? Status()
               : executable.opencl.failure(code, "clEnqueueFillBuffer");
  }

  Status copy(const GpuCommand &command) {
    const GpuRange &from = command.ranges[0], &to = command.ranges[1];
    cl_int code =
        api.EnqueueCopyBuffer(queue, storage(from), storage(to), from.offset,
                              to.offset, from.size, 0, nullptr, nullptr);
    return code == CL_SUCCESS
               ? Status()
               : executable.opencl.failure(code, "clEnqueueCopyBuffer");
  }

  OpenCLExecutable &executable;
  GpuRun &run;
  const OpenCLApi &api;
  State &state;
  cl_command_queue queue;
  uint64_t commands = 0;
};

Status OpenCLExecutable::readTimes(Recorder &recorder) {
  for (const Recorder::Timed &timed : recorder.events) {
    cl_ulong begin = 0, end = 0;
    for (auto [name, time] : {std::pair(CL_PROFILING_COMMAND_START, &begin),
                              std::pair(CL_PROFILING_COMMAND_END, &end)}) {
      cl_int code = opencl.api.GetEventProfilingInfo(
          timed.event.get(), cl_profiling_info(name), sizeof(*time), time,
          nullptr);
      if (code != CL_SUCCESS)
        return opencl.failure(code, "clGetEventProfilingInfo");
    }
    counters().add(timed.kernel, end > begin ? end - begin : 0);
  }
  return {};
}

Status OpenCLExecutable::execute(GpuRun &run) {
  State &state = static_cast<State &>(run.state);
  if (run.isProfiled && !state.profiledQueue)
    PTL_TRY(opencl.makeQueue(true, state.profiledQueue));
  cl_command_queue queue =
      (run.isProfiled ? state.profiledQueue : state.queue).get();
  Recorder recorder(*this, run, queue);
  Status status = schedule().walk(
      run.arguments,
      [&](const GpuCommand &command) { return recorder.record(command); },
      /*findBarriers=*/false);
  cl_int code = opencl.api.Finish(queue);
  if (status.ok() && code != CL_SUCCESS)
    status = opencl.failure(code, variant().kernels.empty()
                                      ? "clFinish"
                                      : "a run that ends with " +
                                            kernelText(recorder.lastKernel) +
                                            ": clFinish");
  if (status.ok() && run.isProfiled)
    status = readTimes(recorder);
  // Parts of arguments must not keep their memory; and another buffer may get
  // the handle of one that is gone, so that what is set says nothing later.
  state.passing.clear();
  for (State::Bound &bound : state.kernels)
    bound.arguments.clear();
  return status;
}

} // namespace polytile::runtime
