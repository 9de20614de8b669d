//===- Outputs.cpp - Where results go -------------------------------------===//
//
// Also prints the summary of a tensor: its type, shape, least, greatest and
// mean value, and its first elements.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Outputs.h"

#include "tools/polytile/Arguments.h"
#include "tools/polytile/Command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <unistd.h>

using namespace polytile;
using namespace polytile::tool;
namespace fs = std::filesystem;

Outputs::Outputs(const std::vector<std::string> &texts) {
  for (const std::string &text : texts) {
    auto [name, path] = splitAssignment(text, "--output");
    if (!paths.emplace(name, path).second)
      throw Failure(fmt::format("--output '{}' is given twice", name),
                    ExitUsage);
    bool isArchive = fs::path(path).extension() == ".npz";
    if (!isArchive && files.count(path))
      throw Failure(fmt::format("two outputs cannot go to one .npy file, '{}'; "
                                "an .npz file holds several",
                                path),
                    ExitUsage);
    if (!files.count(path))
      files.emplace(path, require(TensorFile::create()));
  }
}

std::vector<std::string> Outputs::names() const {
  std::vector<std::string> result;
  for (const auto &[name, path] : paths)
    result.push_back(name);
  return result;
}

void Outputs::requireKnown(const std::vector<std::string> &available) const {
  for (const auto &[name, path] : paths)
    if (std::find(available.begin(), available.end(), name) == available.end())
      throw Failure(fmt::format("there is no output '{}'{}; there is: {}", name,
                                suggestion(name, available),
                                fmt::join(available, ", ")));
}

void *Outputs::add(const std::string &name, ptl_element_type type,
                   const std::vector<int64_t> &dims) {
  auto path = paths.find(name);
  if (path != paths.end())
    return require(files.at(path->second).add(name, type, dims));
  rest.emplace_back(name, require(TensorFile::create()));
  return require(rest.back().second.add(name, type, dims));
}

void Outputs::finish() {
  if (paths.empty())
    return printSummaries();
  std::vector<std::pair<fs::path, fs::path>> written;
  auto removeAll = [&] {
    std::error_code ignored;
    for (auto &[partial, path] : written)
      fs::remove(partial, ignored);
  };
  for (auto &[name, file] : files) {
    fs::path path(name);
    fs::path partial =
        path.parent_path() /
        fmt::format(".{}-{}", getpid(), path.filename().string());
    written.emplace_back(partial, path);
    if (Status status = file.save(partial.string()); !status) {
      removeAll();
      require(status);
    }
  }
  for (auto &[partial, path] : written) {
    std::error_code error;
    fs::rename(partial, path, error);
    if (error) {
      removeAll();
      throw Failure(
          fmt::format("cannot write '{}': {}", path.string(), error.message()));
    }
  }
}

//===----------------------------------------------------------------------===//
// Summaries
//===----------------------------------------------------------------------===//

static double narrowToDouble(uint16_t bits, int exponentBits) {
  int mantissaBits = 15 - exponentBits, bias = (1 << (exponentBits - 1)) - 1;
  int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
  double mantissa = bits & ((1 << mantissaBits) - 1);
  double scale = std::ldexp(1.0, -mantissaBits);
  double value;
  if (exponent == (1 << exponentBits) - 1)
    value = mantissa == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    value = std::ldexp(mantissa * scale, 1 - bias);
  else
    value = std::ldexp(1 + mantissa * scale, exponent - bias);
  return bits & 0x8000 ? -value : value;
}

template <typename T> static T load(const void *data, size_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(data) + index * sizeof(T),
              sizeof(T));
  return value;
}

/// The element as a double, for statistics.
static double elementAt(const TensorInfo &tensor, size_t i) {
  const void *data = tensor.data;
  switch (tensor.elementType) {
  case PTL_ELEMENT_BOOL:
  case PTL_ELEMENT_U8:
    return load<uint8_t>(data, i);
  case PTL_ELEMENT_I8:
    return load<int8_t>(data, i);
  case PTL_ELEMENT_I16:
    return load<int16_t>(data, i);
  case PTL_ELEMENT_U16:
    return load<uint16_t>(data, i);
  case PTL_ELEMENT_I32:
    return load<int32_t>(data, i);
  case PTL_ELEMENT_U32:
    return load<uint32_t>(data, i);
  case PTL_ELEMENT_I64:
    return static_cast<double>(load<int64_t>(data, i));
  case PTL_ELEMENT_U64:
    return static_cast<double>(load<uint64_t>(data, i));
  case PTL_ELEMENT_F16:
    return narrowToDouble(load<uint16_t>(data, i), 5);
  case PTL_ELEMENT_BF16:
    return narrowToDouble(load<uint16_t>(data, i), 8);
  case PTL_ELEMENT_F32:
    return load<float>(data, i);
  case PTL_ELEMENT_F64:
    return load<double>(data, i);
  case PTL_ELEMENT_INVALID:
    break;
  }
  return 0;
}

/// The element as it is printed; 64-bit integers stay exact.
static std::string spellElement(const TensorInfo &tensor, size_t i) {
  if (tensor.elementType == PTL_ELEMENT_BOOL)
    return elementAt(tensor, i) != 0 ? "true" : "false";
  if (tensor.elementType == PTL_ELEMENT_I64)
    return fmt::to_string(load<int64_t>(tensor.data, i));
  if (tensor.elementType == PTL_ELEMENT_U64)
    return fmt::to_string(load<uint64_t>(tensor.data, i));
  return fmt::format("{:.6g}", elementAt(tensor, i));
}

static void printSummary(const std::string &name, const TensorInfo &tensor) {
  size_t count = 1;
  for (int64_t size : tensor.dims)
    count *= static_cast<size_t>(size);
  std::string line =
      fmt::format("{}: {}", name, spellShape(tensor.elementType, tensor.dims));
  if (count == 0) {
    fmt::print("{}  (empty)\n", line);
    return;
  }
  double least = INFINITY, greatest = -INFINITY, sum = 0;
  size_t notNumbers = 0;
  for (size_t i = 0; i < count; ++i) {
    double value = elementAt(tensor, i);
    notNumbers += std::isnan(value);
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    sum += value;
  }
  if (count > 1 && tensor.elementType != PTL_ELEMENT_BOOL)
    line += fmt::format("  min {:.6g}  max {:.6g}  mean {:.6g}", least,
                        greatest, sum / static_cast<double>(count));
  if (notNumbers != 0)
    line += fmt::format("  NaN {}", notNumbers);
  std::vector<std::string> first;
  for (size_t i = 0; i < std::min<size_t>(count, 6); ++i)
    first.push_back(spellElement(tensor, i));
  fmt::print("{}\n  {}{}\n", line, fmt::join(first, " "),
             count > first.size() ? " ..." : "");
}

void Outputs::printSummaries() const {
  for (const auto &[name, file] : rest)
    printSummary(name, require(file.tensor(0)));
}
