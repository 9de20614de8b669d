// Element types: their names and sizes, and the byte size of a shape without
// overflow.
#pragma once

#include "polytile/runtime.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace polytile::runtime {

/// False for PTL_ELEMENT_INVALID and for values that are no type.
bool isElementType(int64_t value);
const char *elementTypeName(ptl_element_type type);
ptl_element_type elementTypeFromName(const char *name);
size_t elementTypeSize(ptl_element_type type);

/// Bytes of a dense tensor; nothing when a dim is negative or the size passes
/// 2^62. {0, 2^60} is 0 bytes: a dim of 0 wins over any other.
std::optional<uint64_t> denseByteSize(ptl_element_type type,
                                      std::span<const int64_t> dims);

/// "f32[64, 32]"; "f32" for a scalar.
std::string typeText(ptl_element_type type, std::span<const int64_t> dims);

} // namespace polytile::runtime
