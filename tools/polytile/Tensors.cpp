//===- Tensors.cpp - Inputs, outputs and shapes on the command line -------===//
//
// Files go through the runtime's tensor files, which know .npy and .npz.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Tensors.h"

#include "lang/tile/Numbers.h"
#include "tools/polytile/Failure.h"

#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <unistd.h>

using namespace polytile::cli;
namespace fs = std::filesystem;

namespace {

/// Splits `NAME=REST`.
std::pair<std::string, std::string>
splitWord(const std::string &word, const char *option, const char *form) {
  size_t equals = word.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == word.size())
    fail(ExitCode::Usage, fmt::format("'{} {}' isn't of the form {} {}", option,
                                      word, option, form));
  return {word.substr(0, equals), word.substr(equals + 1)};
}

/// Splits `all.npz:key`; a path with a colon that exists wins.
std::pair<std::string, std::string> splitKey(const std::string &path) {
  size_t colon = path.rfind(".npz:");
  if (colon == std::string::npos || fs::exists(path))
    return {path, ""};
  return {path.substr(0, colon + 4), path.substr(colon + 5)};
}

void loadTensor(Input &input, const std::string &word) {
  auto [path, key] = splitKey(word);
  ptl_tensor_file *file = nullptr;
  check(ptl_tensor_file_load(path.c_str(), key.empty() ? nullptr : key.c_str(),
                             &file),
        ExitCode::UserError, path);
  input.file.reset(file);
  if (ptl_tensor_file_count(file) != 1)
    fail(ExitCode::UserError,
         fmt::format("{}: there are {} arrays in the file; choose one with "
                     "--input {}={}:NAME",
                     path, ptl_tensor_file_count(file), input.name, path));
  ptl_tensor_info info{};
  check(ptl_tensor_file_get(file, 0, &info), ExitCode::UserError, path);
  input.elementType = info.element_type;
  input.dims.assign(info.dims, info.dims + info.rank);
  input.data = info.data;
}

std::vector<int64_t> parseDims(const std::string &text,
                               const std::string &word) {
  std::vector<int64_t> dims;
  const char *at = text.data(), *end = at + text.size();
  while (true) {
    int64_t dim = 0;
    auto [rest, error] = std::from_chars(at, end, dim);
    if (error != std::errc() || dim < 0)
      fail(ExitCode::Usage,
           fmt::format("'--shape {}' isn't of the form --shape NAME=64x32:f32, "
                       "or --shape NAME=f32 for a scalar",
                       word));
    dims.push_back(dim);
    if (rest == end)
      return dims;
    at = *rest == 'x' ? rest + 1 : end;
  }
}

Input parseShape(const std::string &word) {
  auto [name, shape] = splitWord(word, "--shape", "NAME=64x32:f32");
  Input input;
  input.name = name;
  size_t colon = shape.find(':');
  std::string type =
      colon == std::string::npos ? shape : shape.substr(colon + 1);
  input.elementType = ptl_element_type_from_name(type.c_str());
  if (colon == std::string::npos) {
    if (input.elementType != PTL_ELEMENT_INVALID)
      return input; // a scalar
    input.elementType = PTL_ELEMENT_F32;
    input.dims = parseDims(shape, word);
    return input;
  }
  if (input.elementType == PTL_ELEMENT_INVALID)
    fail(ExitCode::Usage,
         fmt::format("'{}' in '--shape {}' is no element type: there are bool, "
                     "i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32 and "
                     "f64",
                     type, word));
  input.dims = parseDims(shape.substr(0, colon), word);
  return input;
}

bool isNpz(const std::string &path) { return path.ends_with(".npz"); }

} // namespace

std::vector<Input>
polytile::cli::readInputs(const std::vector<std::string> &words) {
  std::vector<Input> inputs;
  for (const std::string &word : words) {
    auto [name, value] = splitWord(word, "--input", "NAME=FILE.npy");
    Input input;
    input.name = name;
    if (lang::isNumber(value))
      input.number = value;
    else
      loadTensor(input, value);
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::vector<Input>
polytile::cli::readShapes(const std::vector<std::string> &words) {
  std::vector<Input> inputs;
  for (const std::string &word : words)
    inputs.push_back(parseShape(word));
  return inputs;
}

std::vector<OutputFile>
polytile::cli::readOutputs(const std::vector<std::string> &words) {
  std::vector<OutputFile> outputs;
  for (const std::string &word : words) {
    auto [name, path] = splitWord(word, "--output", "NAME=FILE.npy");
    for (const OutputFile &other : outputs)
      if (other.path == path && !isNpz(path))
        fail(ExitCode::Usage,
             fmt::format("two outputs go to '{}'; only an .npz file takes "
                         "several",
                         path));
    outputs.push_back({name, path});
  }
  return outputs;
}

void polytile::cli::writeOutputs(const std::vector<OutputFile> &files,
                                 const std::vector<Result> &results) {
  std::map<std::string, TensorFile> byPath;
  for (const OutputFile &output : files) {
    TensorFile &file = byPath[output.path];
    if (!file) {
      ptl_tensor_file *created = nullptr;
      check(ptl_tensor_file_create(&created), ExitCode::UserError);
      file.reset(created);
    }
    for (const Result &result : results)
      if (result.name == output.name)
        check(ptl_tensor_file_add(
                  file.get(), isNpz(output.path) ? result.name.c_str() : "",
                  result.elementType, static_cast<int32_t>(result.dims.size()),
                  result.dims.data(), result.data, nullptr),
              ExitCode::UserError, output.path);
  }
  std::vector<std::pair<fs::path, fs::path>> written;
  std::error_code ignored;
  try {
    for (const auto &[path, file] : byPath) {
      fs::path target(path);
      fs::path beside = target.parent_path() /
                        fmt::format(".{}-{}-{}", getpid(), written.size(),
                                    target.filename().string());
      written.emplace_back(beside, target);
      check(ptl_tensor_file_save(file.get(), beside.c_str()),
            ExitCode::UserError, path);
    }
    for (const auto &[beside, target] : written) {
      std::error_code error;
      fs::rename(beside, target, error);
      if (error)
        fail(ExitCode::UserError,
             fmt::format("{}: {}", target.string(), error.message()));
    }
  } catch (...) {
    for (const auto &[beside, target] : written)
      fs::remove(beside, ignored);
    throw;
  }
}

std::string polytile::cli::describeType(ptl_element_type type,
                                        const std::vector<int64_t> &dims) {
  return dims.empty() ? fmt::format("{} scalar", ptl_element_type_name(type))
                      : fmt::format("{} {}", ptl_element_type_name(type),
                                    fmt::join(dims, "x"));
}

uint64_t polytile::cli::byteSize(ptl_element_type type,
                                 const std::vector<int64_t> &dims) {
  uint64_t bytes = ptl_element_type_size(type);
  for (int64_t dim : dims)
    bytes *= static_cast<uint64_t>(dim);
  return bytes;
}
