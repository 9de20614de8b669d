// C API: packages and tensor files.
#include "runtime/api/Handles.h"
#include "runtime/core/PackageLoader.h"

#include <algorithm>
#include <cstring>

using namespace polytile::runtime;

namespace {

template <typename Load>
ptl_status *loadInto(ptl_package **package, Load load) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(package);
    *package = nullptr;
    auto made = std::make_unique<ptl_package>();
    PTL_TRY(load(made->object));
    *package = made.release();
    return {};
  });
}

const Entry *entryAt(const ptl_package *package, size_t entry) {
  return package && entry < package->object->entries.size()
             ? &package->object->entries[entry]
             : nullptr;
}

bool matches(const Entry &entry, const ptl_tensor_info *inputs, size_t count) {
  auto same = [](const Tensor &tensor, const ptl_tensor_info &info) {
    return tensor.type == info.element_type &&
           info.rank == static_cast<int32_t>(tensor.dims.size()) &&
           std::equal(tensor.dims.begin(), tensor.dims.end(), info.dims);
  };
  return !inputs ||
         (entry.inputs.size() == count &&
          std::equal(entry.inputs.begin(), entry.inputs.end(), inputs, same));
}

/// "matmul(f32[2, 3], f32[3, 4])"
std::string signature(const Entry &entry) {
  std::string text = entry.name + "(";
  for (size_t i = 0; i < entry.inputs.size(); ++i)
    text +=
        (i ? ", " : "") + typeText(entry.inputs[i].type, entry.inputs[i].dims);
  return text + ")";
}

Status findEntry(const Package &package, const char *name,
                 const ptl_tensor_info *inputs, size_t count, size_t &found) {
  if (package.entries.empty())
    return fail(PTL_STATUS_NOT_FOUND, "the package has no entries");
  std::string wanted = name ? name : package.entries.back().name;
  size_t hits = 0;
  std::string all;
  for (size_t i = 0; i < package.entries.size(); ++i) {
    const Entry &entry = package.entries[i];
    all += (i ? ", " : "") + signature(entry);
    if (entry.name == wanted && matches(entry, inputs, count)) {
      found = i;
      ++hits;
    }
  }
  if (hits == 1)
    return {};
  std::string types;
  for (size_t i = 0; inputs && i < count; ++i)
    types += (i ? ", " : "") +
             typeText(inputs[i].element_type,
                      {inputs[i].dims,
                       static_cast<size_t>(std::max(0, inputs[i].rank))});
  if (hits == 0)
    return fail(PTL_STATUS_NOT_FOUND, "no entry ", inQuotes(wanted),
                inputs ? " for (" + types + ")" : "", "; there are: ", all);
  return fail(PTL_STATUS_INVALID_ARGUMENT, hits, " entries are called ",
              inQuotes(wanted), "; their inputs' types tell them apart: ", all);
}

Status tensorInfo(const Entry *entry, size_t index,
                  const std::vector<Tensor> Entry::*tensors,
                  ptl_tensor_info *info) {
  if (!entry)
    return fail(PTL_STATUS_INVALID_ARGUMENT, "no such entry");
  if (index >= (entry->*tensors).size())
    return fail(PTL_STATUS_INVALID_ARGUMENT, "tensor ", index, " of ",
                (entry->*tensors).size());
  *info = (entry->*tensors)[index].info();
  return {};
}

} // namespace

ptl_status *ptl_package_load_file(const char *path, ptl_package **package) {
  return loadInto(package,
                  [&](std::shared_ptr<const Package> &object) -> Status {
                    PTL_NOT_NULL(path);
                    return loadPackageFile(path, object);
                  });
}

ptl_status *ptl_package_load_memory(const void *data, size_t bytes,
                                    ptl_package **package) {
  return loadInto(
      package, [&](std::shared_ptr<const Package> &object) -> Status {
        if (bytes)
          PTL_NOT_NULL(data);
        return loadPackageMemory(
            {static_cast<const unsigned char *>(data), bytes}, object);
      });
}

const char *ptl_package_producer(const ptl_package *package) {
  return package ? package->object->producer.c_str() : "";
}

size_t ptl_package_entry_count(const ptl_package *package) {
  return package ? package->object->entries.size() : 0;
}

const char *ptl_package_entry_name(const ptl_package *package, size_t entry) {
  const Entry *found = entryAt(package, entry);
  return found ? found->name.c_str() : nullptr;
}

ptl_status *ptl_package_find_entry(const ptl_package *package, const char *name,
                                   const ptl_tensor_info *inputs,
                                   size_t input_count, size_t *entry) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(package);
    PTL_NOT_NULL(entry);
    return findEntry(*package->object, name, inputs, input_count, *entry);
  });
}

