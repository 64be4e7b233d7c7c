// What a run's transfers did to its links, for its result.
#pragma once

#include "sim/cluster/run_network.h"
#include "sim/metrics/link_series.h"
#include "sim/network_outcome.h"

namespace headroom::sim {

/// `end`: of the run. The shares of the ttft are left at 0.
NetworkOutcome summarizeNetwork(const RunNetwork& network, const Scenario& scenario, Ticks end);
/// Of the busiest links, many more than an outcome names.
LinkSeries linkSeries(const RunNetwork& network, Ticks end);

}  // namespace headroom::sim
