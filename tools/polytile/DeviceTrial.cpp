//===- DeviceTrial.cpp - How fast a device is, and whether it is right ----===//
//
// The program of the check has what goes wrong on devices most easily: a
// product in blocks with edges, reductions of rows, exp, a division.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/DeviceTrial.h"

#include "tools/polytile/Failure.h"
#include "tools/polytile/Json.h"
#include "tools/polytile/Program.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

using namespace polytile::cli;

namespace {

constexpr const char *checkSource =
    "function check(A[M, K], B[K, N]) -> (P, Y) {\n"
    "  P[m, n : M, N] = +(A[m, k] * B[k, n]);\n"
    "  Largest[m, 0 : M, 1] = >(P[m, n]);\n"
    "  E = exp(P - Largest);\n"
    "  Sum[m, 0 : M, 1] = +(E[m, n]);\n"
    "  Y = E / Sum;\n"
    "}\n";
constexpr const char *launchSource = "function f(A) -> (B) { B = A + 1; }\n";

/// True where the hardware or its driver is one that the suite runs on.
bool isTestedKind(const Json &device) {
  if (device["kind"].text() == "cpu")
    return true;
  std::string text = device["hardware"].text() + " " + device["driver"].text() +
                     " " + device["api"].text();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char *known :
       {"nvidia", "pocl", "portable computing language", "llvmpipe"})
    if (text.find(known) != std::string::npos)
      return true;
  return false;
}

struct Tensor {
  std::string name;
  std::vector<int64_t> dims;
  std::vector<float> values;
};

Tensor makeTensor(const std::string &name, std::vector<int64_t> dims) {
  Tensor tensor{name, std::move(dims), {}};
  size_t count = 1;
  for (int64_t dim : tensor.dims)
    count *= static_cast<size_t>(dim);
  uint32_t state = 12345;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    tensor.values.push_back(static_cast<float>(state >> 8) / (1 << 23) - 1);
  }
  return tensor;
}

std::vector<Input> asInputs(const std::vector<Tensor> &tensors) {
  std::vector<Input> inputs;
  for (const Tensor &tensor : tensors) {
    Input input;
    input.name = tensor.name;
    input.elementType = PTL_ELEMENT_F32;
    input.dims = tensor.dims;
    input.data = tensor.values.data();
    inputs.push_back(std::move(input));
  }
  return inputs;
}

/// A small program on the device, with buffers for it.
class SmallProgram {
public:
  SmallProgram(const Options &options, ptl_device *device,
               const std::string &source, const std::vector<Tensor> &inputs) {
    CompilerResult compiled =
        compileSource(options, source, asInputs(inputs), PTLC_EMIT_PACKAGE,
                      targetsOf(device));
    const CompilerLibrary &library = CompilerLibrary::get();
    ptl_package *loaded = nullptr;
    check(ptl_package_load_memory(library.data(compiled.get()),
                                  library.size(compiled.get()), &loaded),
          ExitCode::Internal);
    package.reset(loaded);
    ptl_executable *made = nullptr;
    check(ptl_executable_create(device, loaded, 0, &made), ExitCode::Device);
    executable.reset(made);
    for (const Tensor &input : inputs) {
      size_t bytes = input.values.size() * sizeof(float);
      ptl_buffer *buffer = addBuffer(device, bytes, in, inRaw);
      check(ptl_buffer_write(buffer, 0, input.values.data(), bytes),
            ExitCode::Device);
    }
    for (size_t i = 0; i < ptl_package_output_count(loaded, 0); ++i) {
      ptl_tensor_info info{};
      check(ptl_package_output(loaded, 0, i, &info), ExitCode::Internal);
      addBuffer(device, info.byte_size, out, outRaw);
    }
  }

  void run() {
    check(ptl_executable_run(executable.get(), inRaw.data(), inRaw.size(),
                             outRaw.data(), outRaw.size()),
          ExitCode::Device);
  }

