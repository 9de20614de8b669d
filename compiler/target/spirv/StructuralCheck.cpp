//===- StructuralCheck.cpp - Are these words a SPIR-V module? -------------===//
//
// One pass cuts the words into instructions and checks ids as they come; the
// other checks look at the instructions of their kind.
//
//===----------------------------------------------------------------------===//

#include "compiler/target/spirv/StructuralCheck.h"

#include "compiler/target/spirv/InstructionTable.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <map>
#include <set>
#include <vector>

using namespace polytile::spirv_target;

namespace {

// Numbers of the specification.
constexpr uint32_t Magic = 0x07230203;
constexpr uint32_t Version14 = 0x00010400, Version15 = 0x00010500,
                   Version16 = 0x00010600;
namespace storage {
enum : uint32_t { Input = 1, Workgroup = 4, Function = 7, StorageBuffer = 12 };
} // namespace storage
namespace decoration {
enum : uint32_t {
  Block = 2,
  ArrayStride = 6,
  BuiltIn = 11,
  Aliased = 20,
  Binding = 33,
  DescriptorSet = 34,
  Offset = 35,
};
} // namespace decoration
namespace capability {
enum : uint32_t {
  Shader = 1,
  Float16 = 9,
  Float64 = 10,
  Int64 = 11,
  Int16 = 22,
  Int8 = 39,
  GroupNonUniform = 61,
  StorageBuffer16 = 4433,
  StorageBuffer8 = 4448,
  DenormPreserve = 4464,
  SignedZeroInfNanPreserve = 4466,
  RoundingModeRTE = 4467,
  VulkanMemoryModel = 5345,
  CooperativeMatrix = 6022,
};
} // namespace capability
constexpr uint32_t GLCompute = 5, LocalSize = 17, VulkanModel = 3;
constexpr uint32_t NonPrivatePointer = 0x20;

/// An instruction of the module.
struct Word {
  const Instruction *info;
  llvm::ArrayRef<uint32_t> operands;
};

/// A string of SPIR-V: bytes, the lowest first, up to a zero.
std::string readString(llvm::ArrayRef<uint32_t> words, size_t &length) {
  std::string text;
  for (length = 0; length < words.size();) {
    uint32_t word = words[length++];
    for (unsigned byte = 0; byte < 4; ++byte) {
      char letter = static_cast<char>(word >> (8 * byte));
      if (letter == 0)
        return text;
      text.push_back(letter);
    }
  }
  return text;
}

class Check {
public:
  explicit Check(llvm::ArrayRef<uint32_t> words) : words(words) {}

  std::optional<std::string> run();

private:
  // Each returns false after `fail`.
  bool fail(const llvm::Twine &what);
  bool readHeader();
  bool readInstructions();
  bool readOperands(const Word &word);
  bool define(uint32_t id, size_t index);
  bool checkOrder();
  bool checkForwardIds();
  bool gatherDecorations();
  bool checkCapabilities();
  bool needCapability(uint32_t wanted, const llvm::Twine &what);
  bool needWidths();
  bool needModes();
  bool checkNarrowUse();
  bool checkExtensions();
  bool checkEntryPoint();
  bool checkVariables();
  bool checkBuffer(uint32_t variable, uint32_t pointee);
  bool checkBlocks();
  bool checkMatrices();
  bool checkAccesses();

  const Word *definition(uint32_t id) const;
  uint32_t resultType(uint32_t id) const;
  /// The storage class of a pointer's type.
  uint32_t storageOf(uint32_t pointer) const;
  bool has(uint32_t target, uint32_t kind) const;
  const std::vector<uint32_t> *decorationOf(uint32_t target,
                                            uint32_t kind) const;

  llvm::ArrayRef<uint32_t> words;
  uint32_t version = 0, bound = 0, model = 0;
  std::vector<Word> instructions;
  std::vector<int64_t> definitions; ///< by id; -1: not defined
  std::set<uint32_t> forward;
  std::set<uint32_t> capabilities, needed;
  std::set<std::string> extensions;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<uint32_t>> decorations;
  std::string problem;
};

} // namespace

