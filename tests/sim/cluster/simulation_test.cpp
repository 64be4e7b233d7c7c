#include "sim/cluster/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "models/cost/lora_cost.h"
#include "sim/cluster/load_estimate.h"
#include "sim/metrics/request_parts.h"
#include "sim/orchestration/router.h"
#include "tests/sim/cluster/plan_by_hand.h"

namespace headroom::sim {
namespace {

std::string jsonWithoutEvents(Result result) {
  result.events = 0;
  return toJson(result).dump();
}

TEST(Simulation, EveryRequestEndsOnceInOrderOfIds) {
  const DeploymentPlan plan = planByHand("least-loaded", 3);
  Collected sink;
  SimulationOptions options;
  options.requests = &sink;
  const Result r = simulate(scenarioOf(plan, {poissonWorkload("a", 20, 2000)}), {plan}, options);
  EXPECT_EQ(r.requests.offered, 2000);
  EXPECT_EQ(r.requests.completed, 2000);
  ASSERT_EQ(sink.records.size(), 2000U);
  std::int64_t output = 0;
  for (std::size_t i = 0; i < sink.records.size(); ++i) {
    const RequestRecord& record = sink.records[i];
    EXPECT_EQ(record.request.id, i);
    EXPECT_LE(record.request.arrival, record.queued);
    EXPECT_LE(record.queued, record.scheduled);
    EXPECT_LT(record.scheduled, record.first_token);
    EXPECT_LE(record.first_token, record.finished);
    output += record.request.output_tokens;
  }
  EXPECT_EQ(r.output_tokens, output);
}

TEST(Simulation, TheSameSeedGivesTheSameBytesAndAnotherDoesNot) {
  const DeploymentPlan plan = planByHand("power-of-two", 3);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 20, 500)});
  const std::string once = toJson(simulate(scenario, {plan})).dump();
  EXPECT_EQ(once, toJson(simulate(scenario, {plan})).dump());
  scenario.seed = 2;
  EXPECT_NE(once, toJson(simulate(scenario, {plan})).dump());
}

TEST(Simulation, SpeculationIsDrawnFromTheSeedAndReported) {
  EngineConfig config = smallEngine();
  config.speculation.tokens = 3;
  config.speculation.acceptance_rates = {0.8, 0.5, 0.2};
  const DeploymentPlan plan = planByHand("round-robin", 2, config);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 20, 500)});
  const Result r = simulate(scenario, {plan});
  ASSERT_TRUE(r.speculation.has_value());
  EXPECT_NEAR(r.speculation->acceptance_rate, 0.5, 0.01);
  EXPECT_NEAR(r.speculation->tokens_per_verification, 2.5, 0.03);
  EXPECT_LT(r.speculation->tokens_per_chunk, r.speculation->tokens_per_verification) << "answers end inside chunks";
  EXPECT_EQ(resultFromJson(toJson(r)), r);
  SimulationOptions exact;
  exact.exact_steps = true;
  EXPECT_EQ(jsonWithoutEvents(simulate(scenario, {plan}, exact)), jsonWithoutEvents(r));
  scenario.seed = 2;
  EXPECT_NE(simulate(scenario, {plan}).speculation, r.speculation);
  EXPECT_FALSE(simulate(scenario, {planByHand("round-robin", 2)}).speculation.has_value());
}

TEST(Simulation, AdaptersThatAreServedTakeTheirTimeAndOthersAreWarnedOf) {
  DeploymentPlan plan = planByHand("round-robin", 2);
  WorkloadEntry one = poissonWorkload("a", 5, 200), other = poissonWorkload("b", 5, 200);
  one.adapter = "unknown";
  other.adapter = "legal";
  const Result without = simulate(scenarioOf(plan, {one, other}), {plan});
  EXPECT_THAT(without.warnings, testing::Contains(testing::HasSubstr("adapter legal is served at no cost")));
  plan.spec.engine.lora.modules = {{"legal", 16}};
  LoraConfig& lora = plan.pools[0].engine.config.lora;
  lora.max_loras = lora.in_host = 1;
  lora.adapters = {{toTicks(Seconds(0.5)), 0}};
  lora.cost = std::make_shared<models::LoraCost>(models::Accelerator(), std::vector<models::LoraProjection>{}, 16);
  const Scenario scenario = scenarioOf(plan, {one, other});
  const Result with = simulate(scenario, {plan});
  EXPECT_THAT(with.warnings, testing::Contains(testing::HasSubstr("adapter unknown is served at no cost")));
  EXPECT_THAT(with.warnings, testing::Not(testing::Contains(testing::HasSubstr("adapter legal"))));
  EXPECT_GT(with.latencies.ttft->max, without.latencies.ttft->max + 400) << "the first request waited for its adapter";
  SimulationOptions exact;
  exact.exact_steps = true;
  EXPECT_EQ(jsonWithoutEvents(simulate(scenario, {plan}, exact)), jsonWithoutEvents(with));
}

