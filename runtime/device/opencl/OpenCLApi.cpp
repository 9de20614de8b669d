// Finds the OpenCL loader and its functions; the names of its errors.
#include "runtime/device/opencl/OpenCLApi.h"

#include <cstdlib>
#include <map>
#include <mutex>

namespace polytile::runtime {
namespace {

constexpr const char *kVariable = "POLYTILE_OPENCL_LIBRARY";
constexpr const char *kLoaders[] = {"libOpenCL.so.1", "libOpenCL.so", nullptr};

Status load(OpenCLApi &api) {
  DynamicLibrary library;
  if (!library.openFromProcess(kVariable, "clGetPlatformIDs")) {
    Status status = library.open(kVariable, kLoaders);
    if (!status.ok())
      return fail(PTL_STATUS_NOT_FOUND, "there is no OpenCL loader (",
                  status.message(),
                  "); install one (Debian: ocl-icd-libopencl1) and a driver");
  }
#define PTL_LOAD(symbol)                                                       \
  api.symbol = library.function<decltype(api.symbol)>("cl" #symbol);           \
  if (!api.symbol)                                                             \
    return fail(PTL_STATUS_NOT_FOUND, "the OpenCL loader ", library.name(),    \
                " lacks cl" #symbol ": it is older than OpenCL 1.2");
  PTL_OPENCL_FUNCTIONS(PTL_LOAD)
#undef PTL_LOAD
  return {};
}

struct ErrorName {
  cl_int code;
  const char *name;
};

constexpr ErrorName kErrors[] = {
    {CL_DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND"},
    {CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE"},
    {CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE"},
    {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
    {CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
    {CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY"},
    {CL_MEM_COPY_OVERLAP, "CL_MEM_COPY_OVERLAP"},
    {CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE"},
    {CL_MISALIGNED_SUB_BUFFER_OFFSET, "CL_MISALIGNED_SUB_BUFFER_OFFSET"},
    {CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
     "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"},
    {CL_INVALID_VALUE, "CL_INVALID_VALUE"},
    {CL_INVALID_DEVICE, "CL_INVALID_DEVICE"},
    {CL_INVALID_CONTEXT, "CL_INVALID_CONTEXT"},
    {CL_INVALID_COMMAND_QUEUE, "CL_INVALID_COMMAND_QUEUE"},
    {CL_INVALID_MEM_OBJECT, "CL_INVALID_MEM_OBJECT"},
    {CL_INVALID_BINARY, "CL_INVALID_BINARY"},
    {CL_INVALID_BUILD_OPTIONS, "CL_INVALID_BUILD_OPTIONS"},
    {CL_INVALID_KERNEL_NAME, "CL_INVALID_KERNEL_NAME"},
    {CL_INVALID_ARG_INDEX, "CL_INVALID_ARG_INDEX"},
    {CL_INVALID_ARG_VALUE, "CL_INVALID_ARG_VALUE"},
    {CL_INVALID_ARG_SIZE, "CL_INVALID_ARG_SIZE"},
    {CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS"},
    {CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE"},
    {CL_INVALID_WORK_ITEM_SIZE, "CL_INVALID_WORK_ITEM_SIZE"},
    {CL_INVALID_GLOBAL_WORK_SIZE, "CL_INVALID_GLOBAL_WORK_SIZE"},
    {CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE"},
};

} // namespace

Status OpenCLApi::open(const OpenCLApi *&api) {
  static std::mutex mutex;
  static std::map<std::string, OpenCLApi> loaded; // by the variable's value
  const char *chosen = std::getenv(kVariable);
  std::string key = chosen ? chosen : "";
  std::lock_guard lock(mutex);
  auto found = loaded.find(key);
  if (found == loaded.end()) {
    OpenCLApi made;
    PTL_TRY(load(made));
    found = loaded.emplace(key, made).first;
  }
  api = &found->second;
  return {};
}

std::string openCLErrorText(cl_int code) {
  const char *name = "error";
  for (const ErrorName &error : kErrors)
    if (error.code == code)
      name = error.name;
  return std::string(name) + " (" + std::to_string(code) + ")";
}

Status openCLFailure(cl_int code, const std::string &what,
                     std::source_location place) {
  ptl_status_code kind = PTL_STATUS_INTERNAL;
  switch (code) {
  case CL_MEM_OBJECT_ALLOCATION_FAILURE:
  case CL_OUT_OF_RESOURCES:
  case CL_OUT_OF_HOST_MEMORY:
    kind = PTL_STATUS_OUT_OF_MEMORY;
    break;
  case CL_DEVICE_NOT_AVAILABLE:
  case CL_INVALID_COMMAND_QUEUE:
  case CL_INVALID_CONTEXT:
    kind = PTL_STATUS_DEVICE_LOST;
    break;
  default:
    // NVIDIA's driver returns -9999 for a kernel that reached outside of its
    // memory; nothing works afterwards.
    constexpr cl_int nvidiaIllegalAccess = -9999;
    if (code == nvidiaIllegalAccess)
      kind = PTL_STATUS_DEVICE_LOST;
  }
  return fail(CodeAt(kind, place), what, ": ", openCLErrorText(code));
}

} // namespace polytile::runtime
