// What a run's transfers did to its links, for its result.
#pragma once

#include "sim/cluster/run_network.h"
#include "sim/network_outcome.h"

namespace headroom::sim {

/// `end`: of the run. The shares of the ttft are left at 0.
NetworkOutcome summarizeNetwork(const RunNetwork& network, const Scenario& scenario, Ticks end);

}  // namespace headroom::sim
