// The C++ face of the Polytile runtime: owning handles over runtime.h.
//
// Header only, C++17, works with and without exceptions: what can fail returns
// a `polytile::Result<T>` (or a `polytile::Status`), which must be looked at:
//
//   auto device = polytile::Device::open();
//   if (!device) return fail(device.status().message());
//   auto package = polytile::Package::load("matmul.ptl");
//
// A program that prefers exceptions calls `orThrow()`, which throws
// std::runtime_error with the message; it exists only where exceptions are on.
// Thread rules are those of the C functions. Available since 0.1.
#pragma once

#include "polytile/runtime.h"

#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#if defined(__cpp_exceptions)
#include <stdexcept>
#endif

namespace polytile {

/// Success, or what went wrong. Owns the C status.
class [[nodiscard]] Status {
public:
  Status() = default;
  /// Takes over a status that a C function returned.
  explicit Status(ptl_status *raw) : raw(raw) {}

  /// True on success.
  bool ok() const { return !raw; }
  explicit operator bool() const { return ok(); }
  ptl_status_code code() const { return ptl_status_get_code(raw.get()); }
  std::string message() const { return ptl_status_message(raw.get()); }
  std::string place() const { return ptl_status_place(raw.get()); }
#if defined(__cpp_exceptions)
  /// Throws std::runtime_error unless ok.
  void orThrow() const {
    if (!ok())
      throw std::runtime_error(message());
  }
#endif

private:
  struct Destroy {
    void operator()(ptl_status *status) const { ptl_status_destroy(status); }
  };
  std::unique_ptr<ptl_status, Destroy> raw;
};

/// A value, or the status that explains why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : held(std::move(value)) {}
  Result(Status status) : failure(std::move(status)) {}

  bool ok() const { return held.has_value(); }
  explicit operator bool() const { return ok(); }
  /// \pre ok()
  T &operator*() { return *held; }
  const T &operator*() const { return *held; }
  T *operator->() { return &*held; }
  const T *operator->() const { return &*held; }
  const Status &status() const { return failure; }
#if defined(__cpp_exceptions)
  /// Moves the value out, or throws std::runtime_error.
  T orThrow() {
    failure.orThrow();
    return std::move(*held);
  }
#endif

private:
  std::optional<T> held;
  Status failure;
};

namespace detail {

/// A movable owner of a C handle.
template <typename Raw, void (*DestroyFn)(Raw *)> class Handle {
public:
  Handle() = default;
  explicit Handle(Raw *raw) : raw(raw) {}
  /// The C handle, still owned by this object.
  Raw *get() const { return raw.get(); }
  /// Gives the C handle away.
  Raw *release() { return raw.release(); }
  explicit operator bool() const { return static_cast<bool>(raw); }

private:
  struct Destroy {
    void operator()(Raw *handle) const { DestroyFn(handle); }
  };
  std::unique_ptr<Raw, Destroy> raw;
};

/// Wraps what a C function made.
template <typename Class, typename Raw>
Result<Class> made(ptl_status *status, Raw *raw) {
  if (status)
    return Status(status);
  return Class(raw);
}

} // namespace detail

/// A tensor's name, type and shape, as values.
struct TensorInfo {
  std::string name;
  ptl_element_type elementType = PTL_ELEMENT_INVALID;
  std::vector<int64_t> dims;
  uint64_t byteSize = 0;
  const void *data = nullptr; ///< of a tensor file, alive as long as the file

  TensorInfo() = default;
  explicit TensorInfo(const ptl_tensor_info &info)
      : name(info.name ? info.name : ""), elementType(info.element_type),
        dims(info.dims, info.dims + info.rank), byteSize(info.byte_size),
        data(info.data) {}
};

/// See ptl_device_options; zeros and empty text take the defaults.
struct DeviceOptions {
  uint32_t threadCount = 0;
  uint64_t memoryLimitBytes = 0;
  std::string cpuLevel;
};