bool Check::fail(const llvm::Twine &what) {
  problem = what.str();
  return false;
}

bool Check::readHeader() {
  if (words.size() < 5)
    return fail("it is shorter than a header");
  if (words[0] != Magic)
    return fail("it doesn't begin with the magic number");
  version = words[1];
  if (version < 0x00010000 || version > Version16 || (version & 0xff0000ff))
    return fail("its version isn't one of 1.0 to 1.6");
  bound = words[3];
  if (bound == 0 || bound > 0x400000)
    return fail("its bound of ids is " + llvm::Twine(bound));
  if (words[4] != 0)
    return fail("its schema isn't 0");
  definitions.assign(bound, -1);
  return true;
}

bool Check::define(uint32_t id, size_t index) {
  if (id == 0 || id >= bound)
    return fail("id " + llvm::Twine(id) + " isn't below the bound");
  if (definitions[id] >= 0)
    return fail("id " + llvm::Twine(id) + " is defined twice");
  definitions[id] = static_cast<int64_t>(index);
  return true;
}

bool Check::readOperands(const Word &word) {
  size_t next = 0, count = word.operands.size();
  auto isKnown = [&](uint32_t id) {
    if (id != 0 && id < bound && definitions[id] >= 0)
      return true;
    return fail("opcode " + llvm::Twine(word.info->opcode) + " uses id " +
                llvm::Twine(id) + " before it is defined");
  };
  for (const char *kind = word.info->operands; *kind; ++kind) {
    bool isRest = *kind == 'I' || *kind == 'F' || *kind == 'L';
    if (next == count && (isRest || *kind == 'm'))
      return true;
    do {
      if (next == count)
        return fail("opcode " + llvm::Twine(word.info->opcode) +
                    " lacks operands");
      uint32_t operand = word.operands[next++];
      if (*kind == 'f' || *kind == 'F')
        forward.insert(operand);
      else if (*kind == 'r' && !define(operand, instructions.size()))
        return false;
      else if ((*kind == 'i' || *kind == 'I' || *kind == 't') &&
               !isKnown(operand))
        return false;
      else if (*kind == 's') {
        size_t length = 0;
        readString(word.operands.drop_front(next - 1), length);
        next += length - 1;
      } else if (*kind == 'm') {
        // We write no operand that has words of its own.
        if (operand & ~NonPrivatePointer)
          return fail("a memory operand is unknown");
      }
    } while (isRest && next < count);
  }
  return next == count || fail("opcode " + llvm::Twine(word.info->opcode) +
                               " has too many operands");
}

bool Check::readInstructions() {
  for (size_t at = 5; at < words.size();) {
    uint32_t length = words[at] >> 16;
    uint16_t code = words[at] & 0xffff;
    if (length == 0 || length > words.size() - at)
      return fail("an instruction reaches beyond the end");
    const Instruction *info = findInstruction(code);
    if (!info)
      return fail("opcode " + llvm::Twine(code) + " isn't one that we write");
    Word word{info, words.slice(at + 1, length - 1)};
    if (!readOperands(word))
      return false;
    instructions.push_back(word);
    at += length;
  }
  return true;
}

bool Check::checkForwardIds() {
  for (uint32_t id : forward)
    if (id == 0 || id >= bound || definitions[id] < 0)
      return fail("id " + llvm::Twine(id) + " is never defined");
  return true;
}

bool Check::checkOrder() {
  Section last = Section::Capabilities;
  bool inFunction = false;
  for (const Word &word : instructions) {
    Section section = word.info->section;
    if (word.info->opcode == opcode::Function)
      inFunction = true;
    if (inFunction && section == Section::Globals &&
        (word.info->opcode == opcode::Variable || word.info->opcode == 1))
      section = Section::Functions;
    if (section < last)
      return fail("opcode " + llvm::Twine(word.info->opcode) +
                  " stands too late");
    if (section == Section::Functions && !inFunction)
      return fail("opcode " + llvm::Twine(word.info->opcode) +
                  " stands outside a function");
    last = section;
    if (word.info->opcode == opcode::FunctionEnd)
      inFunction = false;
  }
  return !inFunction || fail("a function doesn't end");
}

