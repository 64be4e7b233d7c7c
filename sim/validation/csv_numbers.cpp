#include "sim/validation/csv_numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace headroom::sim {

double numberIn(const models::RawCsv& csv, std::size_t column) {
  const std::string_view cell = csv.text(column);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) {
    csv.fail(fmt::format("\"{}\" is not a number", cell));
  }
  return value;
}

std::optional<double> numberOrNone(const models::RawCsv& csv, std::size_t column) {
  if (csv.text(column).empty()) return std::nullopt;
  return numberIn(csv, column);
}

Ticks secondsIn(const models::RawCsv& csv, std::size_t column) {
  return toTicks(Seconds(numberIn(csv, column)));
}

std::string leadingNumbers(std::string_view version) {
  std::size_t end = 0;
  while (end < version.size() && (version[end] == '.' || (version[end] >= '0' && version[end] <= '9'))) ++end;
  while (end > 0 && version[end - 1] == '.') --end;
  return std::string(version.substr(0, end));
}

}  // namespace headroom::sim