  std::vector<float> output(size_t index) {
    uint64_t bytes = ptl_buffer_size(outRaw[index]);
    std::vector<float> values(bytes / sizeof(float));
    check(ptl_buffer_read(outRaw[index], 0, values.data(), bytes),
          ExitCode::Device);
    return values;
  }

private:
  static ptl_buffer *addBuffer(ptl_device *device, uint64_t bytes,
                               std::vector<Buffer> &owners,
                               std::vector<ptl_buffer *> &raw) {
    ptl_buffer *buffer = nullptr;
    check(ptl_buffer_create(device, bytes, &buffer), ExitCode::Device);
    owners.emplace_back(buffer);
    raw.push_back(buffer);
    return buffer;
  }

  Package package;
  Executable executable;
  std::vector<Buffer> in, out;
  std::vector<ptl_buffer *> inRaw, outRaw;
};

/// An empty text, or the first element that is wrong.
std::string compare(const std::string &name, const std::vector<float> &got,
                    const float *want) {
  for (size_t i = 0; i < got.size(); ++i)
    if (!(std::abs(got[i] - want[i]) <=
          1e-4f * std::max(1.0f, std::abs(want[i]))))
      return fmt::format("wrong result: {}[{}] is {}, not {}", name, i, got[i],
                         want[i]);
  return "";
}

/// Runs the program of the check; an empty text, or what is wrong.
std::string checkResults(const Options &options, ptl_device *device) {
  std::vector<Tensor> inputs = {makeTensor("A", {67, 71}),
                                makeTensor("B", {71, 45})};
  SmallProgram program(options, device, checkSource, inputs);
  program.run();
  CompilerResult wanted =
      interpretSource(options, checkSource, asInputs(inputs), {});
  const CompilerLibrary &library = CompilerLibrary::get();
  for (size_t i = 0; i < library.outputCount(wanted.get()); ++i) {
    const ptlc_tensor *tensor = library.output(wanted.get(), i);
    std::string wrong = compare(tensor->name, program.output(i),
                                static_cast<const float *>(tensor->data));
    if (!wrong.empty())
      return wrong;
  }
  return "";
}

double measureLaunch(const Options &options, ptl_device *device) {
  SmallProgram program(options, device, launchSource, {makeTensor("A", {1})});
  std::vector<double> seconds;
  for (int i = 0; i < 220; ++i) {
    auto start = std::chrono::steady_clock::now();
    program.run();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count());
  }
  // The first ones warm up.
  std::sort(seconds.begin() + 20, seconds.end());
  return seconds[120];
}

/// One line of what was thrown, without the tool's name.
std::string shorten(std::string text) {
  constexpr std::string_view prefix = "polytile: error: ";
  if (text.starts_with(prefix))
    text.erase(0, prefix.size());
  return text.substr(0, text.find('\n'));
}

bool hasCompiler() {
  try {
    CompilerLibrary::get();
    return true;
  } catch (const Failure &) {
    return false;
  }
}

} // namespace

DeviceTrial polytile::cli::tryDevice(const Options &options,
                                     const std::string &name,
                                     const std::string &description) {
  Json json = Json::parse(description);
  DeviceTrial trial;
  trial.name = name;
  trial.hardware = json["hardware"].text();
  trial.isTested = isTestedKind(json);
  Options own = options;
  own.file = "setup.tile";
  own.function.clear();
  try {
    ptl_device *raw = nullptr;
    check(ptl_device_open(name.c_str(), nullptr, &raw), ExitCode::Device);
    Device device(raw);
    if (hasCompiler()) {
      // Speed is of no use where results are wrong.
      trial.check = DeviceTrial::Check::Failed;
      trial.problem = checkResults(own, raw);
      if (!trial.problem.empty())
        return trial;
      trial.check = DeviceTrial::Check::Passed;
      trial.launchSeconds = measureLaunch(own, raw);
    }
    ptl_device_peak peak{};
    check(ptl_device_measure_peak(raw, &peak), ExitCode::Device);
    trial.copyBytesPerSecond = peak.copy_bytes_per_second;
    trial.f32FlopsPerSecond = peak.f32_flops_per_second;
  } catch (const Failure &failure) {
    trial.problem = shorten(failure.text);
    if (trial.check == DeviceTrial::Check::Passed)
      trial.check = DeviceTrial::Check::Failed;
  }
  return trial;
}
