#include "planner/worker_pool.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "tests/planner/small_study.h"

namespace headroom::planner {
namespace {

Job jobWith(int replicas, int requests = 600) {
  const Study study = smallStudy();
  sim::Scenario scenario = scenarioAt(study, assignmentAt(study, 1), replicas);
  scenario.workloads.front().spec.requests = requests;
  Job job;
  job.id = static_cast<std::uint64_t>(replicas);
  job.scenario = toYaml(sim::toDocument(scenario));
  return job;
}

TEST(WorkerPool, OutcomesComeInTheOrderOfTheJobsAndEqualARunInProcess) {
  WorkerPool pool(headroomProgram(), 2);
  std::vector<Job> jobs;
  for (const int replicas : {5, 1, 4, 2, 3}) jobs.push_back(jobWith(replicas));
  const std::vector<JobOutcome> outcomes = pool.run(jobs);
  PlanCache cache;
  for (std::size_t i = 0; i < jobs.size(); ++i) EXPECT_EQ(outcomes[i], runJob(jobs[i], cache)) << i;
}

TEST(WorkerPool, AWrongJobDoesNotHurtTheOthers) {
  WorkerPool pool(headroomProgram(), 2);
  Job wrong = jobWith(1);
  wrong.scenario = "schema: 1";
  const std::vector<JobOutcome> outcomes = pool.run({wrong, jobWith(2)});
  EXPECT_EQ(outcomes[0].status, JobOutcome::Status::error);
  EXPECT_EQ(outcomes[1].status, JobOutcome::Status::ok);
}

TEST(WorkerPool, AJobThatTakesTooLongIsEndedAlone) {
  WorkerPool pool(headroomProgram(), 1);
  Job endless = jobWith(1, 1'000'000'000);
  endless.timeout = Seconds(0.2);
  const std::vector<JobOutcome> outcomes = pool.run({endless, jobWith(2)});
  EXPECT_EQ(outcomes[0].status, JobOutcome::Status::timed_out);
  EXPECT_EQ(outcomes[1].status, JobOutcome::Status::ok);
}

TEST(WorkerPool, AKilledWorkerCostsNoJob) {
  WorkerPool pool(headroomProgram(), 1);
  const int victim = pool.processIds().front();
  std::thread killer([victim] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ::kill(victim, SIGKILL);
  });
  const std::vector<JobOutcome> outcomes = pool.run({jobWith(1, 300'000), jobWith(2)});
  killer.join();
  EXPECT_EQ(outcomes[0].status, JobOutcome::Status::ok);
  EXPECT_EQ(outcomes[1].status, JobOutcome::Status::ok);
  EXPECT_NE(pool.processIds().front(), victim);
}

TEST(WorkerPool, StoppingLeavesTheRestNotRun) {
  WorkerPool pool(headroomProgram(), 1);
  std::atomic<bool> stop{false};
  const std::vector<JobOutcome> outcomes = pool.run(
      {jobWith(1), jobWith(1, 1'000'000'000)}, [&] { stop = true; }, &stop);
  EXPECT_EQ(outcomes[0].status, JobOutcome::Status::ok);
  EXPECT_EQ(outcomes[1].status, JobOutcome::Status::timed_out);
}

}  // namespace
}  // namespace headroom::planner
