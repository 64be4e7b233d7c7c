#include "sim/validation/measured_scenario.h"

#include "models/base/error.h"
#include "sim/engine/scaled_step_times.h"

namespace headroom::sim {
namespace {

using Json = nlohmann::ordered_json;

Scenario readParts(const ScenarioParts& parts, const Json& engine) {
  Json deployment{{"name", "measured"},
                  {"model", parts.model},
                  {"engine", engine},
                  {"pools", parts.pools.empty() ? Json::array({parts.pool}) : parts.pools}};
  if (!parts.router.empty()) deployment["router"] = parts.router;
  if (!parts.disaggregation.empty()) deployment["disaggregation"] = parts.disaggregation;
  if (!parts.precision.empty()) deployment["precision"] = parts.precision;
  Json scenario{{"schema", kScenarioSchema},
                {"name", "measured"},
                {"deployments", Json::array({deployment})},
                {"workloads", Json::array({parts.workload})}};
  if (!parts.sites.empty()) scenario["sites"] = parts.sites;
  return readScenario(Document::parse(scenario.dump(), "measured run"));
}

bool isAccepted(const ScenarioParts& parts, const Json& engine) {
  try {
    readParts(parts, engine);
    return true;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

PlannedScenario planMeasured(const ScenarioParts& parts) {
  PlannedScenario planned;
  Json engine = parts.engine;
  readParts(parts, engine);  // what cannot do without any option is refused here
  for (const auto& [key, value] : parts.optional_engine.items()) {
    Json with = engine;
    with[key] = value;
    if (isAccepted(parts, with)) {
      engine = with;
    } else {
      planned.left_out.push_back(key);
    }
  }
  planned.scenario = readParts(parts, engine);
  planned.plans = planDeployments(planned.scenario);
  if (const std::string problem = planned.plans.front().problem(); !problem.empty()) throw InputError(problem);
  return planned;
}

PlannedScenario planWith(const Scenario& scenario, const workloads::WorkloadSpec& workload) {
  if (scenario.deployments.size() != 1 || scenario.deployments.front().pools.size() != 1) {
    throw InputError("constants are fitted on one deployment of one pool");
  }
  PlannedScenario planned;
  planned.scenario = scenario;
  planned.scenario.slos.clear();
  planned.scenario.workloads = {{.deployment = scenario.deployments.front().name, .spec = workload}};
  planned.plans = planDeployments(planned.scenario);
  if (const std::string problem = planned.plans.front().problem(); !problem.empty()) throw InputError(problem);
  return planned;
}

PlannedScenario slowedDown(PlannedScenario planned, double factor) {
  PoolPlan& pool = planned.pool();
  pool.step_times = std::make_shared<ScaledStepTimes>(pool.step_times, factor);
  const auto scale = [&](Ticks& ticks) { ticks = std::llround(static_cast<double>(ticks) * factor); };
  StepOverhead& overhead = pool.engine.config.overhead;
  scale(overhead.host);
  scale(overhead.host_per_sequence);
  scale(overhead.host_per_prompt_token);
  scale(overhead.launches);
  scale(overhead.residue);
  return planned;
}

PlannedScenario withoutConstants(PlannedScenario planned) {
  planned = withStepOverhead(std::move(planned), Seconds());
  planned.pool().engine.config.overhead = StepOverhead{};
  return planned;
}

PlannedScenario withStepOverhead(PlannedScenario planned, Seconds overhead) {
  planned.pool().engine.config.overhead.residue = toTicks(overhead);
  planned.pool().engine.config.front_end = FrontEnd{};
  return planned;
}

}  // namespace headroom::sim
