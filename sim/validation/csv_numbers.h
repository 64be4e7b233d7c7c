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

/// The leading numbers of a version: 0.5.9 of 0.5.9.post1, nothing of "nightly".
std::string leadingNumbers(std::string_view version);

}  // namespace headroom::sim
