// One pass over a module's instructions, and the comparison with the device.
#include "runtime/device/vulkan/SpirvInspection.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace polytile::runtime {
namespace {

enum Opcode : uint32_t {
  OpEntryPoint = 15,
  OpExecutionMode = 16,
  OpCapability = 17,
  OpTypeInt = 21,
  OpTypeFloat = 22,
  OpTypeVector = 23,
  OpTypeArray = 28,
  OpTypeStruct = 30,
  OpTypePointer = 32,
  OpConstant = 43,
  OpFunction = 54,
  OpVariable = 59,
  OpDecorate = 71,
};

constexpr uint32_t kGLCompute = 5, kLocalSize = 17, kWorkgroup = 4,
                   kDecorationBinding = 33, kDecorationSet = 34;
constexpr uint64_t kManyBytes = uint64_t(1) << 40;

class Inspection {
public:
  Inspection(Bytes bytes, const std::string &entryPoint, SpirvFacts &facts)
      : words(bytes.size() / sizeof(uint32_t)), entryPoint(entryPoint),
        facts(facts) {
    if (!words.empty())
      std::memcpy(words.data(), bytes.data(), words.size() * sizeof(uint32_t));
  }

  Status run() {
    constexpr size_t header = 5;
    constexpr uint32_t magic = 0x07230203, largestBound = 1u << 22;
    if (words.size() < header || words[0] != magic)
      return fail(PTL_STATUS_CORRUPT, "these are no SPIR-V words");
    facts.version = words[1];
    bound = words[3];
    if (bound == 0 || bound > largestBound || words[4] != 0)
      return fail(PTL_STATUS_CORRUPT, "its header has a bound of ", bound,
                  " ids; allowed is 1 to ", largestBound);
    for (size_t at = header; at < words.size();) {
      uint32_t length = words[at] >> 16, opcode = words[at] & 0xffff;
      if (length == 0 || length > words.size() - at)
        return fail(PTL_STATUS_CORRUPT, "instruction ", opcode, " at word ", at,
                    " has ", length, " words; ", words.size() - at,
                    " are left");
      operands = std::span(words).subspan(at + 1, length - 1);
      if (opcode == OpFunction)
        hasFunction = true;
      PTL_TRY(visit(opcode).within("word " + std::to_string(at)));
      at += length;
    }
    return finish();
  }

private:
  Status need(size_t count) const {
    if (operands.size() >= count)
      return {};
    return fail(PTL_STATUS_CORRUPT, "an instruction has ", operands.size(),
                " operands; ", count, " are needed");
  }
  Status checkId(uint32_t id) const {
    if (id && id < bound)
      return {};
    return fail(PTL_STATUS_CORRUPT, "the id ", id, " isn't below the bound of ",
                bound);
  }

  Status visit(uint32_t opcode) {
    switch (opcode) {
    case OpCapability:
      PTL_TRY(need(1));
      facts.capabilities.push_back(operands[0]);
      return {};
    case OpEntryPoint:
      return visitEntryPoint();
    case OpExecutionMode:
      PTL_TRY(need(2));
      if (operands[0] != entry || operands[1] != kLocalSize)
        return {};
      PTL_TRY(need(5));
      std::copy_n(operands.begin() + 2, 3, facts.localSize.begin());
      return {};
    case OpDecorate:
      return visitDecoration();
    case OpVariable:
      PTL_TRY(need(3));
      PTL_TRY(checkId(operands[1]));
      if (operands[2] == kWorkgroup)
        facts.workgroupMemoryBytes =
            std::min(kManyBytes, facts.workgroupMemoryBytes +
                                     sizeOf(pointees[operands[0]]));
      return {};
    case OpConstant:
      PTL_TRY(need(3));
      PTL_TRY(checkId(operands[1]));
      constants[operands[1]] = operands[2];
      return {};
    default:
      return visitType(opcode);
    }
  }

  Status visitEntryPoint() {
    PTL_TRY(need(3));
    PTL_TRY(checkId(operands[1]));
    const char *name = reinterpret_cast<const char *>(&operands[2]);
    size_t most = (operands.size() - 2) * sizeof(uint32_t);
    size_t length = ::strnlen(name, most);
    if (length == most)
      return fail(PTL_STATUS_CORRUPT, "the name of an entry point has no end");
    if (operands[0] == kGLCompute &&
        entryPoint == std::string_view(name, length))
      entry = operands[1];
    return {};
  }

