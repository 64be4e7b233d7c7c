// What the tables of a run folder share: lines under a known header, numbers read from a line, writing compressed.
#pragma once

#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>

#include "models/base/files.h"

namespace headroom::sim {

/// A number and what stands behind it up to the next comma, taken off `text`; false: there is none.
template <typename Number>
bool takeNumber(std::string_view& text, Number& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  if (text.empty()) return true;
  if (text.front() != ',') return false;
  text.remove_prefix(1);
  return true;
}

/// The rows of a table that this version has written, plain or compressed.
class TableFile {
 public:
  /// `what`: of which it is a table. Throws InputError if the first line is not `columns`.
  TableFile(const std::filesystem::path& file, std::string_view columns, const std::string& what);
  bool next(std::string_view& row) { return lines_.next(row); }
  [[noreturn]] void fail(const std::string& message, const std::string& hint = {}) const;

 private:
  LineReader lines_;
};

/// As zstd. Throws InputError if the file cannot be written.
void writeCompressed(const std::filesystem::path& file, std::string_view text);

}  // namespace headroom::sim
