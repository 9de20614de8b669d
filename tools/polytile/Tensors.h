//===- Tensors.h - Inputs, outputs and shapes on the command line -*- C++
//-*-===//
//
// Reads `A=a.npy`, `A=all.npz:key`, `s=2.5`, `A=64x32:f32`, and writes outputs
// so that either all files appear or none.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_TENSORS_H
#define POLYTILE_TOOLS_POLYTILE_TENSORS_H

#include "tools/polytile/Handles.h"

#include <cstdint>
#include <string>
#include <vector>

namespace polytile::cli {

/// A tensor that the user gave: a file's contents, a number, or a shape alone.
struct Input {
  std::string name;
  std::string number; ///< not empty: a bare number, whose type is still open
  ptl_element_type elementType = PTL_ELEMENT_INVALID;
  std::vector<int64_t> dims;
  const void *data = nullptr; ///< null for a shape; owned by `file`
  TensorFile file;
};

/// Parses and loads `--input` words. Malformed words are usage errors.
std::vector<Input> readInputs(const std::vector<std::string> &words);

/// Parses `--shape` words.
std::vector<Input> readShapes(const std::vector<std::string> &words);

/// `--output NAME=FILE`.
struct OutputFile {
  std::string name;
  std::string path;
};
std::vector<OutputFile> readOutputs(const std::vector<std::string> &words);

/// A result in memory that the caller owns.
struct Result {
  std::string name;
  ptl_element_type elementType = PTL_ELEMENT_INVALID;
  std::vector<int64_t> dims;
  const void *data = nullptr;
};

/// Writes the results that `files` name. Several outputs may share one .npz.
/// Each file is written beside its place first; all are renamed at the end.
void writeOutputs(const std::vector<OutputFile> &files,
                  const std::vector<Result> &results);

/// "f32 64x32", "f32 scalar".
std::string describeType(ptl_element_type type,
                         const std::vector<int64_t> &dims);

/// One line about a result: name, type, range, mean and first elements.
std::string summarize(const Result &result);

/// Bytes of a tensor.
uint64_t byteSize(ptl_element_type type, const std::vector<int64_t> &dims);

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_TENSORS_H
