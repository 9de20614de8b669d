// Opens vendors' loaders.
#include "runtime/core/DynamicLibrary.h"

#include <cstdlib>
#include <dlfcn.h>

namespace polytile::runtime {

Status DynamicLibrary::open(const char *variable, const char *const *names) {
  std::string tried;
  auto attempt = [&](const char *name) {
    handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    const char *error = handle ? nullptr : ::dlerror();
    opened = name;
    if (!handle)
      tried += (tried.empty() ? "" : "; ") +
               std::string(error ? error : "can't be opened");
    return handle != nullptr;
  };
  const char *chosen = std::getenv(variable);
  if (chosen && *chosen) {
    if (attempt(chosen))
      return {};
    return fail(PTL_STATUS_NOT_FOUND, "the library that ", variable,
                " names can't be used: ", tried);
  }
  for (; *names; ++names)
    if (attempt(*names))
      return {};
  return fail(PTL_STATUS_NOT_FOUND, tried);
}

bool DynamicLibrary::openFromProcess(const char *variable, const char *symbol) {
  const char *chosen = std::getenv(variable);
  if ((chosen && *chosen) || !::dlsym(RTLD_DEFAULT, symbol))
    return false;
  handle = ::dlopen(nullptr, RTLD_NOW);
  opened = "of this process";
  return handle != nullptr;
}

void *DynamicLibrary::find(const char *symbol) const {
  return handle ? ::dlsym(handle, symbol) : nullptr;
}

} // namespace polytile::runtime
