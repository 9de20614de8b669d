// Tensor files as files: telling the kinds apart, and writing them whole.
#include "runtime/core/TensorFile.h"

#include "runtime/core/File.h"

#include <cstring>

namespace polytile::runtime {

Status readTensorFile(const char *path, const char *only,
                      HostTensors &tensors) {
  Memory file;
  PTL_TRY(readFile(path, file));
  Bytes bytes(file.data(), file.size());
  auto beginsWith = [&](std::string_view magic) {
    return bytes.size() >= magic.size() &&
           !std::memcmp(bytes.data(), magic.data(), magic.size());
  };
  if (beginsWith("PK\3\4") || beginsWith("PK\5\6"))
    return readNpz(bytes, only, tensors).within(path);
  if (!beginsWith("\x93NUMPY"))
    return fail(PTL_STATUS_CORRUPT, path,
                ": neither an .npy nor an .npz file (", bytes.size(),
                " bytes)");
  if (only && *only)
    return fail(PTL_STATUS_NOT_FOUND, path,
                ": an .npy file has one array without a name, not ",
                inQuotes(only));
  HostTensor tensor;
  PTL_TRY(readNpy(bytes, tensor).within(path));
  tensors.push_back(std::move(tensor));
  return {};
}

Status writeTensorFile(const char *path, const HostTensors &tensors) {
  std::string_view name = path;
  std::deque<std::string> texts;
  std::vector<Bytes> pieces;
  if (name.ends_with(".npz")) {
    makeNpz(tensors, texts, pieces);
    return writeFile(path, pieces);
  }
  if (tensors.size() != 1)
    return fail(PTL_STATUS_INVALID_ARGUMENT, path,
                ": an .npy file holds one tensor, not ", tensors.size(),
                "; write an .npz");
  const std::string &header = texts.emplace_back(npyHeader(tensors[0]));
  pieces.emplace_back(reinterpret_cast<const unsigned char *>(header.data()),
                      header.size());
  pieces.emplace_back(tensors[0].memory.data(), tensors[0].memory.size());
  return writeFile(path, pieces);
}

} // namespace polytile::runtime
