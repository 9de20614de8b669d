//===- Json.cpp - Reads the runtime's descriptions ------------------------===//
//
// A recursive descent over the text; depth is limited, so that a damaged text
// can't exhaust the stack.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Json.h"

#include <cctype>
#include <charconv>

namespace polytile::cli {

class JsonReader {
public:
  explicit JsonReader(std::string_view text) : text(text) {}

  bool read(Json &json, unsigned depth = 0) {
    skipSpace();
    if (text.empty() || depth > 32)
      return false;
    char c = text.front();
    if (c == '{' || c == '[')
      return readElements(json, c == '{', depth);
    if (c == '"') {
      json.kind = Json::Kind::String;
      return readString(json.string);
    }
    if (readWord("null"))
      return true;
    bool isTrue = readWord("true");
    if (isTrue || readWord("false")) {
      json.kind = Json::Kind::Bool;
      json.value = isTrue;
      return true;
    }
    json.kind = Json::Kind::Number;
    auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), json.value);
    if (error != std::errc())
      return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return true;
  }

  bool isAtEnd() {
    skipSpace();
    return text.empty();
  }

private:
  void skipSpace() {
    while (!text.empty() &&
           std::isspace(static_cast<unsigned char>(text.front())))
      text.remove_prefix(1);
  }
  bool readWord(std::string_view word) {
    if (!text.starts_with(word))
      return false;
    text.remove_prefix(word.size());
    return true;
  }
  bool readElements(Json &json, bool isObject, unsigned depth) {
    json.kind = isObject ? Json::Kind::Object : Json::Kind::Array;
    std::string_view close = isObject ? "}" : "]";
    text.remove_prefix(1);
    skipSpace();
    if (readWord(close))
      return true;
    while (true) {
      if (isObject) {
        skipSpace();
        if (!readString(json.names.emplace_back()))
          return false;
        skipSpace();
        if (!readWord(":"))
          return false;
      }
      if (!read(json.elements.emplace_back(), depth + 1))
        return false;
      skipSpace();
      if (readWord(close))
        return true;
      if (!readWord(","))
        return false;
    }
  }
  bool readString(std::string &out) {
    if (!readWord("\""))
      return false;
    while (!text.empty() && text.front() != '"') {
      if (text.front() != '\\') {
        out += text.front();
        text.remove_prefix(1);
      } else if (!readEscape(out)) {
        return false;
      }
    }
    return readWord("\"");
  }
  bool readEscape(std::string &out) {
    if (text.size() < 2)
      return false;
    char c = text[1];
    text.remove_prefix(2);
    if (c != 'u') {
      constexpr std::string_view from = "bfnrt", to = "\b\f\n\r\t";
      size_t found = from.find(c);
      out += found == std::string_view::npos ? c : to[found];
      return true;
    }
    // The runtime escapes control characters alone; others are left as '?'.
    unsigned code = 0;
    if (text.size() < 4 ||
        std::from_chars(text.data(), text.data() + 4, code, 16).ptr !=
            text.data() + 4)
      return false;
    text.remove_prefix(4);
    out += code < 0x80 ? static_cast<char>(code) : '?';
    return true;
  }

  std::string_view text;
};

Json Json::parse(std::string_view text) {
  Json json;
  JsonReader reader(text);
  return reader.read(json) && reader.isAtEnd() ? json : Json();
}

const Json &Json::operator[](std::string_view name) const {
  static const Json null;
  for (size_t i = 0; i < names.size() && i < elements.size(); ++i)
    if (names[i] == name)
      return elements[i];
  return null;
}

} // namespace polytile::cli
