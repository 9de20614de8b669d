//===- RunCommand.cpp - polytile run --------------------------------------===//
//
// Inputs from files or the command line, one run, results to files or as a
// summary. Nothing is written unless everything went well.
//
//===----------------------------------------------------------------------===//

#include "lang/tile/Numbers.h"
#include "lang/tile/Suggestion.h"
#include "tools/polytile/CrashReporter.h"
#include "tools/polytile/Failure.h"
#include "tools/polytile/Program.h"

#include <cstring>
#include <fmt/format.h>

using namespace polytile;
using namespace polytile::cli;

namespace {

/// Writes the results to the named files, or prints what they are.
void report(const std::vector<OutputFile> &files,
            const std::vector<Result> &results) {
  if (!files.empty())
    return writeOutputs(files, results);
  for (const Result &result : results)
    fmt::print("{}\n", summarize(result));
}

void runOnInterpreter(const Options &options, const std::vector<Input> &inputs,
                      const std::vector<OutputFile> &files) {
  if (isPackageFile(options.file))
    fail(ExitCode::UserError,
         fmt::format("{}: the interpreter takes Tile source, not a package",
                     options.file));
  std::string source = readFile(options.file);
  CompilerResult result = interpretSource(options, source, inputs, files);
  const CompilerLibrary &library = CompilerLibrary::get();
  std::vector<Result> results;
  for (size_t i = 0; i < library.outputCount(result.get()); ++i) {
    const ptlc_tensor *tensor = library.output(result.get(), i);
    results.push_back({tensor->name,
                       static_cast<ptl_element_type>(tensor->element_type),
                       {tensor->dims, tensor->dims + tensor->rank},
                       tensor->data});
  }
  report(files, results);
}

/// The language's element type; the two enumerations have the same names.
lang::ElementType languageType(ptl_element_type type) {
  return *lang::elementTypeByName(ptl_element_type_name(type));
}

std::string describeInfo(const ptl_tensor_info &info) {
  return describeType(info.element_type, {info.dims, info.dims + info.rank});
}

/// A bare number as the package's input takes it.
void resolveNumber(Input &input, const ptl_tensor_info &wanted,
                   std::string &bytes) {
  std::optional<std::string> encoded;
  if (wanted.rank == 0)
    encoded =
        lang::encodeNumber(input.number, languageType(wanted.element_type));
  if (!encoded)
    fail(ExitCode::UserError,
         fmt::format("'{}' is {}, which can't hold {}", input.name,
                     describeInfo(wanted), input.number));
  bytes = std::move(*encoded);
  input.elementType = wanted.element_type;
  input.data = bytes.data();
}

void checkInput(const Input &input, const ptl_tensor_info &wanted) {
  std::vector<int64_t> dims(wanted.dims, wanted.dims + wanted.rank);
  if (input.elementType != wanted.element_type || input.dims != dims)
    fail(ExitCode::UserError,
         fmt::format("'{}' is {}, but the input is {}", input.name,
                     describeInfo(wanted),
                     describeType(input.elementType, input.dims)));
}

/// One buffer for each input of the entry, which use the memory of `given`.
std::vector<Buffer> bindInputs(const Program &program,
                               std::vector<Input> &given,
                               std::vector<std::string> &numbers) {
  numbers.resize(program.inputs.size());
  std::vector<Buffer> buffers;
  for (size_t i = 0; i < program.inputs.size(); ++i) {
    const ptl_tensor_info &wanted = program.inputs[i];
    Input *found = nullptr;
    for (Input &input : given)
      if (input.name == wanted.name)
        found = &input;
    if (!found)
      fail(ExitCode::UserError,
           fmt::format("no input is given for '{}', which is {}", wanted.name,
                       describeInfo(wanted)));
    if (!found->number.empty())
      resolveNumber(*found, wanted, numbers[i]);
    checkInput(*found, wanted);
    ptl_buffer *buffer = nullptr;
    check(ptl_buffer_wrap(program.device.get(), const_cast<void *>(found->data),
                          wanted.byte_size, nullptr, nullptr, &buffer),
          ExitCode::Device);
    buffers.emplace_back(buffer);
  }
  return buffers;
}

void checkNoUnknownInput(const Program &program,
                         const std::vector<Input> &given) {
  for (const Input &input : given) {
    lang::Suggestion suggestion(input.name);
    bool isKnown = false;
    for (const ptl_tensor_info &wanted : program.inputs) {
      isKnown |= input.name == wanted.name;
      suggestion.consider(wanted.name);
    }
    if (isKnown)
      continue;
    std::string hint =
        suggestion.best().empty()
            ? ""
            : fmt::format("hint: did you mean '{}'?\n", suggestion.best());
    throw Failure{ExitCode::UserError,
                  fmt::format("polytile: error: there is no input '{}'\n{}",
                              input.name, hint)};
  }
}

std::vector<ptl_buffer *> pointers(const std::vector<Buffer> &buffers) {
  std::vector<ptl_buffer *> raw;
  for (const Buffer &buffer : buffers)
    raw.push_back(buffer.get());
  return raw;
}

void runOnDevice(const Options &options, const std::string &device,
                 std::vector<Input> &inputs,
                 const std::vector<OutputFile> &files) {
  Program program = loadProgram(options, device, inputs);
  std::vector<std::string> names;
  for (const ptl_tensor_info &output : program.outputs)
    names.push_back(output.name);
  checkNoUnknownInput(program, inputs);
  std::vector<std::string> numbers;
  std::vector<Buffer> inputBuffers = bindInputs(program, inputs, numbers);
  checkOutputNames(files, names);

  std::vector<Buffer> outputBuffers;
  for (const ptl_tensor_info &output : program.outputs) {
    ptl_buffer *buffer = nullptr;
    check(ptl_buffer_create(program.device.get(), output.byte_size, &buffer),
          ExitCode::Device);
    outputBuffers.emplace_back(buffer);
  }
  std::vector<ptl_buffer *> in = pointers(inputBuffers),
                            out = pointers(outputBuffers);
  {
    // A compiled kernel that breaks is a bug of the compiler.
    CrashReporter reporter(readFile(options.file), options.file,
                           options.commandLine);
    check(ptl_executable_run(program.executable.get(), in.data(), in.size(),
                             out.data(), out.size()),
          ExitCode::Device);
  }

  std::vector<Result> results;
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    const ptl_tensor_info &output = program.outputs[i];
    void *data = nullptr;
    check(ptl_buffer_map(out[i], PTL_MAP_READ, 0, output.byte_size, &data),
          ExitCode::Device);
    results.push_back({output.name,
                       output.element_type,
                       {output.dims, output.dims + output.rank},
                       data});
  }
  report(files, results);
  for (ptl_buffer *buffer : out)
    check(ptl_buffer_unmap(buffer), ExitCode::Device);
}

} // namespace

int polytile::cli::runCommand(const Options &options) {
  std::vector<OutputFile> files = readOutputs(options.outputs);
  std::vector<Input> inputs = readInputs(options.inputs);
  std::string device = resolveDevice(options);
  if (device == "interpreter")
    runOnInterpreter(options, inputs, files);
  else
    runOnDevice(options, device, inputs, files);
  return 0;
}
