// Prefill and decode pools on a small site.
#pragma once

#include <string>

#include "tests/sim/cluster/plan_by_hand.h"
#include "tests/sim/cluster/sites.h"

namespace headroom::sim {

inline constexpr double kTokenBytes = 1e6;

/// `prefill` and `decode` replicas of 8 accelerators, hence one a node; 1 MB of KV a token.
inline DeploymentPlan planPair(int prefill, int decode, const EngineConfig& config = smallEngine()) {
  DeploymentPlan plan = planByHand("round-robin", prefill, config);
  PoolPlan& first = plan.pools.front();
  first.spec.parallelism.tp = 8;
  first.memory.kv_block = Bytes(kTokenBytes / 8 * config.block_size);
  PoolPlan second = first;
  first.spec.name = "prefill";
  first.spec.role = first.engine.config.role = Role::prefill;
  second.spec.name = "decode";
  second.spec.role = second.engine.config.role = Role::decode;
  second.spec.replicas = decode;
  plan.pools.push_back(second);
  plan.model.layers = 10;
  plan.spec.pools = {plan.pools[0].spec, plan.pools[1].spec};
  for (PoolSpec& pool : plan.spec.pools) pool.site = "here";
  return plan;
}

inline Scenario pairScenario(const DeploymentPlan& plan, const std::string& fabric = "{type: star}", double rate = 5,
                             std::int64_t requests = 200) {
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", rate, requests)});
  int nodes = 0;
  for (const PoolSpec& pool : plan.spec.pools) nodes += pool.replicas;
  scenario.sites = {testSite(nodes, fabric)};
  return scenario;
}

}  // namespace headroom::sim
