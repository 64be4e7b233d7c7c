// Rung 3 against the measurements beside this repository: the points that no constant was fitted on.
#include <gtest/gtest.h>

#include "sim/validation/validation.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;

constexpr double kTpotAimPct = 10, kTtftAimPct = 25;

TEST(MeasuredSweeps, TheHalfThatWasNotFittedIsWithinTheAimsOnEveryEngine) {
  const fs::path data = "../shared/data";
  if (!fs::exists(data / "measured" / "serving_points.csv")) GTEST_SKIP() << "no measured/serving_points.csv";
  int judged = 0;
  for (const models::ValidationRow& row : validateSweeps(data).rows) {
    if (!row.set.ends_with(", the other half") || !row.calibrated) continue;
    if (row.metric != "tpot mean" && row.metric != "ttft mean") continue;
    EXPECT_GT(row.points, 90) << row.set;
    EXPECT_LT(row.error_median_pct, row.metric == "tpot mean" ? kTpotAimPct : kTtftAimPct) << row.set << row.metric;
    ++judged;
  }
  EXPECT_EQ(judged, 6) << "vllm, sglang and trtllm";
}

}  // namespace
}  // namespace headroom::sim
