// Prefill and decode pools in whole runs: what a transfer costs, who waits for what, and that nothing depends on how
// steps are grouped or who solves the network.
#include <gtest/gtest.h>

#include "sim/orchestration/pair_router.h"
#include "tests/sim/cluster/pair_plans.h"
#include "tests/sim/cluster/played.h"
#include "tests/sim/loop/in_child.h"

namespace headroom::sim {
namespace {

double meanMs(const std::vector<RequestRecord>& records, Part part) {
  double sum = 0;
  for (const RequestRecord& r : records) sum += toMilliseconds(partsOf(r)[static_cast<std::size_t>(part)]);
  return sum / static_cast<double>(records.size());
}

TEST(DisaggregatedRun, EveryRequestIsComputedMovedAndAnsweredAndItsPartsAddUp) {
  const DeploymentPlan plan = planPair(2, 2);
  for (const bool layer_wise : {false, true}) {
    Scenario scenario = pairScenario(plan);
    scenario.deployments.front().disaggregation.layer_wise = layer_wise;
    const Played run = play(scenario, plan);
    ASSERT_EQ(problemOf(run, 200), "");
    std::int64_t bytes = 0;
    for (const RequestRecord& r : run.records) {
      EXPECT_LT(r.prefill_replica, 2U);
      EXPECT_GE(r.replica, 2U);
      bytes += static_cast<std::int64_t>(kTokenBytes) * r.request.prompt_tokens;
    }
    ASSERT_TRUE(run.result.network);
    EXPECT_NEAR(static_cast<double>(run.result.network->bytes), static_cast<double>(bytes), 1e3);
    EXPECT_GT(run.result.network->ttft_kv_transfer, 0);
  }
}

TEST(DisaggregatedRun, ATransferTakesItsBytesOverTheNic) {
  const DeploymentPlan plan = planPair(1, 1);
  const Played run = play(pairScenario(plan, "{type: star, hop_latency: 1 us}", 0.1, 20), plan);
  for (const RequestRecord& r : run.records) {
    const double expected = 0.002 + r.request.prompt_tokens * kTokenBytes / 12.5e9 * 1e3;
    EXPECT_NEAR(toMilliseconds(r.kv_transfer), expected, 1e-3);
    EXPECT_EQ(r.network, 0) << "nothing else is on its way";
  }
}

TEST(DisaggregatedRun, LayerWiseHidesAllButTheTail) {
  const DeploymentPlan plan = planPair(1, 1);
  Scenario scenario = pairScenario(plan, "{type: star}", 0.1, 20);
  const double whole = meanMs(play(scenario, plan).records, Part::kv_transfer);
  scenario.deployments.front().disaggregation.layer_wise = true;
  const Played run = play(scenario, plan);
  // A prompt token takes 20 us to compute and 80 us to move: the bulk is not hidden altogether, the compute is.
  EXPECT_LT(meanMs(run.records, Part::kv_transfer), 0.8 * whole);
  DeploymentPlan small = plan;
  for (PoolPlan& pool : small.pools) pool.memory.kv_block = Bytes(kTokenBytes / 80 * pool.engine.config.block_size);
  EXPECT_NEAR(meanMs(play(scenario, small).records, Part::kv_transfer), 0.1 * 0.1 * whole, 0.002 * whole)
      << "a tenth of the bytes moves while the prompt is computed, but for the last of ten layers";
}

TEST(DisaggregatedRun, RoomAtTheDecodeReplicaHoldsBlocksAtThePrefillReplica) {
  EngineConfig config = smallEngine();
  config.num_gpu_blocks = 520;
  DeploymentPlan plan = planPair(1, 1, config);
  const Played tight = play(pairScenario(plan, "{type: star}", 50, 100), plan);
  plan.pools[1].engine.config.num_gpu_blocks = 100'000;
  const Played ample = play(pairScenario(plan, "{type: star}", 50, 100), plan);
  EXPECT_GT(meanMs(tight.records, Part::decode_queue), 5 * meanMs(ample.records, Part::decode_queue));
  EXPECT_GT(meanMs(tight.records, Part::queue), meanMs(ample.records, Part::queue)) << "it backs up to the prompts";
}

TEST(DisaggregatedRun, OversubscriptionShowsAsContention) {
  const DeploymentPlan plan = planPair(4, 4);
  const auto contention = [&](const std::string& oversubscription) {
    const Scenario scenario = pairScenario(
        plan, "{type: leaf-spine, nodes_per_leaf: 4, spines: 1, oversubscription: " + oversubscription + "}", 60, 400);
    return meanMs(play(scenario, plan).records, Part::network);
  };
  EXPECT_GT(contention("4"), 2 * contention("1"));
}

TEST(DisaggregatedRun, NearPairsStayUnderTheirSwitch) {
  DeploymentPlan plan = planPair(2, 2);
  for (PoolSpec& pool : plan.spec.pools) pool.spread = true;
  Scenario scenario =
      pairScenario(plan, "{type: leaf-spine, nodes_per_leaf: 2, spines: 1, oversubscription: 4}", 10, 300);
  const auto crossing = [](const Played& run) {
    std::int64_t bytes = 0;
    for (const LinkOutcome& link : run.result.network->links) bytes += link.tier == "leaf-spine" ? link.bytes : 0;
    return bytes;
  };
  const std::int64_t anywhere = crossing(play(scenario, plan));
  scenario.deployments.front().disaggregation.pairing = "same-switch";
  const std::int64_t near = crossing(play(scenario, plan));
  EXPECT_LT(near, anywhere / 4);
}

TEST(DisaggregatedRun, ShortPromptsStayTogether) {
  const DeploymentPlan plan = planPair(1, 1);
  Scenario scenario = pairScenario(plan);
  scenario.deployments.front().disaggregation.local_below = 500;
  const Played run = play(scenario, plan);
  for (const RequestRecord& r : run.records) {
    EXPECT_EQ(r.prefill_replica == RequestRecord::kNoReplica, r.request.prompt_tokens < 500);
  }
}

TEST(DisaggregatedRun, ExactStepsGiveTheSameResultWithEveryPairing) {
  EngineConfig starved = smallEngine();
  starved.num_gpu_blocks = 600;
  const DeploymentPlan plan = planPair(2, 3, starved);
  for (const std::string& pairing : pairingNames()) {
    for (const bool layer_wise : {false, true}) {
      Scenario scenario = pairScenario(plan, "{type: leaf-spine, nodes_per_leaf: 2, spines: 2}", 20, 150);
      scenario.deployments.front().disaggregation.pairing = pairing;
      scenario.deployments.front().disaggregation.layer_wise = layer_wise;
      EXPECT_EQ(text(play(scenario, plan).result), text(play(scenario, plan, {.exact = true}).result))
          << pairing << (layer_wise ? ", layer-wise" : "");
    }
  }
}

TEST(DisaggregatedRun, TheResultIsReadBackAsWritten) {
  const DeploymentPlan plan = planPair(1, 2);
  const Result result = play(pairScenario(plan), plan).result;
  EXPECT_EQ(resultFromJson(toJson(result)), result);
  EXPECT_FALSE(result.network->links.empty());
}

TEST(DisaggregatedRun, ItsLoadIsThatOfTheScarcerRole) {
  const How with_load{.estimate_load = true};
  const Result wide = play(pairScenario(planPair(1, 4)), planPair(1, 4), with_load).result;
  const Result narrow = play(pairScenario(planPair(4, 1)), planPair(4, 1), with_load).result;
  ASSERT_TRUE(wide.offered_load && narrow.offered_load);
  EXPECT_GT(wide.pools[0].sustainable_per_s.value_or(0), 0);
  EXPECT_GT(wide.pools[1].sustainable_per_s.value_or(0), 0);
  EXPECT_NE(*wide.offered_load, *narrow.offered_load);
}

TEST(DisaggregatedRun, SimGridGivesTheSameTimesToRounding) {
  const DeploymentPlan plan = planPair(3, 3);
  Scenario scenario = pairScenario(plan, "{type: leaf-spine, nodes_per_leaf: 3, spines: 1, oversubscription: 3}", 40);
  const Played own = play(scenario, plan);
  inChild([&] {
    scenario.network.solver = NetworkSolver::simgrid;
    const Played simgrid = play(scenario, plan);
    for (std::size_t i = 0; i < own.records.size(); ++i) {
      EXPECT_NEAR(toMilliseconds(own.records[i].kv_ended), toMilliseconds(simgrid.records[i].kv_ended), 1e-3);
    }
  });
}

}  // namespace
}  // namespace headroom::sim
