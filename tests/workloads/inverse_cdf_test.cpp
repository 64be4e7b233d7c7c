// InverseCdf gives what quantileAt() gives, everywhere.
#include "workloads/inverse_cdf.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "workloads/lengths.h"

namespace headroom::workloads {
namespace {

TEST(InverseCdf, EqualsTheSearchInTheTable) {
  EXPECT_TRUE(rc::check([] {
    std::vector<std::pair<double, double>> points{{0, 1}};
    while (points.size() < 12) {
      const double share = points.back().first + *rc::gen::inRange(0, 200) / 1000.0;
      if (share >= 1) break;
      points.emplace_back(share, points.back().second + *rc::gen::inRange(0, 50));
    }
    points.emplace_back(1, points.back().second + 5);
    const InverseCdf cdf(points);
    for (int i = 0; i <= 1000; ++i) RC_ASSERT(cdf.at(i / 1000.0) == quantileAt(points, i / 1000.0));
  }));
}

}  // namespace
}  // namespace headroom::workloads
