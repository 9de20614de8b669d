//===- CrashReport.cpp - A reproducer when the compiler breaks ------------===//
//
// Everything that the handler needs is prepared before: in a handler only
// open, write and _exit are safe.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/CrashReport.h"

#include "tools/polytile/Command.h"
#include "tools/polytile/CompilerLibrary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace polytile;
using namespace polytile::tool;

static constexpr int fatalSignals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE,
                                       SIGILL};

const CrashReport *CrashReport::active = nullptr;

/// The command that compiles the copy for the same shapes.
static std::string commandLine(const std::string &path,
                               const std::vector<Argument> &arguments,
                               const std::string &function,
                               const std::string &command) {
  if (command == "check")
    return fmt::format("polytile check {}", path);
  std::string line = fmt::format("polytile compile {} -o /dev/null", path);
  if (!function.empty())
    line += fmt::format(" --function {}", function);
  for (const Argument &argument : arguments) {
    bool isNumber = !argument.number.empty();
    const char *type = isNumber
                           ? (isIntegerText(argument.number) ? "i32" : "f32")
                           : ptl_element_type_name(argument.elementType);
    line += fmt::format(" --shape {}={}{}{}", argument.name,
                        fmt::join(argument.dims, "x"),
                        argument.dims.empty() ? "" : ":", type);
  }
  return line;
}

CrashReport::CrashReport(const SourceText &source,
                         const std::vector<Argument> &arguments,
                         const std::string &function,
                         const std::string &command)
    : text(source.text), stack(64 * 1024) {
  const char *folder = std::getenv("TMPDIR");
  path = fmt::format("{}/polytile-crash-{}.tile",
                     folder && *folder ? folder : "/tmp", getpid());
  message = fmt::format(
      "polytile: this is a bug of the compiler, not of the program\n"
      "polytile: the source is kept in {}; to repeat:\n  {}\n",
      path, commandLine(path, arguments, function, command));
  active = this;
  stack_t alternate = {};
  alternate.ss_sp = stack.data();
  alternate.ss_size = stack.size();
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = handle;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  for (int signal : fatalSignals)
    sigaction(signal, &action, nullptr);
}

CrashReport::~CrashReport() {
  for (int signal : fatalSignals)
    std::signal(signal, SIG_DFL);
  stack_t none = {};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  active = nullptr;
}

/// As much as can be written; there is nobody to tell about the rest.
static void writeAll(int file, const char *data, size_t size) {
  while (size > 0) {
    ssize_t written = ::write(file, data, size);
    if (written <= 0)
      return;
    data += written;
    size -= static_cast<size_t>(written);
  }
}

void CrashReport::writeCopy() const {
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0)
    return;
  writeAll(file, text.data(), text.size());
  ::close(file);
}

std::string CrashReport::write() const {
  writeCopy();
  return message;
}

void CrashReport::handle(int) {
  if (active) {
    active->writeCopy();
    writeAll(STDERR_FILENO, active->message.data(), active->message.size());
  }
  _exit(ExitBug);
}
