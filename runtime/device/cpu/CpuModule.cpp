// Loads shared objects from memory: an anonymous file, and the dynamic linker
// pointed at its descriptor.
//
// The descriptor stays open as long as the library. The linker recognises
// libraries by name, here /proc/self/fd/N: were it closed, the next module
// would get the same number and dlopen would silently return the old library.
#include "runtime/device/cpu/CpuModule.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace polytile::runtime {
namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
constexpr unsigned kMachine = EM_NONE;
#endif

/// What the dynamic linker would trip over: it trusts headers that point
/// outside the file.
Status checkElf(Bytes bytes) {
  Elf64_Ehdr header;
  if (bytes.size() < sizeof(header))
    return fail(PTL_STATUS_CORRUPT, "a module of ", bytes.size(),
                " bytes is no shared object");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) ||
      header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN)
    return fail(PTL_STATUS_CORRUPT,
                "a module is no 64-bit little-endian shared object");
  if (header.e_machine != kMachine)
    return fail(PTL_STATUS_INCOMPATIBLE, "a module is for ELF machine ",
                header.e_machine, ", this one is ", kMachine);
  uint64_t tableBytes = uint64_t(header.e_phnum) * sizeof(Elf64_Phdr);
  if (header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phoff > bytes.size() ||
      tableBytes > bytes.size() - header.e_phoff)
    return fail(PTL_STATUS_CORRUPT, "a module's program headers leave its ",
                bytes.size(), " bytes");
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof(segment),
                sizeof(segment));
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC)
      continue;
    if (segment.p_offset > bytes.size() ||
        segment.p_filesz > bytes.size() - segment.p_offset ||
        segment.p_memsz < segment.p_filesz)
      return fail(PTL_STATUS_CORRUPT, "a module's segment ", i, " leaves its ",
                  bytes.size(), " bytes");
  }
  return {};
}

int anonymousFile() {
  constexpr unsigned executable = 0x10; // MFD_EXEC, since Linux 6.3
  int fd = ::memfd_create("polytile-module", MFD_CLOEXEC | executable);
  return fd < 0 && errno == EINVAL
             ? ::memfd_create("polytile-module", MFD_CLOEXEC)
             : fd;
}

bool writeAll(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return false;
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return true;
}

} // namespace

Status CpuModule::load(Bytes bytes, std::shared_ptr<CpuModule> &module) {
  PTL_TRY(checkElf(bytes));
  std::shared_ptr<CpuModule> made(new CpuModule);
  made->file = anonymousFile();
  if (made->file < 0 || !writeAll(made->file, bytes))
    return fail(PTL_STATUS_IO, "can't put a module of ", bytes.size(),
                " bytes in memory: ", std::strerror(errno));
  std::string path = "/proc/self/fd/" + std::to_string(made->file);
  made->library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!made->library) {
    const char *reason = ::dlerror();
    return fail(PTL_STATUS_CORRUPT, "a module can't be loaded: ",
                reason ? reason : "for no reason given");
  }
  module = std::move(made);
  return {};
}

CpuModule::~CpuModule() {
  if (library)
    ::dlclose(library);
  if (file >= 0)
    ::close(file);
}

void *CpuModule::find(const char *symbol) const {
  return ::dlsym(library, symbol);
}

} // namespace polytile::runtime
