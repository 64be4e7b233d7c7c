#include "sim/validation/error_summary.h"

#include <gtest/gtest.h>

#include <cmath>

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

TEST(ErrorSummary, RankCorrelationIsOneOfAnyRisingCurveAndSharesTies) {
  EXPECT_DOUBLE_EQ(rankCorrelation({1, 2, 3, 4}, {1, 8, 27, 64}), 1);
  EXPECT_DOUBLE_EQ(rankCorrelation({1, 2, 3, 4}, {9, 7, 5, 3}), -1);
  EXPECT_NEAR(rankCorrelation({1, 2, 3, 4, 5}, {2, 1, 4, 3, 5}), 1 - 6.0 * 4 / (5 * 24), 1e-12) << "1 - 6 d2 / n(n2-1)";
  EXPECT_NEAR(rankCorrelation({1, 1, 2}, {1, 2, 3}), std::sqrt(3) / 2, 1e-12) << "ranks 1.5, 1.5, 3";
  EXPECT_EQ(rankCorrelation({1, 1, 1}, {1, 2, 3}), 0);
}

TEST(ErrorSummary, ARowOfNothingHasNoPoints) {
  EXPECT_EQ(rowOf("runs", "set", "ttft", {}).points, 0);
}

}  // namespace
}  // namespace headroom::sim
