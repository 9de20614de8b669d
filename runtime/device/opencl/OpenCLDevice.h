// The OpenCL driver: any device with OpenCL 1.2 and a compiler for OpenCL C,
// through a loader that is opened at run time.
#pragma once

#include "runtime/core/GpuDevice.h"
#include "runtime/core/ListedDevice.h"
#include "runtime/device/opencl/OpenCLProbe.h"
#include "runtime/device/opencl/OpenCLProgram.h"

namespace polytile::runtime {

/// Lists opencl:0, opencl:1, ... and what isn't offered. Fails only for want of
/// memory: a missing loader is an entry with its reason.
Status listOpenCLDevices(std::vector<ListedDevice> &devices);

/// Opens opencl:index. NOT_FOUND says what is missing.
Status makeOpenCLDevice(unsigned index, const DeviceOptions &options,
                        std::shared_ptr<Device> &device);

/// A cl_mem.
class OpenCLMemory final : public DeviceMemory {
public:
  OpenCLMemory(uint64_t bytes, OpenCLHandle<cl_mem> memory)
      : DeviceMemory(bytes), memory(std::move(memory)) {}
  cl_mem handle() const { return memory.get(); }

private:
  OpenCLHandle<cl_mem> memory;
};

class OpenCLDevice final : public GpuDevice {
public:
  OpenCLDevice(const OpenCLApi &api, OpenCLCandidate candidate,
               OpenCLProbe probe, uint64_t memoryLimit);
  ~OpenCLDevice() override;
  /// Makes the context and the queue for transfers.
  Status open();

  Status upload(DeviceMemory &to, uint64_t offset, const void *data,
                uint64_t bytes) override;
  Status download(const DeviceMemory &from, uint64_t offset, void *data,
                  uint64_t bytes) override;
  Status measurePeak(ptl_device_peak &peak) override;

  /// An in-order queue.
  Status makeQueue(bool isProfiled, OpenCLHandle<cl_command_queue> &queue);
  /// Builds a program, or hands out the one that was.
  Status program(Bytes source, const std::string &options,
                 std::shared_ptr<OpenCLProgram> &program);
  /// A failure with the device's name; a lost device is remembered. Asks a
  /// device that says it lacks resources whether it is still alive: a kernel
  /// that reached outside of its memory shows in the same way.
  Status failure(cl_int code, const std::string &what);

  const OpenCLApi &api;

private:
  Status allocate(uint64_t bytes,
                  std::unique_ptr<DeviceMemory> &memory) override;
  Status clear(DeviceMemory &memory, uint64_t bytes) override;
  Status makeExecutable(std::shared_ptr<const Package> package, size_t entry,
                        size_t variant,
                        std::shared_ptr<Executable> &executable) override;
  bool isAnswering();

  /// Pinned memory that large transfers go through, in two halves: one is
  /// copied by the host while the other is on its way.
  struct Staging {
    OpenCLHandle<cl_mem> memory[2];
    unsigned char *data[2] = {};
    bool isMade = false, isRefused = false;
  };
  bool makeStaging();
  Status uploadStaged(cl_mem to, uint64_t offset, const unsigned char *data,
                      uint64_t bytes);
  Status downloadStaged(cl_mem from, uint64_t offset, unsigned char *data,
                        uint64_t bytes);

  OpenCLCandidate candidate;
  OpenCLProbe probe;
  OpenCLHandle<cl_context> context;
  OpenCLHandle<cl_command_queue> transfers;
  std::mutex stagingMutex;
  Staging staging;
  std::mutex programsMutex;
  std::map<std::string, std::weak_ptr<OpenCLProgram>> programs; ///< by key
};

/// What the device reaches at best; takes about half a second.
Status measureOpenCLPeak(OpenCLDevice &device, ptl_device_peak &peak);

} // namespace polytile::runtime
