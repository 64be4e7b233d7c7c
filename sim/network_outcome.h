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

/// Of a slice of the links (key `network.slices`).
struct SliceOutcome {
  std::string name;
  double guaranteed_gb_per_s = 0;  ///< of the nodes' NICs, one way, all together
  std::int64_t count = 0;          ///< transfers
  std::int64_t asked_bytes = 0, delivered_bytes = 0;
  double busy_s = 0;             ///< while at least one was on its way
  double below_guarantee_s = 0;  ///< of it, while a link that is narrower than the guarantees on it held them back
  double contention = 0;         ///< share of the transfers' time that they waited for each other and others
  double revenue_usd = 0;        ///< of bytes delivered and of the guarantee, over the run
  double cost_usd = 0;           ///< egress of what it sent over the WAN
  bool operator==(const SliceOutcome&) const = default;
};

struct NetworkOutcome {
  std::int64_t bytes = 0;
  double egress_usd = 0;                 ///< of what crossed the WAN; part of the cost
  std::vector<TransferOutcome> by_kind;  ///< kinds that were sent
  double interval_s = 0;                 ///< of over_time
  std::vector<SliceOutcome> slices;      ///< in the order of the scenario
  std::vector<LinkOutcome> links;        ///< the busiest, hottest first
  /// Shares of the measured requests' ttft, all together: KV on the way by itself, and what others' transfers added.
  double ttft_kv_transfer = 0, ttft_contention = 0;
  /// The same of prefixes from KV tiers; and of requests and first tokens that crossed the WAN.
  double ttft_prefix_fetch = 0, ttft_prefix_contention = 0, ttft_wan = 0;
  bool operator==(const NetworkOutcome&) const = default;
};

/// null for nothing.
nlohmann::ordered_json toJson(const std::optional<NetworkOutcome>& network);
std::optional<NetworkOutcome> networkFromJson(const nlohmann::ordered_json& json);

}  // namespace headroom::sim
