#include "planner/job.h"

#include <gtest/gtest.h>

#include "models/base/error.h"
#include "tests/planner/small_study.h"

namespace headroom::planner {
namespace {

Job smallJob(int replicas) {
  const Study study = smallStudy();
  Job job;
  job.id = 7;
  job.scenario = toYaml(sim::toDocument(scenarioAt(study, assignmentAt(study, 1), replicas)));
  return job;
}

TEST(Job, AJobAndItsOutcomeSurviveTheLine) {
  Job job = smallJob(2);
  job.estimate_load = true;
  job.timeout = Seconds(3);
  EXPECT_EQ(jobFromLine(toLine(job)), job);
  PlanCache cache;
  const JobOutcome outcome = runJob(job, cache);
  ASSERT_TRUE(outcome.result);
  EXPECT_EQ(outcomeFromLine(toLine(outcome)), outcome);
}

TEST(Job, ACapacityJobBoundsTheReplicas) {
  Job job = smallJob(1);
  job.kind = Job::Kind::capacity;
  PlanCache cache;
  const JobOutcome outcome = runJob(job, cache);
  ASSERT_TRUE(outcome.capacity);
  EXPECT_EQ(outcome.capacity->requests, 600);
  EXPECT_NEAR(outcome.capacity->offered_per_s, 60, 6);
  EXPECT_GT(outcome.capacity->sustained_per_replica_s, 5);
  EXPECT_EQ(outcomeFromLine(toLine(outcome)), outcome);
}

TEST(Job, TheCacheGivesTheSameResultAsAFreshPlan) {
  PlanCache cache;
  runJob(smallJob(1), cache);
  PlanCache fresh;
  EXPECT_EQ(runJob(smallJob(3), cache), runJob(smallJob(3), fresh));
}

TEST(Job, WrongInputIsAnOutcomeAndABrokenLineAnError) {
  Job job = smallJob(1);
  job.scenario = "schema: headroom.scenario/1\nnonsense: 1\n";
  PlanCache cache;
  const JobOutcome outcome = runJob(job, cache);
  EXPECT_EQ(outcome.status, JobOutcome::Status::error);
  EXPECT_NE(outcome.message, "");
  EXPECT_THROW(jobFromLine("{\"id\": 1}"), InputError);
  EXPECT_THROW(outcomeFromLine("not json"), InputError);
}

TEST(Job, ADeploymentThatDoesNotFitIsAnOutcome) {
  const Study study = smallStudy();
  sim::Scenario scenario = scenarioAt(study, assignmentAt(study, 1), 1);
  scenario.deployments.front().model = "llama-3.1-70b";
  Job job;
  job.scenario = toYaml(sim::toDocument(scenario));
  PlanCache cache;
  EXPECT_EQ(runJob(job, cache).status, JobOutcome::Status::infeasible);
}

}  // namespace
}  // namespace headroom::planner
