// Measures what an OpenCL device reaches at best: copies between two large
// buffers, multiply-adds in registers, and a row of empty launches.
#include "runtime/device/opencl/OpenCLDevice.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace polytile::runtime {
namespace {

using Clock = std::chrono::steady_clock;

/// Independent chains of multiply-adds, enough to cover the latency of any
/// unit: 16 of 4 lanes on GPUs, 12 of 16 lanes on CPUs, whose compilers don't
/// make vectors of work items that are in a loop. The result depends on all of
/// them, so that none is left out; sums converge to 2.
constexpr const char *kSource = R"(
__kernel void spin(__global VECTOR *out, uint rounds, float half_, float one) {
  VECTOR sums[CHAINS];
  #pragma unroll
  for (int i = 0; i < CHAINS; ++i)
    sums[i] = (VECTOR)(one + i + get_local_id(0));
  for (uint round = 0; round < rounds; ++round) {
    #pragma unroll
    for (int i = 0; i < CHAINS; ++i)
      sums[i] = mad(sums[i], (VECTOR)(half_), (VECTOR)(one));
  }
  VECTOR total = 0;
  #pragma unroll
  for (int i = 0; i < CHAINS; ++i)
    total += sums[i];
  out[get_global_id(0)] = total;
}
__kernel void copy(__global const float4 *from, __global float4 *to) {
  to[get_global_id(0)] = from[get_global_id(0)];
}
__kernel void nothing(__global float *out) {
  if (out == 0)
    out[1] = 0.0f;
}
)";

/// What spin is built with.
struct SpinShape {
  const char *options;
  int lanes, chains;
};
constexpr SpinShape kGpuShape{"-cl-std=CL1.2 -cl-mad-enable -DVECTOR=float4 "
                              "-DCHAINS=16",
                              4, 16};
constexpr SpinShape kCpuShape{"-cl-std=CL1.2 -cl-mad-enable -DVECTOR=float16 "
                              "-DCHAINS=12",
                              16, 12};

/// The queue, the kernels and two buffers.
class Meter {
public:
  explicit Meter(OpenCLDevice &device)
      : device(device), api(device.api),
        shape(device.capabilities().deviceType == "cpu" ? kCpuShape
                                                        : kGpuShape) {}

  Status open() {
    Bytes source(reinterpret_cast<const unsigned char *>(kSource),
                 std::strlen(kSource));
    PTL_TRY(device.program(source, shape.options, program));
    PTL_TRY(device.makeQueue(false, queue));
    PTL_TRY(kernel("spin", spin));
    PTL_TRY(kernel("copy", copy));
    PTL_TRY(kernel("nothing", nothing));
    const GpuCapabilities &known = device.capabilities();
    constexpr uint64_t most = uint64_t(256) << 20, least = uint64_t(1) << 20;
    bytes = std::min({most, known.bufferBytes, known.memoryBytes / 8});
    bytes = std::max(bytes / least, uint64_t(1)) * least;
    PTL_TRY(device.take(bytes, true, from));
    return device.take(bytes, true, to);
  }

  /// Read plus written, the better of the API's copy and a kernel's.
  Status measureCopy(double &bytesPerSecond) {
    cl_mem source = handle(from), target = handle(to);
    setArgument(copy, 0, source);
    setArgument(copy, 1, target);
    size_t items = bytes / 16, local = 128;
    double byKernel = 0, byCommand = 0;
    PTL_TRY(best(4, byKernel, [&] {
      return api.EnqueueNDRangeKernel(queue.get(), copy.get(), 1, nullptr,
                                      &items, &local, 0, nullptr, nullptr);
    }));
    PTL_TRY(best(4, byCommand, [&] {
      return api.EnqueueCopyBuffer(queue.get(), source, target, 0, 0, bytes, 0,
                                   nullptr, nullptr);
    }));
    bytesPerSecond = 2.0 * double(bytes) / std::min(byKernel, byCommand);
    return {};
  }

