// `headroom plan`: the shipped study, its files, and that a study nobody can meet says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace headroom::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string study() {
  return (sourceRoot() / "datasets/scenarios/size-chat.study.yaml").string();
}

TEST(PlanVerb, TheShippedStudyEndsWithARecommendationThatMeetsItsSlo) {
  const Ended ended = headroom({"plan", study(), "--format", "json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const Json plan = Json::parse(ended.out);
  EXPECT_TRUE(plan["complete"]);
  EXPECT_TRUE(plan["recommendation"]["result"]["slo"]["met"]);
  EXPECT_GE(plan["recommendation"]["interval"]["margin_low"], 0.0);
  EXPECT_GE(plan["recommendation"]["cost_usd_per_h"], plan["lower_bound"]["cost_usd_per_h"]);
  EXPECT_EQ(plan["ledger"].size(), 24U);
  for (const Json& entry : plan["ledger"]) EXPECT_NE(entry["reason"], "");
}

TEST(PlanVerb, TheRecommendedScenarioRunsAndMeetsItsSlo) {
  const TemporaryFolder folder;
  const std::string out = (folder.path() / "plan").string();
  const Ended ended = headroom({"plan", study(), "--out", out});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Recommended: "));
  EXPECT_THAT(ended.out, HasSubstr("Not chosen"));
  const Ended run = headroom({"simulate", out + "/recommended.yaml", "--format", "json"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(Json::parse(run.out)["slo"]["met"]);
  EXPECT_EQ(headroom({"plan", study(), "--out", out}).code, 2) << "never overwrites unasked";
}

TEST(PlanVerb, AnSloThatNobodyMeetsExitsWith3AndNamesTheNearest) {
  const Ended ended =
      headroom({"plan", study(), "--set", "base/slos/0/ttft=1 ms", "--set", "base/workloads/0/duration=1 min"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.out, HasSubstr("Infeasible"));
  EXPECT_THAT(ended.out, HasSubstr("nearest: "));
  EXPECT_THAT(ended.err, HasSubstr("no combination of the study meets the SLO"));
}

TEST(PlanVerb, CtrlCEndsASearchAndLeavesNothing) {
  const TemporaryFolder folder;
  RunOptions options;
  options.signal = SIGINT;
  options.ready = [](const std::string& err) { return err.find("\"progress\"") != std::string::npos; };
  const Ended ended =
      headroom({"plan", study(), "--set", "base/workloads/0/duration=50 h", "--out", (folder.path() / "plan").string()},
               options);
  EXPECT_EQ(ended.code, 130) << ended.err;
  EXPECT_THAT(folder.names(), ElementsAre());
}

TEST(PlanVerb, AnAcceleratorWithoutAPriceIsRefusedWithAHint) {
  const Ended ended = headroom({"plan", study(), "--set", "base/deployments/0/pools/0/accelerator=b300-sxm", "--set",
                                "search={deployments.0.pools.0.replicas: {range: {min: 1, max: 4}}}"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("b300-sxm has no price"));
}

}  // namespace
}  // namespace headroom::cli