  Status visitDecoration() {
    PTL_TRY(need(2));
    PTL_TRY(checkId(operands[0]));
    if (operands[1] != kDecorationBinding && operands[1] != kDecorationSet)
      return {};
    PTL_TRY(need(3));
    if (operands[1] == kDecorationSet && operands[2] != 0)
      return fail(PTL_STATUS_CORRUPT, "a binding is in descriptor set ",
                  operands[2], "; only set 0 is bound");
    if (operands[1] == kDecorationBinding)
      facts.bindings =
          std::max(facts.bindings, std::min(operands[2], 1u << 20) + 1);
    return {};
  }

  Status visitType(uint32_t opcode) {
    switch (opcode) {
    case OpTypeInt:
    case OpTypeFloat:
      PTL_TRY(need(2));
      return setSize(operands[1] / 8);
    case OpTypeVector:
      PTL_TRY(need(3));
      return setSize(sizeOf(operands[1]) * operands[2]);
    case OpTypeArray: {
      PTL_TRY(need(3));
      auto count = constants.find(operands[2]);
      uint64_t size = sizeOf(operands[1]);
      return setSize(count == constants.end() ? 0 : size * count->second);
    }
    case OpTypeStruct: {
      PTL_TRY(need(1));
      uint64_t sum = 0;
      for (uint32_t member : operands.subspan(1))
        sum += sizeOf(member);
      return setSize(sum);
    }
    case OpTypePointer:
      PTL_TRY(need(3));
      PTL_TRY(checkId(operands[0]));
      pointees[operands[0]] = operands[2];
      return {};
    default:
      return {};
    }
  }

  Status setSize(uint64_t bytes) {
    PTL_TRY(checkId(operands[0]));
    sizes[operands[0]] = std::min(bytes, kManyBytes);
    return {};
  }
  uint64_t sizeOf(uint32_t type) const {
    auto known = sizes.find(type);
    return known == sizes.end() ? 0 : known->second;
  }

  Status finish() const {
    if (!entry)
      return fail(PTL_STATUS_CORRUPT, "it has no compute entry point ",
                  inQuotes(entryPoint));
    if (!hasFunction)
      return fail(PTL_STATUS_CORRUPT, "it has no function");
    return {};
  }