TEST(Simulation, ExactStepsGiveTheSameResultForEveryRouterBelowAndAboveTheKnee) {
  EngineConfig starved = smallEngine();
  starved.num_gpu_blocks = 530;
  for (const std::string& router : routerNames()) {
    for (const double rate : {5.0, 40.0}) {
      for (const EngineConfig& config : {smallEngine(), starved}) {
        const DeploymentPlan plan = planByHand(router, 3, config);
        const Scenario scenario = scenarioOf(plan, {poissonWorkload("a", rate, 600)});
        SimulationOptions exact;
        exact.exact_steps = true;
        EXPECT_EQ(jsonWithoutEvents(simulate(scenario, {plan})), jsonWithoutEvents(simulate(scenario, {plan}, exact)))
            << router << " at " << rate;
      }
    }
  }
}

EngineConfig behindAServer() {
  EngineConfig config = smallEngine();
  config.front_end = {toTicks(Seconds(20e-3)), toTicks(Seconds(100e-6))};
  return config;
}

TEST(Simulation, AFrontEndDelaysARequestByItsOwnTimeAndNothingElse) {
  const WorkloadEntry alone = poissonWorkload("a", 0.001, 20);
  Collected bare, served;
  for (auto [config, sink] : {std::pair{smallEngine(), &bare}, {behindAServer(), &served}}) {
    const DeploymentPlan plan = planByHand("least-loaded", 2, config);
    SimulationOptions options;
    options.requests = sink;
    simulate(scenarioOf(plan, {alone}), {plan}, options);
  }
  ASSERT_EQ(served.records.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    const RequestRecord& r = served.records[i];
    const Ticks front_end = toTicks(Seconds(20e-3)) + toTicks(Seconds(100e-6)) * r.request.prompt_tokens;
    EXPECT_EQ(r.front_end, front_end);
    EXPECT_EQ(r.queued, r.request.arrival + front_end);
    EXPECT_EQ(r.ttft(), bare.records[i].ttft() + front_end);
    EXPECT_EQ(r.e2e() - r.ttft(), bare.records[i].e2e() - bare.records[i].ttft());
    const RequestParts parts = partsOf(r);
    EXPECT_EQ(parts[static_cast<std::size_t>(Part::front_end)], front_end);
    EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), Ticks{0}), r.e2e());
  }
}

TEST(Simulation, ALongPromptIsOvertakenInTheFrontEnd) {
  WorkloadEntry loop = poissonWorkload("a", 1, 4);
  loop.spec.arrivals = workloads::ClosedLoop{.concurrency = 2};
  const DeploymentPlan plan = planByHand("round-robin", 1, behindAServer());
  Collected sink;
  SimulationOptions options;
  options.requests = &sink;
  simulate(scenarioOf(plan, {loop}), {plan}, options);
  const RequestRecord &first = sink.records[0], &second = sink.records[1];
  ASSERT_EQ(first.request.arrival, second.request.arrival);
  ASSERT_NE(first.request.prompt_tokens, second.request.prompt_tokens);
  EXPECT_EQ(first.request.prompt_tokens < second.request.prompt_tokens, first.queued < second.queued);
}

TEST(Simulation, ExactStepsGiveTheSameResultBehindAFrontEnd) {
  const DeploymentPlan plan = planByHand("least-loaded", 3, behindAServer());
  WorkloadEntry loop = poissonWorkload("b", 1, 400);
  loop.spec.arrivals = workloads::ClosedLoop{.concurrency = 24};
  SimulationOptions exact;
  exact.exact_steps = true;
  const Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 20, 600), loop});
  EXPECT_EQ(jsonWithoutEvents(simulate(scenario, {plan})), jsonWithoutEvents(simulate(scenario, {plan}, exact)));
}

TEST(Simulation, ExactStepsGiveTheSameResultInAClosedLoop) {
  const DeploymentPlan plan = planByHand("least-requests", 4);
  WorkloadEntry loop = poissonWorkload("a", 1, 800);
  loop.spec.arrivals = workloads::ClosedLoop{.concurrency = 48};
  loop.spec.prompt_tokens = workloads::FixedLength{400};
  loop.spec.output_tokens = workloads::FixedLength{100};  // ties everywhere
  SimulationOptions exact;
  exact.exact_steps = true;
  const Scenario scenario = scenarioOf(plan, {loop, poissonWorkload("b", 4, 200)});
  EXPECT_EQ(jsonWithoutEvents(simulate(scenario, {plan})), jsonWithoutEvents(simulate(scenario, {plan}, exact)));
}