const Word *Check::definition(uint32_t id) const {
  return id < bound && definitions[id] >= 0
             ? &instructions[static_cast<size_t>(definitions[id])]
             : nullptr;
}

uint32_t Check::resultType(uint32_t id) const {
  const Word *word = definition(id);
  return word && word->info->operands[0] == 't' ? word->operands[0] : 0;
}

uint32_t Check::storageOf(uint32_t pointer) const {
  const Word *type = definition(resultType(pointer));
  return type && type->info->opcode == opcode::TypePointer ? type->operands[1]
                                                           : ~0u;
}

const std::vector<uint32_t> *Check::decorationOf(uint32_t target,
                                                 uint32_t kind) const {
  auto found = decorations.find({target, kind});
  return found == decorations.end() ? nullptr : &found->second;
}

bool Check::has(uint32_t target, uint32_t kind) const {
  return decorationOf(target, kind) != nullptr;
}

bool Check::gatherDecorations() {
  for (const Word &word : instructions) {
    size_t skip = word.info->opcode == opcode::Decorate         ? 1
                  : word.info->opcode == opcode::MemberDecorate ? 2
                                                                : 0;
    if (skip == 0)
      continue;
    llvm::ArrayRef<uint32_t> values = word.operands.drop_front(skip + 1);
    decorations[{word.operands[0], word.operands[skip]}] = values.vec();
  }
  return true;
}

bool Check::needCapability(uint32_t wanted, const llvm::Twine &what) {
  needed.insert(wanted);
  return capabilities.count(wanted) ||
         fail(what + " needs capability " + llvm::Twine(wanted));
}

/// The widths of numbers. 8 and 16 bits may be there for storage alone.
bool Check::needWidths() {
  auto oneOf = [&](uint32_t full, uint32_t stored) {
    bool any = capabilities.count(full) || capabilities.count(stored);
    needed.insert(full);
    needed.insert(stored);
    return any || fail("a narrow type needs capability " + llvm::Twine(full) +
                       " or " + llvm::Twine(stored));
  };
  for (const Word &word : instructions) {
    bool isInteger = word.info->opcode == opcode::TypeInt;
    if (!isInteger && word.info->opcode != opcode::TypeFloat)
      continue;
    uint32_t width = word.operands[1];
    bool fits = width == 32;
    if (width == 64)
      fits = needCapability(isInteger ? capability::Int64 : capability::Float64,
                            "a type of 64 bits");
    if (width == 8)
      fits = oneOf(capability::Int8, capability::StorageBuffer8);
    if (width == 16)
      fits = oneOf(isInteger ? capability::Int16 : capability::Float16,
                   capability::StorageBuffer16);
    if (!fits)
      return problem.empty()
                 ? fail("a type has " + llvm::Twine(width) + " bits")
                 : false;
  }
  return true;
}

bool Check::needModes() {
  for (const Word &word : instructions) {
    if (word.info->opcode == opcode::MemoryModel) {
      model = word.operands[1];
      if (model == VulkanModel &&
          !needCapability(capability::VulkanMemoryModel, "the memory model"))
        return false;
    }
    if (word.info->opcode != opcode::ExecutionMode)
      continue;
    uint32_t mode = word.operands[1];
    if (mode == LocalSize)
      continue;
    // The capabilities of the float controls have the modes' numbers plus 5.
    if (mode < 4459 || mode > 4462)
      return fail("execution mode " + llvm::Twine(mode) + " is unknown");
    if (!needCapability(mode + 5, "execution mode " + llvm::Twine(mode)))
      return false;
  }
  return true;
}

