// The ladder against the measurements beside this repository: what it reaches today must not get worse.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/validation/validation.h"

namespace headroom::sim {
namespace {

namespace fs = std::filesystem;

const fs::path& sharedData() {
  static const fs::path data = "../shared/data";
  return data;
}

const models::ValidationRow& rowIn(const Validation& validation, const std::string& set, const std::string& metric,
                                   bool calibrated) {
  const auto found = std::find_if(validation.rows.begin(), validation.rows.end(), [&](const models::ValidationRow& r) {
    return r.set == set && r.metric == metric && r.calibrated == calibrated;
  });
  if (found == validation.rows.end()) throw std::runtime_error("no row " + set + ", " + metric);
  return *found;
}

TEST(MeasuredLadder, StepsOfTheExperimentThatWasNotFittedAreWithinTheAims) {
  if (!fs::exists(sharedData() / "measured" / "engine_steps_h100.csv")) GTEST_SKIP() << "no engine_steps_h100.csv";
  const Validation steps = validateSteps(sharedData());
  const char* set = "Llama-2-70B, 4 H100, codegen";
  EXPECT_EQ(rowIn(steps, set, "decode-only step", true).points, 500);
  EXPECT_EQ(rowIn(steps, set, "mixed step", true).points, 158);
  EXPECT_LT(rowIn(steps, set, "decode-only step", true).error_median_pct, 4);
  EXPECT_LT(rowIn(steps, set, "mixed step", true).error_median_pct, 7);
}

TEST(MeasuredLadder, ReplaysHaveEveryMetricOfEveryRunWithAndWithoutConstants) {
  if (!fs::exists(sharedData() / "measured" / "llmservingsim")) GTEST_SKIP() << "no measured/llmservingsim";
  const Validation runs = validateRuns(sharedData());
  for (const char* set : {"RTX 4090, Llama-3.1-8B", "RTX PRO 6000, Llama-3.1-8B"}) {
    for (const bool calibrated : {false, true}) {
      for (const char* metric : {"ttft mean", "ttft p99", "tpot p50", "e2e p90", "ttft, did not queue"}) {
        EXPECT_GT(rowIn(runs, set, metric, calibrated).points, 0) << set << metric;
      }
      EXPECT_LT(rowIn(runs, set, "tpot mean", calibrated).error_mean_pct, 10) << set;
      EXPECT_LT(rowIn(runs, set, "e2e mean", calibrated).error_mean_pct, 12) << set;
    }
  }
}

}  // namespace
}  // namespace headroom::sim
