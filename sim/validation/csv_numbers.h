// Numbers of measured CSV files that may be zero, negative or missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "models/base/ticks.h"
#include "models/cost/raw_csv.h"

namespace headroom::sim {

/// A finite number. Throws InputError with file and line otherwise.
double numberIn(const models::RawCsv& csv, std::size_t column);
/// None if the cell is empty.
std::optional<double> numberOrNone(const models::RawCsv& csv, std::size_t column);
/// Seconds, of any sign.
Ticks secondsIn(const models::RawCsv& csv, std::size_t column);

/// The cells of the present row by the names of their columns. Throws InputError on a column that is not there.
class NamedCells {
 public:
  explicit NamedCells(const models::RawCsv& csv) : csv_(csv) {}
  std::string_view text(const char* name) const { return csv_.text(csv_.column(name)); }
  /// A whole number of at least 1; 1 if the cell is empty.
  int countOrOne(const char* name) const { return text(name).empty() ? 1 : csv_.number(csv_.column(name)); }
  double number(const char* name) const { return numberIn(csv_, csv_.column(name)); }
  std::optional<double> numberIfAny(const char* name) const { return numberOrNone(csv_, csv_.column(name)); }

 private:
  const models::RawCsv& csv_;
};

/// The leading numbers of a version: 0.5.9 of 0.5.9.post1, nothing of "nightly".
std::string leadingNumbers(std::string_view version);

}  // namespace headroom::sim
