// Numbers as people read them: thousands separated, about three significant digits, units.
#pragma once

#include <cstdint>
#include <string>

#include "models/base/quantity.h"

namespace headroom::cli {

/// 1234567 -> "1,234,567"
std::string countText(std::int64_t value);
/// 1 -> "1 leaf", 1200 -> "1,200 leaves"
std::string countOf(std::int64_t value, const std::string& noun);
/// 0.01234 -> "0.0123", 12.345 -> "12.3", 1234.5 -> "1,235"
std::string numberText(double value);
/// 0.1234 -> "12.3 %"; never "100 %" unless it is
std::string shareText(double share);
/// Seconds: 0.0123 -> "12.3 ms", 75 -> "1 min 15 s", 7200 -> "2 h 00 min"
std::string durationText(double seconds);
/// "80.0 GB" (10^9)
std::string bytesText(Bytes bytes);

}  // namespace headroom::cli
