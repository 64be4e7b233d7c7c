#include "workloads/lengths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/base/error.h"

namespace headroom::workloads {
namespace {

std::vector<std::int32_t> sorted(const LengthSpec& spec, int count) {
  checkLengths(spec);
  Rng rng(1, "lengths/test");
  std::vector<std::int32_t> drawn;
  for (int i = 0; i < count; ++i) drawn.push_back(drawLength(spec, rng));
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

TEST(Lengths, FixedIsFixed) {
  const auto drawn = sorted(FixedLength{512}, 10);
  EXPECT_EQ(drawn.front(), 512);
  EXPECT_EQ(drawn.back(), 512);
}

TEST(Lengths, UniformReachesBothEndsAndItsMean) {
  const auto drawn = sorted(UniformLength{.min = 819, .max = 1024}, 100'000);
  EXPECT_EQ(drawn.front(), 819);
  EXPECT_EQ(drawn.back(), 1024);
  double sum = 0;
  for (const auto v : drawn) sum += v;
  EXPECT_NEAR(sum / 100'000, 921.5, 0.8);
}

TEST(Lengths, LognormalFromMeanHasThatMean) {
  const auto drawn = sorted(lognormalFromMean(500, 0.8), 200'000);
  double sum = 0;
  for (const auto v : drawn) sum += v;
  EXPECT_NEAR(sum / 200'000, 500, 5);
}

TEST(Lengths, LognormalFromP99HasThatMedianAndP99) {
  const auto drawn = sorted(lognormalFromP99(200, 3000), 200'000);
  EXPECT_NEAR(drawn[100'000], 200, 3);
  EXPECT_NEAR(drawn[198'000], 3000, 90);
}

TEST(Lengths, LognormalStaysWithinItsBounds) {
  const auto drawn = sorted(LognormalLength{.median = 100, .sigma = 2, .min = 20, .max = 300}, 10'000);
  EXPECT_EQ(drawn.front(), 20);
  EXPECT_EQ(drawn.back(), 300);
}

TEST(Lengths, LognormalWithHugeSpreadNeverOverflows) {
  const auto drawn = sorted(LognormalLength{.median = 1e8, .sigma = 10}, 10'000);
  EXPECT_EQ(drawn.front(), 1);
  EXPECT_EQ(drawn.back(), kLongestLength);
}

TEST(Lengths, EmpiricalIsLinearBetweenItsPoints) {
  const EmpiricalLength spec{.quantiles = {{0, 10}, {0.5, 100}, {0.9, 100}, {1, 1000}}};
  EXPECT_DOUBLE_EQ(quantileAt(spec.quantiles, 0), 10);
  EXPECT_DOUBLE_EQ(quantileAt(spec.quantiles, 0.25), 55);
  EXPECT_DOUBLE_EQ(quantileAt(spec.quantiles, 0.7), 100);
  EXPECT_DOUBLE_EQ(quantileAt(spec.quantiles, 0.95), 550);
  EXPECT_DOUBLE_EQ(quantileAt(spec.quantiles, 1), 1000);
  const auto drawn = sorted(spec, 100'000);
  EXPECT_NEAR(drawn[25'000], 55, 1.5);
  EXPECT_EQ(drawn[70'000], 100);
  EXPECT_NEAR(drawn[95'000], 550, 15);
}

void expectRefused(const LengthSpec& spec, const std::string& what) {
  try {
    checkLengths(spec);
    ADD_FAILURE() << "accepted; expected: " << what;
  } catch (const InputError& error) {
    EXPECT_NE(error.message().find(what), std::string::npos) << error.message();
  }
}

TEST(Lengths, SenselessNumbersAreRefused) {
  expectRefused(FixedLength{0}, "1 to");
  expectRefused(UniformLength{.min = 0, .max = 5}, "shortest length must be 1 to");
  expectRefused(UniformLength{.min = 6, .max = 5}, "shortest length, 6, is above the longest, 5");
  expectRefused(LognormalLength{.median = std::numeric_limits<double>::quiet_NaN()}, "median");
  expectRefused(LognormalLength{.median = 10, .sigma = -1}, "sigma");
  expectRefused(EmpiricalLength{}, "from share 0 to share 1");
  expectRefused(EmpiricalLength{{{0, 5}, {0.9, 7}}}, "from share 0 to share 1");
  expectRefused(EmpiricalLength{{{0, 5}, {0.5, 6}, {0.5, 7}, {1, 8}}}, "shares of quantiles must rise");
  expectRefused(EmpiricalLength{{{0, 5}, {1, 4}}}, "must not fall");
  EXPECT_THROW(lognormalFromP99(100, 99), InputError);
}

}  // namespace
}  // namespace headroom::workloads
