// What a validation looks at: every request of a run, by id.
#pragma once

#include <vector>

#include "sim/validation/measured_run.h"
#include "sim/validation/measured_scenario.h"

namespace headroom::sim {

struct SimulatedRun {
  std::vector<RequestStamps> requests;  ///< in the order of arrival
  std::int64_t preemptions = 0;
};

/// Throws InputError if the engine rejects a request.
SimulatedRun simulateRequests(const PlannedScenario& planned);

/// Milliseconds; of requests with two tokens or more.
std::vector<double> tpots(const std::vector<RequestStamps>& requests);
std::vector<double> ttfts(const std::vector<RequestStamps>& requests);

}  // namespace headroom::sim