bool Check::checkCapabilities() {
  for (const Word &word : instructions)
    if (word.info->opcode == opcode::Capability)
      capabilities.insert(word.operands[0]);
  if (!needCapability(capability::Shader, "a module") || !needWidths() ||
      !needModes())
    return false;
  for (const Word &word : instructions) {
    if (word.info->capability != 0 &&
        !needCapability(word.info->capability,
                        "opcode " + llvm::Twine(word.info->opcode)))
      return false;
    if (word.info->capability == 65) // shuffles build on this one
      needed.insert(capability::GroupNonUniform);
  }
  for (const auto &[target, values] : decorations)
    if (target.second == decoration::BuiltIn && values.size() == 1 &&
        ((values[0] >= 36 && values[0] <= 41)) &&
        !needCapability(capability::GroupNonUniform, "a subgroup's builtin"))
      return false;
  for (uint32_t declared : capabilities)
    if (!needed.count(declared))
      return fail("capability " + llvm::Twine(declared) +
                  " is declared and not used");
  return checkNarrowUse() && checkExtensions();
}

/// Numbers that are there for storage alone are loaded, stored and converted.
bool Check::checkNarrowUse() {
  auto isStoredOnly = [&](uint32_t type) {
    const Word *word = definition(type);
    if (word && word->info->opcode == opcode::TypeVector)
      word = definition(word->operands[1]);
    if (!word || (word->info->opcode != opcode::TypeInt &&
                  word->info->opcode != opcode::TypeFloat))
      return false;
    bool isInteger = word->info->opcode == opcode::TypeInt;
    uint32_t width = word->operands[1];
    if (width == 8)
      return !capabilities.count(capability::Int8);
    return width == 16 && !capabilities.count(isInteger ? capability::Int16
                                                        : capability::Float16);
  };
  for (const Word &word : instructions) {
    if (word.info->section != Section::Functions ||
        word.info->operands[0] != 't' || !isStoredOnly(word.operands[0]))
      continue;
    switch (word.info->opcode) {
    case opcode::Load:
    case opcode::UConvert:
    case opcode::SConvert:
    case opcode::FConvert:
    case opcode::CompositeConstruct:
    case opcode::CompositeExtract:
      break;
    default:
      return fail("opcode " + llvm::Twine(word.info->opcode) +
                  " computes in a type that is only stored");
    }
  }
  return true;
}

bool Check::checkExtensions() {
  for (const Word &word : instructions)
    if (word.info->opcode == opcode::Extension) {
      size_t length = 0;
      extensions.insert(readString(word.operands, length));
    }
  const struct {
    uint32_t capability;
    const char *extension;
    uint32_t builtInto; ///< the version that has it without the extension
  } rows[] = {
      {capability::StorageBuffer8, "SPV_KHR_8bit_storage", Version15},
      {capability::DenormPreserve, "SPV_KHR_float_controls", Version14},
      {capability::SignedZeroInfNanPreserve, "SPV_KHR_float_controls",
       Version14},
      {capability::RoundingModeRTE, "SPV_KHR_float_controls", Version14},
      {capability::VulkanMemoryModel, "SPV_KHR_vulkan_memory_model", Version15},
      {capability::CooperativeMatrix, "SPV_KHR_cooperative_matrix", ~0u},
  };
  for (const auto &row : rows)
    if (capabilities.count(row.capability) && version < row.builtInto &&
        !extensions.count(row.extension))
      return fail("capability " + llvm::Twine(row.capability) + " needs " +
                  row.extension);
  return true;
}

