// Rows of a CSV file (.csv or .csv.gz) with a header line, by column name; no quoting.
#pragma once

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/files.h"

namespace headroom::models {

using CsvRow = std::map<std::string, std::string>;

inline std::vector<std::string> csvCells(std::string_view line) {
  std::vector<std::string> cells;
  std::stringstream stream{std::string(line)};
  for (std::string text; std::getline(stream, text, ',');) cells.push_back(text);
  return cells;
}

inline std::vector<CsvRow> csvRows(const std::filesystem::path& file) {
  LineReader lines(file);
  std::string_view line;
  lines.next(line);
  const std::vector<std::string> names = csvCells(line);
  std::vector<CsvRow> rows;
  while (lines.next(line)) {
    const std::vector<std::string> cells = csvCells(line);
    CsvRow& row = rows.emplace_back();
    for (std::size_t i = 0; i < std::min(names.size(), cells.size()); ++i) row[names[i]] = cells[i];
  }
  return rows;
}

inline double numberIn(const CsvRow& row, const std::string& column) {
  const auto found = row.find(column);
  return found == row.end() || found->second.empty() ? 0 : std::stod(found->second);
}

}  // namespace headroom::models
