// The two structures that say what comes next in a network: against plain searches, through random changes.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <tuple>

#include "sim/loop/flow_ends.h"
#include "sim/loop/least_of.h"

namespace headroom::sim {
namespace {

TEST(FlowEnds, TheNextIsTheEarliestAndAtOneTimeTheFirstInOrder) {
  EXPECT_TRUE(rc::check([] {
    using rc::gen::inRange;
    FlowEnds ends;
    std::map<FlowEnds::Slot, std::pair<Ticks, std::uint64_t>> expected;
    for (int change = 0, n = *inRange(1, 300); change < n; ++change) {
      const auto slot = *inRange<FlowEnds::Slot>(0, 40);
      if (*inRange(0, 4) > 0) {
        const Ticks at = *inRange<Ticks>(0, 20);  // many at one time
        expected[slot] = {at, 1000U - slot};
        ends.set(slot, at, 1000U - slot);
      } else {
        expected.erase(slot);
        ends.remove(slot);
      }
      RC_ASSERT(ends.empty() == expected.empty());
      if (expected.empty()) {
        RC_ASSERT(ends.nextTime() == kNever);
        continue;
      }
      const auto next = std::min_element(expected.begin(), expected.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      RC_ASSERT(ends.nextTime() == next->second.first);
      RC_ASSERT(ends.next() == next->first);
    }
  }));
}

TEST(LeastOf, IsTheFirstOfTheLeastNumbersAlsoWhenUsedAgain) {
  EXPECT_TRUE(rc::check([] {
    using rc::gen::inRange;
    LeastOf least;
    for (int use = 0; use < 3; ++use) {
      least.clear();
      std::vector<double> expected;
      for (int change = 0, n = *inRange(1, 300); change < n; ++change) {
        const double number = *inRange(0, 100) == 0 ? LeastOf::kInfinity : *inRange(-50, 50);
        if (expected.empty() || *inRange(0, 3) > 0) {
          expected.push_back(number);
          least.add(number);
        } else {
          const auto at = *inRange<std::size_t>(0, expected.size());
          expected[at] = number;
          least.set(at, number);
        }
        if (*inRange(0, 3) == 0) continue;  // several changes at once
        const auto first =
            static_cast<std::size_t>(std::min_element(expected.begin(), expected.end()) - expected.begin());
        RC_ASSERT(least.find() == first);
        RC_ASSERT(least[first] == expected[first]);
      }
    }
  }));
}

}  // namespace
}  // namespace headroom::sim
