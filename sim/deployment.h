// From a deployment's description to what its replicas are: does it fit, with how many KV blocks, at which step times.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/cost/compile.h"
#include "models/cost/power.h"
#include "models/llm/memory_plan.h"
#include "sim/draft_plan.h"
#include "sim/engine/engines.h"
#include "sim/scenario.h"

namespace headroom::sim {

struct PoolPlan {
  PoolSpec spec;
  models::Accelerator accelerator;
  ResolvedEngine engine;  ///< with the number of blocks
  models::MemoryPlan memory;
  std::shared_ptr<const models::StepTimes> step_times;     ///< null if it does not fit
  std::optional<DraftPlan> draft;                          ///< of speculative decoding
  std::shared_ptr<const models::StepTimes> draft_times{};  ///< of `draft`, without a power cap; part of step_times
  Bytes adapter_slots{};                                   ///< of LoRA adapters on one rank
  std::shared_ptr<const models::StepWork> step_work;       ///< as step_times
  std::optional<models::PowerModel> power;                 ///< none: the accelerator's power is not published
  std::string profile;                                     ///< name of the kernel profile used
  std::array<double, models::kTiers> tier_share{};
  std::vector<std::string> warnings;
  std::string problem;  ///< why it cannot run; empty if it can

  /// What is moved of a request between replicas: copies of heads that ranks share count as often as they are kept.
  Bytes kvBytesPerToken() const;
  /// Recurrent states and windows.
  Bytes stateBytesPerRequest() const;
};

struct DeploymentPlan {
  DeploymentSpec spec;
  models::Model model;
  std::vector<PoolPlan> pools;
  /// The first pool's problem, or "".
  std::string problem() const;
};

/// Does it fit? `compile` false leaves out the step times, which cost tens of milliseconds.
DeploymentPlan planDeployment(const DeploymentSpec& spec, bool compile = true);
std::vector<DeploymentPlan> planDeployments(const Scenario& scenario);

/// The engine in this scenario: with its seed and its numbers of adapters.
EngineConfig configIn(const Scenario& scenario, const DeploymentPlan& plan, const PoolPlan& pool);

/// The scenario with every engine option decided, where all pools of a deployment agree.
Scenario resolved(const Scenario& scenario, const std::vector<DeploymentPlan>& plans);

}  // namespace headroom::sim
