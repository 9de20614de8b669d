// Builds programs. A binary that the driver doesn't take any more, or that is
// damaged, is dropped, and the source built.
#include "runtime/device/opencl/OpenCLProgram.h"

#include "runtime/core/DiskCache.h"

#include <algorithm>

namespace polytile::runtime {
namespace {

constexpr const char *kCache = "opencl";

/// The log's first lines, without empty ones.
std::string firstLines(const std::string &log) {
  constexpr size_t mostLines = 8, mostBytes = 2000;
  std::string result;
  size_t lines = 0;
  for (size_t begin = 0; begin < log.size() && lines < mostLines;) {
    size_t end = std::min(log.find('\n', begin), log.size());
    std::string line = log.substr(begin, end - begin);
    if (line.find_first_not_of(" \t\r") != line.npos) {
      result += "\n  " + line;
      ++lines;
    }
    begin = end + 1;
  }
  return result.substr(0, mostBytes);
}

std::string logOf(const OpenCLBuild &how, cl_program program) {
  size_t bytes = 0;
  if (how.api.GetProgramBuildInfo(program, how.device, CL_PROGRAM_BUILD_LOG, 0,
                                  nullptr, &bytes) != CL_SUCCESS)
    return {};
  std::string log(bytes, '\0');
  how.api.GetProgramBuildInfo(program, how.device, CL_PROGRAM_BUILD_LOG, bytes,
                              log.data(), nullptr);
  log.resize(std::min(log.find('\0'), log.size()));
  return log;
}

Status buildFromSource(const OpenCLBuild &how, Bytes source,
                       const std::string &options,
                       OpenCLHandle<cl_program> &program) {
  const char *text = reinterpret_cast<const char *>(source.data());
  size_t length = source.size();
  cl_int code = CL_SUCCESS;
  cl_program made =
      how.api.CreateProgramWithSource(how.context, 1, &text, &length, &code);
  PTL_CL_TRY(code, "clCreateProgramWithSource");
  program = {made, how.api.ReleaseProgram};
  code = how.api.BuildProgram(made, 1, &how.device, options.c_str(), nullptr,
                              nullptr);
  if (code == CL_SUCCESS)
    return {};
  Status failure = openCLFailure(code, "clBuildProgram");
  if (failure.code() == PTL_STATUS_DEVICE_LOST)
    return failure;
  return fail(PTL_STATUS_KERNEL_FAILED, failure.message(), " with options ",
              inQuotes(options), firstLines(logOf(how, made)));
}

bool buildFromBinary(const OpenCLBuild &how, const Memory &binary,
                     const std::string &options,
                     OpenCLHandle<cl_program> &program) {
  const unsigned char *data = binary.data();
  size_t length = binary.size();
  cl_int taken = CL_SUCCESS, code = CL_SUCCESS;
  cl_program made = how.api.CreateProgramWithBinary(
      how.context, 1, &how.device, &length, &data, &taken, &code);
  if (code != CL_SUCCESS)
    return false;
  program = {made, how.api.ReleaseProgram};
  return taken == CL_SUCCESS &&
         how.api.BuildProgram(made, 1, &how.device, options.c_str(), nullptr,
                              nullptr) == CL_SUCCESS;
}

void keepBinary(const OpenCLBuild &how, cl_program program,
                const std::string &key) {
  size_t length = 0;
  if (how.api.GetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(length),
                             &length, nullptr) != CL_SUCCESS ||
      length == 0)
    return;
  std::vector<unsigned char> binary(length);
  unsigned char *pointer = binary.data();
  if (how.api.GetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(pointer),
                             &pointer, nullptr) == CL_SUCCESS)
    writeCache(kCache, key, binary);
}

} // namespace

Status OpenCLProgram::build(const OpenCLBuild &how, Bytes source,
                            const std::string &options,
                            std::shared_ptr<OpenCLProgram> &program) {
  OpenCLHandle<cl_program> handle;
  if (!isCacheEnabled()) {
    PTL_TRY(buildFromSource(how, source, options, handle));
  } else {
    std::string key = "program 1\n" + how.deviceKey + options + "\n" +
                      std::to_string(source.size()) + " " + hashText(source);
    Memory binary;
    bool isKnown = readCache(kCache, key, binary);
    if (!isKnown || !buildFromBinary(how, binary, options, handle)) {
      if (isKnown)
        dropCache(kCache, key);
      PTL_TRY(buildFromSource(how, source, options, handle));
      keepBinary(how, handle.get(), key);
    }
  }
  program = std::make_shared<OpenCLProgram>(std::move(handle));
  return {};
}

} // namespace polytile::runtime
