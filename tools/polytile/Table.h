//===- Table.h - Columns for people -----------------------------*- C++ -*-===//
//
// `devices`, `setup` and `bench` print tables whose cells are as wide as they
// have to be.
//
//===----------------------------------------------------------------------===//

#ifndef POLYTILE_TOOLS_POLYTILE_TABLE_H
#define POLYTILE_TOOLS_POLYTILE_TABLE_H

#include <string>
#include <vector>

namespace polytile::cli {

/// Rows of cells, the first row the titles. A column whose title begins with
/// '>' is aligned to the right. Ends with a newline.
std::string formatTable(const std::vector<std::vector<std::string>> &rows);

/// "48 KiB", "139.8 GiB"; "-" for 0.
std::string formatBytes(uint64_t bytes);

} // namespace polytile::cli

#endif // POLYTILE_TOOLS_POLYTILE_TABLE_H
