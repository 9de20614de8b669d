//===- Program.cpp - From a file on the command line to an executable -----===//
//
// The key of the cache is computed here, without the compiler: a hit never
// opens LLVM.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Program.h"

#include "lang/tile/Numbers.h"
#include "lang/tile/Suggestion.h"
#include "tools/polytile/CrashReporter.h"
#include "tools/polytile/Failure.h"
#include "tools/polytile/PackageCache.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/stat.h>

using namespace polytile;
using namespace polytile::cli;

namespace {

ExitCode exitCodeOf(ptlc_code code) {
  switch (code) {
  case PTLC_OK:
    return ExitCode::Success;
  case PTLC_USER_ERROR:
    return ExitCode::UserError;
  case PTLC_INVALID_ARGUMENT:
    return ExitCode::Usage;
  case PTLC_INTERNAL_ERROR:
    break;
  }
  return ExitCode::Internal;
}

/// Runs `call` under a crash reporter and deals with its diagnostics.
template <typename Call>
CompilerResult callCompiler(const Options &options, const std::string &source,
                            Call call) {
  const CompilerLibrary &library = CompilerLibrary::get();
  CrashReporter reporter(source, options.file, options.commandLine);
  CompilerResult result(call(library));
  std::string diagnostics = library.diagnostics(result.get());
  ExitCode code = exitCodeOf(library.code(result.get()));
  if (code == ExitCode::Internal)
    throw Failure{code, reporter.report(diagnostics)};
  if (code == ExitCode::Usage)
    diagnostics = "polytile: error: " + diagnostics;
  if (code != ExitCode::Success)
    throw Failure{code, diagnostics};
  fmt::print(stderr, "{}", diagnostics);
  return result;
}

const char *orNull(const std::string &text) {
  return text.empty() ? nullptr : text.c_str();
}

/// Everything that a package depends on, as text.
std::string cacheKey(const Options &options, const std::string &source,
                     const std::vector<Input> &inputs, const Targets &targets) {
  std::string key = fmt::format(
      "polytile {}\ncompiler {}\ntarget {}\ncpu {}\nfunction {}\nfile {}\n",
      ptl_version_string(), CompilerLibrary::identity(), targets.text,
      targets.cpuLevel, options.function, options.file);
  for (const Input &input : inputs)
    if (!input.number.empty())
      key += fmt::format("input {} number {}\n", input.name,
                         static_cast<int>(lang::naturalType(input.number)));
    else
      key += fmt::format("input {} {} [{}]\n", input.name,
                         ptl_element_type_name(input.elementType),
                         fmt::join(input.dims, ","));
  return key + "source\n" + source;
}

Package loadPackage(const std::string &bytes) {
  ptl_package *package = nullptr;
  check(ptl_package_load_memory(bytes.data(), bytes.size(), &package),
        ExitCode::Internal);
  return Package(package);
}

/// The package of a source file, from the cache where it is known.
Package compileCached(const Options &options, const std::vector<Input> &inputs,
                      const Targets &targets) {
  std::string source = readFile(options.file);
  PackageCache cache(!options.noCache && options.dumpDirectory.empty());
  std::string key = cacheKey(options, source, inputs, targets);
  if (std::optional<CachedPackage> hit = cache.find(key)) {
    ptl_package *package = nullptr;
    ptl_status *status = ptl_package_load_memory(hit->package.data(),
                                                 hit->package.size(), &package);
    if (!status) {
      fmt::print(stderr, "{}", hit->diagnostics);
      return Package(package);
    }
    ptl_status_destroy(status);
    cache.remove(key);
  }
  CompilerResult result =
      compileSource(options, source, inputs, PTLC_EMIT_PACKAGE, targets);
  const CompilerLibrary &library = CompilerLibrary::get();
  CachedPackage fresh;
  fresh.package.assign(static_cast<const char *>(library.data(result.get())),
                       library.size(result.get()));
  fresh.diagnostics = library.diagnostics(result.get());
  Package package = loadPackage(fresh.package);
  cache.store(key, fresh);
  return package;
}

Device openDevice(const Options &options, const std::string &name) {
  ptl_device_options settings{};
  settings.struct_size = sizeof(settings);
  settings.thread_count = options.threads;
  if (!options.cpuLevel.empty() && options.cpuLevel != "native")
    settings.cpu_level = options.cpuLevel.c_str();
  ptl_device *device = nullptr;
  check(ptl_device_open(name.c_str(), &settings, &device), ExitCode::Device);
  return Device(device);
}

/// The entry for the given inputs; when one name stands for several, their
/// types and shapes choose.
size_t findEntry(const Options &options, const ptl_package *package,
                 const std::vector<Input> &inputs) {
  size_t entry = 0;
  ptl_status *status = ptl_package_find_entry(package, orNull(options.function),
                                              nullptr, 0, &entry);
  if (ptl_status_get_code(status) == PTL_STATUS_INVALID_ARGUMENT) {
    ptl_status_destroy(status);
    std::vector<ptl_tensor_info> infos;
    for (const Input &input : inputs) {
      ptl_tensor_info info{};
      info.name = input.name.c_str();
      info.element_type = input.elementType;
      info.rank = static_cast<int32_t>(input.dims.size());
      info.dims = input.dims.data();
      infos.push_back(info);
    }
    status = ptl_package_find_entry(package, orNull(options.function),
                                    infos.data(), infos.size(), &entry);
  }
  check(status, ExitCode::UserError, options.file);
  return entry;
}

} // namespace