bool Check::checkEntryPoint() {
  const Word *entry = nullptr;
  bool hasSize = false;
  for (const Word &word : instructions) {
    if (word.info->opcode == opcode::EntryPoint) {
      if (entry)
        return fail("it has two entry points");
      entry = &word;
    }
    hasSize |= word.info->opcode == opcode::ExecutionMode &&
               word.operands[1] == LocalSize && word.operands.size() == 5;
  }
  if (!entry || entry->operands[0] != GLCompute)
    return fail("it has no entry point for GLCompute");
  const Word *function = definition(entry->operands[1]);
  if (!function || function->info->opcode != opcode::Function)
    return fail("its entry point isn't a function");
  if (!hasSize)
    return fail("its entry point has no LocalSize");

  size_t length = 0;
  readString(entry->operands.drop_front(2), length);
  llvm::ArrayRef<uint32_t> list = entry->operands.drop_front(2 + length);
  std::set<uint32_t> interface(list.begin(), list.end());
  if (interface.size() != list.size())
    return fail("the interface lists a variable twice");
  for (const Word &word : instructions) {
    if (word.info->opcode != opcode::Variable ||
        word.operands[2] == storage::Function)
      continue;
    bool wanted = version >= Version14 || word.operands[2] == storage::Input;
    if (interface.erase(word.operands[1]) != (wanted ? 1 : 0))
      return fail(
          "variable " + llvm::Twine(word.operands[1]) +
          (wanted ? " isn't in the interface" : " is in the interface"));
  }
  return interface.empty() || fail("the interface lists what is no variable");
}

/// A Block of one run-time array, with its place.
bool Check::checkBuffer(uint32_t variable, uint32_t pointee) {
  const Word *block = definition(pointee);
  if (!has(variable, decoration::DescriptorSet) ||
      !has(variable, decoration::Binding))
    return fail("buffer " + llvm::Twine(variable) + " has no binding");
  if (!block || block->info->opcode != opcode::TypeStruct ||
      block->operands.size() != 2 || !has(pointee, decoration::Block) ||
      !has(pointee, decoration::Offset))
    return fail("buffer " + llvm::Twine(variable) +
                " isn't a Block of one member at an offset");
  const Word *array = definition(block->operands[1]);
  const std::vector<uint32_t> *stride =
      decorationOf(block->operands[1], decoration::ArrayStride);
  if (!array || array->info->opcode != opcode::TypeRuntimeArray || !stride)
    return fail("buffer " + llvm::Twine(variable) +
                " isn't a run-time array with a stride");
  const Word *element = definition(array->operands[1]);
  uint32_t lanes = 1;
  if (element && element->info->opcode == opcode::TypeVector) {
    lanes = element->operands[2];
    element = definition(element->operands[1]);
  }
  if (!element || stride->size() != 1 ||
      stride->front() != lanes * element->operands[1] / 8)
    return fail("the stride of buffer " + llvm::Twine(variable) +
                " isn't its element's size");
  return true;
}

bool Check::checkVariables() {
  std::map<uint32_t, std::vector<uint32_t>> byBinding;
  for (const Word &word : instructions) {
    if (word.info->opcode != opcode::Variable)
      continue;
    uint32_t id = word.operands[1], kind = word.operands[2];
    const Word *pointer = definition(word.operands[0]);
    if (!pointer || pointer->info->opcode != opcode::TypePointer ||
        pointer->operands[1] != kind)
      return fail("variable " + llvm::Twine(id) +
                  " and its type differ in their storage class");
    if (kind == storage::Input && !has(id, decoration::BuiltIn))
      return fail("input " + llvm::Twine(id) + " isn't a builtin");
    if (kind != storage::StorageBuffer)
      continue;
    if (!checkBuffer(id, pointer->operands[2]))
      return false;
    const std::vector<uint32_t> *binding =
        decorationOf(id, decoration::Binding);
    byBinding[binding->front()].push_back(id);
  }
  for (const auto &[binding, variables] : byBinding)
    for (uint32_t id : variables)
      if (variables.size() > 1 && !has(id, decoration::Aliased))
        return fail("two variables share binding " + llvm::Twine(binding) +
                    " and aren't Aliased");
  return true;
}

static bool isTerminator(uint16_t code) {
  return code == opcode::Branch || code == opcode::BranchConditional ||
         code == opcode::Return || code == opcode::ReturnValue ||
         code == opcode::Unreachable;
}

