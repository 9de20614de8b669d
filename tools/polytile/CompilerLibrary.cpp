//===- CompilerLibrary.cpp - libpolytile-compiler, opened when needed -----===//
//
// It lies in ../lib beside the tool's own folder, both in the build tree and
// where it is installed; POLYTILE_COMPILER names another one.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/CompilerLibrary.h"

#include "tools/polytile/Failure.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>

using namespace polytile::cli;
namespace fs = std::filesystem;

namespace {

constexpr const char *fileName = "libpolytile-compiler.so";

/// The library's path, or its bare name for the loader to look for.
const std::string &libraryPath() {
  static const std::string path = [] {
    if (const char *chosen = std::getenv("POLYTILE_COMPILER");
        chosen && *chosen)
      return std::string(chosen);
    std::error_code error;
    fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const char *place :
         {"../lib", "../lib64", "../lib/x86_64-linux-gnu", "."})
      if (fs::path file = folder / place / fileName; fs::exists(file, error))
        return file.string();
    return std::string(fileName);
  }();
  return path;
}

template <typename T>
void resolve(void *library, const char *name, T &function) {
  function = reinterpret_cast<T>(dlsym(library, name));
  if (!function)
    fail(ExitCode::UserError,
         fmt::format("{} has no function '{}': it is of another version",
                     libraryPath(), name));
}

CompilerLibrary open() {
  // Lazy: binding all of LLVM's functions at once takes 9 ms more.
  void *library = dlopen(libraryPath().c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (!library)
    fail(ExitCode::UserError,
         fmt::format("this needs the compiler, and it can't be loaded: {}",
                     dlerror()));
  decltype(&::ptlc_version) version = nullptr;
  resolve(library, "ptlc_version", version);
  if (version() >> 8 != PTLC_VERSION >> 8)
    fail(ExitCode::UserError,
         fmt::format("{} is version {:#x}, but this tool needs {:#x}",
                     libraryPath(), version(), PTLC_VERSION));
  CompilerLibrary functions{};
  resolve(library, "ptlc_compile", functions.compile);
  resolve(library, "ptlc_interpret", functions.interpret);
  resolve(library, "ptlc_check", functions.check);
  resolve(library, "ptlc_result_code", functions.code);
  resolve(library, "ptlc_result_diagnostics", functions.diagnostics);
  resolve(library, "ptlc_result_data", functions.data);
  resolve(library, "ptlc_result_size", functions.size);
  resolve(library, "ptlc_result_output_count", functions.outputCount);
  resolve(library, "ptlc_result_output", functions.output);
  resolve(library, "ptlc_result_destroy", functions.destroy);
  return functions;
}

} // namespace

const CompilerLibrary &CompilerLibrary::get() {
  static const CompilerLibrary library = open();
  return library;
}

std::string CompilerLibrary::identity() {
  struct stat info{};
  if (stat(libraryPath().c_str(), &info) != 0)
    return "none";
  return fmt::format("{} {}.{:09}", info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}
