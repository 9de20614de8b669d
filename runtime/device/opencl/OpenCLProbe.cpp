// Enumerates OpenCL devices and tries what their compilers take.
#include "runtime/device/opencl/OpenCLProbe.h"

#include "runtime/core/DiskCache.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <set>

namespace polytile::runtime {
namespace {

/// A text that a clGet*Info function gives, without its final zero.
template <typename Function, typename Object, typename Name>
std::string textOf(Function get, Object object, Name name) {
  size_t bytes = 0;
  if (get(object, name, 0, nullptr, &bytes) != CL_SUCCESS || bytes == 0)
    return {};
  std::string text(bytes, '\0');
  if (get(object, name, bytes, text.data(), nullptr) != CL_SUCCESS)
    return {};
  text.resize(std::strlen(text.c_str()));
  while (!text.empty() && text.back() == ' ')
    text.pop_back();
  return text;
}

/// A number of a device; 0 when the driver doesn't say.
template <typename Number>
Number numberOf(const OpenCLApi &api, cl_device_id device,
                cl_device_info name) {
  Number number = 0;
  if (api.GetDeviceInfo(device, name, sizeof(number), &number, nullptr) !=
      CL_SUCCESS)
    return 0;
  return number;
}

/// Whether the list of extensions holds exactly this word.
bool hasWord(const std::string &list, const std::string &word) {
  return (" " + list + " ").find(" " + word + " ") != std::string::npos;
}

/// "OpenCL 3.0 PoCL HSTR" -> {3, 0}.
std::pair<int, int> versionOf(const std::string &text) {
  int major = 0, minor = 0;
  if (std::sscanf(text.c_str(), "OpenCL %d.%d", &major, &minor) != 2)
    return {0, 0};
  return {major, minor};
}

/// Empty for a device that can be used.
std::string refusalOf(const OpenCLApi &api, cl_device_id device) {
  std::string version = textOf(api.GetDeviceInfo, device, CL_DEVICE_VERSION);
  if (versionOf(version) < std::pair(1, 2))
    return "it has " + (version.empty() ? "no OpenCL version" : version) +
           "; OpenCL 1.2 is needed";
  if (!numberOf<cl_bool>(api, device, CL_DEVICE_AVAILABLE))
    return "its driver says that it isn't available now";
  if (!numberOf<cl_bool>(api, device, CL_DEVICE_COMPILER_AVAILABLE))
    return "its driver has no compiler for OpenCL C";
  if (!numberOf<cl_bool>(api, device, CL_DEVICE_ENDIAN_LITTLE))
    return "it is big-endian";
  if (textOf(api.GetDeviceInfo, device, CL_DEVICE_PROFILE) != "FULL_PROFILE")
    return "it has the embedded profile, which lacks 64-bit integers";
  return {};
}

int rankOf(cl_device_type type) {
  return type & CL_DEVICE_TYPE_GPU ? 0 : type & CL_DEVICE_TYPE_CPU ? 2 : 1;
}

std::string platformsMissing() {
  return "the OpenCL loader is there, but it knows no driver; install one "
         "(a GPU vendor's, or Debian's pocl-opencl-icd), which is listed in "
         "/etc/OpenCL/vendors";
}

void addDevices(const OpenCLApi &api, cl_platform_id platform,
                std::vector<OpenCLCandidate> &candidates,
                std::vector<ListedDevice> &broken) {
  std::string platformName =
      textOf(api.GetPlatformInfo, platform, CL_PLATFORM_NAME);
  cl_uint count = 0;
  cl_int code =
      api.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count);
  std::vector<cl_device_id> devices(code == CL_SUCCESS ? count : 0);
  if (!devices.empty())
    code = api.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, devices.data(),
                            nullptr);
  if (code != CL_SUCCESS && code != CL_DEVICE_NOT_FOUND) {
    broken.push_back({"opencl (" + platformName + ")", "",
                      "the driver can't list its devices: clGetDeviceIDs: " +
                          openCLErrorText(code)});
    return;
  }
  for (cl_device_id device : devices) {
    OpenCLCandidate candidate;
    candidate.platform = platform;
    candidate.device = device;
    candidate.platformName = platformName;
    candidate.hardware = textOf(api.GetDeviceInfo, device, CL_DEVICE_NAME);
    candidate.type = numberOf<cl_device_type>(api, device, CL_DEVICE_TYPE);
    candidate.order = candidates.size();
    candidate.refusal = refusalOf(api, device);
    candidates.push_back(std::move(candidate));
  }
}

} // namespace

