// OpenCL devices: listing, opening, memory and transfers.
#include "runtime/device/opencl/OpenCLDevice.h"

#include "runtime/core/DiskCache.h"
#include "runtime/device/opencl/OpenCLExecutable.h"

#include <algorithm>
#include <cstring>

namespace polytile::runtime {
namespace {

/// One half of the pinned memory; and from when on it is worth going through.
constexpr uint64_t kStagingBytes = uint64_t(8) << 20;
constexpr uint64_t kStageFrom = uint64_t(256) << 10;

/// The devices that can be used, in order, and what can't.
Status findUsable(const OpenCLApi *&api, std::vector<OpenCLCandidate> &usable,
                  std::vector<ListedDevice> &refused) {
  PTL_TRY(OpenCLApi::open(api));
  std::vector<OpenCLCandidate> all;
  PTL_TRY(enumerateOpenCL(*api, all, refused));
  for (OpenCLCandidate &candidate : all) {
    if (candidate.refusal.empty())
      usable.push_back(std::move(candidate));
    else
      refused.push_back({"opencl (" + candidate.hardware + ", " +
                             candidate.platformName + ")",
                         "", candidate.refusal});
  }
  return {};
}

std::string nameOf(size_t index) { return "opencl:" + std::to_string(index); }

} // namespace

Status listOpenCLDevices(std::vector<ListedDevice> &devices) {
  const OpenCLApi *api = nullptr;
  std::vector<OpenCLCandidate> usable;
  std::vector<ListedDevice> refused;
  Status status = findUsable(api, usable, refused);
  if (!status.ok())
    refused.push_back({"opencl", "", status.message()});
  // A device whose probe fails keeps its number: opening it says the same.
  for (size_t i = 0; i < usable.size(); ++i) {
    OpenCLProbe probe;
    status = probeOpenCL(*api, usable[i], nameOf(i), probe);
    if (status.ok())
      devices.push_back({nameOf(i), probe.capabilities.describe(), ""});
    else
      refused.push_back({nameOf(i), "", status.message()});
  }
  std::move(refused.begin(), refused.end(), std::back_inserter(devices));
  return {};
}

Status makeOpenCLDevice(unsigned index, const DeviceOptions &options,
                        std::shared_ptr<Device> &device) {
  const OpenCLApi *api = nullptr;
  std::vector<OpenCLCandidate> usable;
  std::vector<ListedDevice> refused;
  PTL_TRY(findUsable(api, usable, refused));
  if (index >= usable.size())
    return fail(PTL_STATUS_NOT_FOUND, "OpenCL devices found: ", usable.size());
  OpenCLProbe probe;
  PTL_TRY(probeOpenCL(*api, usable[index], nameOf(index), probe));
  auto made = std::make_shared<OpenCLDevice>(
      *api, std::move(usable[index]), std::move(probe), options.memoryLimit);
  PTL_TRY(made->open());
  device = std::move(made);
  return {};
}

OpenCLDevice::OpenCLDevice(const OpenCLApi &api, OpenCLCandidate found,
                           OpenCLProbe probed, uint64_t memoryLimit)
    : GpuDevice(probed.capabilities, memoryLimit), api(api),
      candidate(std::move(found)), probe(std::move(probed)) {}

OpenCLDevice::~OpenCLDevice() { releasePool(); }

Status OpenCLDevice::open() {
  PTL_TRY(openOpenCLContext(api, candidate, context));
  return makeQueue(false, transfers);
}

Status OpenCLDevice::makeQueue(bool isProfiled,
                               OpenCLHandle<cl_command_queue> &queue) {
  cl_int code = CL_SUCCESS;
  cl_command_queue made =
      api.CreateCommandQueue(context.get(), candidate.device,
                             isProfiled ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
  if (code != CL_SUCCESS)
    return failure(code, "clCreateCommandQueue");
  queue = {made, api.ReleaseCommandQueue};
  return {};
}

bool OpenCLDevice::isAnswering() {
  cl_int code = CL_SUCCESS;
  cl_mem made =
      api.CreateBuffer(context.get(), CL_MEM_READ_WRITE, 64, nullptr, &code);
  OpenCLHandle<cl_mem> memory(made, api.ReleaseMemObject);
  cl_uint word = 0;
  return code == CL_SUCCESS && transfers &&
         api.EnqueueWriteBuffer(transfers.get(), made, CL_TRUE, 0, sizeof(word),
                                &word, 0, nullptr, nullptr) == CL_SUCCESS &&
         api.Finish(transfers.get()) == CL_SUCCESS;
}

Status OpenCLDevice::failure(cl_int code, const std::string &what) {
  Status status = openCLFailure(code, what);
  bool isLost = status.code() == PTL_STATUS_DEVICE_LOST ||
                (code == CL_OUT_OF_RESOURCES && transfers && !isAnswering());
  if (!isLost)
    return std::move(status).within(name());
  markLost(status.message());
  return checkAlive();
}

Status OpenCLDevice::allocate(uint64_t bytes,
                              std::unique_ptr<DeviceMemory> &memory) {
  cl_int code = CL_SUCCESS;
  cl_mem made =
      api.CreateBuffer(context.get(), CL_MEM_READ_WRITE, bytes, nullptr, &code);
  OpenCLHandle<cl_mem> owner(made, api.ReleaseMemObject);
  // Drivers allocate when memory is used first; here is the place to hear that
  // there is none.
  if (code == CL_SUCCESS)
    code = api.EnqueueMigrateMemObjects(transfers.get(), 1, &made,
                                        CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED,
                                        0, nullptr, nullptr);
  if (code == CL_SUCCESS)
    code = api.Finish(transfers.get());
  if (code == CL_INVALID_BUFFER_SIZE)
    return fail(PTL_STATUS_OUT_OF_MEMORY, bytes, " bytes were asked for; ",
                name(), " allows buffers of ", capabilities().bufferBytes);
  if (code != CL_SUCCESS)
    return failure(code, std::to_string(bytes) +
                             " bytes of device memory: clCreateBuffer");
  memory = std::make_unique<OpenCLMemory>(bytes, std::move(owner));
  return {};
}

Status OpenCLDevice::clear(DeviceMemory &memory, uint64_t bytes) {
  uint64_t size = (bytes + 63) / 64 * 64;
  const cl_uint zero = 0;
  cl_int code = api.EnqueueFillBuffer(
      transfers.get(), static_cast<OpenCLMemory &>(memory).handle(), &zero,
      sizeof(zero), 0, size, 0, nullptr, nullptr);
  if (code == CL_SUCCESS)
    code = api.Finish(transfers.get());
  return code == CL_SUCCESS ? Status() : failure(code, "clEnqueueFillBuffer");
}

/// \pre stagingMutex is held
bool OpenCLDevice::makeStaging() {
  if (staging.isMade || staging.isRefused)
    return staging.isMade;
  staging.isRefused = true;
  for (int half = 0; half < 2; ++half) {
    cl_int code = CL_SUCCESS;
    cl_mem made = api.CreateBuffer(context.get(),
                                   CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR,
                                   kStagingBytes, nullptr, &code);
    staging.memory[half] = {made, api.ReleaseMemObject};
    if (code != CL_SUCCESS)
      return false;
    void *data = api.EnqueueMapBuffer(
        transfers.get(), made, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
        kStagingBytes, 0, nullptr, nullptr, &code);
    if (code != CL_SUCCESS)
      return false;
    staging.data[half] = static_cast<unsigned char *>(data);
  }
  staging.isRefused = false;
  staging.isMade = true;
  return true;
}

Status OpenCLDevice::uploadStaged(cl_mem to, uint64_t offset,
                                  const unsigned char *data, uint64_t bytes) {
  OpenCLHandle<cl_event> sent[2];
  int half = 0;
  cl_int code = CL_SUCCESS;
  for (uint64_t done = 0; done < bytes && code == CL_SUCCESS; half ^= 1) {
    uint64_t piece = std::min(kStagingBytes, bytes - done);
    if (sent[half]) {
      cl_event event = sent[half].get();
      code = api.WaitForEvents(1, &event);
    }
    if (code != CL_SUCCESS)
      break;
    std::memcpy(staging.data[half], data + done, piece);
    cl_event event = nullptr;
    code =
        api.EnqueueWriteBuffer(transfers.get(), to, CL_FALSE, offset + done,
                               piece, staging.data[half], 0, nullptr, &event);
    if (code == CL_SUCCESS)
      sent[half] = {event, api.ReleaseEvent};
    api.Flush(transfers.get());
    done += piece;
  }
  cl_int finished = api.Finish(transfers.get());
  code = code == CL_SUCCESS ? finished : code;
  return code == CL_SUCCESS ? Status() : failure(code, "clEnqueueWriteBuffer");
}

Status OpenCLDevice::downloadStaged(cl_mem from, uint64_t offset,
                                    unsigned char *data, uint64_t bytes) {
  // While one half is copied out, the other one is filled.
  OpenCLHandle<cl_event> arrived[2];
  cl_int code = CL_SUCCESS;
  auto request = [&](uint64_t begin, int half) {
    cl_event event = nullptr;
    code =
        api.EnqueueReadBuffer(transfers.get(), from, CL_FALSE, offset + begin,
                              std::min(kStagingBytes, bytes - begin),
                              staging.data[half], 0, nullptr, &event);
    if (code == CL_SUCCESS)
      arrived[half] = {event, api.ReleaseEvent};
    api.Flush(transfers.get());
  };
  request(0, 0);
  int half = 0;
  for (uint64_t done = 0; done < bytes && code == CL_SUCCESS; half ^= 1) {
    uint64_t piece = std::min(kStagingBytes, bytes - done);
    if (done + piece < bytes)
      request(done + piece, half ^ 1);
    if (code != CL_SUCCESS)
      break;
    cl_event event = arrived[half].get();
    code = api.WaitForEvents(1, &event);
    if (code == CL_SUCCESS)
      std::memcpy(data + done, staging.data[half], piece);
    done += piece;
  }
  cl_int finished = api.Finish(transfers.get());
  code = code == CL_SUCCESS ? finished : code;
  return code == CL_SUCCESS ? Status() : failure(code, "clEnqueueReadBuffer");
}

Status OpenCLDevice::upload(DeviceMemory &to, uint64_t offset, const void *data,
                            uint64_t bytes) {
  cl_mem memory = static_cast<OpenCLMemory &>(to).handle();
  if (!probe.hasUnifiedMemory && bytes >= kStageFrom) {
    std::unique_lock lock(stagingMutex, std::try_to_lock);
    if (lock.owns_lock() && makeStaging())
      return uploadStaged(memory, offset,
                          static_cast<const unsigned char *>(data), bytes);
  }
  cl_int code = api.EnqueueWriteBuffer(transfers.get(), memory, CL_TRUE, offset,
                                       bytes, data, 0, nullptr, nullptr);
  return code == CL_SUCCESS ? Status() : failure(code, "clEnqueueWriteBuffer");
}

Status OpenCLDevice::download(const DeviceMemory &from, uint64_t offset,
                              void *data, uint64_t bytes) {
  cl_mem memory = static_cast<const OpenCLMemory &>(from).handle();
  if (!probe.hasUnifiedMemory && bytes >= kStageFrom) {
    std::unique_lock lock(stagingMutex, std::try_to_lock);
    if (lock.owns_lock() && makeStaging())
      return downloadStaged(memory, offset, static_cast<unsigned char *>(data),
                            bytes);
  }
  cl_int code = api.EnqueueReadBuffer(transfers.get(), memory, CL_TRUE, offset,
                                      bytes, data, 0, nullptr, nullptr);
  return code == CL_SUCCESS ? Status() : failure(code, "clEnqueueReadBuffer");
}

Status OpenCLDevice::program(Bytes source, const std::string &options,
                             std::shared_ptr<OpenCLProgram> &program) {
  std::string key =
      options + "\n" + std::to_string(source.size()) + " " + hashText(source);
  std::lock_guard lock(programsMutex);
  program = programs[key].lock();
  if (program)
    return {};
  Status status = OpenCLProgram::build(
      {api, context.get(), candidate.device, probe.cacheKey}, source, options,
      program);
  if (status.code() == PTL_STATUS_DEVICE_LOST)
    markLost(status.message());
  if (!status.ok())
    return status;
  programs[key] = program;
  return {};
}

Status OpenCLDevice::makeExecutable(std::shared_ptr<const Package> package,
                                    size_t entry, size_t variant,
                                    std::shared_ptr<Executable> &executable) {
  auto self = std::static_pointer_cast<OpenCLDevice>(shared_from_this());
  auto made = std::make_shared<OpenCLExecutable>(
      std::move(self), candidate.device, std::move(package), entry, variant);
  PTL_TRY(made->buildKernels());
  executable = std::move(made);
  return {};
}

Status OpenCLDevice::measurePeak(ptl_device_peak &peak) {
  PTL_TRY(checkAlive());
  return measureOpenCLPeak(*this, peak);
}

} // namespace polytile::runtime
