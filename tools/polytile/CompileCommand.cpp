//===- CompileCommand.cpp - polytile compile and polytile check -----------===//
//
// The commands that only call the compiler.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/CrashReporter.h"
#include "tools/polytile/Failure.h"
#include "tools/polytile/Program.h"

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
};

ptlc_emit emitByName(const std::string &name) {
  for (const EmitName &known : emitNames)
    if (name == known.name)
      return known.emit;
  fail(ExitCode::Usage,
       fmt::format("--emit={} isn't known: take ast, tile, linalg, program, "
                   "llvm, asm or package",
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

} // namespace

int polytile::cli::compileCommand(const Options &options) {
  ptlc_emit emit = emitByName(options.emit);
  for (const std::string &target : options.targets)
    if (target != "cpu")
      fail(ExitCode::Usage,
           fmt::format("--target {} isn't known: this compiler has cpu",
                       target));
  std::vector<Input> shapes = readShapes(options.shapes);
  std::string source = readFile(options.file);
  CompilerResult result =
      compileSource(options, source, shapes, emit, options.cpuLevel);
  const CompilerLibrary &library = CompilerLibrary::get();
  std::string_view data(static_cast<const char *>(library.data(result.get())),
                        library.size(result.get()));
  bool isText = emit != PTLC_EMIT_PACKAGE;
  if (options.outputFile == "-" || (isText && options.outputFile.empty())) {
    fmt::print("{}{}", data, isText && !data.ends_with('\n') ? "\n" : "");
    return 0;
  }
  std::string path = options.outputFile;
  if (path.empty())
    path = fs::path(options.file).stem().string() + ".ptl";
  writeFile(path, data);
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
