// Faults of prefill and decode replicas: what is lost with each, what another takes over, and that every request ends
// exactly once whatever fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sim/cluster/fault_targets.h"
#include "sim/orchestration/pair_router.h"
#include "tests/sim/cluster/pair_plans.h"
#include "tests/sim/cluster/played.h"
#include "tests/sim/cluster/random_client.h"
#include "tests/sim/loop/in_child.h"

namespace headroom::sim {
namespace {

FaultSpec outage(FaultDomain domain, const std::string& name, double at_ms, double lasts_ms = 0) {
  FaultSpec fault;
  fault.domain = domain;
  fault.name = name;
  fault.at = Seconds(at_ms / 1e3);
  if (lasts_ms > 0) fault.lasts = Seconds(lasts_ms / 1e3);
  return fault;
}

/// One request: 25 ms of prompt, 1 GB of KV in 80 ms over a NIC, 100 tokens of 5 ms. Pairs are 0 and 2, 1 and 3.
Scenario oneRequest(const DeploymentPlan& plan, bool layer_wise) {
  Scenario scenario = pairScenario(plan, "{type: star, hop_latency: 1 us}", 1e6, 1);
  scenario.workloads.front().spec.prompt_tokens = workloads::FixedLength{1000};
  scenario.workloads.front().spec.output_tokens = workloads::FixedLength{100};
  scenario.deployments.front().disaggregation.layer_wise = layer_wise;
  return scenario;
}

RequestRecord afterFault(bool layer_wise, const std::string& replica, double at_ms, int retries = 0) {
  const DeploymentPlan plan = planPair(2, 2);
  Scenario scenario = oneRequest(plan, layer_wise);
  scenario.faults = {outage(FaultDomain::replica, replica, at_ms, 60'000)};
  if (retries > 0) {
    scenario.workloads.front().client =
        ClientSpec{.timeout = std::nullopt, .retries = retries, .backoff = Seconds(0.01), .jitter = 0};
  }
  const Played run = play(scenario, plan);
  EXPECT_EQ(problemOf(run, 1), "") << replica << " at " << at_ms;
  return run.records.at(0);
}

TEST(PairFaults, WhatAPrefillReplicaComputedIsLostUntilItHasBeenMoved) {
  for (const bool layer_wise : {false, true}) {
    for (const double at : {10.0, 24.0, 60.0, 75.0}) {
      EXPECT_EQ(afterFault(layer_wise, "chat/prefill/0", at).status, RequestStatus::failed) << at;
      const RequestRecord again = afterFault(layer_wise, "chat/prefill/0", at, 1);
      EXPECT_EQ(again.status, RequestStatus::completed);
      EXPECT_EQ(again.attempts, 2);
      EXPECT_EQ(again.prefill_replica, 1U);
      EXPECT_NEAR(toMilliseconds(again.retried), at + 10, 1e-2) << "10 ms of back-off";
    }
    const RequestRecord moved = afterFault(layer_wise, "chat/prefill/0", 200);
    EXPECT_EQ(moved.status, RequestStatus::completed);
    EXPECT_EQ(moved.prefill_replica, 0U);
  }
}

TEST(PairFaults, KvAtThePrefillReplicaGoesToAnotherDecodeReplica) {
  const auto movedAt = [](bool layer_wise, double at) {
    const RequestRecord r = afterFault(layer_wise, "chat/decode/0", at);
    EXPECT_EQ(r.status, RequestStatus::completed);
    EXPECT_EQ(r.attempts, 1);
    EXPECT_EQ(r.replica, 3U);
    return toMilliseconds(r.kv_ended);
  };
  const double latency = 2e-3;
  EXPECT_NEAR(movedAt(false, 10), 25 + 80 + latency, 0.01) << "nobody had asked for it";
  EXPECT_NEAR(movedAt(false, 60), 60 + 80 + latency, 0.01) << "from the beginning";
  EXPECT_NEAR(movedAt(true, 10), 10 + 80 + 2 * latency, 0.01) << "nine layers, then the last";
  EXPECT_NEAR(movedAt(true, 60), 60 + 80 + latency, 0.01) << "all layers, now that the prompt is done";
}

TEST(PairFaults, WhatADecodeReplicaHasIsLostWithIt) {
  for (const bool layer_wise : {false, true}) {
    EXPECT_EQ(afterFault(layer_wise, "chat/decode/0", 300).status, RequestStatus::failed);
    const RequestRecord again = afterFault(layer_wise, "chat/decode/0", 300, 1);
    EXPECT_EQ(again.attempts, 2);
    EXPECT_EQ(again.replica, 3U);
    EXPECT_GT(again.prefilled, toTicks(Seconds(0.31))) << "its prompt is computed again";
  }
}

TEST(PairFaults, WithoutAnotherDecodeReplicaTheAttemptFailsAndThePrefillReplicaIsFree) {
  for (const bool layer_wise : {false, true}) {
    for (const double at : {10.0, 60.0}) {
      const DeploymentPlan plan = planPair(1, 1);
      Scenario scenario = oneRequest(plan, layer_wise);
      scenario.faults = {outage(FaultDomain::replica, "chat/decode/0", at, 1000)};
      EXPECT_EQ(play(scenario, plan).records.at(0).status, RequestStatus::failed);
      scenario.workloads.front().client = ClientSpec{.timeout = std::nullopt, .retries = 1, .backoff = Seconds(0.01)};
      const Played waits = play(scenario, plan);
      ASSERT_EQ(problemOf(waits, 1), "");
      EXPECT_EQ(waits.records[0].status, RequestStatus::completed);
      EXPECT_NEAR(toMilliseconds(waits.records[0].retried), at + 1000, 0.01) << "until a decode replica is back";
      EXPECT_EQ(waits.result.faults->lost_tokens, 1) << "the prompt's token, for nobody";
    }
  }
}

TEST(PairFaults, APairThatIsCutOffForGoodGivesUp) {
  DeploymentPlan plan = planPair(1, 1);
  Scenario scenario = oneRequest(plan, false);
  scenario.sites = {testSite(1, "{type: star}"), testSite(1, "{type: star}")};
  scenario.sites[1].name = "there";
  scenario.wan = {{{"here", "there"}, BytesPerSecond(1e9), Seconds(0.02), DollarsPerByte()}};
  scenario.deployments[0].pools[1].site = "there";
  FaultSpec fault = outage(FaultDomain::link, "", 0);
  for (const auto& name : FaultTargets(scenario).names(FaultDomain::link)) {
    if (name.find("here/") == 0 && name.find(">there/") != std::string::npos) fault.name = name;
  }
  ASSERT_NE(fault.name, "");
  scenario.faults = {fault};
  const Played run = play(scenario, plan);
  ASSERT_EQ(problemOf(run, 1), "");
  EXPECT_EQ(run.records[0].status, RequestStatus::failed);
  EXPECT_NEAR(toSeconds(run.records[0].finished).value(), 480, 1) << "vLLM's time to free KV that nobody fetches";
}

TEST(PairFaults, EveryDomainTakesWhatStandsInIt) {
  // Prefill replicas stand on n0 and n1 under leaf0, decode replicas on n2 and n3 under leaf1.
  const DeploymentPlan plan = planPair(2, 2);
  Scenario scenario = pairScenario(plan, "{type: leaf-spine, nodes_per_leaf: 2, spines: 2}", 10, 300);
  const auto downSeconds = [&](const FaultSpec& fault) {
    scenario.faults = {fault};
    const Played run = play(scenario, plan);
    EXPECT_EQ(problemOf(run, 300), "") << fault.name;
    return std::pair(run.result.faults->pools.at(0).down_s, run.result.faults->pools.at(1).down_s);
  };
  const auto expectDown = [&](FaultDomain domain, const std::string& name, double prefill, double decode) {
    FaultSpec fault = outage(domain, name, 10'000, 5'000);
    if (domain == FaultDomain::group) fault.members = {"here/n0", "here/n3"};
    const auto [first, second] = downSeconds(fault);
    EXPECT_NEAR(first, prefill, 1e-9) << name;
    EXPECT_NEAR(second, decode, 1e-9) << name;
  };
  expectDown(FaultDomain::accelerator, "chat/prefill/1/a3", 5, 0);
  expectDown(FaultDomain::replica, "chat/decode/0", 0, 5);
  expectDown(FaultDomain::node, "here/n3", 0, 5);
  expectDown(FaultDomain::scale_up, "here/scale-up0", 5, 0);
  expectDown(FaultDomain::fabric_switch, "here/leaf1", 0, 10);
  expectDown(FaultDomain::fabric_switch, "here/spine0", 0, 0);
  expectDown(FaultDomain::link, "here/n0>here/leaf0", 5, 0);
  expectDown(FaultDomain::link, "here/leaf0>here/spine1", 0, 0);
  expectDown(FaultDomain::site, "here", 10, 10);
  expectDown(FaultDomain::group, "power feed", 5, 5);
}

TEST(PairFaults, ReplicasThatComeBackTogetherShareWhatHasWaited) {
  const DeploymentPlan plan = planPair(4, 1);
  Scenario scenario = pairScenario(plan, "{type: star}", 20, 200);
  scenario.faults = {outage(FaultDomain::group, "feed", 2'000, 3'000)};
  scenario.faults.front().members = {"here/n0", "here/n1", "here/n2", "here/n3"};
  const Played run = play(scenario, plan);
  ASSERT_EQ(problemOf(run, 200), "");
  std::vector<int> served(4);
  for (const RequestRecord& r : run.records) {
    const double at = toSeconds(r.request.arrival).value();
    if (at > 2 && at < 5 && r.status == RequestStatus::completed) ++served[r.prefill_replica];
  }
  for (const int requests : served) EXPECT_GE(requests, 10) << "60 in all";
}

TEST(PairFaults, PromptsThatADecodeReplicaCanComputeWaitForNoPrefillReplica) {
  const auto waited = [](const std::string& pairing, int local_below) {
    const DeploymentPlan plan = planPair(1, 2);
    Scenario scenario = pairScenario(plan, "{type: star}", 10, 200);
    scenario.deployments.front().disaggregation.pairing = pairing;
    scenario.deployments.front().disaggregation.local_below = local_below;
    scenario.faults = {outage(FaultDomain::replica, "chat/prefill/0", 5'000, 5'000)};
    const Played run = play(scenario, plan);
    EXPECT_EQ(problemOf(run, 200), "");
    int count = 0;
    for (const RequestRecord& r : run.records) count += r.retried > 0 ? 1 : 0;
    return count;
  };
  EXPECT_GT(waited("least-loaded", 0), 30);
  EXPECT_EQ(waited("least-loaded", 10'000), 0);
  EXPECT_EQ(waited("everywhere", 0), 0);
}

TEST(PairFaults, LinksThatDegradeOrDieDelayTheKvOnThem) {
  const auto movedAt = [](FaultEffect effect, double at_ms, double lasts_ms) {
    const DeploymentPlan plan = planPair(1, 1);
    Scenario scenario = oneRequest(plan, false);
    // Both uplinks are as fast as a NIC.
    scenario.sites = {testSite(2, "{type: leaf-spine, nodes_per_leaf: 1, spines: 1, hop_latency: 1 us}")};
    FaultSpec fault = outage(FaultDomain::link, "here/leaf0>here/spine0", at_ms, lasts_ms);
    fault.effect = effect;
    fault.factor = 0.5;
    scenario.faults = {fault};
    const Played run = play(scenario, plan);
    EXPECT_EQ(problemOf(run, 1), "");
    EXPECT_EQ(run.records.at(0).status, RequestStatus::completed);
    return toMilliseconds(run.records.at(0).kv_ended);
  };
  const double latency = 4e-3;
  EXPECT_NEAR(movedAt(FaultEffect::narrow, 0, 0), 25 + 160 + latency, 0.01);
  EXPECT_NEAR(movedAt(FaultEffect::narrow, 65, 0), 65 + 80 + 2 * latency, 0.02) << "half of it was there";
  EXPECT_NEAR(movedAt(FaultEffect::narrow, 65, 40), 105 + 20 + 3 * latency, 0.02) << "then three quarters";
  EXPECT_NEAR(movedAt(FaultEffect::down, 65, 250), 65 + 300 + 80 + 3 * latency, 0.02) << "tried again every 100 ms";
}

TEST(PairFaults, NoneInTimeChangesNothing) {
  for (const bool layer_wise : {false, true}) {
    for (const std::string& pairing : pairingNames()) {
      const DeploymentPlan plan = planPair(2, 3);
      Scenario scenario = pairScenario(plan, "{type: leaf-spine, nodes_per_leaf: 2, spines: 2}", 30, 200);
      scenario.deployments.front().disaggregation.layer_wise = layer_wise;
      scenario.deployments.front().disaggregation.pairing = pairing;
      const Result plain = play(scenario, plan).result;
      EXPECT_FALSE(plain.faults);
      scenario.faults = {outage(FaultDomain::replica, "chat/decode/1", 86'400e3, 5)};
      Result late = play(scenario, plan).result;
      ASSERT_TRUE(late.faults);
      late.faults.reset();
      late.scenario_hash = plain.scenario_hash;
      EXPECT_EQ(text(late), text(plain)) << pairing;
    }
  }
}

TEST(PairFaults, SimGridGivesTheSameEndsAndTimesToRounding) {
  for (const bool layer_wise : {false, true}) {
    const DeploymentPlan plan = planPair(3, 3);
    Scenario scenario =
        pairScenario(plan, "{type: leaf-spine, nodes_per_leaf: 3, spines: 2, oversubscription: 3}", 40, 200);
    scenario.deployments.front().disaggregation.layer_wise = layer_wise;
    scenario.workloads.front().client = ClientSpec{.timeout = std::nullopt, .retries = 2, .backoff = Seconds(0.3)};
    scenario.faults = {outage(FaultDomain::node, "here/n1", 1'000, 2'000),
                       outage(FaultDomain::replica, "chat/decode/0", 1'500, 1'000),
                       outage(FaultDomain::fabric_switch, "here/spine0", 2'000, 700)};
    const Played own = play(scenario, plan);
    EXPECT_GT(own.result.requests.retried, 5);
    inChild([&] {
      scenario.network.solver = NetworkSolver::simgrid;
      const Played simgrid = play(scenario, plan);
      ASSERT_EQ(problemOf(simgrid, 200), "");
      for (std::size_t i = 0; i < own.records.size(); ++i) {
        const RequestRecord &a = own.records[i], &b = simgrid.records[i];
        EXPECT_EQ(a.status, b.status);
        EXPECT_EQ(a.attempts, b.attempts);
        EXPECT_NEAR(toMilliseconds(a.finished), toMilliseconds(b.finished), 1e-3);
      }
    });
  }
}

// rapidcheck's ranges grow from nothing: small cases seldom fail, and the counts below would depend on luck.
template <class T>
T inRange(T from, T to) {
  return *rc::gen::resize(100, rc::gen::inRange<T>(from, to));
}

FaultSpec someFault(const FaultTargets& targets, bool at_random) {
  FaultSpec fault;
  fault.domain = *rc::gen::element(FaultDomain::replica, FaultDomain::replica, FaultDomain::accelerator,
                                   FaultDomain::node, FaultDomain::link, FaultDomain::fabric_switch, FaultDomain::site,
                                   FaultDomain::scale_up, FaultDomain::group);
  const bool link = fault.domain == FaultDomain::link || fault.domain == FaultDomain::fabric_switch;
  fault.effect = link ? *rc::gen::element(FaultEffect::down, FaultEffect::narrow)
                      : *rc::gen::element(FaultEffect::down, FaultEffect::down, FaultEffect::drain, FaultEffect::slow);
  if (fault.effect == FaultEffect::slow) fault.factor = inRange(1, 5);
  if (fault.effect == FaultEffect::narrow) fault.factor = 0.1 * inRange(1, 10);
  if (fault.domain == FaultDomain::group) {
    fault.name = "feed";
    fault.members = {*rc::gen::elementOf(targets.names(FaultDomain::node)),
                     *rc::gen::elementOf(targets.names(FaultDomain::replica))};
  } else {
    fault.name = *rc::gen::elementOf(targets.names(fault.domain));
  }
  if (at_random && *rc::gen::arbitrary<bool>()) {
    fault.mtbf = FaultTime{FaultTime::Law::exponential, Seconds(inRange(1, 10)), 1};
    fault.mttr = FaultTime{FaultTime::Law::exponential, Seconds(0.1 * inRange(1, 30)), 1};
  } else {
    fault.at = Seconds(0.05 * inRange(0, 200));
    if (at_random || inRange(0, 3) > 0) fault.lasts = Seconds(0.25 * inRange(1, 20));
  }
  if (fault.effect == FaultEffect::down && !link) fault.notice = Seconds(inRange(0, 2));
  return fault;
}

TEST(PairFaults, EveryRequestEndsExactlyOnceUnderRandomFaults) {
  Ends ends;
  const auto check = [&] {
    EngineConfig engine = smallEngine();
    if (*rc::gen::arbitrary<bool>()) engine.num_gpu_blocks = 520;  // preemptions, back-pressure
    engine.enable_prefix_caching = *rc::gen::arbitrary<bool>();
    engine.pipeline_depth = inRange(1, 3);
    DeploymentPlan plan = planPair(inRange(1, 4), inRange(1, 4), engine);
    plan.spec.disaggregation.layer_wise = *rc::gen::arbitrary<bool>();
    plan.spec.disaggregation.pairing = *rc::gen::elementOf(pairingNames());
    plan.spec.disaggregation.local_below = *rc::gen::element(0, 0, 300);
    plan.spec.wait_for_replicas = *rc::gen::arbitrary<bool>();
    const bool at_random = *rc::gen::arbitrary<bool>();  // else what is down for good ends the run
    for (PoolSpec& pool : plan.spec.pools) {
      pool.cold_start.init = Seconds(0.1 * inRange(0, 30));
      if (!at_random || inRange(0, 4) > 0) continue;
      pool.spot = SpotSpec{DollarsPerSecond(1e-3),
                           {FaultTime::Law::exponential, Seconds(inRange(1, 20)), 1},
                           {FaultTime::Law::weibull, Seconds(inRange(1, 5)), 1.5},
                           Seconds(inRange(0, 3))};
    }
    for (std::size_t p = 0; p < plan.pools.size(); ++p) plan.pools[p].spec = plan.spec.pools[p];
    const int requests = inRange(1, 40);
    Scenario scenario = pairScenario(
        plan, *rc::gen::element<std::string>("{type: star}", "{type: leaf-spine, nodes_per_leaf: 2, spines: 2}"),
        inRange(1, 60), requests);
    WorkloadEntry& workload = scenario.workloads.front();
    if (inRange(0, 4) == 0) workload.spec.arrivals = workloads::ClosedLoop{.concurrency = inRange(1, 8)};
    workload.client = randomClient(Seconds(0.2));
    scenario.seed = static_cast<std::uint64_t>(inRange(0, 1'000'000));
    const FaultTargets targets(scenario);
    for (int i = 0, n = inRange(0, 5); i < n; ++i) scenario.faults.push_back(someFault(targets, at_random));
    const Played fast = play(scenario, plan), exact = play(scenario, plan, {.exact = true});
    RC_ASSERT(problemOf(fast, requests) == "");
    ends.count(fast);
    RC_ASSERT(text(fast.result) == text(exact.result));
  };
  EXPECT_TRUE(rc::check(check));
  ends.expectAllWays();
}

}  // namespace
}  // namespace headroom::sim
