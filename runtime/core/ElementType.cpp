// Element types: one table for all that is asked of them.
#include "runtime/core/ElementType.h"

#include <cstring>

namespace polytile::runtime {
namespace {

struct Row {
  ptl_element_type type;
  const char *name;
  size_t size;
};

constexpr Row kRows[] = {
    {PTL_ELEMENT_BOOL, "bool", 1}, {PTL_ELEMENT_I8, "i8", 1},
    {PTL_ELEMENT_I16, "i16", 2},   {PTL_ELEMENT_I32, "i32", 4},
    {PTL_ELEMENT_I64, "i64", 8},   {PTL_ELEMENT_U8, "u8", 1},
    {PTL_ELEMENT_U16, "u16", 2},   {PTL_ELEMENT_U32, "u32", 4},
    {PTL_ELEMENT_U64, "u64", 8},   {PTL_ELEMENT_F16, "f16", 2},
    {PTL_ELEMENT_BF16, "bf16", 2}, {PTL_ELEMENT_F32, "f32", 4},
    {PTL_ELEMENT_F64, "f64", 8},
};

const Row *rowOf(ptl_element_type type) {
  for (const Row &row : kRows)
    if (row.type == type)
      return &row;
  return nullptr;
}

} // namespace

bool isElementType(int64_t value) {
  return value >= PTL_ELEMENT_BOOL && value <= PTL_ELEMENT_F64;
}

const char *elementTypeName(ptl_element_type type) {
  const Row *row = rowOf(type);
  return row ? row->name : "invalid";
}

ptl_element_type elementTypeFromName(const char *name) {
  for (const Row &row : kRows)
    if (name && !std::strcmp(row.name, name))
      return row.type;
  return PTL_ELEMENT_INVALID;
}

size_t elementTypeSize(ptl_element_type type) {
  const Row *row = rowOf(type);
  return row ? row->size : 0;
}

std::optional<uint64_t> denseByteSize(ptl_element_type type,
                                      std::span<const int64_t> dims) {
  constexpr uint64_t largest = uint64_t(1) << 62;
  uint64_t bytes = elementTypeSize(type);
  bool empty = false;
  for (int64_t dim : dims) {
    if (dim < 0)
      return std::nullopt;
    empty |= dim == 0;
  }
  if (empty)
    return 0;
  for (int64_t dim : dims)
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dim), &bytes) ||
        bytes > largest)
      return std::nullopt;
  return bytes;
}

std::string typeText(ptl_element_type type, std::span<const int64_t> dims) {
  std::string text = elementTypeName(type);
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i ? ", " : "[") + std::to_string(dims[i]);
  return dims.empty() ? text : text + "]";
}

} // namespace polytile::runtime
