#include "planner/shape.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace headroom::planner {
namespace {

sim::Result resultWith(double attainment) {
  sim::Result result;
  sim::WorkloadOutcome workload;
  workload.attainment = attainment;
  workload.target = 0.99;
  result.workloads = {workload};
  result.slo = sim::SloOutcome{attainment, 0, 0, attainment >= 0.99};
  return result;
}

TEST(Shape, FindsTheLeastReplicasThatMeetTheSloWhateverTheBoundSays) {
  EXPECT_TRUE(rc::check([] {
    const int max = *rc::gen::inRange(1, 200);
    const int truth = *rc::gen::inRange(1, 250);  // least that meets it; may be beyond the range
    Shape shape({}, 2.5, 1, {1, max});
    // The bound is sound: never above the truth once its slack is taken off.
    shape.bound(*rc::gen::inRange(0, truth + 1), 1.0);
    int runs = 0;
    while (shape.open()) {
      const int replicas = shape.next();
      RC_ASSERT(replicas >= 1 && replicas <= max);
      RC_ASSERT(++runs <= 30);
      shape.learn(replicas, resultWith(replicas >= truth ? 0.995 : 0.5));
    }
    if (truth <= max) {
      RC_ASSERT(shape.entry().status == LedgerEntry::Status::feasible);
      RC_ASSERT(shape.entry().replicas == truth);
      RC_ASSERT(*shape.entry().cost_usd_per_h == 2.5 * truth);
    } else {
      RC_ASSERT(shape.entry().status == LedgerEntry::Status::infeasible);
    }
  }));
}

TEST(Shape, ABoundBeyondTheRangeClosesItWithoutARun) {
  Shape shape({}, 1, 1, {1, 8});
  shape.bound(100, 10);
  EXPECT_FALSE(shape.open());
  EXPECT_EQ(shape.entry().code, "replicas");
}

TEST(Shape, TheMarginIsOfTheClassThatIsWorstOff) {
  sim::Result result = resultWith(0.999);
  result.workloads.push_back(resultWith(0.97).workloads.front());
  EXPECT_NEAR(marginOf(result), -0.02, 1e-12);
}

}  // namespace
}  // namespace headroom::planner