/// An entry of the list of devices, as values.
struct ListedDevice {
  std::string name;
  std::string description; ///< JSON; empty when it isn't offered
  std::string reason;      ///< why it isn't offered; empty when it is
};

class Device : public detail::Handle<ptl_device, ptl_device_destroy> {
public:
  using Handle::Handle;
  /// What can be opened on this machine, then what isn't offered and why.
  static Result<std::vector<ListedDevice>> list() {
    ptl_device_list *raw = nullptr;
    if (ptl_status *status = ptl_device_list_create(&raw))
      return Status(status);
    detail::Handle<ptl_device_list, ptl_device_list_destroy> owner(raw);
    std::vector<ListedDevice> devices;
    for (size_t i = 0; i < ptl_device_list_count(raw); ++i)
      devices.push_back({ptl_device_list_name(raw, i),
                         ptl_device_list_description(raw, i), ""});
    for (size_t i = 0; i < ptl_device_list_refused_count(raw); ++i)
      devices.push_back({ptl_device_list_refused_name(raw, i), "",
                         ptl_device_list_refused_reason(raw, i)});
    return devices;
  }
  /// Opens by name; an empty name takes POLYTILE_DEVICE, the saved choice or
  /// cpu:0.
  static Result<Device> open(const std::string &name = "",
                             const DeviceOptions &options = {}) {
    ptl_device_options raw = {};
    raw.struct_size = sizeof(raw);
    raw.thread_count = options.threadCount;
    raw.memory_limit_bytes = options.memoryLimitBytes;
    raw.cpu_level =
        options.cpuLevel.empty() ? nullptr : options.cpuLevel.c_str();
    ptl_device *device = nullptr;
    ptl_status *status =
        ptl_device_open(name.empty() ? nullptr : name.c_str(), &raw, &device);
    return detail::made<Device>(status, device);
  }
  std::string name() const { return ptl_device_name(get()); }
  std::string description() const { return ptl_device_description(get()); }
  std::string cpuLevel() const { return ptl_device_cpu_level(get()); }
  uint32_t threadCount() const { return ptl_device_thread_count(get()); }
  Result<ptl_memory_usage> memoryUsage() const {
    ptl_memory_usage usage = {};
    if (ptl_status *status = ptl_device_memory_usage(get(), &usage))
      return Status(status);
    return usage;
  }
  Status setMemoryLimit(uint64_t bytes) {
    return Status(ptl_device_set_memory_limit(get(), bytes));
  }
  Result<ptl_device_peak> measurePeak() {
    ptl_device_peak peak = {};
    if (ptl_status *status = ptl_device_measure_peak(get(), &peak))
      return Status(status);
    return peak;
  }
};

class Buffer : public detail::Handle<ptl_buffer, ptl_buffer_destroy> {
public:
  using Handle::Handle;
  /// Allocates zeroed memory.
  static Result<Buffer> create(const Device &device, uint64_t bytes) {
    ptl_buffer *buffer = nullptr;
    ptl_status *status = ptl_buffer_create(device.get(), bytes, &buffer);
    return detail::made<Buffer>(status, buffer);
  }
  /// Uses memory that the caller keeps alive longer than the buffer.
  static Result<Buffer> wrap(const Device &device, void *data, uint64_t bytes) {
    ptl_buffer *buffer = nullptr;
    ptl_status *status =
        ptl_buffer_wrap(device.get(), data, bytes, nullptr, nullptr, &buffer);
    return detail::made<Buffer>(status, buffer);
  }
  uint64_t size() const { return ptl_buffer_size(get()); }
  Status read(void *data, uint64_t bytes, uint64_t offset = 0) const {
    return Status(ptl_buffer_read(get(), offset, data, bytes));
  }
  Status write(const void *data, uint64_t bytes, uint64_t offset = 0) {
    return Status(ptl_buffer_write(get(), offset, data, bytes));
  }
  /// The whole buffer as a host pointer, until unmap().
  Result<void *> map(ptl_map_access access = PTL_MAP_READ_WRITE) {
    void *data = nullptr;
    if (ptl_status *status = ptl_buffer_map(get(), access, 0, size(), &data))
      return Status(status);
    return data;
  }
  Status unmap() { return Status(ptl_buffer_unmap(get())); }
};