  Status measureFlops(double &flopsPerSecond) {
    const GpuCapabilities &known = device.capabilities();
    size_t local = std::min<uint64_t>(known.workgroupSize, 256);
    size_t items = std::min(
        local * 64 * std::max<uint64_t>(known.computeUnits, 1),
        bytes / (sizeof(float) * uint64_t(shape.lanes)) / local * local);
    if (known.deviceType == "cpu")
      items = std::min<size_t>(items, local * known.computeUnits * 4);
    cl_mem target = handle(to);
    cl_float half = 0.5f, one = 1.0f;
    setArgument(spin, 0, target);
    setArgument(spin, 2, half);
    setArgument(spin, 3, one);
    double seconds = 0;
    cl_uint rounds = 16;
    // Until one launch takes long enough to be measured, and not so long that a
    // watchdog looks at it.
    for (constexpr double enough = 0.01; rounds < (1u << 24); rounds *= 4) {
      setArgument(spin, 1, rounds);
      PTL_TRY(best(1, seconds, [&] {
        return api.EnqueueNDRangeKernel(queue.get(), spin.get(), 1, nullptr,
                                        &items, &local, 0, nullptr, nullptr);
      }));
      if (seconds >= enough)
        break;
    }
    flopsPerSecond =
        2.0 * shape.lanes * shape.chains * double(items) * rounds / seconds;
    return {};
  }

  Status measureLaunch(double &launchSeconds) {
    cl_mem target = handle(to);
    setArgument(nothing, 0, target);
    constexpr int launches = 200;
    size_t one = 1;
    PTL_TRY(best(1, launchSeconds, [&] {
      cl_int code = CL_SUCCESS;
      for (int i = 0; i < launches && code == CL_SUCCESS; ++i)
        code = api.EnqueueNDRangeKernel(queue.get(), nothing.get(), 1, nullptr,
                                        &one, &one, 0, nullptr, nullptr);
      return code;
    }));
    launchSeconds /= launches;
    return {};
  }

private:
  Status kernel(const char *name, OpenCLHandle<cl_kernel> &made) {
    cl_int code = CL_SUCCESS;
    cl_kernel raw = api.CreateKernel(program->handle(), name, &code);
    if (code != CL_SUCCESS)
      return device.failure(code, "clCreateKernel");
    made = {raw, api.ReleaseKernel};
    return {};
  }

  cl_mem handle(const PooledMemory &memory) const {
    return static_cast<OpenCLMemory *>(memory.get())->handle();
  }

  template <typename Value>
  void setArgument(const OpenCLHandle<cl_kernel> &kernel, cl_uint index,
                   const Value &value) {
    api.SetKernelArg(kernel.get(), index, sizeof(value), &value);
  }

  /// The shortest of 5 times of `repeats` commands, a piece.
  template <typename Enqueue>
  Status best(int repeats, double &seconds, Enqueue enqueue) {
    constexpr int tries = 5;
    seconds = 1e30;
    for (int attempt = 0; attempt < tries; ++attempt) {
      auto begin = Clock::now();
      cl_int code = CL_SUCCESS;
      for (int i = 0; i < repeats && code == CL_SUCCESS; ++i)
        code = enqueue();
      cl_int finished = api.Finish(queue.get());
      code = code == CL_SUCCESS ? finished : code;
      if (code != CL_SUCCESS)
        return device.failure(code, "measuring");
      double time = std::chrono::duration<double>(Clock::now() - begin).count();
      seconds = std::min(seconds, time / repeats);
    }
    return {};
  }

  OpenCLDevice &device;
  const OpenCLApi &api;
  const SpinShape shape;
  std::shared_ptr<OpenCLProgram> program;
  OpenCLHandle<cl_command_queue> queue;
  OpenCLHandle<cl_kernel> spin, copy, nothing;
  PooledMemory from, to;
  uint64_t bytes = 0;
};

} // namespace

Status measureOpenCLPeak(OpenCLDevice &device, ptl_device_peak &peak) {
  Meter meter(device);
  PTL_TRY(meter.open());
  PTL_TRY(meter.measureCopy(peak.copy_bytes_per_second));
  PTL_TRY(meter.measureFlops(peak.f32_flops_per_second));
  return meter.measureLaunch(peak.launch_seconds);
}

} // namespace polytile::runtime
