#include "planner/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "models/base/error.h"
#include "tests/planner/small_study.h"

namespace headroom::planner {
namespace {

std::string messageOf(const std::string& path, const std::string& value) {
  try {
    smallStudy(path, value);
  } catch (const InputError& e) {
    return e.what();
  }
  return "no error";
}

TEST(Study, EnumeratesEveryCombinationOnce) {
  const Study study = smallStudy();
  EXPECT_EQ(study.shapes(), 4U);
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < study.shapes(); ++i) {
    const Assignment assignment = assignmentAt(study, i);
    seen.insert(assignment[0].second + "/" + assignment[1].second);
  }
  EXPECT_THAT(seen, testing::ElementsAre("a100-sxm/least-loaded", "a100-sxm/random", "h100-sxm/least-loaded",
                                         "h100-sxm/random"));
}

TEST(Study, ACombinationIsTheBaseWithItsValues) {
  const Study study = smallStudy("constraints/attainment", "0.9");
  const sim::Scenario scenario = scenarioAt(study, assignmentAt(study, 2), 7);
  const sim::DeploymentSpec& deployment = scenario.deployments.front();
  EXPECT_EQ(deployment.pools.front().accelerator, "a100-sxm");
  EXPECT_EQ(deployment.router, "least-loaded");
  EXPECT_EQ(deployment.pools.front().replicas, 7);
  EXPECT_EQ(scenario.slos.front().attainment, 0.9);
  EXPECT_DOUBLE_EQ(scenario.prices.at("h100-sxm").value() * 3600, 3.0);
  // and the base is as it was
  EXPECT_EQ(scenarioAt(study, {}, 1).deployments.front().router, "round-robin");
}

TEST(Study, RefusesWhatItCannotSearch) {
  using testing::HasSubstr;
  EXPECT_THAT(messageOf("search", "{deployments/0/pools/0/tp: {choices: [1]}}"),
              HasSubstr("replicas must be searched"));
  EXPECT_THAT(messageOf("search", "{deployments/0/pools/0/replicas: {choices: [1]}}"),
              HasSubstr("\"range\" is missing"));
  EXPECT_THAT(messageOf("objective", "{minimize: joy}"), HasSubstr("unknown value \"joy\""));
  EXPECT_THAT(messageOf("budget", "{wall: 60}"), HasSubstr("\"60\" has no unit"));
  EXPECT_THAT(messageOf("base/slos", "[]"), HasSubstr("has no SLO"));
  EXPECT_THAT(messageOf("prices", "{h1000: 2 USD/h}"), HasSubstr("h100"));
  EXPECT_THAT(messageOf("schema", "headroom.scenario/1"), HasSubstr("must be headroom.study/1"));
}

TEST(Study, ATypoInAChoiceIsFoundBeforeAnyRun) {
  const std::string text = smallStudyText();
  std::string broken = text;
  broken.replace(broken.find("a100-sxm, h100-sxm"), 8, "a10O-sxm");
  EXPECT_THROW(readStudy(Document::parse(broken, "small.yaml")), InputError);
}

}  // namespace
}  // namespace headroom::planner