class Package : public detail::Handle<ptl_package, ptl_package_destroy> {
public:
  using Handle::Handle;
  static Result<Package> load(const std::string &path) {
    ptl_package *package = nullptr;
    ptl_status *status = ptl_package_load_file(path.c_str(), &package);
    return detail::made<Package>(status, package);
  }
  static Result<Package> loadMemory(const void *data, size_t bytes) {
    ptl_package *package = nullptr;
    ptl_status *status = ptl_package_load_memory(data, bytes, &package);
    return detail::made<Package>(status, package);
  }
  std::string producer() const { return ptl_package_producer(get()); }
  std::string description() const { return ptl_package_description(get()); }
  size_t entryCount() const { return ptl_package_entry_count(get()); }
  std::string entryName(size_t entry) const {
    const char *name = ptl_package_entry_name(get(), entry);
    return name ? name : "";
  }
  /// The entry of that name; an empty name takes the last function.
  Result<size_t> findEntry(const std::string &name = "") const {
    size_t entry = 0;
    if (ptl_status *status = ptl_package_find_entry(
            get(), name.empty() ? nullptr : name.c_str(), nullptr, 0, &entry))
      return Status(status);
    return entry;
  }
  std::vector<TensorInfo> inputs(size_t entry) const {
    return infos(entry, ptl_package_input_count(get(), entry),
                 ptl_package_input);
  }
  std::vector<TensorInfo> outputs(size_t entry) const {
    return infos(entry, ptl_package_output_count(get(), entry),
                 ptl_package_output);
  }

private:
  template <typename Getter>
  std::vector<TensorInfo> infos(size_t entry, size_t count,
                                Getter getter) const {
    std::vector<TensorInfo> result;
    for (size_t i = 0; i < count; ++i) {
      ptl_tensor_info info = {};
      if (Status(getter(get(), entry, i, &info)))
        result.emplace_back(info);
    }
    return result;
  }
};

/// One kernel's times, as values.
struct KernelProfile {
  std::string symbol, source, file;
  uint32_t line = 0;
  uint64_t calls = 0;
  double seconds = 0;
  uint64_t flops = 0, bytes = 0;
};

/// What a run takes: buffers that the caller owns, in the entry's order.
using BufferList = std::vector<const Buffer *>;

namespace detail {
inline std::vector<ptl_buffer *> rawBuffers(const BufferList &buffers) {
  std::vector<ptl_buffer *> raw;
  for (const Buffer *buffer : buffers)
    raw.push_back(buffer ? buffer->get() : nullptr);
  return raw;
}
} // namespace detail

class Executable
    : public detail::Handle<ptl_executable, ptl_executable_destroy> {
public:
  using Handle::Handle;
  static Result<Executable> create(const Device &device, const Package &package,
                                   size_t entry = 0) {
    ptl_executable *executable = nullptr;
    ptl_status *status =
        ptl_executable_create(device.get(), package.get(), entry, &executable);
    return detail::made<Executable>(status, executable);
  }
  /// Runs and waits.
  Status run(const BufferList &inputs, const BufferList &outputs) {
    auto in = detail::rawBuffers(inputs), out = detail::rawBuffers(outputs);
    return Status(ptl_executable_run(get(), in.data(), in.size(), out.data(),
                                     out.size()));
  }
  uint64_t scratchBytes() const { return ptl_executable_scratch_bytes(get()); }
  std::string variant() const { return ptl_executable_variant(get()); }
  Status setProfiling(bool enabled) {
    return Status(ptl_executable_set_profiling(get(), enabled));
  }
  Result<std::vector<KernelProfile>> profile(bool reset = false) {
    ptl_profile *raw = nullptr;
    if (ptl_status *status = ptl_profile_create(get(), reset, &raw))
      return Status(status);
    detail::Handle<ptl_profile, ptl_profile_destroy> owner(raw);
    std::vector<KernelProfile> kernels;
    for (size_t i = 0; i < ptl_profile_count(raw); ++i) {
      ptl_kernel_profile kernel = {};
      if (ptl_status *status = ptl_profile_get(raw, i, &kernel))
        return Status(status);
      kernels.push_back({kernel.symbol, kernel.source, kernel.file, kernel.line,
                         kernel.calls, kernel.seconds, kernel.flops,
                         kernel.bytes});
    }
    return kernels;
  }
};

