#include "models/cost/raw_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "models/base/error.h"

namespace headroom::models {

RawCsv::RawCsv(const std::filesystem::path& file) : lines_(file) {
  std::string_view line;
  if (!lines_.next(line)) fail("is empty");
  split(line);
  for (const std::string_view name : cells_) columns_.emplace_back(name);
}

bool RawCsv::next() {
  std::string_view line;
  while (lines_.next(line)) {
    if (line.empty()) continue;
    split(line);
    if (cells_.size() != columns_.size()) {
      fail(fmt::format("{} columns, the header has {}", cells_.size(), columns_.size()));
    }
    return true;
  }
  return false;
}

std::optional<std::size_t> RawCsv::find(const std::string& name) const {
  const auto at = std::find(columns_.begin(), columns_.end(), name);
  if (at == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - columns_.begin());
}

std::size_t RawCsv::column(const std::string& name) const {
  const auto at = find(name);
  if (!at) throw InputError({.file = lines_.file(), .line = 1, .path = ""}, fmt::format("no column \"{}\"", name));
  return *at;
}

std::int64_t RawCsv::count(std::size_t column, std::int64_t min) const {
  std::int64_t value = 0;
  const std::string_view cell = cells_[column];
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || value < min) {
    fail(fmt::format("{}: \"{}\" is not a whole number of at least {}", columns_[column], cell, min));
  }
  return value;
}

double RawCsv::positive(std::size_t column) const {
  double value = 0;
  const std::string_view cell = cells_[column];
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value) || value <= 0) {
    fail(fmt::format("{}: \"{}\" is not a time greater than zero", columns_[column], cell));
  }
  return value;
}

void RawCsv::fail(const std::string& message, const std::string& hint) const {
  throw InputError({.file = lines_.file(), .line = lines_.lineNumber(), .path = ""}, message, hint);
}

void RawCsv::split(std::string_view line) {
  cells_.clear();
  for (std::size_t begin = 0;;) {
    const std::size_t comma = line.find(',', begin);
    cells_.push_back(line.substr(begin, comma == std::string_view::npos ? comma : comma - begin));
    if (comma == std::string_view::npos) return;
    begin = comma + 1;
  }
}

std::optional<std::filesystem::path> csvIn(const std::filesystem::path& folder, const std::string& table) {
  for (const char* extension : {".csv.gz", ".csv"}) {
    if (exists(folder / (table + extension))) return folder / (table + extension);
  }
  return std::nullopt;
}

}  // namespace headroom::models
