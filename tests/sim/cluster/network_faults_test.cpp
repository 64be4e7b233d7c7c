// Faults beside what goes over the network: weights of replicas that start again, clients in another site, collectives.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sim/cluster/fault_targets.h"
#include "sim/orchestration/router.h"
#include "tests/sim/cluster/played.h"
#include "tests/sim/cluster/random_client.h"
#include "tests/sim/cluster/sites.h"

namespace headroom::sim {
namespace {

/// One replica a node with 80 GB of weights; storage gives 20 GB/s, a node takes 10 GB/s, a NIC 12.5 GB/s.
DeploymentPlan planOnNodes(int replicas, std::optional<WeightsFrom> from) {
  DeploymentPlan plan = planByHand("least-requests", replicas);
  PoolPlan& pool = plan.pools.front();
  pool.spec.parallelism.tp = 8;
  pool.spec.site = "here";
  if (from) pool.spec.start = StartSpec{*from, Seconds(3), Seconds(7)};
  pool.memory.weights = Bytes(10e9);
  plan.spec.pools = {pool.spec};
  return plan;
}

Scenario onNodes(const DeploymentPlan& plan, double rate, std::int64_t requests) {
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", rate, requests)});
  scenario.sites = {testSite(plan.spec.pools.front().replicas, "{type: star, hop_latency: 1 us}")};
  scenario.sites.front().storage = StorageSpec{BytesPerSecond(20e9), BytesPerSecond(10e9), Seconds(0.5)};
  return scenario;
}

FaultSpec down(FaultDomain domain, const std::string& name, double at, double lasts) {
  FaultSpec fault;
  fault.domain = domain;
  fault.name = name;
  fault.at = Seconds(at);
  if (lasts > 0) fault.lasts = Seconds(lasts);
  return fault;
}

FaultSpec feed(const std::vector<std::string>& members, double at, double lasts) {
  FaultSpec fault = down(FaultDomain::group, "feed", at, lasts);
  fault.members = members;
  return fault;
}

constexpr double kStart = 3 + 0.5 + 8 + 7;  // one reader of the storage

/// When requests that came while none was there were sent to a replica.
double servedAgainAt(const Played& run, double from, double to) {
  double at = 0;
  for (const RequestRecord& r : run.records) {
    const double arrived = toSeconds(r.request.arrival).value();
    if (arrived > from && arrived < to) at = arrived + toSeconds(r.retried).value();
  }
  return at;
}

TEST(StartsAfterFaults, ARepairedReplicaLoadsItsWeightsOverTheNetworkAgain) {
  const DeploymentPlan plan = planOnNodes(1, WeightsFrom::storage);
  Scenario scenario = onNodes(plan, 2, 200);
  scenario.faults = {down(FaultDomain::node, "here/n0", 30, 5)};
  const Played run = play(scenario, plan);
  ASSERT_EQ(problemOf(run, 200), "");
  EXPECT_NEAR(servedAgainAt(run, 30, 50), 35 + kStart, 1e-6);
  EXPECT_NEAR(run.result.faults->pools[0].starting_s, 2 * kStart, 1e-6) << "at the beginning of the run too";
  EXPECT_NEAR(run.result.pools[0].start->last_ready_s, kStart, 1e-6);
}

TEST(StartsAfterFaults, ThoseThatComeBackTogetherShareTheStorage) {
  const DeploymentPlan plan = planOnNodes(4, WeightsFrom::storage);
  Scenario scenario = onNodes(plan, 2, 200);
  scenario.faults = {feed({"here/n0", "here/n1", "here/n2", "here/n3"}, 40, 5)};
  const Played run = play(scenario, plan);
  ASSERT_EQ(problemOf(run, 200), "");
  EXPECT_NEAR(servedAgainAt(run, 40, 60), 45 + 3 + 0.5 + 16 + 7, 1e-6) << "80 GB each at 5 GB/s";
}

TEST(StartsAfterFaults, AFaultInAStartBeginsItAnew) {
  for (const double at : {1.0, 5.0, 15.0}) {
    const DeploymentPlan plan = planOnNodes(1, WeightsFrom::storage);
    Scenario scenario = onNodes(plan, 2, 100);
    scenario.faults = {down(FaultDomain::replica, "chat/all/0", at, 2)};
    const Played run = play(scenario, plan);
    ASSERT_EQ(problemOf(run, 100), "");
    EXPECT_EQ(run.result.requests.failed, 0);
    EXPECT_NEAR(run.result.pools[0].start->first_ready_s, at + 2 + kStart, 1e-6);
  }
}

TEST(StartsAfterFaults, AWarmPeerGivesItsWeightsAndWithoutOneTheStorageDoes) {
  const DeploymentPlan plan = planOnNodes(2, WeightsFrom::peer);
  Scenario scenario = onNodes(plan, 2, 300);
  const double copy = 80 / 12.5 + 2e-6, both = 18.5 + copy;  // read, then copied: ready after 3 + 8.5 + copy + 7
  scenario.faults = {down(FaultDomain::node, "here/n1", 50, 5), down(FaultDomain::node, "here/n0", 90, 100)};
  Played run = play(scenario, plan);
  ASSERT_EQ(problemOf(run, 300), "");
  EXPECT_NEAR(run.result.faults->pools[0].starting_s, kStart + both + (3 + copy + 7), 1e-4);
  scenario.faults = {feed({"here/n0", "here/n1"}, 50, 5)};
  run = play(scenario, plan);
  ASSERT_EQ(problemOf(run, 300), "");
  EXPECT_NEAR(servedAgainAt(run, 50, 60), 55 + kStart, 1e-4);
}

TEST(StartsAfterFaults, WhenThePeerDiesOrItsLinkTheStorageTakesOver) {
  const DeploymentPlan plan = planOnNodes(2, WeightsFrom::peer);
  Scenario scenario = onNodes(plan, 2, 200);
  // Replica 1 copies from 11.5 s on, 6.4 s long.
  scenario.faults = {down(FaultDomain::replica, "chat/all/0", 15, 100)};
  const Played dead = play(scenario, plan);
  ASSERT_EQ(problemOf(dead, 200), "");
  EXPECT_NEAR(dead.result.pools[0].start->first_ready_s, 15 + 0.5 + 8 + 7, 1e-4);
  scenario.sites[0].fabric = testSite(1, "{type: leaf-spine, nodes_per_leaf: 1, spines: 2}").fabric;
  double last = 1e9;
  for (const std::string& name : FaultTargets(scenario).names(FaultDomain::link)) {
    if (name.find("spine") == std::string::npos) continue;  // the others cut a replica off
    scenario.faults = {down(FaultDomain::link, name, 15, 1)};
    const Played cut = play(scenario, plan);
    ASSERT_EQ(problemOf(cut, 200), "");
    last = std::min(last, cut.result.pools[0].start->last_ready_s);
  }
  EXPECT_NEAR(last, 15 + 0.5 + 8 + 7, 1e-4) << "storage is faster than the one spine that carried the copy";
}

Scenario acrossTheWan(const DeploymentPlan& plan, double rate, std::int64_t requests) {
  Scenario scenario = onNodes(plan, rate, requests);
  SiteSpec there = testSite(1, "{type: star, hop_latency: 1 us}");
  there.name = "there";
  scenario.sites.push_back(there);
  scenario.wan = {{{"here", "there"}, BytesPerSecond(1e9), Seconds(0.08), DollarsPerByte()}};
  scenario.workloads.front().clients =
      ClientPlace{.site = "there", .bytes_per_prompt_token = 5, .bytes_per_output_token = 250};
  return scenario;
}

std::string wanLink(const Scenario& scenario) {
  for (const std::string& name : FaultTargets(scenario).names(FaultDomain::link)) {
    if (name.starts_with("here/") && name.find(">there/") != std::string::npos) return name;
  }
  return "";
}

TEST(ClientsAndFaults, WhatCrossesTheWanWhenItGoesDownFailsAndIsSentAgain) {
  const DeploymentPlan plan = planOnNodes(2, std::nullopt);
  Scenario scenario = acrossTheWan(plan, 20, 600);
  scenario.faults = {down(FaultDomain::link, wanLink(scenario), 10, 2)};
  const Played fails = play(scenario, plan);
  ASSERT_EQ(problemOf(fails, 600), "");
  EXPECT_GT(fails.result.requests.failed, 30) << "20 a second for two seconds, and what was to come back";
  for (const RequestRecord& r : fails.records) {
    const double at = toSeconds(r.request.arrival).value();
    if (at < 9.96 || at > 11.95) continue;  // 40 ms each way
    EXPECT_EQ(r.status, RequestStatus::failed) << at;
  }
  scenario.workloads.front().client = ClientSpec{.timeout = std::nullopt, .retries = 5, .backoff = Seconds(0.5)};
  const Played again = play(scenario, plan);
  ASSERT_EQ(problemOf(again, 600), "");
  EXPECT_EQ(again.result.requests.completed, 600);
  EXPECT_GT(again.result.requests.retried, 30);
}

TEST(ClientsAndFaults, ATimeoutCountsUntilTheLastTokenIsThere) {
  const DeploymentPlan plan = planOnNodes(1, std::nullopt);
  Scenario scenario = acrossTheWan(plan, 1, 1);
  const Ticks alone = play(scenario, plan).records.at(0).e2e();
  scenario.workloads.front().client = ClientSpec{.timeout = toSeconds(alone - toTicks(Seconds(0.001)))};
  const Played late = play(scenario, plan);
  ASSERT_EQ(problemOf(late, 1), "");
  EXPECT_EQ(late.records[0].status, RequestStatus::timed_out);
  scenario.workloads.front().client->timeout = toSeconds(alone + toTicks(Seconds(0.001)));
  EXPECT_EQ(play(scenario, plan).records[0].status, RequestStatus::completed);
}

TEST(ClientsAndFaults, APolicyThatIsNeverNeededChangesNothing) {
  const DeploymentPlan plan = planOnNodes(2, std::nullopt);
  Scenario scenario = acrossTheWan(plan, 20, 300);
  const Result plain = play(scenario, plan).result;
  scenario.workloads.front().client = ClientSpec{.timeout = Seconds(1000), .retries = 3};
  Result patient = play(scenario, plan).result;
  patient.scenario_hash = plain.scenario_hash;
  EXPECT_EQ(text(patient), text(plain));
}

TEST(CollectivesAndFaults, AReplicaThatIsDownTakesNoBandwidth) {
  DeploymentPlan plan = planByHand("round-robin", 1);
  PoolPlan& pool = plan.pools.front();
  pool.spec.parallelism.tp = 16;
  pool.spec.site = "here";
  pool.spec.collectives = BytesPerSecond(5e9);
  plan.spec.pools = {pool.spec};
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 5, 200)});
  scenario.sites = {testSite(2, "{type: star}")};
  scenario.faults = {down(FaultDomain::node, "here/n1", 10, 20)};
  const Played run = play(scenario, plan);
  ASSERT_EQ(problemOf(run, 200), "");
  const double whole = toSeconds(run.records.back().finished).value();
  EXPECT_NEAR(run.result.network->links.front().utilisation, 0.4 * (whole - 20) / whole, 0.01);
}