size_t ptl_package_input_count(const ptl_package *package, size_t entry) {
  const Entry *found = entryAt(package, entry);
  return found ? found->inputs.size() : 0;
}

size_t ptl_package_output_count(const ptl_package *package, size_t entry) {
  const Entry *found = entryAt(package, entry);
  return found ? found->outputs.size() : 0;
}

ptl_status *ptl_package_input(const ptl_package *package, size_t entry,
                              size_t index, ptl_tensor_info *info) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(info);
    return tensorInfo(entryAt(package, entry), index, &Entry::inputs, info);
  });
}

ptl_status *ptl_package_output(const ptl_package *package, size_t entry,
                               size_t index, ptl_tensor_info *info) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(info);
    return tensorInfo(entryAt(package, entry), index, &Entry::outputs, info);
  });
}

const char *ptl_package_description(const ptl_package *package) {
  return package ? package->object->description.c_str() : "";
}

void ptl_package_destroy(ptl_package *package) { delete package; }

ptl_status *ptl_tensor_file_create(ptl_tensor_file **file) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(file);
    *file = new ptl_tensor_file;
    return {};
  });
}

ptl_status *ptl_tensor_file_load(const char *path, const char *only,
                                 ptl_tensor_file **file) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(file);
    *file = nullptr;
    PTL_NOT_NULL(path);
    auto made = std::make_unique<ptl_tensor_file>();
    PTL_TRY(readTensorFile(path, only, made->tensors));
    *file = made.release();
    return {};
  });
}

size_t ptl_tensor_file_count(const ptl_tensor_file *file) {
  return file ? file->tensors.size() : 0;
}

ptl_status *ptl_tensor_file_get(const ptl_tensor_file *file, size_t index,
                                ptl_tensor_info *tensor) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(file);
    PTL_NOT_NULL(tensor);
    if (index >= file->tensors.size())
      return fail(PTL_STATUS_INVALID_ARGUMENT, "tensor ", index, " of ",
                  file->tensors.size());
    *tensor = file->tensors[index].info();
    return {};
  });
}

ptl_status *ptl_tensor_file_find(const ptl_tensor_file *file, const char *name,
                                 ptl_tensor_info *tensor) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(file);
    PTL_NOT_NULL(name);
    PTL_NOT_NULL(tensor);
    std::string all;
    for (const HostTensor &candidate : file->tensors) {
      if (candidate.name == name) {
        *tensor = candidate.info();
        return {};
      }
      all += (all.empty() ? "" : ", ") + candidate.name;
    }
    return fail(PTL_STATUS_NOT_FOUND, "no array ", inQuotes(name),
                "; there are: ", all.empty() ? "none" : all);
  });
}

ptl_status *ptl_tensor_file_add(ptl_tensor_file *file, const char *name,
                                ptl_element_type type, int32_t rank,
                                const int64_t *dims, const void *data,
                                void **memory) {
  return guarded([&]() -> Status {
    if (memory)
      *memory = nullptr;
    PTL_NOT_NULL(file);
    PTL_NOT_NULL(name);
    if (rank < 0 || (rank > 0 && !dims) || !isElementType(type))
      return fail(PTL_STATUS_INVALID_ARGUMENT, "no tensor has element type ",
                  int(type), " and rank ", rank);
    constexpr size_t longestName = 60000;
    if (std::strlen(name) > longestName)
      return fail(PTL_STATUS_INVALID_ARGUMENT, "a name of ", std::strlen(name),
                  " bytes");
    HostTensor tensor;
    tensor.name = name;
    tensor.type = type;
    tensor.dims.assign(dims, dims + rank);
    auto bytes = denseByteSize(type, tensor.dims);
    if (!bytes)
      return fail(PTL_STATUS_INVALID_ARGUMENT, "the size of ",
                  typeText(type, tensor.dims), " overflows");
    PTL_TRY(Memory::allocate(nullptr, *bytes, /*zeroed=*/!data, tensor.memory));
    if (data && *bytes)
      std::memcpy(tensor.memory.data(), data, *bytes);
    if (memory)
      *memory = tensor.memory.data();
    file->tensors.push_back(std::move(tensor));
    return {};
  });
}

ptl_status *ptl_tensor_file_save(const ptl_tensor_file *file,
                                 const char *path) {
  return guarded([&]() -> Status {
    PTL_NOT_NULL(file);
    PTL_NOT_NULL(path);
    return writeTensorFile(path, file->tensors);
  });
}

void ptl_tensor_file_destroy(ptl_tensor_file *file) { delete file; }
