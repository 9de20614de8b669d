//===- BenchCommand.cpp - polytile bench ----------------------------------===//
//
// Times one function on made-up inputs, and compares it with what the device
// reaches at best, measured in the same run: clocks and neighbours change.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Failure.h"
#include "tools/polytile/Program.h"
#include "tools/polytile/Table.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fmt/format.h>

using namespace polytile::cli;

namespace {

struct Measurement {
  /// One kernel's share of one run, timed apart.
  struct Kernel {
    std::string symbol, source;
    uint64_t calls = 0, flops = 0, bytes = 0;
    double seconds = 0;
  };
  std::vector<Kernel> kernels;
  std::vector<double> seconds; ///< sorted
  uint64_t flops = 0;          ///< of one run; 0: unknown
  uint64_t bytes = 0;
  double compileSeconds = 0; ///< loading and, where it wasn't cached, compiling

  double median() const { return seconds[seconds.size() / 2]; }
  /// Half of the runs lie in a range of this part of the median.
  double spread() const {
    size_t count = seconds.size();
    return (seconds[count * 3 / 4] - seconds[count / 4]) / median();
  }
};

/// Fills a buffer with small numbers that are the same in each run: for floats
/// in [-1, 1), for integers in [0, 8).
void fillInput(void *data, const ptl_tensor_info &info) {
  uint64_t state = 0x9e3779b97f4a7c15;
  auto next = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> 40; // 24 bits
  };
  size_t size = ptl_element_type_size(info.element_type);
  char *bytes = static_cast<char *>(data);
  for (uint64_t at = 0; at < info.byte_size; at += size) {
    double real = static_cast<double>(next()) / (1 << 23) - 1;
    uint64_t element = next() & 7;
    switch (info.element_type) {
    case PTL_ELEMENT_F64:
      std::memcpy(&element, &real, sizeof(real));
      break;
    case PTL_ELEMENT_F32: {
      float single = static_cast<float>(real);
      std::memcpy(&element, &single, sizeof(single));
      break;
    }
    case PTL_ELEMENT_F16: // sign, and a number in [0.5, 1)
      element = 0x3800 | (next() & 0x83ff);
      break;
    case PTL_ELEMENT_BF16:
      element = 0x3f00 | (next() & 0x807f);
      break;
    case PTL_ELEMENT_BOOL:
      element &= 1;
      break;
    default:
      break;
    }
    std::memcpy(bytes + at, &element, size);
  }
}

std::vector<Buffer> makeBuffers(const Program &program,
                                const std::vector<ptl_tensor_info> &tensors,
                                bool fill) {
  std::vector<Buffer> buffers;
  for (const ptl_tensor_info &tensor : tensors) {
    ptl_buffer *buffer = nullptr;
    check(ptl_buffer_create(program.device.get(), tensor.byte_size, &buffer),
          ExitCode::Device);
    buffers.emplace_back(buffer);
    if (!fill)
      continue;
    void *data = nullptr;
    check(ptl_buffer_map(buffer, PTL_MAP_WRITE, 0, tensor.byte_size, &data),
          ExitCode::Device);
    fillInput(data, tensor);
    check(ptl_buffer_unmap(buffer), ExitCode::Device);
  }
  return buffers;
}

/// Arithmetic and traffic of one run, as the compiler estimates it, and the
/// time of each kernel: from a few profiled runs.
void profileKernels(const Program &program, auto run, Measurement &result) {
  constexpr int profiledRuns = 3;
  ptl_executable *executable = program.executable.get();
  run(); // the warm-up
  check(ptl_executable_set_profiling(executable, true), ExitCode::Device);
  for (int i = 0; i < profiledRuns; ++i)
    run();
  ptl_profile *raw = nullptr;
  check(ptl_profile_create(executable, true, &raw), ExitCode::Device);
  Profile profile(raw);
  check(ptl_executable_set_profiling(executable, false), ExitCode::Device);
  for (size_t i = 0; i < ptl_profile_count(raw); ++i) {
    ptl_kernel_profile kernel{};
    check(ptl_profile_get(raw, i, &kernel), ExitCode::Device);
    Measurement::Kernel part;
    part.symbol = kernel.symbol;
    part.source = kernel.source;
    part.calls = kernel.calls / profiledRuns;
    part.seconds = kernel.seconds / profiledRuns;
    part.flops = kernel.flops / profiledRuns;
    part.bytes = kernel.bytes / profiledRuns;
    result.flops += part.flops;
    result.bytes += part.bytes;
    result.kernels.push_back(std::move(part));
  }
}

Measurement measure(const Options &options, const Program &program) {
  std::vector<Buffer> inputs = makeBuffers(program, program.inputs, true);
  std::vector<Buffer> outputs = makeBuffers(program, program.outputs, false);
  std::vector<ptl_buffer *> in, out;
  for (const Buffer &buffer : inputs)
    in.push_back(buffer.get());
  for (const Buffer &buffer : outputs)
    out.push_back(buffer.get());
  auto run = [&] {
    check(ptl_executable_run(program.executable.get(), in.data(), in.size(),
                             out.data(), out.size()),
          ExitCode::Device);
  };
  Measurement result;
  profileKernels(program, run, result);
  using Clock = std::chrono::steady_clock;
  auto begin = Clock::now();
  auto elapsed = [&](Clock::time_point since) {
    return std::chrono::duration<double>(Clock::now() - since).count();
  };
  while (result.seconds.size() < 3 || (elapsed(begin) < options.benchSeconds &&
                                       result.seconds.size() < 100000)) {
    auto start = Clock::now();
    run();
    result.seconds.push_back(elapsed(start));
  }
  std::sort(result.seconds.begin(), result.seconds.end());
  return result;
}

