// DLPack's exchange structures, version 0 (DLManagedTensor), declared here so
// that no other package is needed.
//
// Source: the DLPack specification,
// https://dmlc.github.io/dlpack/latest/c_api.html. Names and layout are the
// standard's; only what a dense host tensor needs is declared.
#pragma once

#include "runtime/core/Device.h"

extern "C" {

struct DLDevice {
  int32_t device_type;
  int32_t device_id;
};

struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};

struct DLTensor {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides; // in elements; null: dense
  uint64_t byte_offset;
};

struct DLManagedTensor {
  DLTensor dl_tensor;
  void *manager_ctx;
  void (*deleter)(DLManagedTensor *self);
};
}

namespace polytile::runtime {

/// Makes a buffer of a dense host tensor, whose deleter is called when the
/// buffer dies; the shape stays in buffer->dims.
Status importDLPack(std::shared_ptr<Device> device, DLManagedTensor *tensor,
                    ptl_element_type &type, std::shared_ptr<Buffer> &buffer);

/// Shows a buffer as a dense tensor that keeps it alive. \pre the byte sizes
/// agree
DLManagedTensor *exportDLPack(std::shared_ptr<Buffer> buffer,
                              ptl_element_type type,
                              std::span<const int64_t> dims);

} // namespace polytile::runtime
