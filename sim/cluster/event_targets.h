// Whose an event of the cluster's loop is: a replica of the fleet, by its index, or one of these.
#pragma once

#include <cstdint>

namespace headroom::sim::event_target {

inline constexpr std::uint32_t kArrivals = UINT32_MAX;
inline constexpr std::uint32_t kFrontEnds = UINT32_MAX - 1;
inline constexpr std::uint32_t kTransfers = UINT32_MAX - 2;
inline constexpr std::uint32_t kDisaggregation = UINT32_MAX - 3;
inline constexpr std::uint32_t kColdStarts = UINT32_MAX - 4;
inline constexpr std::uint32_t kAttempts = UINT32_MAX - 5;
inline constexpr std::uint32_t kOutages = UINT32_MAX - 6;
inline constexpr std::uint32_t kWaiting = UINT32_MAX - 7;  // stamp: a deployment

}  // namespace headroom::sim::event_target
