// C API: devices and buffers.
#include "runtime/api/Handles.h"
#include "runtime/core/DLPack.h"
#include "runtime/core/Settings.h"

#include <cstddef>
#include <cstring>

using namespace polytile::runtime;

ptl_status *ptl_device_list_create(ptl_device_list **list) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(list);
    *list = nullptr;
    auto made = std::make_unique<ptl_device_list>();
    std::vector<ListedDevice> all;
    PTL_TRY(listDevices(all));
    for (ListedDevice &device : all)
      (device.reason.empty() ? made->devices : made->refused)
          .push_back(std::move(device));
    *list = made.release();
    return {};
  });
}

size_t ptl_device_list_count(const ptl_device_list *list) {
  return list ? list->devices.size() : 0;
}

const char *ptl_device_list_name(const ptl_device_list *list, size_t index) {
  return index < ptl_device_list_count(list) ? list->devices[index].name.c_str()
                                             : nullptr;
}

size_t ptl_device_list_refused_count(const ptl_device_list *list) {
  return list ? list->refused.size() : 0;
}

const char *ptl_device_list_refused_name(const ptl_device_list *list,
                                         size_t index) {
  return index < ptl_device_list_refused_count(list)
             ? list->refused[index].name.c_str()
             : nullptr;
}

const char *ptl_device_list_refused_reason(const ptl_device_list *list,
                                           size_t index) {
  return index < ptl_device_list_refused_count(list)
             ? list->refused[index].reason.c_str()
             : nullptr;
}

const char *ptl_device_list_description(const ptl_device_list *list,
                                        size_t index) {
  return index < ptl_device_list_count(list)
             ? list->devices[index].description.c_str()
             : nullptr;
}

void ptl_device_list_destroy(ptl_device_list *list) { delete list; }

ptl_status *ptl_device_resolve(const char *argument, char *name,
                               size_t capacity, const char **origin) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(name);
    if (capacity == 0)
      return fail(PTL_STATUS_INVALID_ARGUMENT, "no room for the name");
    const char *from;
    std::string resolved = resolveDeviceName(argument, from);
    size_t length = std::min(resolved.size(), capacity - 1);
    std::memcpy(name, resolved.data(), length);
    name[length] = '\0';
    if (origin)
      *origin = from;
    return {};
  });
}

ptl_status *ptl_device_save_choice(const char *name) {
  return guarded([&] { return saveDeviceChoice(name); });
}

namespace {

/// Copies what the caller's structure has; a shorter one, of an older program,
/// leaves the rest at its default.
Status readOptions(const ptl_device_options *source, DeviceOptions &options) {
  if (!source)
    return {};
  if (source->struct_size < offsetof(ptl_device_options, thread_count) ||
      source->struct_size > 4096)
    return fail(PTL_STATUS_INVALID_ARGUMENT,
                "ptl_device_options.struct_size is ", source->struct_size,
                "; set it to sizeof(ptl_device_options)");
  ptl_device_options known = {};
  std::memcpy(&known, source,
              std::min<size_t>(source->struct_size, sizeof(known)));
  options.threadCount = known.thread_count;
  options.memoryLimit = known.memory_limit_bytes;
  options.cpuLevel = known.cpu_level ? known.cpu_level : "";
  return {};
}

} // namespace

ptl_status *ptl_device_open(const char *name, const ptl_device_options *options,
                            ptl_device **device) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(device);
    *device = nullptr;
    DeviceOptions known;
    PTL_TRY(readOptions(options, known));
    const char *origin;
    std::string resolved = resolveDeviceName(name, origin);
    auto made = std::make_unique<ptl_device>();
    Status status = openDevice(resolved, known, made->object);
    if (!status.ok())
      return std::strcmp(origin, "argument")
                 ? std::move(status).within(std::string("device from ") +
                                            origin)
                 : std::move(status);
    *device = made.release();
    return {};
  });
}

const char *ptl_device_name(const ptl_device *device) {
  return device ? device->object->name().c_str() : "";
}

const char *ptl_device_description(const ptl_device *device) {
  return device ? device->object->description().c_str() : "";
}

const char *ptl_device_cpu_level(const ptl_device *device) {
  return device ? device->object->cpuLevel().data() : "";
}

uint32_t ptl_device_thread_count(const ptl_device *device) {
  return device ? device->object->threadCount() : 0;
}

ptl_status *ptl_device_memory_usage(const ptl_device *device,
                                    ptl_memory_usage *usage) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(device);
    PTL_NOT_NULL(usage);
    *usage = device->object->account->usage();
    return {};
  });
}

ptl_status *ptl_device_set_memory_limit(ptl_device *device,
                                        uint64_t limit_bytes) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(device);
    device->object->account->setLimit(limit_bytes);
    return {};
  });
}

