// Device memory: pooled, counted, zeroed on request; and the choice of an
// entry's variant.
#include "runtime/core/GpuDevice.h"

#include "runtime/core/Simulation.h"

#include <algorithm>
#include <bit>

namespace polytile::runtime {
namespace {

uint64_t roundUp(uint64_t value, uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Sizes that blocks come in, at most an eighth or 2 MiB above what is asked
/// for: 1000 -> 1024, 1100 -> 1152, 5000 -> 5120.
uint64_t blockSize(uint64_t bytes) {
  constexpr uint64_t largestUnit = uint64_t(2) << 20;
  uint64_t unit = std::bit_floor(std::max<uint64_t>(bytes, 1)) / 8;
  return roundUp(std::max<uint64_t>(bytes, 1),
                 std::clamp(unit, Memory::kAlignment, largestUnit));
}

/// For the message of a simulated failure.
std::string firstKernel(const Variant &variant) {
  return variant.kernels.empty()
             ? "a program without kernels"
             : "kernel " + inQuotes(variant.kernels[0].symbol);
}

/// Idle memory beyond this part of the device's is freed.
constexpr uint64_t kPooledPart = 8;

} // namespace

PooledMemory &PooledMemory::operator=(PooledMemory &&other) noexcept {
  if (this != &other) {
    reset();
    device = std::exchange(other.device, nullptr);
    block = std::move(other.block);
    counted = std::exchange(other.counted, 0);
  }
  return *this;
}

void PooledMemory::reset() {
  if (block)
    device->giveBack(std::move(block), counted);
  device = nullptr;
  counted = 0;
}

GpuDevice::GpuDevice(GpuCapabilities capabilities, uint64_t memoryLimit)
    : Device(capabilities.name, memoryLimit), known(std::move(capabilities)) {
  json = known.describe();
}

Status GpuDevice::createBuffer(uint64_t bytes,
                               std::shared_ptr<Buffer> &buffer) {
  PooledMemory memory;
  PTL_TRY(take(bytes, /*zeroed=*/true, memory));
  buffer = std::make_shared<GpuBuffer>(
      std::static_pointer_cast<GpuDevice>(shared_from_this()), bytes,
      std::move(memory));
  return {};
}

Status GpuDevice::prepare(std::shared_ptr<const Package> package, size_t entry,
                          std::shared_ptr<Executable> &executable) {
  PTL_TRY(checkAlive());
  const Entry &source = package->entries[entry];
  size_t variant = 0;
  PTL_TRY(chooseVariant(source, variant));
  PTL_TRY(
      known.checkFits(source.variants[variant]).within(inQuotes(source.name)));
  if (isSimulated("build-failure"))
    return fail(PTL_STATUS_KERNEL_FAILED, firstKernel(source.variants[variant]),
                " can't be built for ", name(), ": simulated");
  PTL_TRY(makeExecutable(std::move(package), entry, variant, executable));
  enter(executable.get());
  return {};
}

Status GpuDevice::take(uint64_t bytes, bool zeroed, PooledMemory &memory) {
  memory.reset();
  PTL_TRY(checkAlive());
  if (isSimulated("out-of-memory"))
    return fail(PTL_STATUS_OUT_OF_MEMORY, bytes, " bytes were asked for; ",
                name(), " has no more: simulated");
  if (bytes > known.bufferBytes)
    return fail(PTL_STATUS_OUT_OF_MEMORY, bytes, " bytes were asked for; ",
                name(), " allows buffers of ", known.bufferBytes, " bytes");
  if (!account->reserve(bytes).ok()) {
    trimExecutables();
    PTL_TRY(account->reserve(bytes));
  }
  std::unique_ptr<DeviceMemory> block;
  Status status = takeBlock(bytes, block);
  if (status.ok() && zeroed && bytes)
    status = clear(*block, bytes);
  if (!status.ok()) {
    account->release(bytes);
    return status;
  }
  memory.device = this;
  memory.block = std::move(block);
  memory.counted = bytes;
  return {};
}

/// A block from the pool that is not much too large, or a new one; when there
/// is no memory for that, once more without anything idle.
Status GpuDevice::takeBlock(uint64_t bytes,
                            std::unique_ptr<DeviceMemory> &block) {
  uint64_t size =
      std::max(std::min(blockSize(bytes), known.bufferBytes / 64 * 64),
               roundUp(std::max<uint64_t>(bytes, 1), Memory::kAlignment));
  {
    std::lock_guard lock(poolMutex);
    auto found = pool.lower_bound(size);
    if (found != pool.end() && found->first <= size + size / 4) {
      block = std::move(found->second);
      pooledBytes -= found->first;
      pool.erase(found);
      return {};
    }
  }
  Status status = allocate(size, block);
  if (status.code() != PTL_STATUS_OUT_OF_MEMORY)
    return status;
  trimExecutables();
  releasePool();
  return allocate(size, block);
}

void GpuDevice::giveBack(std::unique_ptr<DeviceMemory> block,
                         uint64_t counted) {
  account->release(counted);
  std::lock_guard lock(poolMutex);
  uint64_t size = block->size();
  if (lost || pooledBytes + size > known.memoryBytes / kPooledPart)
    return;
  pooledBytes += size;
  pool.emplace(size, std::move(block));
}

void GpuDevice::releasePool() {
  std::multimap<uint64_t, std::unique_ptr<DeviceMemory>> idle;
  {
    std::lock_guard lock(poolMutex);
    idle.swap(pool);
    pooledBytes = 0;
  }
}

void GpuDevice::markLost(const std::string &reason) {
  std::lock_guard lock(lostMutex);
  if (!lost)
    lostReason = reason;
  lost = true;
}

Status GpuDevice::checkAlive() const {
  if (!lost)
    return {};
  std::lock_guard lock(lostMutex);
  return fail(PTL_STATUS_DEVICE_LOST, name(), " (", known.hardware,
              ") was lost: ", lostReason, "; open it again");
}

GpuBuffer::GpuBuffer(std::shared_ptr<GpuDevice> device, uint64_t bytes,
                     PooledMemory memory)
    : Buffer(device, bytes), gpu(*device), block(std::move(memory)) {}

Status GpuBuffer::read(uint64_t offset, void *data, uint64_t length) {
  PTL_TRY(gpu.checkAlive());
  return length ? gpu.download(memory(), offset, data, length) : Status();
}

Status GpuBuffer::write(uint64_t offset, const void *data, uint64_t length) {
  PTL_TRY(gpu.checkAlive());
  return length ? gpu.upload(memory(), offset, data, length) : Status();
}

} // namespace polytile::runtime