bool Check::checkBlocks() {
  bool inBlock = false, mayDeclare = false;
  uint16_t last = 0;
  for (const Word &word : instructions) {
    uint16_t code = word.info->opcode;
    bool inFunction =
        word.info->section == Section::Functions ||
        (code == opcode::Variable && word.operands[2] == storage::Function);
    if (!inFunction)
      continue;
    bool isFrame = code == opcode::Function ||
                   code == opcode::FunctionParameter ||
                   code == opcode::FunctionEnd;
    if (isFrame || code == opcode::Label) {
      if (inBlock)
        return fail("a block doesn't end with a branch");
      mayDeclare =
          last == opcode::Function || last == opcode::FunctionParameter;
      inBlock = code == opcode::Label;
    } else if (!inBlock) {
      return fail("opcode " + llvm::Twine(code) + " stands outside a block");
    } else if (code == opcode::Variable) {
      if (!mayDeclare)
        return fail("a variable doesn't stand first in its function");
    } else {
      mayDeclare = false;
    }
    bool merges = last == opcode::LoopMerge || last == opcode::SelectionMerge;
    if (merges && code != opcode::Branch && code != opcode::BranchConditional)
      return fail("a merge isn't followed by a branch");
    if (isTerminator(code))
      inBlock = false;
    last = code;
  }
  return true;
}

/// (M x K) * (K x N) + (M x N).
bool Check::checkMatrices() {
  for (const Word &word : instructions) {
    if (word.info->opcode != opcode::CooperativeMatrixMulAdd)
      continue;
    const Word *types[4] = {definition(word.operands[0])};
    for (unsigned operand = 0; operand < 3; ++operand)
      types[operand + 1] = definition(resultType(word.operands[2 + operand]));
    // Sizes and uses are ids of constants.
    auto value = [&](const Word *type, unsigned operand) {
      const Word *constant = definition(type->operands[operand]);
      return constant && constant->operands.size() > 2 ? constant->operands[2]
                                                       : ~0u;
    };
    for (const Word *type : types)
      if (!type || type->info->opcode != opcode::TypeCooperativeMatrix)
        return fail("a product of matrices has an operand that is none");
    const unsigned Rows = 3, Columns = 4, Use = 5;
    if (types[0] != types[3] || value(types[1], Use) != 0 ||
        value(types[2], Use) != 1 || value(types[3], Use) != 2 ||
        value(types[1], Rows) != value(types[3], Rows) ||
        value(types[2], Columns) != value(types[3], Columns) ||
        value(types[1], Columns) != value(types[2], Rows))
      return fail("the matrices of a product don't fit");
  }
  return true;
}

bool Check::checkAccesses() {
  for (const Word &word : instructions) {
    size_t pointer = 0, fixed = 0;
    switch (word.info->opcode) {
    case opcode::Load:
      pointer = 2, fixed = 3;
      break;
    case opcode::Store:
      pointer = 0, fixed = 2;
      break;
    case opcode::CooperativeMatrixLoad:
      pointer = 2, fixed = 5;
      break;
    case opcode::CooperativeMatrixStore:
      pointer = 0, fixed = 4;
      break;
    default:
      continue;
    }
    uint32_t kind = storageOf(word.operands[pointer]);
    uint32_t mask = word.operands.size() > fixed ? word.operands[fixed] : 0;
    bool isPublic = (mask & NonPrivatePointer) != 0;
    if (model == VulkanModel && kind == storage::Workgroup && !isPublic)
      return fail("an access to workgroup memory is private");
    if (isPublic && (model != VulkanModel || kind == storage::Function))
      return fail("an access says NonPrivatePointer in vain");
  }
  return true;
}

std::optional<std::string> Check::run() {
  if (readHeader() && readInstructions() && checkForwardIds() && checkOrder() &&
      gatherDecorations() && checkCapabilities() && checkEntryPoint() &&
      checkVariables() && checkBlocks() && checkMatrices() && checkAccesses())
    return std::nullopt;
  return problem;
}

std::optional<std::string>
polytile::spirv_target::checkStructure(llvm::ArrayRef<uint32_t> words) {
  return Check(words).run();
}
