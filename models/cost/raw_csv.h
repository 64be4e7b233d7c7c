// A CSV file of measured times whose columns are found by name. Every refusal names file and line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/files.h"
#include "models/base/quantity.h"

namespace headroom::models {

class RawCsv {
 public:
  explicit RawCsv(const std::filesystem::path& file);
  /// Moves to the next row; false at the end.
  bool next();

  std::optional<std::size_t> find(const std::string& name) const;
  /// Throws InputError if there is none.
  std::size_t column(const std::string& name) const;

  const std::vector<std::string>& columns() const { return columns_; }

  std::string_view text(std::size_t column) const { return cells_[column]; }
  /// A whole number of at least `min`.
  std::int64_t count(std::size_t column, std::int64_t min = 1) const;
  int number(std::size_t column, std::int64_t min = 1) const { return static_cast<int>(count(column, min)); }
  /// Greater than zero.
  Seconds milliseconds(std::size_t column) const { return Seconds(positive(column) * 1e-3); }
  Seconds microseconds(std::size_t column) const { return Seconds(positive(column) * 1e-6); }
  /// The same, but it may be zero.
  Seconds microsecondsOrNone(std::size_t column) const {
    return cells_[column] == "0" ? Seconds(0) : microseconds(column);
  }
  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;

 private:
  void split(std::string_view line);
  double positive(std::size_t column) const;

  LineReader lines_;
  std::vector<std::string> columns_;
  std::vector<std::string_view> cells_;
};

/// `table`.csv.gz or .csv of a folder; nothing if it has neither.
std::optional<std::filesystem::path> csvIn(const std::filesystem::path& folder, const std::string& table);

}  // namespace headroom::models
