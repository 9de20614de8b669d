// Runs what a schedule records, on memory of the host.
#include "test/unit/runtime/FakeGpu.h"

#include <functional>

using namespace polytile::runtime;

namespace polytile::test {

class FakeExecutable final : public GpuExecutable {
public:
  FakeExecutable(std::shared_ptr<FakeGpu> device,
                 std::shared_ptr<const Package> package, size_t entry,
                 size_t variant)
      : GpuExecutable(device, std::move(package), entry, variant),
        gpu(*device) {}
  ~FakeExecutable() override { retire(); }

private:
  Status makeRunState(std::unique_ptr<RunState> &state) override {
    state = std::make_unique<RunState>();
    return {};
  }

  Status execute(GpuRun &run) override {
    std::vector<std::function<void()>> pending;
    int commands = 0;
    auto finish = [&] {
      while (!pending.empty()) {
        pending.back()();
        pending.pop_back();
      }
    };
    PTL_TRY(schedule().walk(run.arguments, [&](const GpuCommand &command) {
      if (command.barrier) {
        finish();
        ++gpu.barriers;
      }
      constexpr int mostCommands = 1000;
      if (++commands > mostCommands)
        return fail(PTL_STATUS_UNSUPPORTED, "too many commands for a test");
      return record(run, command, pending);
    }));
    finish();
    return {};
  }

  Status record(GpuRun &run, const GpuCommand &command,
                std::vector<std::function<void()>> &pending) {
    std::vector<unsigned char *> places;
    for (const GpuRange &range : command.ranges) {
      auto &memory = static_cast<FakeMemory &>(*run.storages[range.storage]);
      if (range.offset + range.size > memory.size())
        return fail(PTL_STATUS_INTERNAL, "a range leaves its storage");
      if (command.kind == GpuCommand::Kind::Dispatch &&
          range.offset % gpu.capabilities().offsetAlignment)
        return fail(PTL_STATUS_INTERNAL, "a binding is misaligned");
      places.push_back(memory.data() + range.offset);
    }
    uint64_t size = command.ranges.empty() ? 0 : command.ranges.back().size;
    switch (command.kind) {
    case GpuCommand::Kind::Dispatch: {
      ++gpu.dispatches;
      if (run.isProfiled)
        counters().add(command.kernel, 1000);
      std::string symbol = variant().kernels[command.kernel].symbol;
      size_t count = command.grid[0];
      for (const GpuRange &range : command.ranges)
        count = std::min<size_t>(count, range.size / sizeof(float));
      pending.push_back([=] { compute(symbol, places, count); });
      break;
    }
    case GpuCommand::Kind::Fill: {
      std::vector<unsigned char> pattern(command.pattern.begin(),
                                         command.pattern.end());
      pending.push_back([=] {
        for (uint64_t i = 0; i < size; ++i)
          places[0][i] = pattern[i % pattern.size()];
      });
      break;
    }
    case GpuCommand::Kind::Copy:
      pending.push_back([=] { std::memcpy(places[1], places[0], size); });
      break;
    }
    return {};
  }

  static void compute(const std::string &symbol,
                      const std::vector<unsigned char *> &places,
                      size_t count) {
    auto value = [&](size_t binding, size_t i) {
      float result;
      std::memcpy(&result, places[binding] + i * sizeof(float), sizeof(float));
      return result;
    };
    // As many bindings as the kernel takes; a damaged package may have fewer.
    if (places.size() < (symbol == "add" ? 3 : 2))
      return;
    if (symbol == "first")
      count = 1;
    for (size_t i = 0; i < count; ++i) {
      float result = symbol == "add"      ? value(0, i) + value(1, i)
                     : symbol == "double" ? 2 * value(0, i)
                                          : value(0, i);
      std::memcpy(places.back() + i * sizeof(float), &result, sizeof(float));
    }
  }

  FakeGpu &gpu;
};

std::shared_ptr<FakeGpu> FakeGpu::make(uint64_t memoryBytes,
                                       uint64_t memoryLimit) {
  GpuCapabilities known;
  known.name = "opencl:9";
  known.kind = "opencl";
  known.hardware = "fake";
  known.features = {"i64", "subgroup_size_control"};
  known.workgroupSize = 256;
  known.workgroupSizes = {256, 256, 64};
  known.grid = {65535, 65535, 65535};
  known.workgroupMemoryBytes = 16384;
  known.bindingBytes = memoryBytes / 4;
  known.bufferBytes = memoryBytes / 2;
  known.bindings = 8;
  known.memoryBytes = memoryBytes;
  known.offsetAlignment = 256;
  known.subgroupSize = 32;
  known.subgroupMin = 16;
  known.subgroupMax = 64;
  return std::make_shared<FakeGpu>(std::move(known), memoryLimit);
}

Status FakeGpu::upload(DeviceMemory &to, uint64_t offset, const void *data,
                       uint64_t bytes) {
  ++uploads;
  std::memcpy(static_cast<FakeMemory &>(to).data() + offset, data, bytes);
  return {};
}

Status FakeGpu::download(const DeviceMemory &from, uint64_t offset, void *data,
                         uint64_t bytes) {
  std::memcpy(data, static_cast<const FakeMemory &>(from).data() + offset,
              bytes);
  return {};
}

/// What the pool keeps counts as well: it must be given back before the device
/// is full.
Status FakeGpu::allocate(uint64_t bytes,
                         std::unique_ptr<DeviceMemory> &memory) {
  if (*heldBytes + bytes > capabilities().memoryBytes)
    return fail(PTL_STATUS_OUT_OF_MEMORY, "the fake device is full");
  ++allocations;
  memory = std::make_unique<FakeMemory>(bytes, heldBytes);
  return {};
}

Status FakeGpu::clear(DeviceMemory &memory, uint64_t bytes) {
  std::memset(static_cast<FakeMemory &>(memory).data(), 0,
              (bytes + 63) / 64 * 64);
  return {};
}

Status FakeGpu::makeExecutable(std::shared_ptr<const Package> package,
                               size_t entry, size_t variant,
                               std::shared_ptr<Executable> &executable) {
  executable = std::make_shared<FakeExecutable>(
      std::static_pointer_cast<FakeGpu>(shared_from_this()), std::move(package),
      entry, variant);
  return {};
}

} // namespace polytile::test
