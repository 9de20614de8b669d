// Whole files: read into aligned memory, written so that they appear whole or
// not at all.
#pragma once

#include "runtime/core/Memory.h"

#include <functional>
#include <span>
#include <string>

namespace polytile::runtime {

/// Reads all of a regular file (or a pipe). NOT_FOUND or IO, with the path and
/// the system's reason.
Status readFile(const char *path, Memory &contents);

/// Writes pieces one after another into a file beside `path`, then renames it
/// there. On failure nothing is left behind.
Status writeFile(const char *path,
                 std::span<const std::span<const unsigned char>> pieces);

/// Makes a folder and those above it, like mkdir -p. False, with errno set,
/// where that fails.
bool makeFolders(const std::string &path);

} // namespace polytile::runtime
