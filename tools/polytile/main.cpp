//===- main.cpp - The command line of polytile ----------------------------===//
//
// Parses the words and calls the command. The only file that includes CLI11.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Failure.h"
#include "tools/polytile/Options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>

using namespace polytile::cli;

namespace {

constexpr const char *exitCodes =
    "Exit codes: 0 good, 1 the program or its inputs are wrong, 2 wrong usage, "
    "3 the device failed,\n70 a bug of polytile.";

void addFile(CLI::App *command, Options &options, const char *what) {
  command->add_option("FILE", options.file, what)->required();
}

void addFunction(CLI::App *command, Options &options) {
  command->add_option("--function", options.function,
                      "The function; default: the last one of the file");
}

void addDevice(CLI::App *command, Options &options, const char *what) {
  command->add_option("--device", options.device, what);
  command->add_option("--threads", options.threads,
                      "Threads of the device; default: $POLYTILE_NUM_THREADS, "
                      "else the cores this process may use");
  command->add_flag("--no-cache", options.noCache,
                    "Compile anew, and don't keep the result");
}

void addCompiling(CLI::App *command, Options &options) {
  command
      ->add_option("--cpu", options.cpuLevel,
                   "x86-64, x86-64-v2, x86-64-v3, x86-64-v4 or native")
      ->check(CLI::IsMember(
          {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "native"}));
  command
      ->add_option("--dump-phases", options.dumpDirectory,
                   "An existing folder for the IR after each phase")
      ->check(CLI::ExistingDirectory);
}

// Words such as A=a.npy are taken one at a time: a file that follows an option
// must not be eaten by it.
void addWords(CLI::App *command, const char *name,
              std::vector<std::string> &words, const char *what) {
  command->add_option(name, words, what)->type_size(1)->expected(1)->take_all();
}

void addShapes(CLI::App *command, Options &options) {
  addWords(command, "--shape", options.shapes,
           "NAME=64x32:f32 for each input; a scalar is NAME=f32");
}

CLI::App *addRun(CLI::App &app, Options &options) {
  CLI::App *run = app.add_subcommand("run", "Run a function on data");
  addFile(run, options, "Tile source or a compiled package (.ptl)");
  addFunction(run, options);
  addWords(run, "--input", options.inputs,
           "NAME=FILE.npy, NAME=FILE.npz:ARRAY, or NAME=2.5 for a scalar");
  addWords(run, "--output", options.outputs,
           "NAME=FILE.npy or FILE.npz; without any, a summary is printed");
  addDevice(run, options,
            "A name from 'polytile devices', null:0 or interpreter; default: "
            "$POLYTILE_DEVICE, else the saved choice, else cpu:0");
  addCompiling(run, options);
  return run;
}

CLI::App *addCompile(CLI::App &app, Options &options) {
  CLI::App *compile =
      app.add_subcommand("compile", "Compile a function for given shapes");
  addFile(compile, options, "Tile source");
  addFunction(compile, options);
  addShapes(compile, options);
  compile
      ->add_option("--target", options.targets,
                   "What to compile for, with commas between: cpu, opencl or "
                   "vulkan (any device of the kind), opencl=FILE or "
                   "vulkan=FILE (a device description), or a device's name; "
                   "default: cpu")
      ->delimiter(',')
      ->type_size(1)
      ->expected(1)
      ->take_all();
  compile->add_option("--emit", options.emit,
                      "Where to stop: ast, tile, program, linalg, llvm, asm, "
                      "kernel, opencl, spirv, spirv-text or package");
  compile->add_option("-o,--output", options.outputFile,
                      "The file to write; default: FILE.ptl for a package, "
                      "else the terminal");
  addCompiling(compile, options);
  return compile;
}

CLI::App *addBench(CLI::App &app, Options &options) {
  CLI::App *bench =
      app.add_subcommand("bench", "Measure a function on made-up data");
  addFile(bench, options, "Tile source or a compiled package (.ptl)");
  addFunction(bench, options);
  addShapes(bench, options);
  addDevice(bench, options,
            "default: $POLYTILE_DEVICE, else the saved choice, else cpu:0");
  addCompiling(bench, options);
  bench->add_option("--seconds", options.benchSeconds,
                    "How long to measure; default 1");
  bench->add_flag("--json", options.json, "Print one line of JSON");
  return bench;
}

int parseAndCall(int argc, char **argv) {
  Options options;
  options.commandLine.assign(argv, argv + argc);
  CLI::App app("Polytile: a compiler for tensor expressions");
  app.set_version_flag("--version",
                       std::string("polytile ") + ptl_version_string());
  app.require_subcommand(1);
  app.footer(exitCodes);
  CLI::App *run = addRun(app, options);
  CLI::App *compile = addCompile(app, options);
  CLI::App *bench = addBench(app, options);
  CLI::App *check =
      app.add_subcommand("check", "Report what is wrong with a program");
  addFile(check, options, "Tile source");
  CLI::App *devices = app.add_subcommand("devices", "List the devices");
  devices->add_option("NAME", options.device,
                      "Print this device's description alone, which --target "
                      "takes as a file");
  devices->add_flag("--json", options.json, "Print one line of JSON");
  CLI::App *setup = app.add_subcommand(
      "setup", "Measure the devices, and choose the one that programs use");
  setup->add_option("--device", options.device,
                    "Try this one alone, and save it if it passes");
  setup->add_flag("--yes", options.yes,
                  "Ask nothing: save the recommended device");
  CLI::App *version = app.add_subcommand("version", "Print the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    bool isHelp = error.get_exit_code() == 0;
    app.exit(error);
    return isHelp ? 0 : static_cast<int>(ExitCode::Usage);
  }
  if (run->parsed())
    return runCommand(options);
  if (compile->parsed())
    return compileCommand(options);
  if (bench->parsed())
    return benchCommand(options);
  if (check->parsed())
    return checkCommand(options);
  if (devices->parsed())
    return devicesCommand(options);
  if (setup->parsed())
    return setupCommand(options);
  if (version->parsed())
    std::printf("polytile %s\n", ptl_version_string());
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  try {
    return parseAndCall(argc, argv);
  } catch (const Failure &failure) {
    std::fflush(stdout);
    std::fputs(failure.text.c_str(), stderr);
    return static_cast<int>(failure.code);
  } catch (const std::bad_alloc &) {
    std::fputs("polytile: error: out of memory\n", stderr);
    return static_cast<int>(ExitCode::UserError);
  } catch (const std::filesystem::filesystem_error &error) {
    std::fprintf(stderr, "polytile: error: %s\n", error.what());
    return static_cast<int>(ExitCode::UserError);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "polytile: internal error: %s\n", error.what());
    return static_cast<int>(ExitCode::Internal);
  }
}
