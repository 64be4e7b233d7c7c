// Faults in runs: every request ends exactly once whatever fails, an answer's time adds up, and both ways of running
// the engines agree; without faults nothing changes.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "sim/cluster/attempts.h"
#include "sim/cluster/fault_stream.h"
#include "sim/orchestration/router.h"
#include "tests/sim/cluster/played.h"
#include "tests/sim/cluster/random_client.h"

namespace headroom::sim {
namespace {

FaultSpec outage(const std::string& replica, double at, double lasts) {
  FaultSpec fault;
  fault.name = replica;
  fault.at = Seconds(at);
  if (lasts > 0) fault.lasts = Seconds(lasts);
  return fault;
}

void expectAllEnded(const Played& run, std::int64_t requests) {
  ASSERT_EQ(problemOf(run, requests), "");
  EXPECT_EQ(run.result.requests.offered, requests);
}

TEST(Faults, ADeadReplicasRequestsFailWithoutRetriesAndOthersGoOn) {
  const DeploymentPlan plan = planByHand("round-robin", 2);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 400)});
  scenario.faults = {outage("chat/all/1", 10, 5)};
  const Played r = play(scenario, plan);
  expectAllEnded(r, 400);
  EXPECT_GT(r.result.requests.failed, 0);
  EXPECT_LT(r.result.requests.failed, 40);
  ASSERT_TRUE(r.result.faults);
  EXPECT_EQ(r.result.faults->begun, 1);
  EXPECT_EQ(r.result.faults->pools.at(0).failures, 1);
  EXPECT_NEAR(r.result.faults->pools.at(0).down_s, 5, 1e-9);
  EXPECT_GT(r.result.faults->lost_tokens, 0);
  for (const RequestRecord& record : r.records) {
    if (record.status != RequestStatus::failed) continue;
    EXPECT_EQ(toSeconds(record.finished).value(), 10);
    EXPECT_LE(toSeconds(record.request.arrival).value(), 10);
  }
  ASSERT_EQ(r.result.faults->events.size(), 2U);
  EXPECT_EQ(r.result.faults->events[1].phase, "end");
  EXPECT_EQ(resultFromJson(toJson(r.result)), r.result);
}

TEST(Faults, RetriesAnswerWhatWasLostLater) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 400)});
  scenario.faults = {outage("chat/all/1", 10, 5)};
  scenario.workloads[0].client =
      ClientSpec{.timeout = std::nullopt, .retries = 3, .backoff = Seconds(0.5), .jitter = 0};
  const Played r = play(scenario, plan);
  expectAllEnded(r, 400);
  EXPECT_EQ(r.result.requests.completed, 400);
  EXPECT_GT(r.result.requests.retried, 0);
  for (const RequestRecord& record : r.records) {
    if (record.attempts == 1) continue;
    EXPECT_EQ(record.retried, toTicks(Seconds(10.5)) - record.request.arrival)
        << "lost at 10 s, sent again 0.5 s later";
    EXPECT_EQ(record.replica, 0U);
  }
}

TEST(Faults, RequestsWaitForAReplicaOrFailAtOnceWhereThatIsAsked) {
  DeploymentPlan plan = planByHand("least-requests", 1);
  plan.spec.pools[0].cold_start = {
      .provision = Seconds(), .image = Seconds(1), .weights = Seconds(2), .init = Seconds()};
  plan.pools[0].spec = plan.spec.pools[0];
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 2, 60)});
  scenario.faults = {outage("chat/all/0", 8, 4)};
  const Played waits = play(scenario, plan);
  expectAllEnded(waits, 60);
  EXPECT_NEAR(waits.result.faults->pools.at(0).starting_s, 3, 1e-9);
  bool any = false;
  for (const RequestRecord& r : waits.records) {
    const double at = toSeconds(r.request.arrival).value();
    if (at <= 8 || at >= 15) continue;
    any = true;
    EXPECT_EQ(r.request.arrival + r.retried, toTicks(Seconds(15))) << "down until 12, then 3 s of cold start";
  }
  EXPECT_TRUE(any);
  plan.spec.wait_for_replicas = false;
  scenario.deployments[0].wait_for_replicas = false;
  const Played fails = play(scenario, plan);
  expectAllEnded(fails, 60);
  EXPECT_GT(fails.result.requests.failed, waits.result.requests.failed);
  for (const RequestRecord& r : fails.records) {
    const double at = toSeconds(r.request.arrival).value();
    if (at > 8 && at < 15) {
      EXPECT_EQ(r.status, RequestStatus::failed);
    }
  }
}