Status enumerateOpenCL(const OpenCLApi &api,
                       std::vector<OpenCLCandidate> &candidates,
                       std::vector<ListedDevice> &broken) {
  cl_uint count = 0;
  cl_int code = api.GetPlatformIDs(0, nullptr, &count);
  constexpr cl_int platformNotFound = -1001; // of cl_khr_icd
  if (code == platformNotFound || (code == CL_SUCCESS && count == 0))
    return fail(PTL_STATUS_NOT_FOUND, platformsMissing());
  PTL_CL_TRY(code, "the OpenCL drivers can't be listed: clGetPlatformIDs");
  std::vector<cl_platform_id> platforms(count);
  PTL_CL_TRY(api.GetPlatformIDs(count, platforms.data(), nullptr),
             "the OpenCL drivers can't be listed: clGetPlatformIDs");
  // A driver that is registered twice shows the same platform twice.
  std::set<cl_platform_id> seen;
  for (cl_platform_id platform : platforms)
    if (seen.insert(platform).second)
      addDevices(api, platform, candidates, broken);
  auto rank = [](const OpenCLCandidate &candidate) {
    return std::tuple(rankOf(candidate.type), candidate.platformName,
                      candidate.hardware, candidate.order);
  };
  std::sort(candidates.begin(), candidates.end(),
            [&](const OpenCLCandidate &a, const OpenCLCandidate &b) {
              return rank(a) < rank(b);
            });
  if (candidates.empty() && broken.empty())
    return fail(PTL_STATUS_NOT_FOUND,
                "no OpenCL driver on this machine has a device");
  return {};
}

Status openOpenCLContext(const OpenCLApi &api, const OpenCLCandidate &candidate,
                         OpenCLHandle<cl_context> &context) {
  cl_context_properties properties[] = {
      CL_CONTEXT_PLATFORM,
      reinterpret_cast<cl_context_properties>(candidate.platform), 0};
  cl_int code = CL_SUCCESS;
  cl_context made = api.CreateContext(properties, 1, &candidate.device, nullptr,
                                      nullptr, &code);
  PTL_CL_TRY(code, inQuotes(candidate.hardware) +
                       " can't be opened: clCreateContext");
  context = {made, api.ReleaseContext};
  return {};
}

