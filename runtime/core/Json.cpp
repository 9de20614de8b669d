// Writes JSON strings: UTF-8 is kept where it is valid, every other byte
// becomes U+FFFD.
#include "runtime/core/Json.h"

#include <cstdio>

namespace polytile::runtime {
namespace {

/// Length of the valid UTF-8 sequence at the front of text, 0 if there is none.
size_t sequenceLength(std::string_view text) {
  auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  unsigned lead = byte(0);
  size_t length = lead < 0x80                   ? 1
                  : lead >= 0xC2 && lead < 0xE0 ? 2
                  : lead >= 0xE0 && lead < 0xF0 ? 3
                                                : 4;
  if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4))
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  bool overlong =
      (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  bool invalid =
      (lead == 0xED && byte(1) >= 0xA0) || (lead == 0xF4 && byte(1) >= 0x90);
  return overlong || invalid ? 0 : length;
}

} // namespace

JsonWriter &JsonWriter::value(std::string_view text) {
  separate();
  out += '"';
  while (!text.empty()) {
    size_t length = sequenceLength(text);
    unsigned char c = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += "\\ufffd";
      length = 1;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", c);
      out += escape;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  out += '"';
  return *this;
}

} // namespace polytile::runtime
