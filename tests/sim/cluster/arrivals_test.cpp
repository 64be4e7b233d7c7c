// Sessions and closed loops through the simulator: who sends when.
#include "sim/cluster/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sim/cluster/simulation.h"
#include "tests/sim/cluster/plan_by_hand.h"

namespace headroom::sim {
namespace {

WorkloadEntry sessionWorkload(std::int64_t count) {
  WorkloadEntry entry = poissonWorkload("talk", 2, 1);
  entry.spec.requests.reset();
  entry.spec.prompt_tokens = workloads::UniformLength{.min = 10, .max = 50};
  entry.spec.output_tokens = workloads::UniformLength{.min = 5, .max = 40};
  entry.spec.sessions = workloads::SessionSpec{.turns = workloads::UniformLength{.min = 1, .max = 5},
                                               .think_time = workloads::FixedTime{Seconds(3)},
                                               .system_prompt = 64,
                                               .count = count};
  return entry;
}

std::vector<RequestRecord> recordsOf(const Scenario& scenario, const DeploymentPlan& plan) {
  Collected sink;
  SimulationOptions options;
  options.requests = &sink;
  simulate(scenario, {plan}, options);
  return sink.records;
}

std::map<std::uint64_t, std::vector<RequestRecord>> bySession(const std::vector<RequestRecord>& records) {
  std::map<std::uint64_t, std::vector<RequestRecord>> sessions;
  for (const RequestRecord& record : records) sessions[record.request.details->session].push_back(record);
  return sessions;
}

TEST(SessionArrivals, ANextTurnIsSentWhenTheAnswerIsThereAndThoughtAbout) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  const auto sessions = bySession(recordsOf(scenarioOf(plan, {sessionWorkload(200)}), plan));
  EXPECT_EQ(sessions.size(), 200U);
  std::size_t later_turns = 0;
  for (const auto& [id, turns] : sessions) {
    for (std::size_t i = 1; i < turns.size(); ++i, ++later_turns) {
      EXPECT_EQ(turns[i].request.arrival, turns[i - 1].finished + toTicks(Seconds(3)));
      EXPECT_GT(turns[i].request.prompt_tokens,
                turns[i - 1].request.prompt_tokens + turns[i - 1].request.output_tokens);
    }
  }
  EXPECT_GT(later_turns, 200U);  // two a session on average
}

TEST(SessionArrivals, FasterReplicasChangeTimesAndNothingThatIsSaid) {
  const DeploymentPlan few = planByHand("least-loaded", 1), many = planByHand("round-robin", 4);
  const auto one = bySession(recordsOf(scenarioOf(few, {sessionWorkload(100)}), few));
  const auto other = bySession(recordsOf(scenarioOf(many, {sessionWorkload(100)}), many));
  ASSERT_EQ(one.size(), other.size());
  for (const auto& [id, turns] : one) {
    ASSERT_EQ(turns.size(), other.at(id).size());
    EXPECT_EQ(turns[0].request.arrival, other.at(id)[0].request.arrival);
    for (std::size_t i = 0; i < turns.size(); ++i) {
      EXPECT_EQ(turns[i].request.prompt_tokens, other.at(id)[i].request.prompt_tokens);
      EXPECT_EQ(turns[i].request.output_tokens, other.at(id)[i].request.output_tokens);
    }
  }
}

TEST(SessionArrivals, AnotherWorkloadBesideThemLeavesBeginningsAndTextAlone) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  const auto firstsOf = [&](const Scenario& scenario) {
    std::map<std::uint64_t, std::pair<Ticks, std::int32_t>> firsts;
    for (const RequestRecord& r : recordsOf(scenario, plan)) {
      if (r.request.details) firsts.try_emplace(r.request.details->session, r.request.arrival, r.request.prompt_tokens);
    }
    return firsts;
  };
  EXPECT_EQ(firstsOf(scenarioOf(plan, {sessionWorkload(50)})),
            firstsOf(scenarioOf(plan, {sessionWorkload(50), poissonWorkload("other", 9, 300)})));
}

TEST(SessionArrivals, UsersOfAClosedLoopBeginANewSessionAfterTheLast) {
  const DeploymentPlan plan = planByHand("least-loaded", 1);
  WorkloadEntry entry = sessionWorkload(30);
  entry.spec.arrivals = workloads::ClosedLoop{.concurrency = 3, .think_time = Seconds(20)};
  const auto records = recordsOf(scenarioOf(plan, {entry}), plan);
  const auto sessions = bySession(records);
  EXPECT_EQ(sessions.size(), 30U);
  std::vector<Ticks> ends;
  for (const auto& [id, turns] : sessions) ends.push_back(turns.back().finished);
  for (const auto& [id, turns] : sessions) {
    const Ticks begin = turns.front().request.arrival;
    int talking = 0;
    for (const auto& [other, theirs] : sessions) {
      talking += theirs.front().request.arrival <= begin && begin <= theirs.back().finished ? 1 : 0;
    }
    EXPECT_LE(talking, 3);
    if (begin == 0) continue;
    EXPECT_THAT(ends, ::testing::Contains(begin - toTicks(Seconds(20))));
  }
}

TEST(SessionArrivals, EndAtTheNumberOfRequestsAndBreakOffAtARejection) {
  const DeploymentPlan plan = planByHand("least-loaded", 1);
  WorkloadEntry entry = sessionWorkload(100);
  entry.spec.requests = 77;
  EXPECT_EQ(recordsOf(scenarioOf(plan, {entry}), plan).size(), 77U);

  WorkloadEntry endless = sessionWorkload(5);
  endless.spec.sessions->turns = workloads::FixedLength{100'000};  // grows until it is longer than max_model_len
  const Result result = simulate(scenarioOf(plan, {endless}), {plan});
  EXPECT_EQ(result.requests.rejected, 5);
  EXPECT_THAT(result.warnings,
              ::testing::Contains("workload talk: 5 sessions broke off at a request that got no answer"));
}

TEST(SessionArrivals, ExactStepsGiveTheSameResult) {
  const DeploymentPlan plan = planByHand("least-loaded", 2);
  const Scenario scenario = scenarioOf(plan, {sessionWorkload(150)});
  SimulationOptions exact;
  exact.exact_steps = true;
  Result fast = simulate(scenario, {plan}), slow = simulate(scenario, {plan}, exact);
  EXPECT_EQ(fast.latencies, slow.latencies);
  EXPECT_EQ(fast.simulated_s, slow.simulated_s);
}

}  // namespace
}  // namespace headroom::sim