namespace {

/// A kernel that a compiler takes only where it has the feature.
struct Trial {
  const char *feature;
  const char *options;
  const char *source;
};

constexpr Trial kTrials[] = {
    {"f16", "-cl-std=CL1.2",
     "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
     "__kernel void trial(__global half *a) { half x = a[1]; a[0] = x * a[2] + "
     "x; }\n"},
    {"f64", "-cl-std=CL1.2",
     "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
     "__kernel void trial(__global double *a) { a[0] = fma(a[1], a[2], a[3]); "
     "}\n"},
    {"exact_division", "-cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt",
     "__kernel void trial(__global float *a) { a[0] = sqrt(a[1] / a[2]); }\n"},
};

/// Builds `trial` and takes `multiple` from its kernel: how many work items run
/// in step, as far as OpenCL 1.2 tells.
bool builds(const OpenCLApi &api, cl_context context, cl_device_id device,
            const Trial &trial, size_t &multiple) {
  cl_int code = CL_SUCCESS;
  const char *source = trial.source;
  cl_program made =
      api.CreateProgramWithSource(context, 1, &source, nullptr, &code);
  if (code != CL_SUCCESS)
    return false;
  OpenCLHandle<cl_program> program(made, api.ReleaseProgram);
  if (api.BuildProgram(made, 1, &device, trial.options, nullptr, nullptr) !=
      CL_SUCCESS)
    return false;
  cl_kernel kernel = api.CreateKernel(made, "trial", &code);
  OpenCLHandle<cl_kernel> owner(kernel, api.ReleaseKernel);
  if (code != CL_SUCCESS)
    return false;
  api.GetKernelWorkGroupInfo(kernel, device,
                             CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE,
                             sizeof(multiple), &multiple, nullptr);
  return true;
}

/// Whether trying makes sense. What the driver says that it can't do is not
/// tried, but for half on GPUs, of which drivers don't tell. (The compilers of
/// drivers for CPUs do, and print to stderr what they refuse.)
bool mayHave(const OpenCLApi &api, const OpenCLCandidate &candidate,
             const std::string &feature) {
  auto floats = [&](cl_device_info name) {
    return numberOf<cl_device_fp_config>(api, candidate.device, name);
  };
  if (feature == "f64")
    return floats(CL_DEVICE_DOUBLE_FP_CONFIG) != 0;
  if (feature == "exact_division")
    return floats(CL_DEVICE_SINGLE_FP_CONFIG) &
           CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;
  return !(candidate.type & CL_DEVICE_TYPE_CPU) ||
         hasWord(
             textOf(api.GetDeviceInfo, candidate.device, CL_DEVICE_EXTENSIONS),
             "cl_khr_fp16");
}

/// The features that were tried, and of GPUs how many work items run in step,
/// one a line ("f16", "=32"); from the cache where they are.
Status tryFeatures(const OpenCLApi &api, const OpenCLCandidate &candidate,
                   const std::string &cacheKey, GpuCapabilities &known) {
  const std::string key = "features 2\n" + cacheKey;
  std::string lines;
  Memory cached;
  if (readCache("opencl", key, cached)) {
    lines.assign(reinterpret_cast<const char *>(cached.data()), cached.size());
  } else {
    OpenCLHandle<cl_context> context;
    PTL_TRY(openOpenCLContext(api, candidate, context));
    size_t multiple = 0;
    for (const Trial &trial : kTrials)
      if (mayHave(api, candidate, trial.feature) &&
          builds(api, context.get(), candidate.device, trial, multiple))
        lines += std::string(trial.feature) + "\n";
    if (candidate.type & CL_DEVICE_TYPE_GPU)
      lines += "=" + std::to_string(multiple) + "\n";
    writeCache(
        "opencl", key,
        {reinterpret_cast<const unsigned char *>(lines.data()), lines.size()});
  }
  for (size_t begin = 0; begin < lines.size();) {
    size_t end = lines.find('\n', begin);
    std::string line = lines.substr(begin, end - begin);
    begin = end + 1;
    if (!line.starts_with("=")) {
      known.features.push_back(line);
      continue;
    }
    const char *digits = line.data() + 1;
    std::from_chars(digits, line.data() + line.size(), known.subgroupSize);
    known.subgroupMin = known.subgroupMax = known.subgroupSize;
  }
  return {};
}

void readLimits(const OpenCLApi &api, cl_device_id device,
                GpuCapabilities &known) {
  known.workgroupSize =
      numberOf<size_t>(api, device, CL_DEVICE_MAX_WORK_GROUP_SIZE);
  cl_uint dimensions =
      numberOf<cl_uint>(api, device, CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS);
  std::vector<size_t> sizes(std::max<cl_uint>(dimensions, 3), 1);
  api.GetDeviceInfo(device, CL_DEVICE_MAX_WORK_ITEM_SIZES,
                    sizes.size() * sizeof(size_t), sizes.data(), nullptr);
  std::copy_n(sizes.begin(), 3, known.workgroupSizes.begin());
  // OpenCL tells no limit of the grid; these are what GPUs have.
  known.grid = {(uint64_t(1) << 31) - 1, 65535, 65535};
  known.workgroupMemoryBytes =
      numberOf<cl_ulong>(api, device, CL_DEVICE_LOCAL_MEM_SIZE);
  known.bufferBytes =
      numberOf<cl_ulong>(api, device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
  known.bindingBytes = known.bufferBytes;
  known.memoryBytes =
      numberOf<cl_ulong>(api, device, CL_DEVICE_GLOBAL_MEM_SIZE);
  known.bindings = numberOf<size_t>(api, device, CL_DEVICE_MAX_PARAMETER_SIZE) /
                   sizeof(cl_mem);
  uint64_t alignment =
      numberOf<cl_uint>(api, device, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8;
  bool isPower = alignment && !(alignment & (alignment - 1));
  known.offsetAlignment = std::max<uint64_t>(isPower ? alignment : 4096, 64);
  known.computeUnits =
      numberOf<cl_uint>(api, device, CL_DEVICE_MAX_COMPUTE_UNITS);
}

} // namespace

Status probeOpenCL(const OpenCLApi &api, const OpenCLCandidate &candidate,
                   const std::string &name, OpenCLProbe &probe) {
  cl_device_id device = candidate.device;
  GpuCapabilities &known = probe.capabilities;
  probe.hasUnifiedMemory =
      numberOf<cl_bool>(api, device, CL_DEVICE_HOST_UNIFIED_MEMORY);
  known.name = name;
  known.kind = "opencl";
  known.hardware = candidate.hardware;
  std::string driver = textOf(api.GetDeviceInfo, device, CL_DRIVER_VERSION);
  known.driver = candidate.platformName + " " + driver;
  known.api = textOf(api.GetDeviceInfo, device, CL_DEVICE_VERSION);
  known.deviceType = candidate.type & CL_DEVICE_TYPE_GPU
                         ? (probe.hasUnifiedMemory ? "integrated" : "gpu")
                     : candidate.type & CL_DEVICE_TYPE_CPU ? "cpu"
                                                           : "other";
  probe.cacheKey =
      known.hardware + "\n" + known.driver + "\n" + known.api + "\n" +
      textOf(api.GetPlatformInfo, candidate.platform, CL_PLATFORM_VERSION) +
      "\n";
  readLimits(api, device, known);
  // Drivers for CPUs offer what the host has free, which changes from minute to
  // minute; what was compiled for a description is found only while it doesn't.
  if (probe.hasUnifiedMemory)
    known.memoryBytes = std::bit_floor(known.memoryBytes);
  if (!known.workgroupSize || !known.bufferBytes || !known.memoryBytes)
    return fail(PTL_STATUS_UNSUPPORTED,
                "its driver doesn't tell the device's limits");
  known.features = {"i64", "storage8", "storage16"};
  return tryFeatures(api, candidate, probe.cacheKey, known);
}

} // namespace polytile::runtime