TEST(Simulation, AClosedLoopNeverHasMoreThanItsConcurrencyInTheSystem) {
  const DeploymentPlan plan = planByHand("round-robin", 2);
  WorkloadEntry loop = poissonWorkload("a", 1, 300);
  loop.spec.arrivals = workloads::ClosedLoop{.concurrency = 7, .think_time = Seconds(0.05)};
  Collected sink;
  SimulationOptions options;
  options.requests = &sink;
  const Result r = simulate(scenarioOf(plan, {loop}), {plan}, options);
  // Not measured: the first 7, and those sent before the 7th completion.
  EXPECT_LT(r.requests.offered, 300 - 7);
  EXPECT_GE(r.requests.offered, 300 - 2 * 7);
  for (const RequestRecord& at : sink.records) {
    int inside = 0;
    for (const RequestRecord& other : sink.records) {
      inside += other.request.arrival <= at.request.arrival && at.request.arrival < other.finished ? 1 : 0;
    }
    EXPECT_LE(inside, 7);
  }
}

TEST(Simulation, ASecondWorkloadDoesNotChangeTheFirstOnesArrivalsAndLengths) {
  const DeploymentPlan plan = planByHand("random", 2);
  const auto requestsOfA = [&](const Scenario& scenario) {
    Collected sink;
    SimulationOptions options;
    options.requests = &sink;
    simulate(scenario, {plan}, options);
    std::vector<std::tuple<Ticks, int, int>> found;
    for (const RequestRecord& r : sink.records) {
      if (r.request.workload == 0)
        found.emplace_back(r.request.arrival, r.request.prompt_tokens, r.request.output_tokens);
    }
    return found;
  };
  const WorkloadEntry a = poissonWorkload("a", 9, 300), b = poissonWorkload("b", 5, 200);
  EXPECT_EQ(requestsOfA(scenarioOf(plan, {a})), requestsOfA(scenarioOf(plan, {a, b})));
}

TEST(Simulation, LittlesLawHolds) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  Collected sink;
  SimulationOptions options;
  options.requests = &sink;
  simulate(scenarioOf(plan, {poissonWorkload("a", 10, 1000)}), {plan}, options);
  // The area under "requests in the system" equals the sum of times in the system: count it from the events.
  std::vector<std::pair<Ticks, int>> changes;
  double total = 0;
  for (const RequestRecord& r : sink.records) {
    changes.emplace_back(r.request.arrival, 1);
    changes.emplace_back(r.finished, -1);
    total += static_cast<double>(r.e2e());
  }
  std::sort(changes.begin(), changes.end());
  double area = 0;
  std::int64_t inside = 0;
  for (std::size_t i = 0; i + 1 < changes.size(); ++i) {
    inside += changes[i].second;
    area += static_cast<double>(inside) * static_cast<double>(changes[i + 1].first - changes[i].first);
  }
  EXPECT_NEAR(area, total, 1e-9 * total);
}

TEST(Simulation, RequestsBeyondTheContextAreRejectedAndCounted) {
  EngineConfig config = smallEngine();
  config.max_model_len = 900;
  const DeploymentPlan plan = planByHand("least-loaded", 2, config);
  const Result r = simulate(scenarioOf(plan, {poissonWorkload("a", 10, 500)}), {plan});
  EXPECT_GT(r.requests.rejected, 0);
  EXPECT_EQ(r.requests.rejected + r.requests.completed, 500);
  EXPECT_THAT(r.warnings, testing::Contains(testing::HasSubstr("longer than max_model_len")));
}

TEST(Simulation, AWindowWithoutRequestsIsSaidSo) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 50)});
  scenario.warmup = Seconds(1e6);
  const Result r = simulate(scenario, {plan});
  EXPECT_FALSE(r.latencies.ttft);
  EXPECT_THAT(r.warnings, testing::Contains(testing::HasSubstr("no request arrived")));
}

TEST(Simulation, WarmupIsLeftOutOfTheMeasures) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 1000)});
  const Result whole = simulate(scenario, {plan});
  scenario.warmup = Seconds(30);
  const Result warm = simulate(scenario, {plan});
  EXPECT_LT(warm.requests.offered, whole.requests.offered - 200);
  EXPECT_EQ(warm.latencies.ttft->count, warm.requests.completed);
  EXPECT_LT(warm.latencies.itl->count, whole.latencies.itl->count);
}

TEST(Simulation, TheRegimeFollowsTheLoad) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  const auto regimeAt = [&](double rate) {
    return simulate(scenarioOf(plan, {poissonWorkload("a", rate, 3000)}), {plan});
  };
  const Result calm = regimeAt(4);
  ASSERT_TRUE(calm.pools[0].sustainable_per_s);
  const double sustained = *calm.pools[0].sustainable_per_s;
  EXPECT_EQ(calm.regime, "stable");
  EXPECT_EQ(regimeAt(0.92 * sustained).regime, "knee");
  const Result over = regimeAt(1.5 * sustained);
  EXPECT_EQ(over.regime, "overloaded");
  EXPECT_NEAR(over.throughput.request_per_s, sustained, 0.1 * sustained) << "what is sustained is what is served";
}

