#include "planner/search.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "planner/shape.h"
#include "tests/planner/small_study.h"

namespace headroom::planner {
namespace {

/// Cheapest (combination, replicas) that meets the SLO, by trying all of them.
double bruteForceCost(const Study& study) {
  double best = INFINITY;
  PlanCache cache;
  for (std::uint64_t i = 0; i < study.shapes(); ++i) {
    for (int replicas = study.replicas.min; replicas <= study.replicas.max; ++replicas) {
      const sim::Scenario scenario = scenarioAt(study, assignmentAt(study, i), replicas);
      const double cost =
          scenario.prices.at(scenario.deployments.front().pools.front().accelerator).value() * 3600 * replicas;
      if (cost >= best) continue;
      if (marginOf(sim::simulate(scenario, cache.plansOf(scenario))) >= 0) best = cost;
    }
  }
  return best;
}

TEST(Search, AgreesWithBruteForceAndDoesNotDependOnTheNumberOfWorkers) {
  const Study study = smallStudy();
  WorkerPool one(headroomProgram(), 1), three(headroomProgram(), 3);
  const Plan plan = search(study, one);
  ASSERT_TRUE(plan.recommendation);
  EXPECT_TRUE(plan.complete);
  double least = INFINITY;  // before confirmation over seeds, which may add a replica
  for (const LedgerEntry& entry : plan.ledger) {
    if (entry.status == LedgerEntry::Status::feasible) least = std::min(least, *entry.cost_usd_per_h);
  }
  EXPECT_DOUBLE_EQ(least, bruteForceCost(study));
  EXPECT_GE(*plan.recommendation->entry.cost_usd_per_h, least);
  EXPECT_GE(plan.recommendation->margin.low, 0);
  EXPECT_LE(plan.lower_bound->cost_usd_per_h, least);
  EXPECT_EQ(toJson(plan).dump(), toJson(search(study, three)).dump());
}

TEST(Search, EveryCombinationIsInTheLedgerWithItsReason) {
  const Study study = smallStudy("base/deployments/0/model", "llama-3.1-70b");  // fits nowhere on one accelerator
  WorkerPool pool(headroomProgram(), 2);
  const Plan plan = search(study, pool);
  EXPECT_FALSE(plan.recommendation);
  ASSERT_EQ(plan.ledger.size(), 4U);
  for (const LedgerEntry& entry : plan.ledger) {
    EXPECT_EQ(entry.status, LedgerEntry::Status::infeasible);
    EXPECT_EQ(entry.code, "memory");
    EXPECT_NE(entry.reason, "");
  }
}

TEST(Search, AnSloThatNobodyMeetsNamesTheNearest) {
  const Study study = smallStudy("base/slos/0/ttft", "1 ms");
  WorkerPool pool(headroomProgram(), 2);
  const Plan plan = search(study, pool);
  EXPECT_FALSE(plan.recommendation);
  EXPECT_TRUE(plan.complete);
  ASSERT_TRUE(plan.nearest);
  EXPECT_EQ(plan.nearest->code, "slo");
}

TEST(Search, ABudgetOfRunsEndsTheSearchAndSaysSo) {
  const Study study = smallStudy("budget", "{runs: 3}");
  WorkerPool pool(headroomProgram(), 2);
  const Plan plan = search(study, pool);
  EXPECT_FALSE(plan.complete);
  EXPECT_LE(plan.runs, 3);
  EXPECT_EQ(plan.ledger.size(), 4U);
}

TEST(Search, AnAcceleratorWithoutAPriceIsRefused) {
  const Study study = smallStudy("search", R"({deployments.0.pools.0.accelerator: {choices: [h100-sxm, b300-sxm]},
                                               deployments.0.pools.0.replicas: {range: {min: 1, max: 2}}})");
  WorkerPool pool(headroomProgram(), 1);
  EXPECT_THROW(search(study, pool), InputError);
}

}  // namespace
}  // namespace headroom::planner