TEST(Faults, WaitingForAReplicaThatNeverComesBackEndsToo) {
  const DeploymentPlan plan = planByHand("random", 1);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 5, 50)});
  scenario.faults = {outage("chat/all/0", 2, 0)};
  const Played r = play(scenario, plan);
  expectAllEnded(r, 50);
  EXPECT_GT(r.result.requests.failed, 30);
}

TEST(Faults, ADrainLosesNothingAndSendsNothing) {
  const DeploymentPlan plan = planByHand("round-robin", 2);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 300)});
  FaultSpec drain = outage("chat/all/0", 5, 10);
  drain.effect = FaultEffect::drain;
  scenario.faults = {drain};
  const Played r = play(scenario, plan);
  expectAllEnded(r, 300);
  EXPECT_EQ(r.result.requests.completed, 300);
  EXPECT_EQ(r.result.requests.retried, 0);
  for (const RequestRecord& record : r.records) {
    const double at = toSeconds(record.request.arrival).value();
    if (at > 5 && at < 15) {
      EXPECT_EQ(record.replica, 1U);
    }
  }
  EXPECT_NEAR(r.result.faults->pools.at(0).draining_s, 10, 1e-9);
  EXPECT_EQ(r.result.faults->pools.at(0).availability, 1);
}

TEST(Faults, AStragglerTakesItsFactorLongerWhileItLasts) {
  const DeploymentPlan plan = planByHand("round-robin", 1);
  WorkloadEntry one = poissonWorkload("a", 1, 1);
  one.spec.prompt_tokens = workloads::FixedLength{100};
  one.spec.output_tokens = workloads::FixedLength{200};
  Scenario scenario = scenarioOf(plan, {one});
  const Ticks alone = play(scenario, plan).records[0].e2e();
  FaultSpec slow = outage("chat/all/0", 0, 0);
  slow.effect = FaultEffect::slow;
  slow.factor = 3;
  scenario.faults = {slow};
  const RequestRecord record = play(scenario, plan).records[0];
  EXPECT_NEAR(static_cast<double>(record.e2e()), 3.0 * static_cast<double>(alone), 1e-3 * static_cast<double>(alone));
}

TEST(Faults, TimeoutsAndRetriesStormAnOverloadedReplica) {
  const DeploymentPlan plan = planByHand("round-robin", 1);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 80, 600)});
  const Played patient = play(scenario, plan);
  scenario.workloads[0].client = ClientSpec{.timeout = Seconds(3), .retries = 2, .backoff = Seconds(1)};
  const Played storm = play(scenario, plan);
  expectAllEnded(storm, 600);
  EXPECT_GT(storm.result.requests.timed_out, 100);
  EXPECT_GT(storm.result.requests.retried, 100);
  EXPECT_GT(storm.result.pools[0].requests, 1.2 * 600) << "attempts that the replica had to serve";
  EXPECT_FALSE(storm.result.faults) << "there are none";
  EXPECT_EQ(patient.result.requests.completed, 600);
}

