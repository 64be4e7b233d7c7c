// Deployments with made-up step times, so that tests of the cluster do not depend on any kernel profile.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/cluster/simulation.h"

namespace headroom::sim {

inline EngineConfig smallEngine() {
  EngineConfig config;
  config.max_num_batched_tokens = 2048;
  config.max_num_seqs = 64;
  config.num_gpu_blocks = 4001;
  config.max_model_len = 8192;
  return config;
}

/// A deployment "chat" of equal replicas: a step takes 5 ms, 20 us a token, 10 ns a token of context.
inline DeploymentPlan planByHand(const std::string& router, int replicas, const EngineConfig& config = smallEngine()) {
  const auto us = [](double t) { return toTicks(Seconds(t * 1e-6)); };
  PoolPlan pool;
  pool.spec.accelerator = "h100-sxm";
  pool.spec.replicas = replicas;
  pool.engine.config = config;
  pool.profile = "by-hand";
  pool.tier_share = {0, 0, 0, 0, 1};
  pool.step_times = std::make_shared<models::LinearStepTimes>(
      models::LinearStepTimes::Rates{.step = us(5000), .token = us(20), .decode_context = us(0.01)}, 2048);
  DeploymentPlan plan;
  plan.spec.name = "chat";
  plan.spec.model = "llama-3.1-8b";
  plan.spec.router = router;
  plan.spec.pools = {pool.spec};
  plan.pools = {pool};
  return plan;
}

inline WorkloadEntry poissonWorkload(const std::string& name, double rate, std::int64_t requests) {
  WorkloadEntry entry;
  entry.deployment = "chat";
  entry.request_class = name;
  entry.spec.name = name;
  entry.spec.arrivals = workloads::PoissonArrivals{PerSecond(rate)};
  entry.spec.prompt_tokens = workloads::UniformLength{50, 900};
  entry.spec.output_tokens = workloads::UniformLength{1, 300};
  entry.spec.requests = requests;
  return entry;
}

inline Scenario scenarioOf(const DeploymentPlan& plan, std::vector<WorkloadEntry> workloads) {
  Scenario scenario;
  scenario.deployments = {plan.spec};
  scenario.workloads = std::move(workloads);
  return scenario;
}

struct Collected final : RequestSink {
  std::vector<RequestRecord> records;
  void onRequest(const RequestRecord& record) override { records.push_back(record); }
};

}  // namespace headroom::sim
