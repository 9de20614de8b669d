//===- Link.cpp - An object becomes a shared object -----------------------===//
//
// LLD as a library. It reads and writes files only and isn't thread-safe, so
// one link runs at a time, in files that nobody else sees, in memory where the
// system has such a folder.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/cpu/Object.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>
#include <unistd.h>

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace polytile::cpu {

/// A file that is gone at the end of the scope.
class TemporaryFile {
public:
  explicit TemporaryFile(StringRef suffix) {
    const char *folder =
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
    std::string pattern = std::string(folder ? folder : "/tmp") +
                          "/polytile-%%%%%%%%%%%%" + suffix.str();
    int descriptor = -1;
    error = sys::fs::createUniqueFile(pattern, descriptor, path);
    if (!error)
      ::close(descriptor);
  }
  ~TemporaryFile() {
    if (!error)
      sys::fs::remove(path);
  }
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;

  SmallString<64> path;
  std::error_code error;
};

Expected<std::vector<char>> linkSharedObject(ArrayRef<char> object) {
  static std::mutex oneAtATime;
  std::lock_guard<std::mutex> lock(oneAtATime);
  TemporaryFile input(".o"), output(".so");
  if (input.error || output.error)
    return createStringError(input.error ? input.error : output.error,
                             "no temporary file can be made to link in");
  {
    std::error_code error;
    raw_fd_ostream stream(input.path, error);
    if (error)
      return createStringError(error, "the object can't be written");
    stream.write(object.data(), object.size());
    stream.close();
    if (stream.has_error()) {
      error = stream.error();
      stream.clear_error();
      return createStringError(error, "the object can't be written");
    }
  }
  const char *arguments[] = {"ld.lld",
                             "-shared",
                             "-z",
                             "defs",
                             "--hash-style=gnu",
                             "--build-id=none",
                             "--threads=1",
                             "-Bsymbolic",
                             "-o",
                             output.path.c_str(),
                             input.path.c_str()};
  std::string messages;
  raw_string_ostream stream(messages);
  lld::Result result =
      lld::lldMain(arguments, nulls(), stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return createStringError("the kernels can't be linked: " + messages);
  auto buffer = MemoryBuffer::getFile(output.path);
  if (!buffer)
    return createStringError(buffer.getError(),
                             "the shared object can't be read back");
  return std::vector<char>((*buffer)->getBufferStart(),
                           (*buffer)->getBufferEnd());
}

} // namespace polytile::cpu
