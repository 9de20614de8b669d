//===- CrashReporter.cpp - Reproducers for our own bugs -------------------===//
//
// A signal handler may do little: everything that it writes is made before. The
// reproducer is the program itself under a comment, so that it is a Tile file.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/CrashReporter.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <iterator>
#include <unistd.h>

using namespace polytile::cli;

namespace {

constexpr int crashSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/// What the handler needs, made by the constructor.
struct Prepared {
  std::string path, fallbackPath, contents;
  std::string message, fallbackMessage;
  struct sigaction previous[std::size(crashSignals)];
  stack_t previousStack;
  char stack[64 * 1024];
};
Prepared *prepared = nullptr;

bool writeAll(int file, const char *data, size_t bytes) {
  while (bytes > 0) {
    ssize_t written = write(file, data, bytes);
    if (written <= 0)
      return false;
    data += written;
    bytes -= static_cast<size_t>(written);
  }
  return true;
}

bool writeFile(const std::string &path, const std::string &contents) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  bool good = file >= 0 && writeAll(file, contents.data(), contents.size());
  return file >= 0 && close(file) == 0 && good;
}

void onCrash(int) {
  const Prepared &ready = *prepared;
  const std::string &message =
      writeFile(ready.path, ready.contents)           ? ready.message
      : writeFile(ready.fallbackPath, ready.contents) ? ready.fallbackMessage
                                                      : ready.message;
  writeAll(STDERR_FILENO, message.data(), message.size());
  _exit(70);
}

std::string quote(const std::string &word) {
  if (!word.empty() &&
      word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                             "XYZ0123456789_-+=:,./@") == std::string::npos)
    return word;
  std::string quoted = "'";
  for (char c : word)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

/// The command with the reproducer in the place of the file.
std::string lineToRerun(const std::vector<std::string> &words,
                        const std::string &file, const std::string &path) {
  std::string line;
  for (const std::string &word : words)
    line += (line.empty() ? "" : " ") + quote(word == file ? path : word);
  return line;
}

std::string explain(const std::string &line, const std::string &path) {
  return fmt::format("polytile: internal error: this is a bug of polytile\n"
                     "note: the program is kept in {}\n"
                     "note: to run it again: {}\n",
                     path, line);
}

} // namespace

CrashReporter::CrashReporter(const std::string &source, const std::string &file,
                             const std::vector<std::string> &commandLine) {
  prepared = new Prepared();
  bool isPackage = file.ends_with(".ptl");
  std::string name = fmt::format("polytile-reproducer-{}.{}", getpid(),
                                 isPackage ? "ptl" : "tile");
  const char *temporary = std::getenv("TMPDIR");
  prepared->path = name;
  prepared->fallbackPath = (temporary ? temporary : "/tmp") + ("/" + name);
  std::string line = lineToRerun(commandLine, file, prepared->path);
  if (!isPackage)
    prepared->contents =
        "// polytile broke on this program. To run it again:\n// " + line +
        "\n";
  prepared->contents += source;
  prepared->message = explain(line, prepared->path);
  prepared->fallbackMessage =
      explain(lineToRerun(commandLine, file, prepared->fallbackPath),
              prepared->fallbackPath);

  stack_t stack{};
  stack.ss_sp = prepared->stack;
  stack.ss_size = sizeof(prepared->stack);
  sigaltstack(&stack, &prepared->previousStack);
  struct sigaction action{};
  action.sa_handler = onCrash;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  for (size_t i = 0; i < std::size(crashSignals); ++i)
    sigaction(crashSignals[i], &action, &prepared->previous[i]);
}

CrashReporter::~CrashReporter() {
  for (size_t i = 0; i < std::size(crashSignals); ++i)
    sigaction(crashSignals[i], &prepared->previous[i], nullptr);
  sigaltstack(&prepared->previousStack, nullptr);
  delete prepared;
  prepared = nullptr;
}

std::string CrashReporter::report(const std::string &what) const {
  if (writeFile(prepared->path, prepared->contents))
    return what + prepared->message;
  writeFile(prepared->fallbackPath, prepared->contents);
  return what + prepared->fallbackMessage;
}
