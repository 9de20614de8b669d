//===- Table.cpp - Columns for people -------------------------------------===//
//
// Widths are counted in bytes: all cells are ASCII but for names of hardware.
//
//===----------------------------------------------------------------------===//

#include "tools/polytile/Table.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

std::string
polytile::cli::formatTable(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths(rows.front().size());
  auto isRight = [&](size_t i) { return rows[0][i].starts_with('>'); };
  auto cellOf = [&](const std::vector<std::string> &row, size_t i) {
    return &row == &rows[0] && isRight(i) ? row[i].substr(1) : row[i];
  };
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], cellOf(row, i).size());
  std::string text;
  for (const std::vector<std::string> &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += isRight(i) ? fmt::format("{:>{}}  ", cellOf(row, i), widths[i])
                         : fmt::format("{:<{}}  ", cellOf(row, i), widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string polytile::cli::formatBytes(uint64_t bytes) {
  if (bytes == 0)
    return "-";
  constexpr const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double number = static_cast<double>(bytes);
  size_t unit = 0;
  for (; number >= 1024 && unit + 1 < std::size(units); ++unit)
    number /= 1024;
  return number == std::floor(number)
             ? fmt::format("{:.0f} {}", number, units[unit])
             : fmt::format("{:.1f} {}", number, units[unit]);
}
