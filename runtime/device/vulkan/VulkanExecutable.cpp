// Runs an entry: finds the recording for the memory at hand, or makes one.
#include "runtime/device/vulkan/VulkanExecutable.h"

#include <algorithm>

namespace polytile::runtime {
namespace {

/// Recordings of the argument sets that were used last: a program that goes
/// back and forth between two sets of buffers records each once.
class VulkanRunState final : public RunState {
public:
  explicit VulkanRunState(const VulkanProgram &program) : program(program) {}

  /// The recording of this key, or else one to record anew, whose use is the
  /// longest ago.
  VulkanRecording &find(const VulkanRecording::Key &key) {
    auto match =
        std::find_if(recordings.begin(), recordings.end(),
                     [&](const auto &each) { return each->matches(key); });
    if (match == recordings.end()) {
      if (recordings.size() < kMost)
        recordings.push_back(std::make_unique<VulkanRecording>(program));
      match = recordings.end() - 1;
    }
    std::rotate(recordings.begin(), match, match + 1);
    return *recordings.front();
  }
  /// Waits for what is under way.
  void clear() { recordings.clear(); }

private:
  static constexpr size_t kMost = 4;
  const VulkanProgram &program;
  std::vector<std::unique_ptr<VulkanRecording>> recordings;
};

/// All that a recording depends on.
VulkanRecording::Key keyOf(const GpuRun &run) {
  VulkanRecording::Key key{run.isProfiled, run.arguments.inputs.size()};
  key.insert(key.end(), run.arguments.inputs.begin(),
             run.arguments.inputs.end());
  key.insert(key.end(), run.arguments.outputs.begin(),
             run.arguments.outputs.end());
  for (const DeviceMemory *storage : run.storages) {
    const auto &memory = static_cast<const VulkanMemory &>(*storage);
    key.push_back(memory.allocationId());
    key.push_back(memory.offset());
  }
  return key;
}

/// Dispatches of one run, but not more than `most`.
uint64_t countDispatches(const std::vector<Step> &steps, uint64_t most) {
  uint64_t count = 0;
  for (const Step &step : steps) {
    if (const auto *loop = std::get_if<Loop>(&step.operation))
      count += std::min(most, static_cast<uint64_t>(loop->tripCount)) *
               countDispatches(loop->body, most);
    else if (std::holds_alternative<Dispatch>(step.operation))
      ++count;
    count = std::min(count, most);
  }
  return count;
}

} // namespace

VulkanExecutable::VulkanExecutable(std::shared_ptr<VulkanDevice> device,
                                   std::shared_ptr<const Package> package,
                                   size_t entry, size_t variant)
    : GpuExecutable(device, std::move(package), entry, variant),
      vulkan(*device), kernels(device->context()),
      program{device->context(), kernels, patterns, 1, 1} {}

Status VulkanExecutable::build() {
  PTL_TRY(kernels.build(loadedPackage(), variant()));
  for (size_t i = 0; i < variant().kernels.size(); ++i)
    program.mostBindings = std::max(program.mostBindings, kernels[i].bindings);
  constexpr uint64_t mostSets = 1024;
  program.dispatches = static_cast<uint32_t>(
      std::max<uint64_t>(1, countDispatches(variant().steps, mostSets)));
  patterns.collect(variant().steps);
  return patterns.upload(vulkan);
}

Status VulkanExecutable::makeRunState(std::unique_ptr<RunState> &state) {
  state = std::make_unique<VulkanRunState>(program);
  return {};
}

Status VulkanExecutable::execute(GpuRun &run) {
  auto &state = static_cast<VulkanRunState &>(run.state);
  VulkanRecording::Key key = keyOf(run);
  VulkanRecording &recording = state.find(key);
  Status status =
      recording.matches(key)
          ? recording.replay(counters())
          : recording.record(std::move(key), schedule(), run, counters());
  // The memory of a run that failed may be used at once.
  if (!status.ok())
    state.clear();
  return vulkan.noted(std::move(status));
}

} // namespace polytile::runtime
