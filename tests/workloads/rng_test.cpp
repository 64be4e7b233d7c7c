#include "workloads/rng.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <vector>

#include "workloads/portable_math.h"

namespace headroom::workloads {
namespace {

struct Moments {
  double mean = 0, variance = 0, skewness = 0;
};

template <class Draw>
Moments momentsOf(int count, Draw draw) {
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += values.emplace_back(draw());
  Moments m{.mean = sum / count};
  double second = 0, third = 0;
  for (const double v : values) {
    second += (v - m.mean) * (v - m.mean);
    third += (v - m.mean) * (v - m.mean) * (v - m.mean);
  }
  m.variance = second / count;
  m.skewness = third / count / std::pow(m.variance, 1.5);
  return m;
}

constexpr int kDraws = 400'000;

// From an independent Philox4x32-10 that reproduces Random123's known answer for the zero key and counter
// (6627e8d5 e169c58d bc57ac4c 9b00dbd8): key = seed, counter = {block, FNV-1a of the name}.
TEST(Rng, StreamsKeepTheirNumbersForever) {
  Rng rng(1, "arrivals/chat");
  std::vector<std::uint64_t> drawn;
  for (int i = 0; i < 18; ++i) drawn.push_back(rng.bits());
  EXPECT_EQ(drawn[0], 0x2009449715f17f58u);
  EXPECT_EQ(drawn[1], 0xe0115d28a1a6e4acu);
  EXPECT_EQ(drawn[2], 0xde61113192c5af30u);
  EXPECT_EQ(drawn[3], 0x83bebe4350b7d0a6u);
  EXPECT_EQ(drawn[17], 0x9e3c281d9bd5a09eu);  // beyond the first refill
}

TEST(Rng, SameSeedAndNameGiveTheSameNumbersAndOthersDoNot) {
  Rng a(7, "x"), again(7, "x"), other_seed(8, "x"), other_name(7, "y");
  int same_seed = 0, same_name = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto bits = a.bits();
    ASSERT_EQ(bits, again.bits());
    same_seed += bits == other_seed.bits() ? 1 : 0;
    same_name += bits == other_name.bits() ? 1 : 0;
  }
  EXPECT_EQ(same_seed, 0);
  EXPECT_EQ(same_name, 0);
}

TEST(Rng, StreamsOfNeighbouringSeedsAreUncorrelated) {
  Rng a(1, "x"), b(2, "x");
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) sum += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  EXPECT_LT(std::abs(sum / kDraws * 12), 4 / std::sqrt(kDraws));
}

TEST(Rng, UniformHasItsMomentsAndStaysBelowOne) {
  Rng rng(1, "uniform");
  double highest = 0, lowest = 1;
  const Moments m = momentsOf(kDraws, [&] {
    const double u = rng.uniform();
    highest = std::max(highest, u);
    lowest = std::min(lowest, u);
    return u;
  });
  EXPECT_NEAR(m.mean, 0.5, 0.002);
  EXPECT_NEAR(m.variance, 1.0 / 12, 0.001);
  EXPECT_LT(highest, 1);
  EXPECT_GE(lowest, 0);
}

TEST(Rng, IntegersCoverTheirRangeEvenlyIncludingBothEnds) {
  Rng rng(1, "integer");
  std::vector<int> seen(6);
  for (int i = 0; i < 60'000; ++i) ++seen[static_cast<std::size_t>(rng.integer(-2, 3) + 2)];
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 400);  // 4 standard deviations
}

TEST(Rng, IntegersOfAHugeRangeAreNotBiasedToTheLowHalf) {
  Rng rng(1, "integer");
  const std::int64_t high = INT64_MAX / 4 * 3;  // 3/8 of 2^64: a plain remainder would favour the lower part
  int low_third = 0;
  for (int i = 0; i < 60'000; ++i) low_third += rng.integer(0, high) < high / 3 ? 1 : 0;
  EXPECT_NEAR(low_third, 20'000, 500);
  EXPECT_EQ(Rng(3, "one").integer(5, 5), 5);
}

TEST(Rng, IntegersStayInAnyRange) {
  rc::check([](std::int64_t a, std::int64_t b, std::uint64_t seed) {
    const std::int64_t low = std::min(a, b), high = std::max(a, b);
    Rng rng(seed, "range");
    for (int i = 0; i < 20; ++i) {
      const std::int64_t drawn = rng.integer(low, high);
      RC_ASSERT(drawn >= low && drawn <= high);
    }
  });
}

TEST(Rng, ExponentialHasItsMoments) {
  Rng rng(1, "exponential");
  const Moments m = momentsOf(kDraws, [&] { return rng.exponential(); });
  EXPECT_NEAR(m.mean, 1, 0.007);
  EXPECT_NEAR(m.variance, 1, 0.03);
  EXPECT_NEAR(m.skewness, 2, 0.1);
}

TEST(Rng, NormalHasItsMoments) {
  Rng rng(1, "normal");
  const Moments m = momentsOf(kDraws, [&] { return rng.normal(); });
  EXPECT_NEAR(m.mean, 0, 0.007);
  EXPECT_NEAR(m.variance, 1, 0.01);
  EXPECT_NEAR(m.skewness, 0, 0.02);
}

TEST(Rng, GammaHasItsMomentsForShapesBelowAndAboveOne) {
  for (const double shape : {0.01, 0.3, 1.0, 2.5, 40.0}) {
    Rng rng(1, "gamma");
    const Moments m = momentsOf(kDraws, [&] { return rng.gamma(shape); });
    EXPECT_NEAR(m.mean / shape, 1, 4.5 / std::sqrt(shape * kDraws)) << shape;
    EXPECT_NEAR(m.variance / shape, 1, 4.5 * std::sqrt((2 + 6 / shape) / kDraws)) << shape;
  }
}

TEST(Rng, LognormalHasItsMedianAndMean) {
  Rng rng(1, "lognormal");
  int below = 0;
  const Moments m = momentsOf(kDraws, [&] {
    const double v = rng.lognormal(2, 0.5);
    below += v < std::exp(2.0) ? 1 : 0;
    return v;
  });
  EXPECT_NEAR(static_cast<double>(below) / kDraws, 0.5, 0.004);
  EXPECT_NEAR(m.mean, std::exp(2 + 0.125), 0.03);
}

TEST(PortableMath, AgreesWithTheCLibraryToFifteenDigits) {
  for (int i = -7000; i <= 7000; ++i) {
    const double x = i * 0.1003;
    EXPECT_NEAR(portableExp(x) / std::exp(x), 1, 1e-15) << x;
  }
  for (int i = 1; i <= 20'000; ++i) {
    const double x = std::exp(i * 0.07 - 700);
    const double expected = std::log(x);
    EXPECT_NEAR(portableLog(x), expected, 1e-15 * std::abs(expected) + 1e-300) << x;
    const double near_one = 0.5 + i * 1e-4;
    EXPECT_NEAR(portableLog(near_one), std::log(near_one), 2e-15 * std::abs(std::log(near_one))) << near_one;
  }
}

TEST(PortableMath, NormalQuantileInvertsTheNormalDistribution) {
  for (int i = 1; i < 1000; ++i) {
    const double p = i / 1000.0;
    EXPECT_NEAR(0.5 * std::erfc(-normalQuantile(p) / std::sqrt(2.0)), p, 1e-14);
  }
  for (double p = 1e-3; p > 1e-300; p *= 0.1) {
    EXPECT_NEAR(0.5 * std::erfc(-normalQuantile(p) / std::sqrt(2.0)) / p, 1, 1e-11) << p;
  }
}

}  // namespace
}  // namespace headroom::workloads
