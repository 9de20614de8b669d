// DLPack: dense host tensors in and out without copying.
#include "runtime/core/DLPack.h"

namespace polytile::runtime {
namespace {

enum : int32_t { kHost = 1, kHostPinnedForCuda = 3 };
enum Code : uint8_t { Int = 0, UInt = 1, Float = 2, BFloat = 4, Bool = 6 };

struct Row {
  ptl_element_type type;
  DLDataType dl;
};

constexpr Row kRows[] = {
    {PTL_ELEMENT_BOOL, {Bool, 8, 1}},    {PTL_ELEMENT_I8, {Int, 8, 1}},
    {PTL_ELEMENT_I16, {Int, 16, 1}},     {PTL_ELEMENT_I32, {Int, 32, 1}},
    {PTL_ELEMENT_I64, {Int, 64, 1}},     {PTL_ELEMENT_U8, {UInt, 8, 1}},
    {PTL_ELEMENT_U16, {UInt, 16, 1}},    {PTL_ELEMENT_U32, {UInt, 32, 1}},
    {PTL_ELEMENT_U64, {UInt, 64, 1}},    {PTL_ELEMENT_F16, {Float, 16, 1}},
    {PTL_ELEMENT_BF16, {BFloat, 16, 1}}, {PTL_ELEMENT_F32, {Float, 32, 1}},
    {PTL_ELEMENT_F64, {Float, 64, 1}},
};

/// Row-major without gaps; the stride of a dim of size 1 says nothing, and an
/// empty tensor has none.
bool isDense(const DLTensor &tensor) {
  if (!tensor.strides)
    return true;
  int64_t expected = 1;
  bool dense = true;
  for (int32_t i = tensor.ndim; i-- > 0;) {
    if (tensor.shape[i] == 0)
      return true;
    dense &= tensor.shape[i] == 1 || tensor.strides[i] == expected;
    if (__builtin_mul_overflow(expected, tensor.shape[i], &expected))
      return false;
  }
  return dense;
}

void releaseImported(void *user) {
  auto *tensor = static_cast<DLManagedTensor *>(user);
  if (tensor->deleter)
    tensor->deleter(tensor);
}

/// What an exported tensor keeps.
struct Exported {
  DLManagedTensor tensor = {};
  std::shared_ptr<Buffer> buffer;
  std::vector<int64_t> dims;
};

} // namespace

Status importDLPack(std::shared_ptr<Device> device, DLManagedTensor *managed,
                    ptl_element_type &type, std::shared_ptr<Buffer> &buffer) {
  const DLTensor &tensor = managed->dl_tensor;
  if (tensor.device.device_type != kHost &&
      tensor.device.device_type != kHostPinnedForCuda)
    return fail(PTL_STATUS_UNSUPPORTED,
                "the DLPack tensor is on a device of type ",
                tensor.device.device_type, ", not in host memory (1 or 3)");
  type = PTL_ELEMENT_INVALID;
  for (const Row &row : kRows)
    if (row.dl.code == tensor.dtype.code && row.dl.bits == tensor.dtype.bits &&
        row.dl.lanes == tensor.dtype.lanes)
      type = row.type;
  if (type == PTL_ELEMENT_INVALID)
    return fail(PTL_STATUS_UNSUPPORTED,
                "the DLPack tensor has elements of code ",
                int(tensor.dtype.code), ", ", int(tensor.dtype.bits), " bits, ",
                tensor.dtype.lanes, " lanes");
  if (tensor.ndim < 0 || (tensor.ndim > 0 && !tensor.shape))
    return fail(PTL_STATUS_INVALID_ARGUMENT, "the DLPack tensor has rank ",
                tensor.ndim, " and no shape");
  std::span<const int64_t> dims(tensor.shape, static_cast<size_t>(tensor.ndim));
  auto bytes = denseByteSize(type, dims);
  if (!bytes)
    return fail(PTL_STATUS_INVALID_ARGUMENT,
                "the DLPack tensor has the impossible shape ",
                typeText(type, dims));
  if (!isDense(tensor))
    return fail(
        PTL_STATUS_UNSUPPORTED,
        "the DLPack tensor is strided; only dense row-major ones are shared");
  auto *data = static_cast<unsigned char *>(tensor.data);
  PTL_TRY(Buffer::wrap(std::move(device),
                       data ? data + tensor.byte_offset : nullptr, *bytes,
                       releaseImported, managed, buffer));
  buffer->dims.assign(dims.begin(), dims.end());
  return {};
}

DLManagedTensor *exportDLPack(std::shared_ptr<Buffer> buffer,
                              ptl_element_type type,
                              std::span<const int64_t> dims) {
  auto *exported = new Exported;
  exported->dims.assign(dims.begin(), dims.end());
  DLTensor &tensor = exported->tensor.dl_tensor;
  tensor.data = buffer->data();
  tensor.device = {kHost, 0};
  tensor.ndim = static_cast<int32_t>(dims.size());
  for (const Row &row : kRows)
    if (row.type == type)
      tensor.dtype = row.dl;
  tensor.shape = exported->dims.data();
  exported->buffer = std::move(buffer);
  exported->tensor.manager_ctx = exported;
  exported->tensor.deleter = [](DLManagedTensor *self) {
    delete static_cast<Exported *>(self->manager_ctx);
  };
  return &exported->tensor;
}

} // namespace polytile::runtime
