// C API: executables, streams, events and profiles.
#include "runtime/api/Handles.h"

using namespace polytile::runtime;

namespace {

/// The buffers behind handles, held for the length of a call.
class Arguments {
public:
  Arguments(ptl_buffer *const *handles, size_t count) {
    many.reserve(count);
    for (size_t i = 0; i < count; ++i)
      many.push_back(handles[i] ? handles[i]->object : nullptr);
  }
  BufferSpan span() const { return many; }
  std::vector<std::shared_ptr<Buffer>> take() { return std::move(many); }

private:
  std::vector<std::shared_ptr<Buffer>> many;
};

Status checkLists(ptl_buffer *const *inputs, size_t input_count,
                  ptl_buffer *const *outputs, size_t output_count) {
  if (input_count)
    PTL_NOT_NULL(inputs);
  if (output_count)
    PTL_NOT_NULL(outputs);
  return {};
}

} // namespace

ptl_status *ptl_executable_create(ptl_device *device,
                                  const ptl_package *package, size_t entry,
                                  ptl_executable **executable) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(executable);
    *executable = nullptr;
    PTL_NOT_NULL(device);
    PTL_NOT_NULL(package);
    if (entry >= package->object->entries.size())
      return fail(PTL_STATUS_INVALID_ARGUMENT, "entry ", entry, " of ",
                  package->object->entries.size());
    auto made = std::make_unique<ptl_executable>();
    PTL_TRY(device->object->prepare(package->object, entry, made->object));
    *executable = made.release();
    return {};
  });
}

ptl_status *ptl_executable_run(ptl_executable *executable,
                               ptl_buffer *const *inputs, size_t input_count,
                               ptl_buffer *const *outputs,
                               size_t output_count) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(executable);
    PTL_TRY(checkLists(inputs, input_count, outputs, output_count));
    Arguments in(inputs, input_count), out(outputs, output_count);
    PTL_TRY(executable->object->check(in.span(), out.span()));
    return executable->object->run(in.span(), out.span());
  });
}

uint64_t ptl_executable_scratch_bytes(const ptl_executable *executable) {
  return executable ? executable->object->scratchBytes() : 0;
}

const char *ptl_executable_variant(const ptl_executable *executable) {
  return executable ? executable->object->variantText().c_str() : "";
}

ptl_status *ptl_executable_trim(ptl_executable *executable) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(executable);
    executable->object->trim();
    return {};
  });
}

void ptl_executable_destroy(ptl_executable *executable) { delete executable; }

ptl_status *ptl_stream_create(ptl_device *device, ptl_stream **stream) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(stream);
    *stream = nullptr;
    PTL_NOT_NULL(device);
    auto made = std::make_unique<ptl_stream>();
    made->device = device->object;
    *stream = made.release();
    return {};
  });
}

ptl_status *ptl_stream_run(ptl_stream *stream, ptl_executable *executable,
                           ptl_buffer *const *inputs, size_t input_count,
                           ptl_buffer *const *outputs, size_t output_count) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(stream);
    PTL_NOT_NULL(executable);
    PTL_TRY(checkLists(inputs, input_count, outputs, output_count));
    if (executable->object->device() != stream->device)
      return fail(PTL_STATUS_INVALID_ARGUMENT,
                  "the executable belongs to another device than the stream");
    Arguments in(inputs, input_count), out(outputs, output_count);
    PTL_TRY(executable->object->check(in.span(), out.span()));
    stream->object.enqueueRun(executable->object, in.take(), out.take());
    return {};
  });
}

ptl_status *ptl_stream_record(ptl_stream *stream, ptl_event *event) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(stream);
    PTL_NOT_NULL(event);
    stream->object.enqueueRecord(event->object);
    return {};
  });
}

ptl_status *ptl_stream_wait(ptl_stream *stream, ptl_event *event) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(stream);
    PTL_NOT_NULL(event);
    stream->object.enqueueWait(event->object);
    return {};
  });
}

ptl_status *ptl_stream_synchronize(ptl_stream *stream) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(stream);
    return stream->object.synchronize();
  });
}

void ptl_stream_destroy(ptl_stream *stream) { delete stream; }

ptl_status *ptl_event_create(ptl_device *device, ptl_event **event) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(event);
    *event = nullptr;
    PTL_NOT_NULL(device);
    *event = new ptl_event{std::make_shared<Event>()};
    return {};
  });
}

ptl_status *ptl_event_synchronize(ptl_event *event) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(event);
    event->object->await(event->object->latest());
    return {};
  });
}

bool ptl_event_is_reached(const ptl_event *event) {
  return !event || event->object->isReached();
}

ptl_status *ptl_event_elapsed(const ptl_event *from, const ptl_event *to,
                              double *seconds) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(from);
    PTL_NOT_NULL(to);
    PTL_NOT_NULL(seconds);
    Event::Clock::time_point begin, end;
    if (!from->object->time(begin) || !to->object->time(end))
      return fail(PTL_STATUS_INVALID_ARGUMENT,
                  "an event was not recorded, or isn't reached yet");
    *seconds = std::chrono::duration<double>(end - begin).count();
    return {};
  });
}

void ptl_event_destroy(ptl_event *event) { delete event; }

ptl_status *ptl_executable_set_profiling(ptl_executable *executable,
                                         bool enabled) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(executable);
    executable->object->setProfiling(enabled);
    return {};
  });
}

ptl_status *ptl_profile_create(ptl_executable *executable, bool reset,
                               ptl_profile **profile) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(profile);
    *profile = nullptr;
    PTL_NOT_NULL(executable);
    auto made = std::make_unique<ptl_profile>();
    made->executable = executable->object;
    made->times = executable->object->times(reset);
    *profile = made.release();
    return {};
  });
}

size_t ptl_profile_count(const ptl_profile *profile) {
  return profile ? profile->times.size() : 0;
}

ptl_status *ptl_profile_get(const ptl_profile *profile, size_t index,
                            ptl_kernel_profile *kernel) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(profile);
    PTL_NOT_NULL(kernel);
    if (index >= profile->times.size())
      return fail(PTL_STATUS_INVALID_ARGUMENT, "kernel ", index, " of ",
                  profile->times.size());
    const Kernel &source = profile->executable->variant().kernels[index];
    const KernelTimes &times = profile->times[index];
    *kernel = {source.symbol.c_str(),
               source.source.c_str(),
               source.file.c_str(),
               source.line,
               times.calls,
               double(times.nanoseconds) * 1e-9,
               source.flops * times.calls,
               source.bytes * times.calls};
    return {};
  });
}

void ptl_profile_destroy(ptl_profile *profile) { delete profile; }