bool polytile::cli::isPackageFile(const std::string &path) {
  if (path.ends_with(".ptl"))
    return true;
  if (path.ends_with(".tile"))
    return false;
  char start[4] = {};
  std::ifstream(path, std::ios::binary).read(start, sizeof(start));
  return std::memcmp(start, "\x8BPTL", sizeof(start)) == 0;
}

std::string polytile::cli::readFile(const std::string &path) {
  struct stat info{};
  std::ifstream file(path, std::ios::binary);
  if (!file || stat(path.c_str(), &info) != 0)
    fail(ExitCode::UserError,
         fmt::format("{}: {}", path, std::strerror(errno)));
  if (S_ISDIR(info.st_mode))
    fail(ExitCode::UserError, path + ": this is a folder");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<ptlc_tensor>
polytile::cli::describeInputs(const std::vector<Input> &inputs) {
  std::vector<ptlc_tensor> tensors;
  for (const Input &input : inputs) {
    ptlc_tensor tensor{};
    tensor.struct_size = sizeof(tensor);
    tensor.name = input.name.c_str();
    tensor.element_type = static_cast<ptlc_element_type>(input.elementType);
    tensor.rank = static_cast<uint32_t>(input.dims.size());
    tensor.dims = input.dims.data();
    tensor.data = input.data;
    tensor.number = orNull(input.number);
    tensors.push_back(tensor);
  }
  return tensors;
}

CompilerResult polytile::cli::compileSource(const Options &options,
                                            const std::string &source,
                                            const std::vector<Input> &inputs,
                                            ptlc_emit emit,
                                            const Targets &targets) {
  std::vector<ptlc_tensor> tensors = describeInputs(inputs);
  ptlc_options settings{};
  settings.struct_size = sizeof(settings);
  settings.emit = emit;
  settings.function = orNull(options.function);
  settings.target = orNull(targets.text);
  settings.cpu_level = orNull(targets.cpuLevel);
  settings.dump_directory = orNull(options.dumpDirectory);
  return callCompiler(options, source, [&](const CompilerLibrary &library) {
    return library.compile(source.data(), source.size(), options.file.c_str(),
                           tensors.data(), tensors.size(), &settings);
  });
}

CompilerResult polytile::cli::interpretSource(
    const Options &options, const std::string &source,
    const std::vector<Input> &inputs, const std::vector<OutputFile> &outputs) {
  std::vector<ptlc_tensor> tensors = describeInputs(inputs);
  std::vector<const char *> names;
  for (const OutputFile &output : outputs)
    names.push_back(output.name.c_str());
  ptlc_options settings{};
  settings.struct_size = sizeof(settings);
  settings.function = orNull(options.function);
  settings.dump_directory = orNull(options.dumpDirectory);
  settings.outputs = names.data();
  settings.output_count = names.size();
  return callCompiler(options, source, [&](const CompilerLibrary &library) {
    return library.interpret(source.data(), source.size(), options.file.c_str(),
                             tensors.data(), tensors.size(), &settings);
  });
}

std::string polytile::cli::resolveDevice(const Options &options) {
  char name[256];
  check(ptl_device_resolve(orNull(options.device), name, sizeof(name), nullptr),
        ExitCode::Device);
  return name;
}

Program polytile::cli::loadProgram(const Options &options,
                                   const std::string &device,
                                   const std::vector<Input> &inputs) {
  Program program;
  program.device = openDevice(options, device);
  if (isPackageFile(options.file)) {
    ptl_package *package = nullptr;
    check(ptl_package_load_file(options.file.c_str(), &package),
          ExitCode::UserError, options.file);
    program.package.reset(package);
    program.entry = findEntry(options, package, inputs);
  } else {
    program.package =
        compileCached(options, inputs, targetsOf(program.device.get()));
  }
  const ptl_package *package = program.package.get();
  program.inputs.resize(ptl_package_input_count(package, program.entry));
  for (size_t i = 0; i < program.inputs.size(); ++i)
    check(ptl_package_input(package, program.entry, i, &program.inputs[i]),
          ExitCode::Internal);
  program.outputs.resize(ptl_package_output_count(package, program.entry));
  for (size_t i = 0; i < program.outputs.size(); ++i)
    check(ptl_package_output(package, program.entry, i, &program.outputs[i]),
          ExitCode::Internal);
  ptl_executable *executable = nullptr;
  check(ptl_executable_create(program.device.get(), package, program.entry,
                              &executable),
        ExitCode::Device, options.file);
  program.executable.reset(executable);
  return program;
}

void polytile::cli::checkOutputNames(const std::vector<OutputFile> &outputs,
                                     const std::vector<std::string> &names) {
  for (const OutputFile &output : outputs) {
    lang::Suggestion suggestion(output.name);
    bool isKnown = false;
    for (const std::string &name : names) {
      isKnown |= name == output.name;
      suggestion.consider(name);
    }
    if (isKnown)
      continue;
    std::string hint =
        suggestion.best().empty()
            ? fmt::format("there is {}", fmt::join(names, ", "))
            : fmt::format("did you mean '{}'?", suggestion.best());
    throw Failure{
        ExitCode::UserError,
        fmt::format("polytile: error: there is no output '{}'\nhint: {}\n",
                    output.name, hint)};
  }
}
