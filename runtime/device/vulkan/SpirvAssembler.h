// Writes a SPIR-V module word by word: for the kernels that the driver
// itself needs, whose words no other tool is there to make.
//
// Source: the SPIR-V specification, section 2.3.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace polytile::runtime {

class SpirvAssembler {
public:
  /// `version` as in the header, 0x00010300.
  explicit SpirvAssembler(uint32_t version)
      : words{0x07230203, version, 0, 0, 0} {}

  uint32_t id() { return next++; }
  /// An instruction with these operands.
  void add(uint32_t opcode, std::initializer_list<uint32_t> operands) {
    words.push_back(
        static_cast<uint32_t>((operands.size() + 1) << 16 | opcode));
    words.insert(words.end(), operands);
  }
  /// The same with a name among them: first, then the name, then the rest.
  void add(uint32_t opcode, std::initializer_list<uint32_t> first,
           std::string_view name, std::initializer_list<uint32_t> rest = {}) {
    std::vector<uint32_t> text(name.size() / sizeof(uint32_t) + 1, 0);
    std::memcpy(text.data(), name.data(), name.size());
    size_t count = 1 + first.size() + text.size() + rest.size();
    words.push_back(static_cast<uint32_t>(count << 16 | opcode));
    words.insert(words.end(), first);
    words.insert(words.end(), text.begin(), text.end());
    words.insert(words.end(), rest);
  }
  /// `opcode type result operands...`, the form of most instructions.
  uint32_t value(uint32_t opcode, uint32_t type,
                 std::initializer_list<uint32_t> operands) {
    uint32_t result = id();
    words.push_back(
        static_cast<uint32_t>((operands.size() + 3) << 16 | opcode));
    words.insert(words.end(), {type, result});
    words.insert(words.end(), operands);
    return result;
  }
  /// `opcode result operands...`, the form of types.
  uint32_t type(uint32_t opcode, std::initializer_list<uint32_t> operands) {
    uint32_t result = id();
    words.push_back(
        static_cast<uint32_t>((operands.size() + 2) << 16 | opcode));
    words.push_back(result);
    words.insert(words.end(), operands);
    return result;
  }
  /// The module.
  std::vector<uint32_t> finish() {
    words[3] = next;
    return words;
  }

private:
  std::vector<uint32_t> words;
  uint32_t next = 1;
};

} // namespace polytile::runtime
