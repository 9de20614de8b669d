// Loads a package: proves that every number in the file is safe to use, or says
// which one isn't.
//
// In this order, each step relying on those before it:
//  1. header: size, magic, format version    foreign and truncated files
//  2. checksum over the whole file           damage
//  3. FlatBuffers' verifier                  offsets inside the metadata
//  4. every index, offset, size and dim      what a wrong writer could do
//
// After step 4 the schedule can be executed without a further check: no access
// that it describes leaves its buffer.
#pragma once

#include "runtime/core/PackageModel.h"

#include <memory>

namespace polytile::runtime {

/// Reads and verifies a file. NOT_FOUND, IO, CORRUPT, INCOMPATIBLE.
Status loadPackageFile(const char *path,
                       std::shared_ptr<const Package> &package);

/// Verifies a copy of these bytes.
Status loadPackageMemory(Bytes bytes, std::shared_ptr<const Package> &package);

/// Step 4 for one schedule: every step of the variant against its buffers,
/// kernels and loops. `where` begins messages.
Status checkSchedule(const Variant &variant, const std::string &where);

} // namespace polytile::runtime