TEST(Faults, NoneOrNoneInTimeChangesNothing) {
  for (const char* router : {"round-robin", "random", "least-requests", "least-loaded", "power-of-two"}) {
    const DeploymentPlan plan = planByHand(router, 3);
    Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 20, 300)});
    const Result plain = play(scenario, plan).result;
    EXPECT_FALSE(plain.faults);
    scenario.faults = {outage("chat/all/1", 86'400, 5)};
    Result late = play(scenario, plan).result;
    ASSERT_TRUE(late.faults);
    EXPECT_EQ(late.faults->begun, 0);
    late.faults.reset();
    late.scenario_hash = plain.scenario_hash;
    EXPECT_EQ(text(late), text(plain)) << router;
  }
}

TEST(Faults, EveryRequestEndsExactlyOnceUnderRandomFaults) {
  Ends ends;
  // From the first case on: small ones seldom fail, and the counts below would depend on luck.
  const auto inRange = [](int from, int to) { return rc::gen::resize(100, rc::gen::inRange(from, to)); };
  const auto check = [&] {
    const int replicas = *inRange(1, 4);
    EngineConfig engine = smallEngine();
    if (*rc::gen::arbitrary<bool>()) engine.num_gpu_blocks = 520;  // preemptions
    DeploymentPlan plan = planByHand(*rc::gen::elementOf(routerNames()), replicas, engine);
    plan.spec.wait_for_replicas = *rc::gen::arbitrary<bool>();
    plan.spec.pools[0].cold_start.init = Seconds(0.1 * *inRange(0, 30));
    const bool at_random = *rc::gen::arbitrary<bool>();  // else what is down for good ends the run
    if (at_random && *inRange(0, 2) == 0) {
      plan.spec.pools[0].spot = SpotSpec{DollarsPerSecond(1e-3),
                                         {FaultTime::Law::exponential, Seconds(*inRange(1, 20)), 1},
                                         {FaultTime::Law::weibull, Seconds(*inRange(1, 5)), 1.5},
                                         Seconds(*inRange(0, 3))};
    }
    plan.pools[0].spec = plan.spec.pools[0];
    const int requests = *inRange(1, 40);
    WorkloadEntry workload = poissonWorkload("a", *inRange(1, 40), requests);
    if (*inRange(0, 4) == 0) workload.spec.arrivals = workloads::ClosedLoop{.concurrency = *inRange(1, 8)};
    workload.client = randomClient(Seconds(0.2));
    Scenario scenario = scenarioOf(plan, {workload});
    scenario.seed = static_cast<std::uint64_t>(*inRange(0, 1'000'000));
    for (int i = 0, n = *inRange(0, 4); i < n; ++i) {
      FaultSpec fault;
      fault.domain = *rc::gen::element(FaultDomain::replica, FaultDomain::accelerator);
      fault.effect = *rc::gen::element(FaultEffect::down, FaultEffect::down, FaultEffect::drain, FaultEffect::slow);
      if (fault.effect == FaultEffect::slow) fault.factor = *inRange(1, 5);
      if (at_random && *rc::gen::arbitrary<bool>()) {
        fault.mtbf = FaultTime{FaultTime::Law::exponential, Seconds(*inRange(1, 10)), 1};
        fault.mttr = FaultTime{FaultTime::Law::exponential, Seconds(0.1 * *inRange(1, 30)), 1};
      } else {
        fault.name = "chat/all/" + std::to_string(*inRange(0, replicas));
        if (fault.domain == FaultDomain::accelerator) fault.name += "/a0";
        fault.at = Seconds(0.25 * *inRange(0, 40));
        if (at_random || *inRange(0, 3) > 0) fault.lasts = Seconds(0.25 * *inRange(1, 20));
      }
      if (fault.effect == FaultEffect::down) fault.notice = Seconds(*inRange(0, 2));
      scenario.faults.push_back(fault);
    }
    const Played fast = play(scenario, plan), exact = play(scenario, plan, {.exact = true});
    RC_ASSERT(problemOf(fast, requests) == "");
    ends.count(fast);
    RC_ASSERT(text(fast.result) == text(exact.result));
  };
  EXPECT_TRUE(rc::check(check));
  ends.expectAllWays();
}

