//===- Arguments.cpp - NAME=VALUE on the command line ---------------------===//
//
// What is wrong with the form of an argument is an error of usage; what is
// wrong with the file that it names is an error of the user.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Arguments.h"

#include "tools/polytile/Command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

using namespace polytile;
using namespace polytile::tool;

std::pair<std::string, std::string>
tool::splitAssignment(const std::string &text, const char *option) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    throw Failure(
        fmt::format("{} '{}' is not of the form NAME=VALUE", option, text),
        ExitUsage);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

static void requireNewName(const std::vector<Argument> &arguments,
                           const std::string &name, const char *option) {
  for (const Argument &argument : arguments)
    if (argument.name == name)
      throw Failure(fmt::format("{} '{}' is given twice", option, name),
                    ExitUsage);
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

static bool isNumber(const std::string &text) {
  char *end = nullptr;
  std::strtod(text.c_str(), &end);
  bool hexadecimal = text.find_first_of("xX") != std::string::npos;
  return end != text.c_str() && *end == '\0' && !hexadecimal &&
         !std::isspace(static_cast<unsigned char>(text[0]));
}

bool tool::isIntegerText(const std::string &text) {
  size_t first = text[0] == '-' || text[0] == '+' ? 1 : 0;
  return first < text.size() &&
         text.find_first_not_of("0123456789", first) == std::string::npos;
}

/// `file.npz:key` names one array; any other colon belongs to the path.
static std::pair<std::string, std::string> splitKey(const std::string &path) {
  size_t colon = path.rfind(".npz:");
  if (colon == std::string::npos)
    return {path, ""};
  return {path.substr(0, colon + 4), path.substr(colon + 5)};
}

static void readTensor(Argument &argument, const std::string &value) {
  auto [path, key] = splitKey(value);
  argument.file = require(TensorFile::load(path, key));
  TensorInfo info;
  if (argument.file.count() == 1)
    info = require(argument.file.tensor(0));
  else if (auto found = argument.file.find(key.empty() ? argument.name : key))
    info = *found;
  else
    throw Failure(fmt::format("{}: which of its arrays is '{}'? {} (name one "
                              "as {}=FILE.npz:ARRAY)",
                              path, argument.name, found.status().message(),
                              argument.name));
  argument.elementType = info.elementType;
  argument.dims = info.dims;
  argument.data = info.data;
  argument.byteSize = info.byteSize;
}

std::vector<Argument> tool::readInputs(const std::vector<std::string> &texts) {
  std::vector<Argument> arguments;
  for (const std::string &text : texts) {
    auto [name, value] = splitAssignment(text, "--input");
    requireNewName(arguments, name, "--input");
    Argument argument;
    argument.name = name;
    if (isNumber(value))
      argument.number = value;
    else
      readTensor(argument, value);
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

static int64_t parseSize(std::string_view text, const std::string &shape) {
  int64_t size = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size() || size < 0)
    throw Failure(fmt::format("'{}' in --shape '{}' is not a size; sizes are "
                              "decimal, as in A=64x32:f32",
                              text, shape),
                  ExitUsage);
  return size;
}

std::vector<Argument> tool::parseShapes(const std::vector<std::string> &texts) {
  std::vector<Argument> arguments;
  for (const std::string &text : texts) {
    auto [name, value] = splitAssignment(text, "--shape");
    requireNewName(arguments, name, "--shape");
    Argument argument;
    argument.name = name;
    size_t colon = value.find(':');
    std::string type =
        colon == std::string::npos ? value : value.substr(colon + 1);
    argument.elementType = ptl_element_type_from_name(type.c_str());
    if (argument.elementType == PTL_ELEMENT_INVALID)
      throw Failure(fmt::format("'{}' in --shape '{}' is not an element type; "
                                "a shape is written A=64x32:f32, a scalar's "
                                "s=f32",
                                type, text),
                    ExitUsage);
    std::string_view sizes(value);
    sizes = sizes.substr(0, colon == std::string::npos ? 0 : colon);
    while (!sizes.empty()) {
      size_t separator = sizes.find('x');
      argument.dims.push_back(parseSize(sizes.substr(0, separator), text));
      if (separator == std::string_view::npos)
        break;
      sizes.remove_prefix(separator + 1);
      if (sizes.empty())
        parseSize(sizes, text);
    }
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

std::string tool::spellShape(ptl_element_type type,
                             const std::vector<int64_t> &dims) {
  std::string name = ptl_element_type_name(type);
  return dims.empty() ? name
                      : fmt::format("{}[{}]", name, fmt::join(dims, ", "));
}

//===----------------------------------------------------------------------===//
// Bare numbers
//===----------------------------------------------------------------------===//

/// Rounds to nearest even on the way to a float of 16 bits with `exponentBits`
/// exponent bits, by adding half of the last place to the bits of the f32.
static uint16_t narrowBits(float value, ptl_element_type type) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  uint32_t sign = bits >> 16 & 0x8000;
  if (type == PTL_ELEMENT_BF16) {
    if (std::isnan(value))
      return static_cast<uint16_t>(sign | 0x7fc0);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
  if (std::isnan(value))
    return static_cast<uint16_t>(sign | 0x7e00);
  float magnitude = std::fabs(value);
  if (magnitude >= 65520.0f)
    return static_cast<uint16_t>(sign | 0x7c00);
  // Adding and subtracting a power of two rounds to the spacing of f16 there;
  // below 2^-14 that is 2^-24.
  int exponent = magnitude < 0x1p-14f ? -14 : std::ilogb(magnitude);
  float spacing = std::ldexp(1.0f, exponent - 10);
  auto steps = static_cast<uint32_t>(std::nearbyint(magnitude / spacing));
  // `steps` counts from 0 in the lowest binade and has its leading one above:
  // adding it to the exponent's field carries that into it.
  uint32_t field = magnitude < 0x1p-14f
                       ? steps
                       : static_cast<uint32_t>(exponent + 14) * 1024 + steps;
  return static_cast<uint16_t>(sign | field);
}

template <typename T>
static void storeInteger(const Argument &argument, const char *typeName,
                         void *memory) {
  T value{};
  const std::string &text = argument.number;
  const char *first = text.data() + (text[0] == '+' ? 1 : 0);
  auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Failure(fmt::format("'{}' is {}, which {} cannot hold", argument.name,
                              text, typeName));
  std::memcpy(memory, &value, sizeof(value));
}

void tool::storeNumber(const Argument &argument, ptl_element_type type,
                       void *memory) {
  const char *name = ptl_element_type_name(type);
  double value = std::strtod(argument.number.c_str(), nullptr);
  auto single = static_cast<float>(value);
  switch (type) {
  case PTL_ELEMENT_BOOL:
    if (argument.number != "0" && argument.number != "1")
      throw Failure(fmt::format("'{}' is {}, which bool cannot hold",
                                argument.name, argument.number));
    *static_cast<uint8_t *>(memory) = argument.number == "1";
    return;
  case PTL_ELEMENT_I8:
    return storeInteger<int8_t>(argument, name, memory);
  case PTL_ELEMENT_I16:
    return storeInteger<int16_t>(argument, name, memory);
  case PTL_ELEMENT_I32:
    return storeInteger<int32_t>(argument, name, memory);
  case PTL_ELEMENT_I64:
    return storeInteger<int64_t>(argument, name, memory);
  case PTL_ELEMENT_U8:
    return storeInteger<uint8_t>(argument, name, memory);
  case PTL_ELEMENT_U16:
    return storeInteger<uint16_t>(argument, name, memory);
  case PTL_ELEMENT_U32:
    return storeInteger<uint32_t>(argument, name, memory);
  case PTL_ELEMENT_U64:
    return storeInteger<uint64_t>(argument, name, memory);
  case PTL_ELEMENT_F16:
  case PTL_ELEMENT_BF16: {
    uint16_t bits = narrowBits(single, type);
    std::memcpy(memory, &bits, sizeof(bits));
    return;
  }
  case PTL_ELEMENT_F32:
    std::memcpy(memory, &single, sizeof(single));
    return;
  case PTL_ELEMENT_F64:
    std::memcpy(memory, &value, sizeof(value));
    return;
  case PTL_ELEMENT_INVALID:
    break;
  }
  throw Failure("an input has no element type", ExitBug);
}

//===----------------------------------------------------------------------===//
// Suggestions
//===----------------------------------------------------------------------===//

/// The Levenshtein distance.
static size_t distance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string tool::nearestName(const std::string &wanted,
                              const std::vector<std::string> &names) {
  std::string best;
  size_t least = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (const std::string &name : names)
    if (size_t far = distance(wanted, name); far < least) {
      least = far;
      best = name;
    }
  return best;
}

std::string tool::suggestion(const std::string &wanted,
                             const std::vector<std::string> &names) {
  std::string name = nearestName(wanted, names);
  return name.empty() ? "" : fmt::format(" (did you mean '{}'?)", name);
}
