// How much is asked and how much one replica can give, without simulating the fleet: the planner's first bound.
#pragma once

#include <cstdint>

#include "sim/deployment.h"
#include "sim/scenario.h"

namespace headroom::sim {

struct Capacity {
  std::int64_t requests = 0;
  double offered_per_s = 0;            ///< mean arrival rate over the run; 0 for closed loops
  double sustained_per_replica_s = 0;  ///< of the first pool, on this mix; see load_estimate.h
  bool operator==(const Capacity&) const = default;
};

/// Reads all arrivals of the scenario's first deployment. Open loop only: a closed loop gives offered_per_s 0.
Capacity estimateCapacity(const Scenario& scenario, const DeploymentPlan& plan);

}  // namespace headroom::sim
