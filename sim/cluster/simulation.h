// One run: requests arrive, a router sends each to a replica, engines serve them, a recorder measures.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "sim/deployment.h"
#include "sim/metrics/replica_activity.h"
#include "sim/metrics/request_record.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::sim {

/// Of a run that is under way.
struct LiveFigures {
  std::int64_t running = 0, waiting = 0;           ///< requests now, on all replicas
  std::optional<double> ttft_p50_ms, ttft_p99_ms;  ///< of the measured requests so far
};

struct Progress {
  std::int64_t requests_finished = 0;
  std::int64_t requests_expected = 0;  ///< 0: not known
  Seconds simulated{};
  std::function<LiveFigures()> live{};  ///< costs a walk over all replicas: ask some times a second, within the call
};

struct LinkSeries;
class ReplicaAbsences;

struct SimulationOptions {
  bool exact_steps = false;                        ///< run every step (the oracle of the fast path)
  bool estimate_load = true;                       ///< offered_load and regime
  RequestSink* requests = nullptr;                 ///< told of each request, in the order of ids
  ReplicaActivity* activity = nullptr;             ///< of these plans; told of each step
  ReplicaAbsences* absences = nullptr;             ///< told when replicas start, drain, go down
  LinkSeries* links = nullptr;                     ///< filled at the end, if anything went over a network
  std::function<void(const Progress&)> progress;   ///< called now and then
  const std::atomic<bool>* interrupted = nullptr;  ///< looked at now and then
};

/// Thrown when `interrupted` was set.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

/// `plans` are planDeployments(scenario), all without a problem (CHECKed). Throws InputError if a trace is broken or a
/// file is missing. The same scenario and seed give an equal Result, with `exact_steps` or without (but for `events`).
Result simulate(const Scenario& scenario, const std::vector<DeploymentPlan>& plans,
                const SimulationOptions& options = {});

}  // namespace headroom::sim