/// What the measurement is told in.
struct Rates {
  double gflops, gbytes;   ///< in a second
  double ofFlops, ofBytes; ///< the parts of the device's peak
};

Rates ratesOf(uint64_t flops, uint64_t bytes, double seconds,
              const ptl_device_peak &peak) {
  double flopRate = static_cast<double>(flops) / seconds;
  double byteRate = static_cast<double>(bytes) / seconds;
  return {flopRate / 1e9, byteRate / 1e9, flopRate / peak.f32_flops_per_second,
          byteRate / peak.copy_bytes_per_second};
}

std::string formatSeconds(double seconds) {
  return seconds < 1e-3 ? fmt::format("{:.3f} us", seconds * 1e6)
                        : fmt::format("{:.3f} ms", seconds * 1e3);
}

void printKernels(const Measurement &result, const ptl_device_peak &peak) {
  constexpr size_t longest = 60;
  std::vector<std::vector<std::string>> rows = {
      {"kernel", ">calls", ">time", ">GFLOP/s", ">of peak", ">GB/s", ">of copy",
       "statement"}};
  for (const Measurement::Kernel &kernel : result.kernels) {
    if (kernel.seconds <= 0)
      continue;
    Rates rates = ratesOf(kernel.flops, kernel.bytes, kernel.seconds, peak);
    std::string source = kernel.source.size() > longest
                             ? kernel.source.substr(0, longest - 3) + "..."
                             : kernel.source;
    rows.push_back({kernel.symbol, fmt::format("{}", kernel.calls),
                    formatSeconds(kernel.seconds),
                    fmt::format("{:.1f}", rates.gflops),
                    fmt::format("{:.1f} %", 100 * rates.ofFlops),
                    fmt::format("{:.1f}", rates.gbytes),
                    fmt::format("{:.1f} %", 100 * rates.ofBytes), source});
  }
  fmt::print("{}", formatTable(rows));
}

void printText(const Measurement &result, const ptl_device_peak &peak,
               const std::string &device, uint32_t threads) {
  Rates rates = ratesOf(result.flops, result.bytes, result.median(), peak);
  fmt::print(
      "{}{}: {} median of {}, spread {:.1f} %\n", device,
      kindOfDevice(device) == "cpu" ? fmt::format(", {} threads", threads) : "",
      formatSeconds(result.median()), result.seconds.size(),
      result.spread() * 100);
  if (result.flops)
    fmt::print("{:.2f} GFLOP/s, {:.1f} % of the measured {:.1f}\n",
               rates.gflops, 100 * rates.ofFlops,
               peak.f32_flops_per_second / 1e9);
  if (result.bytes)
    fmt::print("{:.2f} GB/s, {:.1f} % of the measured {:.1f} of a copy\n",
               rates.gbytes, 100 * rates.ofBytes,
               peak.copy_bytes_per_second / 1e9);
  if (!result.kernels.empty())
    printKernels(result, peak);
  fmt::print("ready to run after {:.1f} ms\n", result.compileSeconds * 1e3);
}

void printJson(const Measurement &result, const ptl_device_peak &peak,
               const std::string &device, uint32_t threads) {
  Rates rates = ratesOf(result.flops, result.bytes, result.median(), peak);
  fmt::print("{{\"device\": \"{}\", \"threads\": {}, \"runs\": {}, "
             "\"median_seconds\": {:.9f}, \"spread\": {:.4f}, "
             "\"flops\": {}, \"bytes\": {}, "
             "\"gflops_per_second\": {:.4f}, \"gbytes_per_second\": {:.4f}, "
             "\"peak_gflops_per_second\": {:.4f}, "
             "\"peak_gbytes_per_second\": {:.4f}, "
             "\"fraction_of_peak_flops\": {:.4f}, "
             "\"fraction_of_peak_bytes\": {:.4f}, "
             "\"ready_seconds\": {:.6f}, \"kernels\": [",
             device, threads, result.seconds.size(), result.median(),
             result.spread(), result.flops, result.bytes, rates.gflops,
             rates.gbytes, peak.f32_flops_per_second / 1e9,
             peak.copy_bytes_per_second / 1e9, rates.ofFlops, rates.ofBytes,
             result.compileSeconds);
  for (size_t i = 0; i < result.kernels.size(); ++i) {
    const Measurement::Kernel &kernel = result.kernels[i];
    fmt::print("{}{{\"symbol\": \"{}\", \"calls\": {}, \"seconds\": {:.9f}, "
               "\"flops\": {}, \"bytes\": {}}}",
               i ? ", " : "", kernel.symbol, kernel.calls, kernel.seconds,
               kernel.flops, kernel.bytes);
  }
  fmt::print("]}}\n");
}

} // namespace

int polytile::cli::benchCommand(const Options &options) {
  std::string device = resolveDevice(options);
  if (device == "interpreter")
    fail(ExitCode::UserError,
         "the interpreter is no device to measure: it is made to be plain, "
         "not fast");
  std::vector<Input> shapes = readShapes(options.shapes);
  auto start = std::chrono::steady_clock::now();
  Program program = loadProgram(options, device, shapes);
  double ready =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
          .count();
  Measurement result = measure(options, program);
  result.compileSeconds = ready;
  ptl_device_peak peak{};
  check(ptl_device_measure_peak(program.device.get(), &peak), ExitCode::Device);
  uint32_t threads = ptl_device_thread_count(program.device.get());
  (options.json ? printJson : printText)(result, peak, device, threads);
  return 0;
}
