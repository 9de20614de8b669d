// What all drivers share: buffers of host memory, and the checks of a run's
// arguments.
#include "runtime/core/Device.h"

#include <algorithm>

namespace polytile::runtime {

Status Device::allocate(uint64_t bytes, bool zeroed, Memory &memory) {
  Status status = Memory::allocate(account, bytes, zeroed, memory);
  if (status.ok())
    return status;
  {
    std::lock_guard lock(executablesMutex);
    for (Executable *executable : executables)
      executable->trim();
  }
  return Memory::allocate(account, bytes, zeroed, memory);
}

void Device::enter(Executable *executable) {
  std::lock_guard lock(executablesMutex);
  executables.insert(executable);
}

void Device::leave(Executable *executable) {
  std::lock_guard lock(executablesMutex);
  executables.erase(executable);
}

Status Buffer::create(std::shared_ptr<Device> device, uint64_t bytes,
                      std::shared_ptr<Buffer> &buffer) {
  auto made = std::make_shared<Buffer>();
  PTL_TRY(device->allocate(bytes, /*zeroed=*/true, made->memory));
  made->owner = std::move(device);
  made->begin = made->memory.data();
  made->bytes = bytes;
  buffer = std::move(made);
  return {};
}

Status Buffer::wrap(std::shared_ptr<Device> device, void *data, uint64_t bytes,
                    void (*release)(void *), void *user,
                    std::shared_ptr<Buffer> &buffer) {
  if (!data && bytes)
    return fail(PTL_STATUS_INVALID_ARGUMENT, "null data for a buffer of ",
                bytes, " bytes");
  auto made = std::make_shared<Buffer>();
  if (!data)
    PTL_TRY(Memory::allocate(nullptr, 0, false, made->memory));
  made->owner = std::move(device);
  made->begin = data ? static_cast<unsigned char *>(data) : made->memory.data();
  made->bytes = bytes;
  made->release = release;
  made->user = user;
  buffer = std::move(made);
  return {};
}

Buffer::~Buffer() {
  if (release)
    release(user);
}

Status Buffer::checkRange(uint64_t offset, uint64_t length) const {
  if (offset > bytes || length > bytes - offset)
    return fail(PTL_STATUS_INVALID_ARGUMENT, "[", offset, ", +", length,
                ") leaves the buffer of ", bytes, " bytes");
  return {};
}

Executable::Executable(std::shared_ptr<Device> device,
                       std::shared_ptr<const Package> loaded, size_t entry,
                       size_t variant)
    : owner(std::move(device)), package(std::move(loaded)), entryIndex(entry),
      variantIndex(variant) {
  const Variant &taken = this->variant();
  text = taken.target;
  for (const std::string &requirement : taken.requirements)
    text += " " + requirement;
}

namespace {

Status checkBuffers(const Device *device, const Entry &entry, const char *what,
                    const std::vector<Tensor> &tensors, BufferSpan buffers) {
  if (buffers.size() != tensors.size())
    return fail(PTL_STATUS_INVALID_ARGUMENT, inQuotes(entry.name), " takes ",
                tensors.size(), " ", what, "s, not ", buffers.size());
  for (size_t i = 0; i < buffers.size(); ++i) {
    const Tensor &tensor = tensors[i];
    if (!buffers[i])
      return fail(PTL_STATUS_INVALID_ARGUMENT, what, " ", i, " (", tensor.name,
                  ") is null");
    if (buffers[i]->device().get() != device)
      return fail(PTL_STATUS_INVALID_ARGUMENT, what, " ", i, " (", tensor.name,
                  ") belongs to another device");
    if (buffers[i]->size() != tensor.byteSize)
      return fail(PTL_STATUS_INVALID_ARGUMENT, what, " ", i, " (", tensor.name,
                  ") is ", typeText(tensor.type, tensor.dims), ", ",
                  tensor.byteSize, " bytes; its buffer has ",
                  buffers[i]->size());
  }
  return {};
}

} // namespace

Status Executable::check(BufferSpan inputs, BufferSpan outputs) const {
  PTL_TRY(checkBuffers(owner.get(), entry(), "input", entry().inputs, inputs));
  PTL_TRY(
      checkBuffers(owner.get(), entry(), "output", entry().outputs, outputs));
  return checkOverlaps(inputs, outputs);
}

/// `other` counts outputs first, then inputs.
Status Executable::checkPair(BufferSpan inputs, BufferSpan outputs,
                             size_t output, size_t other) const {
  const Buffer &a = *outputs[output];
  bool isInput = other >= outputs.size();
  const Buffer &b = isInput ? *inputs[other - outputs.size()] : *outputs[other];
  auto begin = [](const Buffer &buffer) {
    return reinterpret_cast<uintptr_t>(buffer.data());
  };
  bool apart = !a.size() || !b.size() || begin(a) + a.size() <= begin(b) ||
               begin(b) + b.size() <= begin(a);
  if (apart)
    return {};
  size_t input = other - outputs.size();
  if (isInput && begin(a) == begin(b) && a.size() == b.size())
    for (const Alias &alias : entry().aliases)
      if (alias.output == output && alias.input == input)
        return {};
  const std::string &name =
      isInput ? entry().inputs[input].name : entry().outputs[other].name;
  return fail(PTL_STATUS_INVALID_ARGUMENT, "output ", output, " (",
              entry().outputs[output].name, ") overlaps ",
              isInput ? "input " : "output ", isInput ? input : other, " (",
              name, "), which this entry does not allow");
}

/// Few buffers are compared in pairs; many are sorted by address first, so that
/// hundreds of weights cost microseconds.
Status Executable::checkOverlaps(BufferSpan inputs, BufferSpan outputs) const {
  size_t count = outputs.size() + inputs.size();
  constexpr size_t pairwise = 512;
  if (outputs.size() * count <= pairwise) {
    for (size_t output = 0; output < outputs.size(); ++output)
      for (size_t other = output + 1; other < count; ++other)
        PTL_TRY(checkPair(inputs, outputs, output, other));
    return {};
  }
  std::vector<size_t> order;
  auto buffer = [&](size_t i) -> const Buffer & {
    return i < outputs.size() ? *outputs[i] : *inputs[i - outputs.size()];
  };
  for (size_t i = 0; i < count; ++i)
    if (buffer(i).size())
      order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return buffer(a).data() < buffer(b).data();
  });
  for (size_t i = 0; i < order.size(); ++i)
    for (size_t j = i + 1; j < order.size(); ++j) {
      const unsigned char *end =
          buffer(order[i]).data() + buffer(order[i]).size();
      if (buffer(order[j]).data() >= end)
        break;
      size_t first = std::min(order[i], order[j]),
             second = std::max(order[i], order[j]);
      if (first < outputs.size())
        PTL_TRY(checkPair(inputs, outputs, first, second));
    }
  return {};
}

} // namespace polytile::runtime