TEST(Simulation, AnSloCountsEveryRequestOffered) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 1000)});
  scenario.slos = {{.request_class = "a", .ttft = Seconds(1e3), .attainment = 0.99}};
  EXPECT_EQ(simulate(scenario, {plan}).slo->attainment, 1.0);
  scenario.slos[0].ttft = Seconds(1e-6);
  const Result none = simulate(scenario, {plan});
  EXPECT_EQ(none.slo->attainment, 0.0);
  EXPECT_FALSE(none.slo->met);
  EXPECT_EQ(none.slo->availability, 0.0);
}

TEST(Simulation, AResultReadsBackFromItsJson) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 10, 300)});
  scenario.slos = {{.request_class = "a", .tpot = Seconds(0.03)}};
  const Result r = simulate(scenario, {plan});
  EXPECT_EQ(resultFromJson(toJson(r)), r);
}

TEST(Simulation, AnInterruptEndsTheRun) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  const std::atomic<bool> interrupted{true};
  SimulationOptions options;
  options.interrupted = &interrupted;
  EXPECT_THROW(simulate(scenarioOf(plan, {poissonWorkload("a", 10, 100'000)}), {plan}, options), Interrupted);
}

TEST(RequestSample, KeepsAnEvenSampleOfAnyStream) {
  RequestSample sample(100);
  for (std::uint64_t i = 0; i < 12'345; ++i) sample.offer({.id = i});
  EXPECT_GE(sample.requests().size(), 50U);
  EXPECT_LE(sample.requests().size(), 100U);
  for (std::size_t i = 0; i < sample.requests().size(); ++i) {
    EXPECT_EQ(sample.requests()[i].id, i * (sample.requests()[1].id));
  }
}

workloads::Request turnOf(std::uint64_t session, std::int32_t prompt_tokens) {
  auto details = std::make_shared<workloads::RequestDetails>();
  details->session = session << 8 | 1;
  details->content = {{session, prompt_tokens}};
  details->answer_is_shared = true;
  return {.prompt_tokens = prompt_tokens, .output_tokens = 8, .max_tokens = 8, .details = std::move(details)};
}

TEST(RequestSample, KeepsSessionsWhole) {
  constexpr int kTurns = 5;
  RequestSample sample(100);
  for (std::uint64_t session = 1; session <= 200; ++session) {
    for (int turn = 1; turn <= kTurns; ++turn) sample.offer(turnOf(session, 100 * turn));
  }
  EXPECT_EQ(sample.seen(), 1000);
  EXPECT_GE(sample.requests().size(), 50U);
  EXPECT_LE(sample.requests().size(), 100U);
  std::map<std::uint64_t, int> turns;
  for (const workloads::Request& request : sample.requests()) ++turns[request.details->session];
  for (const auto& [session, count] : turns) EXPECT_EQ(count, kTurns);
}

TEST(SustainableRate, OfEqualRequestsThatEndTogetherIsThatOfALongRun) {
  const DeploymentPlan plan = planByHand("least-loaded", 1);
  EngineConfig config = plan.pools.front().engine.config;
  config.max_num_seqs = 512;
  config.num_gpu_blocks = 20'000;
  workloads::Request request;
  request.prompt_tokens = 64;
  request.output_tokens = request.max_tokens = 100;
  const auto rateOf = [&](std::size_t least) {
    return sustainableRate({request}, least, config, *plan.pools.front().step_times);
  };
  EXPECT_NEAR(rateOf(100) / rateOf(20'000), 1, 0.1);
}

TEST(SustainableRate, OfARepeatedMixFindsNoMoreOfItsPromptsInTheCacheThanARunWould) {
  DeploymentPlan plan = planByHand("least-loaded", 1);
  EngineConfig& config = plan.pools.front().engine.config;
  config.enable_prefix_caching = true;
  const auto rateOf = [&](std::uint64_t sessions, int turns) {
    std::vector<workloads::Request> mix;
    for (std::uint64_t s = 1; s <= sessions; ++s) {
      for (int turn = 1; turn <= turns; ++turn) mix.push_back(turnOf(s, 400 * turn));
    }
    return sustainableRate(mix, 2000, config, *plan.pools.front().step_times);
  };
  const double all = rateOf(1000, 2);
  EXPECT_NEAR(rateOf(100, 2) / all, 1, 0.05);
  EXPECT_NEAR(rateOf(4000, 2) / all, 1, 0.05);
  EXPECT_NEAR(rateOf(20, 1) / rateOf(2000, 1), 1, 0.05);
}

}  // namespace
}  // namespace headroom::sim