class Event : public detail::Handle<ptl_event, ptl_event_destroy> {
public:
  using Handle::Handle;
  static Result<Event> create(const Device &device) {
    ptl_event *event = nullptr;
    ptl_status *status = ptl_event_create(device.get(), &event);
    return detail::made<Event>(status, event);
  }
  Status synchronize() { return Status(ptl_event_synchronize(get())); }
  bool isReached() const { return ptl_event_is_reached(get()); }
};

class Stream : public detail::Handle<ptl_stream, ptl_stream_destroy> {
public:
  using Handle::Handle;
  static Result<Stream> create(const Device &device) {
    ptl_stream *stream = nullptr;
    ptl_status *status = ptl_stream_create(device.get(), &stream);
    return detail::made<Stream>(status, stream);
  }
  Status run(const Executable &executable, const BufferList &inputs,
             const BufferList &outputs) {
    auto in = detail::rawBuffers(inputs), out = detail::rawBuffers(outputs);
    return Status(ptl_stream_run(get(), executable.get(), in.data(), in.size(),
                                 out.data(), out.size()));
  }
  Status record(const Event &event) {
    return Status(ptl_stream_record(get(), event.get()));
  }
  Status wait(const Event &event) {
    return Status(ptl_stream_wait(get(), event.get()));
  }
  Status synchronize() { return Status(ptl_stream_synchronize(get())); }
};

class TensorFile
    : public detail::Handle<ptl_tensor_file, ptl_tensor_file_destroy> {
public:
  using Handle::Handle;
  static Result<TensorFile> create() {
    ptl_tensor_file *file = nullptr;
    ptl_status *status = ptl_tensor_file_create(&file);
    return detail::made<TensorFile>(status, file);
  }
  /// Reads .npy or .npz; `only` picks one array of an .npz.
  static Result<TensorFile> load(const std::string &path,
                                 const std::string &only = "") {
    ptl_tensor_file *file = nullptr;
    ptl_status *status = ptl_tensor_file_load(
        path.c_str(), only.empty() ? nullptr : only.c_str(), &file);
    return detail::made<TensorFile>(status, file);
  }
  size_t count() const { return ptl_tensor_file_count(get()); }
  Result<TensorInfo> tensor(size_t index) const {
    ptl_tensor_info info = {};
    if (ptl_status *status = ptl_tensor_file_get(get(), index, &info))
      return Status(status);
    return TensorInfo(info);
  }
  Result<TensorInfo> find(const std::string &name) const {
    ptl_tensor_info info = {};
    if (ptl_status *status = ptl_tensor_file_find(get(), name.c_str(), &info))
      return Status(status);
    return TensorInfo(info);
  }
  /// Appends a tensor and gives its memory; copies `data` into it unless that
  /// is null.
  Result<void *> add(const std::string &name, ptl_element_type type,
                     const std::vector<int64_t> &dims,
                     const void *data = nullptr) {
    void *memory = nullptr;
    if (ptl_status *status = ptl_tensor_file_add(
            get(), name.c_str(), type, static_cast<int32_t>(dims.size()),
            dims.data(), data, &memory))
      return Status(status);
    return memory;
  }
  Status save(const std::string &path) const {
    return Status(ptl_tensor_file_save(get(), path.c_str()));
  }
};

} // namespace polytile
