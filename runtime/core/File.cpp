// Whole files, with the system's own words for what went wrong.
#include "runtime/core/File.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace polytile::runtime {
namespace {

class Descriptor {
public:
  explicit Descriptor(int fd) : fd(fd) {}
  ~Descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  int get() const { return fd; }
  /// Closes and tells whether the system was content.
  bool close() { return ::close(std::exchange(fd, -1)) == 0; }

private:
  int fd;
};

Status
systemFailure(const char *what, const char *path, int error,
              std::source_location place = std::source_location::current()) {
  ptl_status_code code = error == ENOENT ? PTL_STATUS_NOT_FOUND : PTL_STATUS_IO;
  return fail(CodeAt(code, place), "can't ", what, " ", path, ": ",
              std::strerror(error));
}

/// Reads until the end or until `capacity` is full; -1 on error.
ssize_t readAll(int fd, unsigned char *data, size_t capacity) {
  size_t done = 0;
  while (done < capacity) {
    ssize_t got = ::read(fd, data + done, capacity - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -1;
    if (got == 0)
      break;
    done += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

/// Something without a size (a pipe, a file of /proc): read in growing pieces.
Status readStream(int fd, const char *path, Memory &contents) {
  std::vector<unsigned char> bytes;
  for (;;) {
    size_t before = bytes.size();
    bytes.resize(before + std::max<size_t>(before, 65536));
    ssize_t got = readAll(fd, bytes.data() + before, bytes.size() - before);
    if (got < 0)
      return systemFailure("read", path, errno);
    bytes.resize(before + static_cast<size_t>(got));
    if (bytes.size() == before)
      break;
  }
  PTL_TRY(Memory::allocate(nullptr, bytes.size(), false, contents));
  if (!bytes.empty())
    std::memcpy(contents.data(), bytes.data(), bytes.size());
  return {};
}

bool writeAll(int fd, std::span<const unsigned char> piece) {
  while (!piece.empty()) {
    ssize_t put = ::write(fd, piece.data(), piece.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return false;
    piece = piece.subspan(static_cast<size_t>(put));
  }
  return true;
}

/// Pipes, devices and such can't be renamed over: they are written in place.
bool isSpecial(const char *path) {
  struct stat info;
  return ::stat(path, &info) == 0 && !S_ISREG(info.st_mode) &&
         !S_ISDIR(info.st_mode);
}

} // namespace

Status readFile(const char *path, Memory &contents) {
  Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  if (file.get() < 0)
    return systemFailure("open", path, errno);
  struct stat info;
  if (::fstat(file.get(), &info) < 0)
    return systemFailure("read", path, errno);
  if (S_ISDIR(info.st_mode))
    return systemFailure("read", path, EISDIR);
  if (!S_ISREG(info.st_mode) || info.st_size == 0)
    return readStream(file.get(), path, contents);
  PTL_TRY(Memory::allocate(nullptr, static_cast<uint64_t>(info.st_size), false,
                           contents));
  ssize_t got = readAll(file.get(), contents.data(), contents.size());
  if (got < 0)
    return systemFailure("read", path, errno);
  if (static_cast<uint64_t>(got) != contents.size())
    return fail(PTL_STATUS_IO, "can't read ", path, ": it shrank from ",
                contents.size(), " to ", got, " bytes");
  return {};
}

Status writeFile(const char *path,
                 std::span<const std::span<const unsigned char>> pieces) {
  bool inPlace = isSpecial(path);
  std::string name = inPlace ? path : std::string(path) + ".XXXXXX";
  Descriptor file(inPlace ? ::open(path, O_WRONLY | O_CLOEXEC)
                          : ::mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0)
    return systemFailure("write", path, errno);
  bool written = true;
  for (std::span<const unsigned char> piece : pieces)
    written = written && writeAll(file.get(), piece);
  int error = errno;
  if (!inPlace && written) {
    mode_t mask = ::umask(0);
    ::umask(mask);
    written = ::fchmod(file.get(), 0666 & ~mask) == 0;
    error = errno;
  }
  if (written && !file.close()) {
    written = false;
    error = errno;
  }
  if (written && !inPlace && ::rename(name.c_str(), path) != 0) {
    written = false;
    error = errno;
  }
  if (!written) {
    if (!inPlace)
      ::unlink(name.c_str());
    return systemFailure("write", path, error);
  }
  return {};
}

bool makeFolders(const std::string &path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST)
      return false;
    if (end == std::string::npos)
      return true;
  }
}

} // namespace polytile::runtime
