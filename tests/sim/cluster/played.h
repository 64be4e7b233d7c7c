// Runs of scenarios with every request's record, and what holds for all of them.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/metrics/request_parts.h"
#include "tests/sim/cluster/plan_by_hand.h"

namespace headroom::sim {

struct Played {
  Result result;
  std::vector<RequestRecord> records;
};

struct How {
  bool exact = false;  ///< every step, the oracle
  bool estimate_load = false;
};

/// With the deployment as the scenario has it.
inline Played play(const Scenario& scenario, DeploymentPlan plan, How how = {}) {
  Collected sink;
  SimulationOptions options;
  options.requests = &sink;
  options.exact_steps = how.exact;
  options.estimate_load = how.estimate_load;
  plan.spec = scenario.deployments.front();
  Result result = simulate(scenario, {plan}, options);
  return {std::move(result), std::move(sink.records)};
}

/// But for the number of events, which depends on how steps are grouped.
inline std::string text(Result result) {
  result.events = 0;
  return toJson(result).dump();
}

/// Empty, or what is wrong: nobody works more than all the time; each request ends once, in one way; what was answered
/// took parts that add up.
inline std::string problemOf(const Played& run, std::int64_t requests) {
  const RequestCounts& c = run.result.requests;
  if (run.records.size() != static_cast<std::size_t>(requests)) return "not every request is reported";
  for (const PoolOutcome& pool : run.result.pools) {
    if (pool.busy > 1) return "pool " + pool.pool + " is busy more than all the time";
  }
  if (c.completed + c.rejected + c.failed + c.timed_out != c.offered) return "ends do not add up";
  for (std::size_t i = 0; i < run.records.size(); ++i) {
    const RequestRecord& r = run.records[i];
    const std::string name = "request " + std::to_string(i) + ": ";
    if (r.request.id != i) return name + "out of order";
    if (r.status != RequestStatus::completed) continue;
    const RequestParts parts = partsOf(r);
    Ticks sum = 0;
    for (std::size_t p = 0; p < kParts; ++p) {
      if (parts[p] < 0) return name + nameOf(static_cast<Part>(p)) + " is negative";
      sum += parts[p];
      if (p + 1 == kTtftParts && sum != r.ttft()) return name + "parts do not add up to its ttft";
    }
    if (sum != r.e2e()) return name + "parts do not add up to its e2e";
  }
  return "";
}

/// How the requests of many runs ended, so that a test of random runs can say that it saw every way.
struct Ends {
  std::int64_t completed = 0, failed = 0, timed_out = 0, retried = 0;

  void count(const Played& run) {
    for (const RequestRecord& r : run.records) {
      completed += r.status == RequestStatus::completed ? 1 : 0;
      failed += r.status == RequestStatus::failed ? 1 : 0;
      timed_out += r.status == RequestStatus::timed_out ? 1 : 0;
      retried += r.attempts > 1 ? 1 : 0;
    }
  }
  void expectAllWays() const {
    EXPECT_GT(completed, 500);
    EXPECT_GT(failed, 50);
    EXPECT_GT(timed_out, 50);
    EXPECT_GT(retried, 50);
  }
};

}  // namespace headroom::sim
