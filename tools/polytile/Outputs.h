//===- Outputs.h - Where results go -----------------------------*- C++ -*-===//
//
// Results are collected in memory, and written when all of them are there:
// each file appears whole, and none appears when something went wrong.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_OUTPUTS_H
#define POLYTILE_TOOLS_POLYTILE_OUTPUTS_H

#include <polytile/runtime.hpp>

#include <map>
#include <string>
#include <vector>

namespace polytile::tool {

class Outputs {
public:
  /// `texts` are the values of --output, NAME=FILE.
  explicit Outputs(const std::vector<std::string> &texts);

  /// The names that were asked for.
  std::vector<std::string> names() const;

  /// Throws unless all names that were asked for are among `available`.
  void requireKnown(const std::vector<std::string> &available) const;

  /// Memory for a result, zeroed and aligned to 64 bytes, alive as long as
  /// this object.
  void *add(const std::string &name, ptl_element_type type,
            const std::vector<int64_t> &dims);

  /// Writes the files; with no --output at all, prints a summary of each
  /// result.
  void finish();

private:
  void printSummaries() const;

  std::map<std::string, std::string> paths;             ///< name to path
  std::map<std::string, TensorFile> files;              ///< path to contents
  std::vector<std::pair<std::string, TensorFile>> rest; ///< not asked for
};

} // namespace polytile::tool

#endif // POLYTILE_TOOLS_POLYTILE_OUTPUTS_H
