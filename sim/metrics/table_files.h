// What the tables of a run folder share: numbers read from a line, and writing a table compressed.
#pragma once

#include <charconv>
#include <filesystem>
#include <string_view>

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

/// As zstd. Throws InputError if the file cannot be written.
void writeCompressed(const std::filesystem::path& file, std::string_view text);

}  // namespace headroom::sim
