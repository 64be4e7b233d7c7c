// The simulator's clock: int64 in units of 1/1024 ns, so that the sum of many equal steps is exact and both execution
// modes of the engine agree bit for bit. It wraps after 104 days; longer runs are refused when the scenario is read.
#pragma once

#include <cmath>
#include <cstdint>

#include "models/base/quantity.h"

namespace headroom {

using Ticks = std::int64_t;

inline constexpr double kTicksPerSecond = 1024e9;
inline constexpr Ticks kNever = INT64_MAX;
/// Longest run the clock can hold with room to spare (100 days).
inline constexpr Seconds kLongestRun{100.0 * 86400.0};

/// Rounds to the nearest tick.
inline Ticks toTicks(Seconds t) {
  return static_cast<Ticks>(std::llround(t.value() * kTicksPerSecond));
}
constexpr Seconds toSeconds(Ticks t) {
  return Seconds(static_cast<double>(t) / kTicksPerSecond);
}
constexpr double toMilliseconds(Ticks t) {
  return static_cast<double>(t) / (kTicksPerSecond / 1e3);
}

}  // namespace headroom