  std::vector<uint32_t> words;
  const std::string &entryPoint;
  SpirvFacts &facts;
  std::span<const uint32_t> operands;
  uint32_t bound = 0, entry = 0;
  bool hasFunction = false;
  std::unordered_map<uint32_t, uint64_t> sizes;     ///< of types
  std::unordered_map<uint32_t, uint32_t> pointees;  ///< of pointer types
  std::unordered_map<uint32_t, uint32_t> constants; ///< low words
};

struct Capability {
  uint32_t number;
  const char *name;
  bool isThere;
};

/// The capabilities that our kernels may declare, and whether they may here.
std::vector<Capability> knownCapabilities(const VulkanProbe &probe) {
  const VulkanFeatures &has = probe.features;
  const auto &floats = probe.floats;
  bool narrow = has.storage16.storageBuffer16BitAccess;
  return {
      {0, "Matrix", true},
      {1, "Shader", true},
      {9, "Float16", bool(has.float16Int8.shaderFloat16)},
      {10, "Float64", bool(has.base.features.shaderFloat64)},
      {11, "Int64", bool(has.base.features.shaderInt64)},
      {22, "Int16", bool(has.base.features.shaderInt16)},
      {39, "Int8", bool(has.float16Int8.shaderInt8)},
      {61, "GroupNonUniform", probe.subgroupSize != 0},
      {65, "GroupNonUniformShuffle", probe.hasShuffle},
      {66, "GroupNonUniformShuffleRelative", probe.hasShuffle},
      {4433, "StorageBuffer16BitAccess", narrow},
      {4434, "UniformAndStorageBuffer16BitAccess",
       bool(has.storage16.uniformAndStorageBuffer16BitAccess)},
      {4448, "StorageBuffer8BitAccess",
       bool(has.storage8.storageBuffer8BitAccess)},
      {4449, "UniformAndStorageBuffer8BitAccess",
       bool(has.storage8.uniformAndStorageBuffer8BitAccess)},
      {4464, "DenormPreserve",
       floats.shaderDenormPreserveFloat16 ||
           floats.shaderDenormPreserveFloat32 ||
           floats.shaderDenormPreserveFloat64},
      {4466, "SignedZeroInfNanPreserve",
       floats.shaderSignedZeroInfNanPreserveFloat16 ||
           floats.shaderSignedZeroInfNanPreserveFloat32 ||
           floats.shaderSignedZeroInfNanPreserveFloat64},
      {4467, "RoundingModeRTE",
       floats.shaderRoundingModeRTEFloat16 ||
           floats.shaderRoundingModeRTEFloat32 ||
           floats.shaderRoundingModeRTEFloat64},
      {5345, "VulkanMemoryModel", bool(has.memoryModel.vulkanMemoryModel)},
      {5346, "VulkanMemoryModelDeviceScope",
       bool(has.memoryModel.vulkanMemoryModelDeviceScope)},
      {6022, "CooperativeMatrixKHR", !probe.matrices.empty()},
  };
}

uint32_t newestSpirv(const VulkanProbe &probe) {
  if (probe.version >= VK_API_VERSION_1_3)
    return 0x00010600;
  if (probe.version >= VK_API_VERSION_1_2)
    return 0x00010500;
  return probe.hasExtension(VK_KHR_SPIRV_1_4_EXTENSION_NAME) ? 0x00010400
                                                             : 0x00010300;
}

Status checkCapabilities(const SpirvFacts &facts, const VulkanProbe &probe) {
  std::vector<Capability> known = knownCapabilities(probe);
  for (uint32_t number : facts.capabilities) {
    auto found =
        std::find_if(known.begin(), known.end(), [&](const Capability &each) {
          return each.number == number;
        });
    if (found == known.end())
      return fail(PTL_STATUS_INCOMPATIBLE, "it needs the SPIR-V capability ",
                  number, ", which this runtime doesn't know");
    if (!found->isThere)
      return fail(PTL_STATUS_INCOMPATIBLE, "it needs the SPIR-V capability ",
                  found->name, ", which ", probe.name, " (", probe.hardware,
                  ") lacks");
  }
  return {};
}

} // namespace

Status inspectSpirv(Bytes bytes, const std::string &entryPoint,
                    SpirvFacts &facts) {
  facts = SpirvFacts();
  return Inspection(bytes, entryPoint, facts).run();
}

Status checkSpirv(const SpirvFacts &facts, const Kernel &kernel,
                  size_t bindings, const VulkanProbe &probe) {
  uint32_t newest = newestSpirv(probe);
  if (facts.version > newest)
    return fail(PTL_STATUS_INCOMPATIBLE, "it is SPIR-V ", facts.version >> 16,
                ".", (facts.version >> 8) & 0xff, "; ", probe.name,
                " takes up to ", newest >> 16, ".", (newest >> 8) & 0xff);
  PTL_TRY(checkCapabilities(facts, probe));
  if (facts.localSize != kernel.workgroupSize)
    return fail(PTL_STATUS_CORRUPT, "its module has workgroups of ",
                facts.localSize[0], "x", facts.localSize[1], "x",
                facts.localSize[2], "; the package says ",
                kernel.workgroupSize[0], "x", kernel.workgroupSize[1], "x",
                kernel.workgroupSize[2]);
  if (facts.bindings > bindings)
    return fail(PTL_STATUS_CORRUPT, "its module has ", facts.bindings,
                " bindings; its dispatches give ", bindings);
  uint64_t most = probe.properties.limits.maxComputeSharedMemorySize;
  if (facts.workgroupMemoryBytes > most)
    return fail(PTL_STATUS_UNSUPPORTED, "it needs ", facts.workgroupMemoryBytes,
                " bytes of workgroup memory; ", probe.name, " (",
                probe.hardware, ") has ", most);
  return {};
}

} // namespace polytile::runtime
