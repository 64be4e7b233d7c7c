// What went over the network of a run, as a value and its JSON (key `network` of a result).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace headroom::sim {

struct LinkOutcome {
  std::string name, tier;
  double gb_per_s = 0;  ///< one way
  std::int64_t bytes = 0;
  double utilisation = 0;         ///< mean over the run
  double peak = 0;                ///< of an interval
  std::vector<double> over_time;  ///< utilisation in each interval, from 0 on
  bool operator==(const LinkOutcome&) const = default;
};

/// Of one kind of transfer.
struct TransferOutcome {
  std::string kind;
  std::int64_t count = 0, bytes = 0;
  double mean_ms = 0;
  double contention = 0;  ///< share of their time that they waited for each other
  bool operator==(const TransferOutcome&) const = default;
};

struct NetworkOutcome {
  std::int64_t bytes = 0;
  double egress_usd = 0;                 ///< of what crossed the WAN; part of the cost
  std::vector<TransferOutcome> by_kind;  ///< kinds that were sent
  double interval_s = 0;                 ///< of over_time
  std::vector<LinkOutcome> links;        ///< the busiest, hottest first
  /// Shares of the measured requests' ttft, all together: KV on the way by itself, and what others' transfers added.
  double ttft_kv_transfer = 0, ttft_contention = 0;
  bool operator==(const NetworkOutcome&) const = default;
};

/// null for nothing.
nlohmann::ordered_json toJson(const std::optional<NetworkOutcome>& network);
std::optional<NetworkOutcome> networkFromJson(const nlohmann::ordered_json& json);

}  // namespace headroom::sim
