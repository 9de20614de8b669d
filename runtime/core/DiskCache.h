// What drivers compiled, kept between processes:
// $XDG_CACHE_HOME/polytile/KIND/HASH or ~/.cache/polytile/KIND/HASH.
//
// A cache never fails: what can't be read is absent, what can't be written is
// not kept. A file carries its key and a checksum, so that damage, an
// interrupted write or two keys of one hash are noticed. POLYTILE_CACHE=off
// turns it off.
#pragma once

#include "runtime/core/Memory.h"

#include <span>
#include <string>

namespace polytile::runtime {

/// Whether POLYTILE_CACHE allows it and there is a place for it.
bool isCacheEnabled();

/// The folder of one kind of contents ("opencl", "vulkan"), empty without one.
std::string cacheFolder(const std::string &kind);

/// Reads what was stored under exactly this key. False when there is nothing
/// whole.
bool readCache(const std::string &kind, const std::string &key, Memory &value);

/// Stores, replacing what was there; the file appears whole or not at all.
void writeCache(const std::string &kind, const std::string &key,
                std::span<const unsigned char> value);

/// Removes what is stored under this key.
void dropCache(const std::string &kind, const std::string &key);

/// 128 bits of hash, as 32 hexadecimal digits: for keys of long contents.
std::string hashText(std::span<const unsigned char> bytes);

} // namespace polytile::runtime
