// Energy of a run and power caps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "models/cost/power.h"
#include "tests/sim/cluster/plan_by_hand.h"

namespace headroom::sim {
namespace {

DeploymentPlan poweredPlan(int replicas, const EngineConfig& config = smallEngine()) {
  DeploymentPlan plan = planByHand("least-loaded", replicas, config);
  PoolPlan& pool = plan.pools.front();
  pool.accelerator = models::findAccelerator("h100-sxm");
  pool.step_work =
      std::make_shared<models::StepWork>(pool.accelerator, models::findModel("llama-3.1-8b"), models::WorkRequest{});
  pool.power = models::findPower(pool.accelerator);
  return plan;
}

DeploymentSpec realDeployment(std::optional<Watts> cap) {
  DeploymentSpec spec;
  spec.name = "chat";
  spec.model = "llama-3.1-8b";
  spec.engine.max_model_len = 8192;
  PoolSpec pool;
  pool.accelerator = "h100-sxm";
  pool.power_cap = cap;
  spec.pools = {pool};
  return spec;
}

Result runReal(std::optional<Watts> cap, bool exact_steps = false) {
  const DeploymentPlan plan = planDeployment(realDeployment(cap));
  SimulationOptions options;
  options.estimate_load = false;
  options.exact_steps = exact_steps;
  return simulate(scenarioOf(plan, {poissonWorkload("a", 30, 300)}), {plan}, options);
}

double meanWatts(const Result& r) {
  return *r.joule / (r.simulated_s * r.accelerators);
}

TEST(Energy, IsTheSameNumberFastForwardedAndStepByStep) {
  EngineConfig starved = smallEngine();
  starved.num_gpu_blocks = 530;
  for (const double rate : {5.0, 40.0}) {
    for (const EngineConfig& config : {smallEngine(), starved}) {
      const DeploymentPlan plan = poweredPlan(3, config);
      const Scenario scenario = scenarioOf(plan, {poissonWorkload("a", rate, 600)});
      SimulationOptions exact;
      exact.exact_steps = true;
      const Result fast_result = simulate(scenario, {plan});
      ASSERT_TRUE(fast_result.joule);
      EXPECT_EQ(*fast_result.joule, *simulate(scenario, {plan}, exact).joule) << rate;
    }
  }
}

TEST(Energy, LiesBetweenIdlePowerAndTheBoardLimitOverTheWholeRun) {
  const Result r = runReal(std::nullopt);
  EXPECT_GT(meanWatts(r), 70);
  EXPECT_LT(meanWatts(r), 700);
  EXPECT_DOUBLE_EQ(*r.joule_per_output_token, *r.joule / static_cast<double>(r.output_tokens));
}

TEST(Energy, CountsAcceleratorsThatDoNothing) {
  const auto joule = [](int replicas) {
    const DeploymentPlan plan = poweredPlan(replicas);
    return simulate(scenarioOf(plan, {poissonWorkload("a", 1, 1)}), {plan});
  };
  const Result one = joule(1), four = joule(4);
  EXPECT_NEAR(*four.joule - *one.joule, 3 * 70 * one.simulated_s, 1e-6 * *one.joule);
}

TEST(Energy, OfOneRequestIsTheSumOfItsSteps) {
  const DeploymentPlan plan = poweredPlan(1);
  WorkloadEntry one = poissonWorkload("a", 1, 1);
  one.spec.prompt_tokens = workloads::FixedLength{100};
  one.spec.output_tokens = workloads::FixedLength{3};
  const Result r = simulate(scenarioOf(plan, {one}), {plan});
  const models::StepWork& work = *plan.pools.front().step_work;
  const models::PowerModel& power = *plan.pools.front().power;
  models::Work sum = work.tokenwise(100);
  sum += work.tokenwise(1);
  sum += work.tokenwise(1);
  sum += 3 * work.perSequence();
  sum += work.attention(102, 100 * 101 / 2 + 101 + 102, 100 + 101 + 102);
  const double busy = r.busy * r.simulated_s;
  const double expected = power.idle.value() * r.simulated_s + power.active.value() * busy +
                          (power.compute * sum.compute + power.memory * sum.memory).value();
  EXPECT_NEAR(*r.joule, expected, 1e-9 * expected);
}

TEST(Energy, IsNullWhereNoPowerIsPublished) {
  DeploymentPlan plan = poweredPlan(1);
  plan.pools.front().power.reset();
  const Result r = simulate(scenarioOf(plan, {poissonWorkload("a", 1, 5)}), {plan});
  EXPECT_FALSE(r.joule);
  EXPECT_TRUE(toJson(r).at("energy").at("joule").is_null());
  EXPECT_FALSE(models::findPower(models::findAccelerator("trainium2")));
}

TEST(Energy, IsOfTheTierOfItsLeastCertainPool) {
  DeploymentPlan plan = poweredPlan(1);
  const auto tier = [&] { return simulate(scenarioOf(plan, {poissonWorkload("a", 1, 5)}), {plan}).power_tier; };
  EXPECT_EQ(tier(), "interpolated");
  plan.pools.front().power = models::findPower(models::findAccelerator("mi300x"));
  EXPECT_EQ(tier(), "spec");
}

TEST(Energy, SurvivesTheJsonOfAResult) {
  const Result r = runReal(std::nullopt);
  EXPECT_EQ(resultFromJson(toJson(r)), r);
}

TEST(PowerCap, StretchesStepsAndIsNeverExceeded) {
  const Result free = runReal(std::nullopt), capped = runReal(Watts(350)), tight = runReal(Watts(150));
  EXPECT_GT(capped.latencies.itl->mean, free.latencies.itl->mean);
  EXPECT_GT(tight.latencies.itl->mean, capped.latencies.itl->mean);
  EXPECT_LE(meanWatts(tight), 150);
}

TEST(PowerCap, KeepsFastForwardAndStepByStepEqual) {
  Result fast_result = runReal(Watts(300)), exact = runReal(Watts(300), true);
  fast_result.events = exact.events = 0;
  EXPECT_EQ(fast_result, exact);
}

TEST(PowerCap, AtTheBoardLimitChangesNothing) {
  EXPECT_EQ(runReal(Watts(700)).latencies, runReal(std::nullopt).latencies);
}

TEST(PowerCap, AtIdlePowerIsRefusedAndAboveItIsNot) {
  EXPECT_THROW(planDeployment(realDeployment(Watts(70))), InputError);
  EXPECT_NO_THROW(planDeployment(realDeployment(Watts(71))));
}

TEST(PowerCap, IsReadWithItsUnitAndWrittenBack) {
  const auto text = [](const std::string& cap) {
    return "schema: headroom.scenario/1\ndeployments:\n  - name: a\n    model: llama-3.1-8b\n    pools: [{accelerator: "
           "h100-sxm, power_cap: " +
           cap +
           "}]\nworkloads: [{requests: 1, arrivals: {type: poisson, rate: 1 /s}, "
           "prompt_tokens: {fixed: 1}, output_tokens: {fixed: 1}}]\n";
  };
  const Scenario scenario = readScenario(Document::parse(text("0.5 kW"), "a.yaml"));
  EXPECT_EQ(scenario.deployments.front().pools.front().power_cap, Watts(500));
  EXPECT_EQ(readScenario(Document::parse(toYaml(toDocument(scenario)), "b.yaml")), scenario);
  EXPECT_THROW(readScenario(Document::parse(text("500"), "c.yaml")), InputError);
  EXPECT_THROW(readScenario(Document::parse(text("0 W"), "d.yaml")), InputError);
}

}  // namespace
}  // namespace headroom::sim
