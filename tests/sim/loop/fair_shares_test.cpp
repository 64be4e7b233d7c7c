// Rates kept up to date through random changes are those of filling everything anew.
#include "sim/loop/fair_shares.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "tests/sim/loop/progressive_filling.h"

namespace headroom::sim {
namespace {

TEST(FairShares, StayMaxMinFairThroughAnyChanges) {
  EXPECT_TRUE(rc::check([] {
    using rc::gen::inRange;
    FairShares shares;
    std::vector<double> capacity;
    const int links = *inRange(1, 10);
    const auto anyCapacity = [] { return 1e6 * *inRange(1, 2000); };
    for (int l = 0; l < links; ++l) {
      capacity.push_back(anyCapacity());
      shares.addLink(capacity.back());
    }
    std::map<FairShares::Slot, FluidFlow> flows;
    for (int change = 0, n = *inRange(1, 60); change < n; ++change) {
      const int what = *inRange(0, 10);
      if (what < 6 || flows.empty()) {
        FluidFlow flow{
            {}, 0, 0, *inRange(0, 4) == 0 ? 1e5 * *inRange(1, 3000) : std::numeric_limits<double>::infinity()};
        std::vector<LinkId> path;
        for (int l = 0; l < links; ++l) {
          if (*inRange(0, 3) > 0 && l + 1 < links) continue;
          flow.path.push_back(static_cast<std::size_t>(l));
          path.emplace_back(static_cast<std::uint32_t>(l));
        }
        flows[shares.addFlow(path, std::isfinite(flow.limit) ? flow.limit : 0)] = flow;
      } else if (what < 9) {
        const auto gone = std::next(flows.begin(), *inRange<int>(0, static_cast<int>(flows.size())));
        shares.removeFlow(gone->first);
        flows.erase(gone);
      } else {
        const int link = *inRange(0, links);
        capacity[static_cast<std::size_t>(link)] = anyCapacity();
        shares.setCapacity(LinkId(static_cast<std::uint32_t>(link)), capacity[static_cast<std::size_t>(link)]);
      }
      if (*inRange(0, 3) == 0) continue;  // several changes at once
      std::map<FairShares::Slot, double> before;
      for (const auto& [slot, flow] : flows) before[slot] = shares.rate(slot);
      for (const FairShares::Slot slot : shares.solve()) before.erase(slot);
      std::vector<FluidFlow> all;
      for (const auto& [slot, flow] : flows) all.push_back(flow);
      const std::vector<double> expected = maxMin(all, std::vector<bool>(all.size(), true), capacity);
      std::size_t i = 0;
      for (const auto& [slot, flow] : flows) {
        RC_ASSERT(std::abs(shares.rate(slot) - expected[i]) <= 1e-9 * expected[i]);
        if (before.contains(slot)) RC_ASSERT(before[slot] == shares.rate(slot));
        ++i;
      }
    }
  }));
}

}  // namespace
}  // namespace headroom::sim
