// One point of a published load sweep, simulated after its protocol: N requests at t = 0, a new one whenever one ends,
// 10 N in all, lengths uniform in [0.8, 1] x nominal, means over all of them.
#pragma once

#include <optional>
#include <string>

#include "sim/validation/measured_scenario.h"
#include "sim/validation/serving_points.h"

namespace headroom::sim {

struct ServedPoint {
  double ttft_ms = 0, tpot_ms = 0;
  double later_ttft_ms = 0;  ///< without the first N requests
  bool operator==(const ServedPoint&) const = default;
};

/// What the row hides is at the engine version's own default; max_model_len is what the longest request needs.
/// Throws InputError if the simulator cannot do it, with the reason.
PlannedScenario planPoint(const ServingPoint& point);
ServedPoint serve(const PlannedScenario& planned, int concurrency);

}  // namespace headroom::sim
