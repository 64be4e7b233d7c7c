// Numbers of measured CSV files that may be zero, negative or missing.
#pragma once

#include <optional>

#include "models/base/ticks.h"
#include "models/cost/raw_csv.h"

namespace headroom::sim {

/// A finite number. Throws InputError with file and line otherwise.
double numberIn(const models::RawCsv& csv, std::size_t column);
/// None if the cell is empty.
std::optional<double> numberOrNone(const models::RawCsv& csv, std::size_t column);
/// Seconds, of any sign.
Ticks secondsIn(const models::RawCsv& csv, std::size_t column);

}  // namespace headroom::sim
