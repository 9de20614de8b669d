// What all drivers share: the choice of a variant, buffers of host memory,
// maps, and the checks of a run's arguments.
#include "runtime/core/Device.h"

#include <algorithm>
#include <cstring>

namespace polytile::runtime {

Status Device::allocate(uint64_t bytes, bool zeroed, Memory &memory) {
  Status status = Memory::allocate(account, bytes, zeroed, memory);
  if (status.ok())
    return status;
  trimExecutables();
  return Memory::allocate(account, bytes, zeroed, memory);
}

void Device::trimExecutables() {
  std::lock_guard lock(executablesMutex);
  for (Executable *executable : executables)
    executable->trim();
}

Status Device::createBuffer(uint64_t bytes, std::shared_ptr<Buffer> &buffer) {
  return Buffer::createInHostMemory(shared_from_this(), bytes, buffer);
}

bool Device::satisfies(const std::string &) const { return false; }

/// The highest level, then the most requirements, then the first, of those
/// whose requirements all hold.
Status Device::chooseVariant(const Entry &entry, size_t &best) const {
  std::pair<int, size_t> bestRank{-1, 0};
  std::string refused;
  bool anyOfTarget = false;
  for (size_t i = 0; i < entry.variants.size(); ++i) {
    const Variant &variant = entry.variants[i];
    bool ofTarget = variant.target == target();
    anyOfTarget |= ofTarget;
    bool holds = ofTarget;
    std::string list = variant.target, lacking;
    for (const std::string &requirement : variant.requirements) {
      list += " " + requirement;
      if (!ofTarget || satisfies(requirement))
        continue;
      holds = false;
      lacking += (lacking.empty() ? "" : ", ") + requirement;
    }
    std::pair rank(levelOf(variant), variant.requirements.size());
    if (holds && rank > bestRank) {
      bestRank = rank;
      best = i;
    }
    refused += (i ? "; " : "") + inQuotes(list);
    if (!lacking.empty())
      refused += " (lacking here: " + lacking + ")";
  }
  if (bestRank.first >= 0)
    return {};
  std::string here = name();
  if (!cpuLevel().empty())
    here += " (" + std::string(cpuLevel()) + ")";
  return fail(PTL_STATUS_INCOMPATIBLE, inQuotes(entry.name), " has no ",
              anyOfTarget ? "variant" : "code", " for ", here,
              "; it has: ", refused.empty() ? "none" : refused);
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
  return device->createBuffer(bytes, buffer);
}

Status Buffer::createInHostMemory(std::shared_ptr<Device> device,
                                  uint64_t bytes,
                                  std::shared_ptr<Buffer> &buffer) {
  std::shared_ptr<Buffer> made(new Buffer);
  PTL_TRY(device->allocate(bytes, /*zeroed=*/true, made->memory));
  made->owner = std::move(device);
  made->begin = made->memory.data();
  made->place = reinterpret_cast<uintptr_t>(made->begin);
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
  std::shared_ptr<Buffer> made(new Buffer);
  if (!data)
    PTL_TRY(Memory::allocate(nullptr, 0, false, made->memory));
  made->owner = std::move(device);
  made->begin = data ? static_cast<unsigned char *>(data) : made->memory.data();
  made->place = reinterpret_cast<uintptr_t>(made->begin);
  made->bytes = bytes;
  made->release = release;
  made->user = user;
  buffer = std::move(made);
  return {};
}

namespace {

/// Addresses of device buffers: ranges that no two share, and that no host
/// memory has.
uint64_t uniqueAddress(uint64_t bytes) {
  static std::atomic<uint64_t> next{uint64_t(1) << 63};
  return next.fetch_add(bytes + 1, std::memory_order_relaxed);
}

} // namespace

Buffer::Buffer(std::shared_ptr<Device> device, uint64_t size)
    : owner(std::move(device)), bytes(size), place(uniqueAddress(size)) {}

Buffer::~Buffer() {
  if (release)
    release(user);
}

Status Buffer::read(uint64_t offset, void *data, uint64_t length) {
  std::memcpy(data, begin + offset, length);
  return {};
}

Status Buffer::write(uint64_t offset, const void *data, uint64_t length) {
  std::memcpy(begin + offset, data, length);
  return {};
}

/// Reads what the shadow lacks of a range. What it holds already may have been
/// written by the host, and stays.
Status Buffer::extendShadow(uint64_t offset, uint64_t length) {
  if (!shadow) {
    PTL_TRY(Memory::allocate(nullptr, bytes, false, shadow));
    shadowBegin = shadowEnd = offset;
  }
  if (offset < shadowBegin) {
    PTL_TRY(read(offset, shadow.data() + offset, shadowBegin - offset));
    shadowBegin = offset;
  }
  if (offset + length > shadowEnd) {
    PTL_TRY(read(shadowEnd, shadow.data() + shadowEnd,
                 offset + length - shadowEnd));
    shadowEnd = offset + length;
  }
  return {};
}

Status Buffer::map(ptl_map_access access, uint64_t offset, uint64_t length,
                   void **data) {
  if (!begin) {
    if (Status status = extendShadow(offset, length); !status.ok()) {
      if (maps.empty())
        shadow.reset();
      return status;
    }
  }
  maps.push_back({access != PTL_MAP_READ, offset, length});
  mapCount.store(static_cast<int>(maps.size()));
  *data = (begin ? begin : shadow.data()) + offset;
  return {};
}

Status Buffer::unmap() {
  if (maps.empty())
    return fail(PTL_STATUS_INVALID_ARGUMENT, "the buffer isn't mapped");
  Map latest = maps.back();
  maps.pop_back();
  Status status;
  if (!begin && latest.written && latest.length)
    status = write(latest.offset, shadow.data() + latest.offset, latest.length);
  if (maps.empty())
    shadow.reset();
  mapCount.store(static_cast<int>(maps.size()));
  return status;
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

std::vector<KernelTimes> KernelCounters::times(bool reset) {
  std::vector<KernelTimes> result;
  for (Counter &counter : counters) {
    if (reset)
      result.push_back(
          {counter.calls.exchange(0), counter.nanoseconds.exchange(0)});
    else
      result.push_back({counter.calls.load(), counter.nanoseconds.load()});
  }
  return result;
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
    if (!device->hasHostMemory() && buffers[i]->isMapped())
      return fail(PTL_STATUS_BUSY, what, " ", i, " (", tensor.name,
                  ") is mapped; unmap it before ", device->name(), " uses it");
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
  auto begin = [](const Buffer &buffer) { return buffer.address(); };
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
    return buffer(a).address() < buffer(b).address();
  });
  for (size_t i = 0; i < order.size(); ++i)
    for (size_t j = i + 1; j < order.size(); ++j) {
      uint64_t end = buffer(order[i]).address() + buffer(order[i]).size();
      if (buffer(order[j]).address() >= end)
        break;
      size_t first = std::min(order[i], order[j]),
             second = std::max(order[i], order[j]);
      if (first < outputs.size())
        PTL_TRY(checkPair(inputs, outputs, first, second));
    }
  return {};
}

} // namespace polytile::runtime
