#include "sim/validation/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace headroom::sim {
namespace {

/// Points whose measurement is what the constants predict: kernels of 5 to 40 ms, prompts of 500 to 8000 tokens.
std::vector<LoadPoint> pointsOf(const EngineConstants& truth, int count) {
  std::vector<LoadPoint> points;
  for (int i = 0; i < count; ++i) {
    LoadPoint point;
    point.name = "point " + std::to_string(i);
    point.prompt_tokens = 500 + 1500 * (i % 6);
    point.bare = {.ttft_ms = 40 + 0.03 * point.prompt_tokens, .tpot_ms = 5.0 + 5 * (i % 8), .later_ttft_ms = 0};
    point.longer_ms = {.ttft_ms = point.bare.ttft_ms + 2, .tpot_ms = point.bare.tpot_ms + 1.1, .later_ttft_ms = 0};
    point.tpot_ms = predictedTpot(point, truth);
    point.ttft_ms = predictedTtft(point, truth);
    points.push_back(point);
  }
  return points;
}

constexpr EngineConstants kTruth{
    .step_overhead = Seconds(0.7e-3), .front_end = Seconds(12e-3), .front_end_per_prompt_token = Seconds(6e-6)};

TEST(Calibration, FindsTheConstantsThatMadeThePoints) {
  const EngineConstants fitted = fitConstants(pointsOf(kTruth, 24));
  EXPECT_NEAR(fitted.step_overhead.value(), 0.7e-3, 1e-9);
  EXPECT_NEAR(fitted.front_end.value(), 12e-3, 1e-9);
  EXPECT_NEAR(fitted.front_end_per_prompt_token.value(), 6e-6, 1e-12);
}

TEST(Calibration, AMeasurementGoneWrongDoesNotMoveTheStepOverhead) {
  std::vector<LoadPoint> points = pointsOf(kTruth, 24);
  points[3].tpot_ms *= 3;
  EXPECT_NEAR(fitConstants(points).step_overhead.value(), 0.7e-3, 1e-9);
}

TEST(Calibration, NothingBeyondTheKernelsGivesZeros) {
  const EngineConstants fitted = fitConstants(pointsOf({}, 12));
  EXPECT_EQ(fitted.step_overhead, Seconds());
  EXPECT_EQ(fitted.front_end, Seconds());
  EXPECT_EQ(fitted.front_end_per_prompt_token, Seconds());
}

TEST(Calibration, EveryPointIsInOneHalfWhateverTheirOrder) {
  std::vector<LoadPoint> points = pointsOf(kTruth, 100);
  const Halves halves = split(points);
  EXPECT_EQ(halves.fitted.size(), 50U);
  EXPECT_EQ(halves.kept_out.size(), 50U);
  for (const LoadPoint& point : halves.fitted) {
    EXPECT_EQ(std::count(halves.kept_out.begin(), halves.kept_out.end(), point), 0) << point.name;
  }
  std::reverse(points.begin(), points.end());
  EXPECT_EQ(split(points).fitted, halves.fitted);
}

TEST(Calibration, ThreePointsAreAllFittedAndFourAreSplit) {
  EXPECT_EQ(split(pointsOf(kTruth, 3)).fitted.size(), 3U);
  EXPECT_EQ(split(pointsOf(kTruth, 4)).kept_out.size(), 2U);
}

}  // namespace
}  // namespace headroom::sim
