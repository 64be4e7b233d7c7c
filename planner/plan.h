// The answer of a study as a value: what to run, what it costs, how sure that is, and why not the others.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "planner/study.h"
#include "sim/result.h"

namespace headroom::planner {

/// Of one combination of the search domains.
struct LedgerEntry {
  enum class Status { feasible, infeasible, dominated, failed, timed_out };
  Assignment candidate;
  Status status = Status::timed_out;
  std::string code;    ///< machine-readable: memory, layout, slo, cost-bound, crashed, budget, ...
  std::string reason;  ///< for people
  int replicas = 0;    ///< the least that meet the SLO, if feasible; the most tried otherwise
  int accelerators = 0;
  std::optional<double> cost_usd_per_h;
  std::optional<sim::Result> result;  ///< of the run with `replicas`
};
const char* nameOf(LedgerEntry::Status status);

/// Attainment over seeds, less its target, worst class: >= 0 means the SLO is met.
struct MarginInterval {
  double mean = 0, low = 0;  ///< low: one-sided bound at the study's confidence
  int seeds = 0;
  double confidence = 0;
};

struct Recommendation {
  LedgerEntry entry;
  sim::Scenario scenario;
  MarginInterval margin;
};

struct LowerBound {
  double cost_usd_per_h = 0;
  int accelerators = 0;
};

struct Plan {
  std::string study;
  std::optional<Recommendation> recommendation;
  std::vector<LedgerEntry> runners_up;    ///< feasible, by cost
  std::optional<LowerBound> lower_bound;  ///< cheapest fleet that sustains the mean load
  std::optional<LedgerEntry> nearest;     ///< if nothing is feasible: the best attainment seen
  std::vector<LedgerEntry> ledger;        ///< every combination, in the order of the study
  std::int64_t runs = 0;
  bool complete = true;  ///< false: the budget ended the search
};

nlohmann::ordered_json toJson(const Plan& plan);

/// `deployments/0/pools/0/tp` -> `tp`; the last part of the path.
std::string shortName(const std::string& path);
/// "h100-sxm, tp 1, max_num_seqs 128, least-loaded".
std::string describe(const Assignment& assignment);

}  // namespace headroom::planner
