// The scenario of a measured run, built as a document and read like a user's: what the simulator cannot do yet is
// refused in the same words, and a feature that is added later is used without a change here.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/deployment.h"
#include "sim/engine/engine_config.h"
#include "sim/scenario.h"

namespace headroom::sim {

struct PlannedScenario {
  Scenario scenario;
  std::vector<DeploymentPlan> plans;
  std::vector<std::string> left_out;  ///< optional keys that are not supported yet

  PoolPlan& pool() { return plans.front().pools.front(); }
  const PoolPlan& pool() const { return plans.front().pools.front(); }
};

/// One deployment of one pool under one workload. `engine` and `pool` are their keys in a scenario file; keys of
/// `optional_engine` are left out where they are refused. Throws InputError with the reason why it cannot be costed or
/// does not fit.
/// `pools`, `sites` and `disaggregation`: instead of `pool`, where a run has several.
struct ScenarioParts {
  std::string model;
  nlohmann::ordered_json pools{}, sites{}, disaggregation{}, router{};
  nlohmann::ordered_json engine, optional_engine, precision, pool, workload;
};
PlannedScenario planMeasured(const ScenarioParts& parts);

/// A user's scenario of one deployment with this workload in place of its own. Throws InputError if it does not fit.
PlannedScenario planWith(const Scenario& scenario, const workloads::WorkloadSpec& workload);

/// The same with step times and overhead times `factor`, for sensitivities.
PlannedScenario slowedDown(PlannedScenario planned, double factor);
/// The same without engine constants: kernels and rules alone.
PlannedScenario withoutConstants(PlannedScenario planned);
/// The same with steps that take this long beyond their kernels, and without a front end.
PlannedScenario withStepOverhead(PlannedScenario planned, Seconds overhead);

}  // namespace headroom::sim