template <class T>
T inRange(T from, T to) {
  return *rc::gen::resize(100, rc::gen::inRange<T>(from, to));
}

TEST(NetworkFaults, EveryRequestEndsExactlyOnceWithStartsAndClientsFarAway) {
  Ends ends;
  std::int64_t starts = 0;
  const auto check = [&] {
    const int replicas = inRange(1, 4);
    std::optional<WeightsFrom> from;
    if (*rc::gen::arbitrary<bool>())
      from = *rc::gen::element(WeightsFrom::storage, WeightsFrom::local, WeightsFrom::peer);
    DeploymentPlan plan = planOnNodes(replicas, from);
    plan.spec.router = *rc::gen::elementOf(routerNames());
    plan.pools[0].memory.weights = Bytes(1e9 * inRange(1, 10));
    PoolSpec& pool = plan.spec.pools[0];
    if (from) pool.start->before_weights = pool.start->after_weights = Seconds(0.25 * inRange(0, 4));
    plan.spec.wait_for_replicas = *rc::gen::arbitrary<bool>();
    if (inRange(0, 3) == 0) {
      pool.spot = SpotSpec{DollarsPerSecond(1e-3),
                           {FaultTime::Law::exponential, Seconds(inRange(2, 20)), 1},
                           {FaultTime::Law::exponential, Seconds(inRange(1, 5)), 1},
                           Seconds(inRange(0, 3))};
    }
    plan.pools[0].spec = pool;
    const int requests = inRange(1, 60);
    Scenario scenario = acrossTheWan(plan, inRange(1, 20), requests);
    WorkloadEntry& workload = scenario.workloads.front();
    if (*rc::gen::arbitrary<bool>()) workload.clients.reset();
    if (inRange(0, 3) == 0) workload.spec.arrivals = workloads::ClosedLoop{.concurrency = inRange(1, 8)};
    workload.client = randomClient(Seconds(0.3));
    scenario.seed = static_cast<std::uint64_t>(inRange(0, 1'000'000));
    const FaultTargets targets(scenario);
    for (int i = 0, n = inRange(0, 5); i < n; ++i) {
      const auto domain = *rc::gen::element(FaultDomain::replica, FaultDomain::node, FaultDomain::link,
                                            FaultDomain::link, FaultDomain::fabric_switch, FaultDomain::scale_up);
      scenario.faults.push_back(down(domain, *rc::gen::elementOf(targets.names(domain)), 0.1 * inRange(0, 150),
                                     inRange(0, 4) == 0 ? 0 : 0.25 * inRange(1, 20)));
    }
    const Played fast = play(scenario, plan), exact = play(scenario, plan, {.exact = true});
    RC_ASSERT(problemOf(fast, requests) == "");
    ends.count(fast);
    starts += from && fast.result.faults && fast.result.faults->pools[0].failures > 0 ? 1 : 0;
    RC_ASSERT(text(fast.result) == text(exact.result));
  };
  EXPECT_TRUE(rc::check(check));
  ends.expectAllWays();
  EXPECT_GT(starts, 30);
}

}  // namespace
}  // namespace headroom::sim