// Theory: n units that fail and are repaired by themselves, with any law of times, are each up a share
// a = mtbf / (mtbf + mttr) of the time; at least k of them with the binomial probability.
TEST(FaultTheory, KOutOfNAvailabilityIsWithinTheIntervalOverTwoHundredMtbf) {
  for (const auto law : {FaultTime::Law::exponential, FaultTime::Law::weibull}) {
    constexpr int kUnits = 5, kNeeded = 4, kRuns = 40;
    const Seconds mtbf(3600), mttr(400), span = mtbf * 200;
    const double a = mtbf / (mtbf + mttr);
    double theory = 0;
    for (int k = kNeeded; k <= kUnits; ++k) {
      theory += std::tgamma(kUnits + 1) / std::tgamma(k + 1) / std::tgamma(kUnits - k + 1) * std::pow(a, k) *
                std::pow(1 - a, kUnits - k);
    }
    double sum = 0, squares = 0;
    for (int r = 0; r < kRuns; ++r) {
      const DeploymentPlan plan = planByHand("round-robin", kUnits);
      Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 1, 1)});
      scenario.seed = static_cast<std::uint64_t>(r);
      FaultSpec fault;
      fault.mtbf = FaultTime{law, mtbf, 1.7};
      fault.mttr = FaultTime{law, mttr, 0.8};
      scenario.faults = {fault};
      FaultStream stream(scenario);
      int up = kUnits;
      Ticks since = 0, good = 0;
      const Ticks warm_up = toTicks(mtbf * 20), end = warm_up + toTicks(span);
      while (stream.nextTime() < end) {
        const FaultEvent event = stream.next();
        if (up >= kNeeded) good += std::max(event.at, warm_up) - std::max(since, warm_up);
        since = event.at;
        up += event.phase == FaultEvent::Phase::begin ? -1 : 1;
      }
      if (up >= kNeeded) good += end - std::max(since, warm_up);
      const double share = static_cast<double>(good) / static_cast<double>(toTicks(span));
      sum += share;
      squares += share * share;
    }
    const double mean = sum / kRuns;
    const double error = std::sqrt((squares / kRuns - mean * mean) / (kRuns - 1));
    EXPECT_NEAR(mean, theory, 2.02 * error) << "Student's t, 39 degrees of freedom";
    EXPECT_LT(error, 0.005);
  }
}

// The same for whole runs: what `availability` of a result says.
TEST(FaultTheory, TheAvailabilityOfARunIsThatOfItsUnits) {
  constexpr int kUnits = 4, kRuns = 20;
  const Seconds mtbf(20), mttr(4), cold_start(1);
  DeploymentPlan plan = planByHand("round-robin", kUnits);
  plan.spec.pools[0].cold_start.init = cold_start;
  plan.pools[0].spec = plan.spec.pools[0];
  double sum = 0, squares = 0;
  for (int r = 0; r < kRuns; ++r) {
    Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 0.25, 1100)});  // 220 MTBF
    scenario.seed = static_cast<std::uint64_t>(r);
    FaultSpec fault;
    fault.mtbf = FaultTime{FaultTime::Law::exponential, mtbf, 1};
    fault.mttr = FaultTime{FaultTime::Law::fixed, mttr, 1};
    scenario.faults = {fault};
    const double availability = play(scenario, plan).result.faults->pools.at(0).availability;
    sum += availability;
    squares += availability * availability;
  }
  const double mean = sum / kRuns, error = std::sqrt((squares / kRuns - mean * mean) / (kRuns - 1));
  // A unit may fail again while it starts, with probability 1 - exp(-1/20): its start is cut short then.
  const double start = mtbf.value() * (1 - std::exp(-cold_start.value() / mtbf.value()));
  EXPECT_NEAR(mean, (mtbf.value() - start) / (mtbf + mttr).value(), 2.09 * error) << "Student's t, 19 degrees";
  EXPECT_LT(error, 0.005);
}

}  // namespace
}  // namespace headroom::sim
