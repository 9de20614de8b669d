// Tensor files: NumPy's .npy and .npz, read into and written from aligned
// memory.
//
// Formats: NumPy Enhancement Proposal "npy-format" (versions 1.0 to 3.0); .npz
// is a ZIP archive (PKWARE APPNOTE 6.3) of .npy members, stored or deflated.
// bf16 has no NumPy type of its own: it is written as '<V2', which is what the
// ml_dtypes package writes, and both '<V2' and '|V2' are read as bf16.
// Big-endian and Fortran-ordered arrays are converted when read.
#pragma once

#include "runtime/core/PackageModel.h"

#include <deque>

namespace polytile::runtime {

/// A named tensor with its contents: dense, row-major, little-endian, aligned
/// to 64 bytes.
struct HostTensor {
  std::string name;
  ptl_element_type type = PTL_ELEMENT_INVALID;
  std::vector<int64_t> dims;
  Memory memory;

  ptl_tensor_info info() const {
    return {name.c_str(), type,          static_cast<int32_t>(dims.size()),
            dims.data(),  memory.size(), memory.data()};
  }
};

/// Tensors in the order of the file; addresses of elements stay when more are
/// appended.
using HostTensors = std::deque<HostTensor>;

/// Parses one .npy image. CORRUPT, UNSUPPORTED or OUT_OF_MEMORY.
Status readNpy(Bytes file, HostTensor &tensor);

/// The header of a .npy file for this tensor, padded so that the data begins at
/// a multiple of 64.
std::string npyHeader(const HostTensor &tensor);

/// Reads a .npz image: all members that end in .npy, or the one called `only`,
/// unless that is null.
Status readNpz(Bytes file, const char *only, HostTensors &tensors);

/// The pieces of a .npz file, in order; `texts` owns what `pieces` does not
/// point to in the tensors.
void makeNpz(const HostTensors &tensors, std::deque<std::string> &texts,
             std::vector<Bytes> &pieces);

/// Reads a file of either kind, told apart by its first bytes.
Status readTensorFile(const char *path, const char *only, HostTensors &tensors);

/// Writes .npz if the path ends so, else .npy, which takes exactly one tensor.
Status writeTensorFile(const char *path, const HostTensors &tensors);

} // namespace polytile::runtime