ptl_status *ptl_device_measure_peak(ptl_device *device, ptl_device_peak *peak) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(device);
    PTL_NOT_NULL(peak);
    return device->object->measurePeak(*peak);
  });
}

void ptl_device_destroy(ptl_device *device) { delete device; }

ptl_status *ptl_buffer_create(ptl_device *device, uint64_t bytes,
                              ptl_buffer **buffer) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(buffer);
    *buffer = nullptr;
    PTL_NOT_NULL(device);
    auto made = std::make_unique<ptl_buffer>();
    PTL_TRY(Buffer::create(device->object, bytes, made->object));
    *buffer = made.release();
    return {};
  });
}

ptl_status *ptl_buffer_wrap(ptl_device *device, void *data, uint64_t bytes,
                            void (*release)(void *user), void *user,
                            ptl_buffer **buffer) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(buffer);
    *buffer = nullptr;
    PTL_NOT_NULL(device);
    auto made = std::make_unique<ptl_buffer>();
    PTL_TRY(
        Buffer::wrap(device->object, data, bytes, release, user, made->object));
    *buffer = made.release();
    return {};
  });
}

uint64_t ptl_buffer_size(const ptl_buffer *buffer) {
  return buffer ? buffer->object->size() : 0;
}

ptl_status *ptl_buffer_read(const ptl_buffer *buffer, uint64_t offset,
                            void *data, uint64_t bytes) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(buffer);
    PTL_TRY(buffer->object->checkRange(offset, bytes));
    if (bytes == 0)
      return {};
    PTL_NOT_NULL(data);
    return buffer->object->read(offset, data, bytes);
  });
}

ptl_status *ptl_buffer_write(ptl_buffer *buffer, uint64_t offset,
                             const void *data, uint64_t bytes) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(buffer);
    PTL_TRY(buffer->object->checkRange(offset, bytes));
    if (bytes == 0)
      return {};
    PTL_NOT_NULL(data);
    return buffer->object->write(offset, data, bytes);
  });
}

ptl_status *ptl_buffer_map(ptl_buffer *buffer, ptl_map_access access,
                           uint64_t offset, uint64_t bytes, void **data) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(data);
    *data = nullptr;
    PTL_NOT_NULL(buffer);
    if (access != PTL_MAP_READ && access != PTL_MAP_WRITE &&
        access != PTL_MAP_READ_WRITE)
      return fail(PTL_STATUS_INVALID_ARGUMENT, "access ", int(access),
                  " is none of PTL_MAP_*");
    PTL_TRY(buffer->object->checkRange(offset, bytes));
    return buffer->object->map(access, offset, bytes, data);
  });
}

ptl_status *ptl_buffer_unmap(ptl_buffer *buffer) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(buffer);
    return buffer->object->unmap();
  });
}

ptl_status *ptl_buffer_import_dlpack(ptl_device *device,
                                     struct DLManagedTensor *tensor,
                                     ptl_tensor_info *info,
                                     ptl_buffer **buffer) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(buffer);
    *buffer = nullptr;
    PTL_NOT_NULL(device);
    PTL_NOT_NULL(tensor);
    auto made = std::make_unique<ptl_buffer>();
    ptl_element_type type;
    PTL_TRY(importDLPack(device->object, tensor, type, made->object));
    const Buffer &object = *made->object;
    if (info)
      *info = {"",
               type,
               static_cast<int32_t>(object.dims.size()),
               object.dims.data(),
               object.size(),
               object.data()};
    *buffer = made.release();
    return {};
  });
}

ptl_status *ptl_buffer_export_dlpack(ptl_buffer *buffer, ptl_element_type type,
                                     int32_t rank, const int64_t *dims,
                                     struct DLManagedTensor **tensor) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(tensor);
    *tensor = nullptr;
    PTL_NOT_NULL(buffer);
    if (rank < 0 || (rank > 0 && !dims) || !isElementType(type))
      return fail(PTL_STATUS_INVALID_ARGUMENT, "no tensor has element type ",
                  int(type), " and rank ", rank);
    std::span<const int64_t> shape(dims, static_cast<size_t>(rank));
    auto bytes = denseByteSize(type, shape);
    if (!bytes || *bytes != buffer->object->size())
      return fail(PTL_STATUS_INVALID_ARGUMENT, typeText(type, shape),
                  " doesn't fit a buffer of ", buffer->object->size(),
                  " bytes");
    if (!buffer->object->data())
      return fail(PTL_STATUS_UNSUPPORTED, "the buffer is in the memory of ",
                  buffer->object->device()->name(),
                  "; only host memory is shown through DLPack: read it");
    *tensor = exportDLPack(buffer->object, type, shape);
    return {};
  });
}

void ptl_buffer_destroy(ptl_buffer *buffer) { delete buffer; }
