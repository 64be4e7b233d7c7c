#include "sim/metrics/replica_activity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "models/base/error.h"
#include "tests/sim/cluster/plan_by_hand.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;

constexpr Ticks kSecond = static_cast<Ticks>(kTicksPerSecond);

class ReplicaActivityFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "activity-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  ReplicaSeries readBack(const ReplicaActivity& activity) {
    activity.write(folder_ / "replicas.csv.zst");
    return readReplicaSeries(folder_ / "replicas.csv.zst");
  }
  std::string problemOf(const std::string& text) {
    std::ofstream(folder_ / "broken.csv") << text;
    try {
      readReplicaSeries(folder_ / "broken.csv");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  fs::path folder_;
};

/// 100 ms a step, 4 sequences, 1000 tokens cached and 4 more a step.
StepRun tenStepsFrom(Ticks begin) {
  return {.begin = begin,
          .first = kSecond / 10,
          .steps = 10,
          .emitting = 4,
          .cached_tokens = 1000,
          .growth = 4,
          .prompt_tokens = 7};
}

TEST_F(ReplicaActivityFiles, StepsTokensAndKvUseOfARunAreWhatItSays) {
  ReplicaActivity activity({planByHand("round-robin", 2)});
  activity.onSteps(ReplicaId(1), tenStepsFrom(2 * kSecond));
  const ReplicaSeries series = readBack(activity);
  ASSERT_EQ(series.replicas.size(), 2u);
  EXPECT_TRUE(series.replicas[0].empty());
  std::int64_t steps = 0, prompt = 0, output = 0;
  double busy_s = 0, kv_s = 0;
  for (const ReplicaSeries::Bin& bin : series.replicas[1]) {
    steps += bin.steps;
    prompt += bin.prompt_tokens;
    output += bin.output_tokens;
    busy_s += bin.busy * (bin.end_s - bin.begin_s);
    kv_s += bin.kv_usage * (bin.end_s - bin.begin_s);
  }
  EXPECT_EQ(steps, 10);
  EXPECT_EQ(prompt, 70);
  EXPECT_EQ(output, 40);
  EXPECT_NEAR(busy_s, 1, 1e-3);
  EXPECT_NEAR(kv_s, 1018.0 / (4000 * 16), 1e-4);  // the mean of 1000, 1004, ... 1036 over one second
}

TEST_F(ReplicaActivityFiles, ATimeIsFoundInItsBinOnly) {
  ReplicaActivity activity({planByHand("round-robin", 1)});
  activity.onSteps(ReplicaId(0), tenStepsFrom(2 * kSecond));
  const ReplicaSeries series = readBack(activity);
  EXPECT_EQ(series.at(0, 1.9), nullptr);
  ASSERT_NE(series.at(0, 2.5), nullptr);
  EXPECT_NEAR(series.at(0, 2.5)->busy, 1, 1e-9);
  EXPECT_EQ(series.at(0, 3.1), nullptr);
  EXPECT_EQ(series.at(5, 2.5), nullptr);
}

TEST_F(ReplicaActivityFiles, ALongRunTakesNoMoreBinsThanAShortOne) {
  ReplicaActivity activity({planByHand("round-robin", 1)});
  for (int i = 0; i < 50'000; ++i) activity.onSteps(ReplicaId(0), tenStepsFrom(2 * i * kSecond));
  const ReplicaSeries series = readBack(activity);
  EXPECT_LE(series.replicas[0].size(), 4096u);
  EXPECT_GT(series.replicas[0].size(), 1024u);
  std::int64_t steps = 0;
  for (const ReplicaSeries::Bin& bin : series.replicas[0]) steps += bin.steps;
  EXPECT_EQ(steps, 500'000);
}

TEST(ReplicaActivity, CuttingARunOfStepsInTwoChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    using rc::gen::inRange;
    StepRun run{.begin = *inRange<Ticks>(0, 4 * kSecond),
                .first = *inRange<Ticks>(1, kSecond / 20),
                .increment = *inRange<Ticks>(0, kSecond / 1000),
                .steps = *inRange(2, 60),
                .emitting = *inRange(0, 300),
                .cached_tokens = *inRange(0, 60'000),
                .growth = *inRange(0, 300),
                .prompt_tokens = *inRange(0, 2000)};
    const std::int64_t cut = *inRange<std::int64_t>(1, run.steps);
    StepRun head = run, tail = run;
    head.steps = cut;
    tail.begin += head.duration();
    tail.first += run.increment * cut;
    tail.steps -= cut;
    tail.cached_tokens += run.growth * cut;
    ReplicaActivity whole({planByHand("round-robin", 1)}), parts({planByHand("round-robin", 1)});
    whole.onSteps(ReplicaId(0), run);
    parts.onSteps(ReplicaId(0), head);
    parts.onSteps(ReplicaId(0), tail);
    RC_ASSERT(whole.csv() == parts.csv());
  }));
}

TEST(ReplicaActivity, SkippingStepsAndRunningEachGiveTheSameBytesAndTheBusyShareOfTheResult) {
  const DeploymentPlan plan = planByHand("round-robin", 3);
  const Scenario scenario = scenarioOf(plan, {poissonWorkload("a", 20, 600)});
  ReplicaActivity fast({plan}), exact({plan});
  SimulationOptions options;
  options.activity = &fast;
  const Result result = simulate(scenario, {plan}, options);
  options.exact_steps = true;
  options.activity = &exact;
  simulate(scenario, {plan}, options);
  EXPECT_EQ(fast.csv(), exact.csv());
  EXPECT_GT(result.pools[0].busy, 0.1);
}

TEST_F(ReplicaActivityFiles, WhatIsNoSuchTableIsRefusedWithItsLine) {
  EXPECT_THAT(problemOf("a,b\n"), testing::HasSubstr("not a table of replicas"));
  const std::string head = ReplicaActivity::columns() + "\n";
  EXPECT_THAT(problemOf(head + "0,0,1,x,0,1,1,1\n"), testing::HasSubstr(":2: has a value that is not a number"));
  EXPECT_THAT(problemOf(head + "0,0,1,1,0,1,1\n"), testing::HasSubstr(":2: "));
  EXPECT_THAT(problemOf(head + "0,5,6,1,0,1,1,1\n0,4,5,1,0,1,1,1\n"), testing::HasSubstr(":3: begins before"));
}

}  // namespace
}  // namespace headroom::sim
