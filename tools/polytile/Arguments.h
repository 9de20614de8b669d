//===- Arguments.h - NAME=VALUE on the command line -------------*- C++ -*-===//
//
// Inputs (`A=a.npy`, `A=all.npz:weights`, `s=2.5`), outputs (`C=c.npy`) and
// shapes (`A=64x32:f32`, `s=f32`).
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_ARGUMENTS_H
#define POLYTILE_TOOLS_POLYTILE_ARGUMENTS_H

#include <polytile/runtime.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace polytile::tool {

/// An input: a tensor that was read from a file, a bare number, or (for
/// `compile` and `bench`) a type and a shape alone.
struct Argument {
  std::string name;
  ptl_element_type elementType = PTL_ELEMENT_INVALID;
  std::vector<int64_t> dims;
  std::string number; ///< not empty: a bare number, as it was written
  const void *data = nullptr;
  uint64_t byteSize = 0;
  TensorFile file; ///< owns `data`
};

/// Splits `NAME=VALUE`; `option` names it in the error.
std::pair<std::string, std::string> splitAssignment(const std::string &text,
                                                    const char *option);

/// Reads the inputs. A name that is given twice is an error.
std::vector<Argument> readInputs(const std::vector<std::string> &texts);

/// Parses shapes: sizes are decimal and separated by `x`, the type follows a
/// colon; a type alone is a scalar's.
std::vector<Argument> parseShapes(const std::vector<std::string> &texts);

/// Writes a bare number into `memory` as an element of `type`; throws when the
/// type cannot hold it.
void storeNumber(const Argument &number, ptl_element_type type, void *memory);

/// True for an integer as the language writes it: no '.', no exponent, neither
/// inf nor nan.
bool isIntegerText(const std::string &text);

/// "f32[2, 3]", or "f32" for a scalar.
std::string spellShape(ptl_element_type type, const std::vector<int64_t> &dims);

/// The name nearest to `wanted`, or "" when none is near.
std::string nearestName(const std::string &wanted,
                        const std::vector<std::string> &names);

/// " (did you mean 'NAME'?)", or "" when no name is near.
std::string suggestion(const std::string &wanted,
                       const std::vector<std::string> &names);

} // namespace polytile::tool

#endif // POLYTILE_TOOLS_POLYTILE_ARGUMENTS_H
