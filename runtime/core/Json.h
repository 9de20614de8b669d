// Writes JSON: just enough for descriptions of devices and packages, with every
// string escaped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace polytile::runtime {

/// Builds a text in one pass; commas are put where they belong.
class JsonWriter {
public:
  JsonWriter &beginObject() { return open('{'); }
  JsonWriter &endObject() { return close('}'); }
  JsonWriter &beginArray() { return open('['); }
  JsonWriter &endArray() { return close(']'); }
  JsonWriter &key(std::string_view name) {
    value(name);
    out += ": ";
    first = true;
    return *this;
  }
  JsonWriter &value(std::string_view text);
  JsonWriter &value(uint64_t number) { return raw(std::to_string(number)); }
  JsonWriter &value(int64_t number) { return raw(std::to_string(number)); }
  JsonWriter &value(bool truth) { return raw(truth ? "true" : "false"); }
  template <typename Value>
  JsonWriter &member(std::string_view name, Value content) {
    return key(name).value(content);
  }
  JsonWriter &member(std::string_view name, const char *content) {
    return key(name).value(std::string_view(content));
  }
  JsonWriter &member(std::string_view name, const std::string &content) {
    return key(name).value(std::string_view(content));
  }
  const std::string &text() const { return out; }

private:
  JsonWriter &raw(std::string_view content) {
    separate();
    out += content;
    return *this;
  }
  JsonWriter &open(char bracket) {
    separate();
    out += bracket;
    first = true;
    return *this;
  }
  JsonWriter &close(char bracket) {
    out += bracket;
    first = false;
    return *this;
  }
  void separate() {
    if (!first)
      out += ", ";
    first = false;
  }

  std::string out;
  bool first = true;
};

} // namespace polytile::runtime
