#include "models/base/log_histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

namespace headroom {
namespace {

TEST(LogHistogram, ASeriesEqualsItsValuesOneByOne) {
  EXPECT_TRUE(rc::check([] {
    const auto first = *rc::gen::inRange<std::int64_t>(0, 5'000'000);
    const auto step = *rc::gen::inRange<std::int64_t>(0, 20'000);
    const auto count = *rc::gen::inRange<std::int64_t>(0, 300);
    const auto weight = *rc::gen::inRange<std::int64_t>(1, 9);
    LogHistogram bulk, single;
    bulk.addSeries(first, step, count, weight);
    for (std::int64_t i = count - 1; i >= 0; --i) single.add(first + i * step, weight);
    RC_ASSERT(bulk == single);
  }));
}

TEST(LogHistogram, QuantilesAreWithinAFifthOfAPercent) {
  EXPECT_TRUE(rc::check([] {
    auto values = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 1'000'000'000)));
    LogHistogram histogram;
    for (const std::int64_t v : values) histogram.add(v);
    std::sort(values.begin(), values.end());
    for (const double q : {0.5, 0.9, 0.99, 1.0}) {
      const auto rank =
          static_cast<std::size_t>(std::max(1.0, std::ceil(q * static_cast<double>(values.size()) - 1e-9)));
      const auto exact = static_cast<double>(values[rank - 1]);
      RC_ASSERT(std::abs(histogram.quantile(q) - exact) <= 0.002 * exact + 1e-9);
    }
  }));
}

TEST(LogHistogram, MergedEqualsAddedTogether) {
  LogHistogram a, b, both;
  for (const std::int64_t v : {1, 70, 70'000}) a.add(v), both.add(v);
  for (const std::int64_t v : {5, 9'000'000}) b.add(v, 3), both.add(v, 3);
  a.merge(b);
  EXPECT_EQ(a, both);
  EXPECT_EQ(a.max(), 9'000'000);
  EXPECT_EQ(a.min(), 1);
}

}  // namespace
}  // namespace headroom
