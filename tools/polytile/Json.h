//===- Json.h - Reads the runtime's descriptions ----------------*- C++ -*-===//
//
// Descriptions of devices come as JSON; the tool shows them without LLVM, whose
// reader the compiler uses.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_JSON_H
#define POLYTILE_TOOLS_POLYTILE_JSON_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polytile::cli {

/// A value of JSON. Getters of another kind of value give an empty one, so that
/// a description that lacks something reads as if it were 0 or "".
class Json {
public:
  /// Null for a text that is no JSON.
  static Json parse(std::string_view text);

  const std::string &text() const { return string; }
  double number() const { return value; }
  uint64_t count() const { return static_cast<uint64_t>(value); }
  const std::vector<Json> &items() const { return elements; }
  /// The member of that name; null when there is none.
  const Json &operator[](std::string_view name) const;
  bool isNull() const { return kind == Kind::Null; }

private:
  friend class JsonReader;
  enum class Kind { Null, Bool, Number, String, Array, Object };

  Kind kind = Kind::Null;
  double value = 0; ///< a bool is 0 or 1
  std::string string;
  std::vector<Json> elements;
  std::vector<std::string> names; ///< of an object's elements
};

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_JSON_H
