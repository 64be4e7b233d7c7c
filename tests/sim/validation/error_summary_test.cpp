#include "sim/validation/error_summary.h"

#include <gtest/gtest.h>

namespace headroom::sim {
namespace {

TEST(ErrorSummary, QuantilesAreLinearBetweenNeighbours) {
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 0), 1);
  EXPECT_DOUBLE_EQ(quantile({4, 1, 3, 2}, 1), 4);
  EXPECT_DOUBLE_EQ(quantile({10, 20}, 0.9), 19);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.99), 7);
}

TEST(ErrorSummary, ARowHasTheMeanAndMedianOfAbsoluteErrorsAndTheSignedMean) {
  const models::ValidationRow row = rowOf("runs", "set", "ttft", {-0.10, 0.02, 0.02});
  EXPECT_EQ(row.points, 3);
  EXPECT_NEAR(row.error_mean_pct, 14.0 / 3, 1e-12);
  EXPECT_NEAR(row.error_median_pct, 2, 1e-12);
  EXPECT_NEAR(row.bias_pct, -2, 1e-12);
}

TEST(ErrorSummary, ARowOfNothingHasNoPoints) {
  EXPECT_EQ(rowOf("runs", "set", "ttft", {}).points, 0);
}

}  // namespace
}  // namespace headroom::sim
