// Replicas that load their weights first, clients in another site, collectives beside KV: whole runs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "sim/metrics/request_parts.h"
#include "sim/orchestration/router.h"
#include "tests/sim/cluster/plan_by_hand.h"
#include "tests/sim/cluster/sites.h"

namespace headroom::sim {
namespace {

/// One replica a node; 8 x 10 GB of weights.
DeploymentPlan planOnNodes(int replicas, std::optional<StartSpec> start) {
  DeploymentPlan plan = planByHand("least-requests", replicas);
  PoolPlan& pool = plan.pools.front();
  pool.spec.parallelism.tp = 8;
  pool.spec.site = "here";
  pool.spec.start = start;
  pool.memory.weights = Bytes(10e9);
  plan.spec.pools = {pool.spec};
  return plan;
}

Scenario onNodes(const DeploymentPlan& plan, double rate = 20, std::int64_t requests = 400) {
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", rate, requests)});
  scenario.sites = {testSite(plan.spec.pools.front().replicas, "{type: star, hop_latency: 1 us}")};
  scenario.sites.front().storage = StorageSpec{BytesPerSecond(20e9), BytesPerSecond(10e9), Seconds(0.5)};
  return scenario;
}

StartOutcome startOf(WeightsFrom from, int replicas) {
  const StartSpec start{.weights_from = from, .before_weights = Seconds(3), .after_weights = Seconds(7)};
  const DeploymentPlan plan = planOnNodes(replicas, start);
  return simulate(onNodes(plan), {plan}).pools.front().start.value();
}

TEST(ColdStarts, ReadersShareTheStorageAndTheirNodesPort) {
  const StartOutcome one = startOf(WeightsFrom::storage, 1);
  EXPECT_NEAR(one.before_s, 3, 1e-9);
  EXPECT_NEAR(one.weights_s, 0.5 + 8, 1e-6) << "80 GB at 10 GB/s of its node";
  EXPECT_NEAR(one.after_s, 7, 1e-9);
  EXPECT_NEAR(one.last_ready_s, 18.5, 1e-6);
  EXPECT_NEAR(startOf(WeightsFrom::storage, 4).weights_s, 0.5 + 16, 1e-6) << "four at 20 GB/s";
}

TEST(ColdStarts, DrivesAreTheNodesOwn) {
  const double drives = models::findNodeType("generic-8").local_storage.value();
  EXPECT_NEAR(startOf(WeightsFrom::local, 1).weights_s, 80e9 / drives, 1e-6);
  EXPECT_NEAR(startOf(WeightsFrom::local, 4).weights_s, 80e9 / drives, 1e-6);
}

TEST(ColdStarts, PeersTakeAsManyRoundsAsTheyDouble) {
  const double copy = 80.0 / 12.5 + 2e-6;
  EXPECT_NEAR(startOf(WeightsFrom::peer, 1).last_ready_s, 3 + 8.5 + 7, 1e-6);
  EXPECT_NEAR(startOf(WeightsFrom::peer, 2).last_ready_s, 3 + 8.5 + copy + 7, 1e-4);
  EXPECT_NEAR(startOf(WeightsFrom::peer, 8).last_ready_s, 3 + 8.5 + 3 * copy + 7, 1e-4);
}

TEST(ColdStarts, RequestsWaitForTheFirstReplicasInTheirOrderAndAllAreServed) {
  const StartSpec start{
      .weights_from = WeightsFrom::storage, .before_weights = Seconds(3), .after_weights = Seconds(7)};
  for (const std::string& router : routerNames()) {
    DeploymentPlan plan = planOnNodes(3, start);
    plan.spec.router = router;
    Scenario scenario = onNodes(plan);
    Collected sink;
    SimulationOptions options;
    options.requests = &sink;
    const Result result = simulate(scenario, {plan}, options);
    EXPECT_EQ(result.requests.completed, 400) << router;
    const Ticks ready = toTicks(Seconds(result.pools.front().start->first_ready_s));
    std::vector<Ticks> before(3);  // by replica: all three come at the same time
    for (const RequestRecord& r : sink.records) {
      EXPECT_GE(r.queued, ready);
      if (r.request.arrival >= ready) break;
      EXPECT_GE(r.queued, before[r.replica]) << router;
      before[r.replica] = r.queued;
    }
    for (const Ticks last : before) EXPECT_GT(last, 0) << "they share what has waited";
    EXPECT_EQ(result.network->by_kind.front().kind, "weights");
  }
}

Scenario acrossTheWan(const DeploymentPlan& plan, Seconds rtt) {
  Scenario scenario = onNodes(plan);
  SiteSpec there = testSite(1, "{type: star, hop_latency: 1 us}");
  there.name = "there";
  scenario.sites.push_back(there);
  scenario.wan = {{{"here", "there"}, BytesPerSecond(1e9), rtt, DollarsPerByte(0.02e-9)}};
  scenario.workloads.front().clients =
      ClientPlace{.site = "there", .bytes_per_prompt_token = 5, .bytes_per_output_token = 250};
  return scenario;
}

TEST(Clients, InAnotherSiteSeeTheRoundTripInTheirTtftAndPayForEgress) {
  const DeploymentPlan plan = planOnNodes(2, std::nullopt);
  Collected near, far;
  SimulationOptions options;
  options.requests = &near;
  const Result at_home = simulate(onNodes(plan), {plan}, options);
  options.requests = &far;
  const Result away = simulate(acrossTheWan(plan, Seconds(0.08)), {plan}, options);
  EXPECT_FALSE(at_home.network);
  ASSERT_EQ(near.records.size(), far.records.size());
  double bytes = 0;
  for (const RequestRecord& r : far.records) {
    const RequestParts parts = partsOf(r);
    const double wan = toMilliseconds(parts[static_cast<std::size_t>(Part::wan)]);
    EXPECT_NEAR(wan, 80, 0.05);
    Ticks sum = 0;
    for (std::size_t p = 0; p < kParts; ++p) {
      EXPECT_GE(parts[p], 0);
      sum += parts[p];
      if (p + 1 == kTtftParts) {
        EXPECT_EQ(sum, r.ttft());
      }
    }
    EXPECT_EQ(sum, r.e2e());
    bytes += 5.0 * r.request.prompt_tokens + 250.0 * r.request.output_tokens;
  }
  EXPECT_NEAR(static_cast<double>(away.network->bytes), bytes, 1e3);
  EXPECT_NEAR(away.network->egress_usd, bytes * 0.02e-9, 1e-9);
  EXPECT_NEAR(away.latencies.ttft->mean, at_home.latencies.ttft->mean + 80, 5);
}

TEST(Clients, BesideTheReplicasCrossNothing) {
  const DeploymentPlan plan = planOnNodes(2, std::nullopt);
  Scenario scenario = acrossTheWan(plan, Seconds(0.08));
  scenario.workloads.front().clients->site = "here";
  const Result result = simulate(scenario, {plan});
  EXPECT_EQ(result.network->bytes, 0);
}

TEST(Collectives, TakeTheirRateOfTheLinksUntilTheLastRequestHasLeft) {
  DeploymentPlan plan = planByHand("round-robin", 1);
  PoolPlan& pool = plan.pools.front();
  pool.spec.parallelism.tp = 16;  // over two nodes
  pool.spec.site = "here";
  pool.spec.collectives = BytesPerSecond(5e9);
  plan.spec.pools = {pool.spec};
  Scenario scenario = onNodes(plan, 5, 100);
  scenario.sites = {testSite(2, "{type: star}")};
  const Result result = simulate(scenario, {plan});
  EXPECT_EQ(result.requests.completed, 100);
  ASSERT_FALSE(result.network->links.empty());
  EXPECT_NEAR(result.network->links.front().utilisation, 5.0 / 12.5, 0.001);
}

}  // namespace
}  // namespace headroom::sim
