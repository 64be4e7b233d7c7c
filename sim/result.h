// The outcome of a run as a value, and its JSON (schema headroom.result/1). What is not modelled in a run is null,
// never 0. Neither wall time nor host goes in: the same scenario, seed and build give the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/base/log_histogram.h"
#include "models/cost/step_times.h"
#include "sim/network_outcome.h"

namespace headroom::sim {

inline constexpr const char* kResultSchema = "headroom.result/1";

/// Milliseconds.
struct LatencySummary {
  std::int64_t count = 0;
  double mean = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0, max = 0;
  bool operator==(const LatencySummary&) const = default;
};
/// Nothing if the histogram (of ticks) is empty.
std::optional<LatencySummary> summarize(const LogHistogram& histogram);

struct RequestCounts {
  std::int64_t offered = 0, completed = 0, rejected = 0;
  std::int64_t failed = 0;     ///< lost with a replica, or nowhere to go, and not answered on another try
  std::int64_t timed_out = 0;  ///< given up by the client, last of all because it took too long
  std::int64_t unfinished = 0;
  std::int64_t retried = 0;  ///< of all of these, those that were sent more than once
  bool operator==(const RequestCounts&) const = default;
};

struct Latencies {
  std::optional<LatencySummary> ttft, tpot, itl, e2e, queue_time;
  bool operator==(const Latencies&) const = default;
};

struct Throughput {
  double request_per_s = 0, output_tokens_per_s = 0, total_tokens_per_s = 0;
  bool operator==(const Throughput&) const = default;
};

/// Over the classes that have an SLO. `attainment` is of the requests offered.
struct SloOutcome {
  double attainment = 0;
  double goodput_per_s = 0;
  double availability = 0;  ///< share of one-minute windows, by arrival, in which every class meets its target
  bool met = false;         ///< every class meets its target over the whole window
  bool operator==(const SloOutcome&) const = default;
};

struct ProfileUse {
  std::string name;
  std::array<double, models::kTiers> tier_share{};
  bool operator==(const ProfileUse&) const = default;
};

/// How the replicas of a pool started: seconds, means over them.
struct StartOutcome {
  double before_s = 0, weights_s = 0, after_s = 0;  ///< stages; weights: waiting for a source too
  double first_ready_s = 0, last_ready_s = 0;       ///< after the start of the run
  bool operator==(const StartOutcome&) const = default;
};

/// Of speculative decoding, over all replicas that speculate.
struct SpeculationOutcome {
  double acceptance_rate = 0;          ///< accepted of drafted tokens
  double tokens_per_verification = 0;  ///< 1 + accepted, in the mean (vLLM: mean acceptance length)
  double tokens_per_chunk = 0;         ///< wanted tokens behind a request's first that come together
  bool operator==(const SpeculationOutcome&) const = default;
};

struct PoolOutcome {
  std::string deployment, pool, accelerator;
  int replicas = 0, accelerators = 0;
  int max_num_seqs = 0, max_num_batched_tokens = 0;
  std::int64_t blocks_per_replica = 0;
  double busy = 0;  ///< share of replica time spent in steps
  double kv_usage_mean = 0, kv_usage_max = 0;
  std::int64_t steps = 0, preemptions = 0, requests = 0;
  std::optional<double> sustainable_per_s;  ///< requests of this run's mix
  std::optional<double> usd_per_h;          ///< of the whole pool
  std::optional<StartOutcome> start;        ///< none: they were there
  std::optional<double> joule;              ///< of its accelerators over the whole run, idle time included
  bool operator==(const PoolOutcome&) const = default;
};

struct WorkloadOutcome {
  std::string name, deployment, request_class;
  RequestCounts requests;
  Latencies latencies;               ///< itl is known per deployment only
  std::optional<double> attainment;  ///< null without an SLO of its class
  std::optional<double> target;
  bool operator==(const WorkloadOutcome&) const = default;
};

/// A fault that began or ended, or was announced.
struct FaultMark {
  double at_s = 0;
  std::string name, effect, phase;
  std::int64_t replicas = 0;  ///< that it hits
  bool operator==(const FaultMark&) const = default;
};

/// Times are summed over the pool's replicas.
struct PoolFaults {
  std::int64_t failures = 0, reclaims = 0;  ///< of its replicas
  double down_s = 0, starting_s = 0, draining_s = 0;
  double availability = 1;  ///< share of the time in which a replica serves
  bool operator==(const PoolFaults&) const = default;
};

struct FaultOutcome {
  std::int64_t begun = 0;           ///< faults
  std::int64_t lost_tokens = 0;     ///< made for attempts that were not answered
  double request_availability = 1;  ///< completed over offered, rejected ones left out
  std::vector<FaultMark> events;    ///< the first ones
  std::vector<PoolFaults> pools;    ///< as Result::pools
  bool operator==(const FaultOutcome&) const = default;
};

struct Result {
  std::string version, scenario_hash;
  std::uint64_t seed = 0;
  double simulated_s = 0;
  double window_s = 0;  ///< measured window: from warmup to the last completion of a measured request
  std::int64_t events = 0, steps = 0;
  std::string regime;  ///< stable, knee, overloaded; empty if the load was not estimated
  std::optional<double> offered_load;
  RequestCounts requests;
  Latencies latencies;
  std::int64_t prompt_tokens = 0, output_tokens = 0;  ///< of completed measured requests
  Throughput throughput;
  std::optional<SloOutcome> slo;
  std::int64_t preemptions = 0;
  std::optional<SpeculationOutcome> speculation{};  ///< none: nothing was drafted
  double kv_usage_mean = 0, kv_usage_max = 0;
  std::optional<double> tier_hit_rate{};    ///< of those, read from KV tiers; none: no deployment has any
  std::optional<double> prefix_hit_rate{};  ///< cached / prompt tokens; none: no deployment caches prefixes
  double accelerators = 0, accelerator_hours = 0, busy = 0;
  std::optional<double> usd, usd_per_h;
  std::optional<double> joule;  ///< of all accelerators, from 0 to the last completion; none if one pool's is unknown
  std::optional<double> joule_per_output_token;  ///< of all tokens made in that time
  std::string power_tier;                        ///< of the least certain power model; empty without joule
  std::optional<NetworkOutcome> network;         ///< none: nothing was sent
  std::vector<ProfileUse> profiles;
  std::vector<PoolOutcome> pools;
  std::vector<WorkloadOutcome> workloads;
  std::optional<FaultOutcome> faults{};  ///< none: the scenario has no faults and no spot pools
  std::vector<std::string> warnings;
  bool operator==(const Result&) const = default;

  std::optional<double> usdPer1mOutputTokens() const;
};

nlohmann::ordered_json toJson(const Result& result);
/// Of what toJson wrote. Throws InputError if it is not a result.
Result resultFromJson(const nlohmann::ordered_json& json);

}  // namespace headroom::sim
