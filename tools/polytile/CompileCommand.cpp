//===- CompileCommand.cpp - polytile compile and polytile check -----------===//
//
// The commands that only call the compiler.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/CrashReporter.h"
#include "tools/polytile/Failure.h"
#include "tools/polytile/Program.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

using namespace polytile::cli;
namespace fs = std::filesystem;

namespace {

struct EmitName {
  const char *name;
  ptlc_emit emit;
};
constexpr EmitName emitNames[] = {
    {"ast", PTLC_EMIT_AST},         {"tile", PTLC_EMIT_TILE},
    {"linalg", PTLC_EMIT_LINALG},   {"program", PTLC_EMIT_PROGRAM},
    {"llvm", PTLC_EMIT_LLVM},       {"asm", PTLC_EMIT_ASSEMBLY},
    {"package", PTLC_EMIT_PACKAGE}, {"signature", PTLC_EMIT_SIGNATURE},
    {"kernel", PTLC_EMIT_KERNEL},   {"opencl", PTLC_EMIT_OPENCL},
    {"spirv", PTLC_EMIT_SPIRV},     {"spirv-text", PTLC_EMIT_SPIRV_TEXT},
};

ptlc_emit emitByName(const std::string &name) {
  for (const EmitName &known : emitNames)
    if (name == known.name)
      return known.emit;
  fail(ExitCode::Usage,
       fmt::format("--emit={} isn't known: take ast, tile, program, linalg, "
                   "llvm, asm, kernel, opencl, spirv, spirv-text or package",
                   name));
}

/// Writes beside the path and renames, so that the file is whole or absent.
void writeFile(const std::string &path, std::string_view contents) {
  fs::path target(path);
  fs::path beside = target.parent_path() /
                    fmt::format(".{}-{}", getpid(), target.filename().string());
  std::ofstream file(beside, std::ios::binary);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  std::error_code error;
  if (file)
    fs::rename(beside, target, error);
  if (!file || error) {
    std::error_code ignored;
    fs::remove(beside, ignored);
    fail(ExitCode::UserError,
         fmt::format("{}: the file can't be written", path));
  }
}

//===----------------------------------------------------------------------===//
// SPIR-V: one file for each module
//===----------------------------------------------------------------------===//

constexpr uint32_t spirvMagic = 0x07230203;
constexpr size_t spirvHeaderWords = 5;
constexpr uint32_t entryPointOpcode = 15;

/// The kernel's name: a string in words 3 and on of OpEntryPoint.
std::string nameOfModule(const std::vector<uint32_t> &words) {
  for (size_t at = spirvHeaderWords;
       at < words.size() && words[at] >> 16 != 0 &&
       at + (words[at] >> 16) <= words.size();
       at += words[at] >> 16)
    if ((words[at] & 0xffff) == entryPointOpcode && words[at] >> 16 > 3) {
      const char *name = reinterpret_cast<const char *>(&words[at + 3]);
      size_t limit = ((words[at] >> 16) - 3) * sizeof(uint32_t);
      return std::string(name, strnlen(name, limit));
    }
  return "kernel";
}

/// Modules that stand back to back: one ends where an instruction would be the
/// magic number of the next.
std::vector<std::vector<uint32_t>> splitModules(std::string_view data) {
  std::vector<uint32_t> words(data.size() / sizeof(uint32_t));
  std::memcpy(words.data(), data.data(), words.size() * sizeof(uint32_t));
  std::vector<std::vector<uint32_t>> modules;
  for (size_t at = 0; at < words.size();) {
    size_t end = at + spirvHeaderWords;
    while (end < words.size() && words[end] != spirvMagic &&
           words[end] >> 16 != 0)
      end += words[end] >> 16;
    end = std::min(end, words.size());
    modules.emplace_back(words.begin() + static_cast<ptrdiff_t>(at),
                         words.begin() + static_cast<ptrdiff_t>(end));
    at = end;
  }
  return modules;
}

/// One module goes to the path itself, several to PATH.KERNEL.spv beside it.
void writeSpirv(const fs::path &path, std::string_view data) {
  std::vector<std::vector<uint32_t>> modules = splitModules(data);
  for (const std::vector<uint32_t> &module : modules) {
    fs::path file = path;
    if (modules.size() > 1)
      file.replace_extension("." + nameOfModule(module) +
                             path.extension().string());
    writeFile(file.string(), {reinterpret_cast<const char *>(module.data()),
                              module.size() * sizeof(uint32_t)});
    if (modules.size() > 1)
      fmt::print("{}\n", file.string());
  }
}

} // namespace

int polytile::cli::compileCommand(const Options &options) {
  ptlc_emit emit = emitByName(options.emit);
  Targets targets = readTargets(options.targets, options.cpuLevel);
  std::vector<Input> shapes = readShapes(options.shapes);
  std::string source = readFile(options.file);
  CompilerResult result = compileSource(options, source, shapes, emit, targets);
  const CompilerLibrary &library = CompilerLibrary::get();
  std::string_view data(static_cast<const char *>(library.data(result.get())),
                        library.size(result.get()));
  bool isText = emit != PTLC_EMIT_PACKAGE && emit != PTLC_EMIT_SPIRV;
  if (options.outputFile == "-" || (isText && options.outputFile.empty())) {
    fmt::print("{}{}", data, isText && !data.ends_with('\n') ? "\n" : "");
    return 0;
  }
  fs::path path = options.outputFile;
  if (path.empty())
    path = fs::path(options.file).stem().string() +
           (emit == PTLC_EMIT_SPIRV ? ".spv" : ".ptl");
  if (emit == PTLC_EMIT_SPIRV)
    writeSpirv(path, data);
  else
    writeFile(path.string(), data);
  return 0;
}

int polytile::cli::checkCommand(const Options &options) {
  std::string source = readFile(options.file);
  const CompilerLibrary &library = CompilerLibrary::get();
  CrashReporter reporter(source, options.file, options.commandLine);
  CompilerResult result(
      library.check(source.data(), source.size(), options.file.c_str()));
  fmt::print(stderr, "{}", library.diagnostics(result.get()));
  return library.code(result.get());
}
