#include "sim/loop/event_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace headroom::sim {
namespace {

TEST(EventQueue, PopsByTimeThenRankThenInsertionOrder) {
  EXPECT_TRUE(rc::check([] {
    const auto times = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20));
    EventQueue queue;
    std::vector<std::tuple<int, int, std::uint32_t>> expected;
    std::uint32_t inserted = 0;
    for (const int t : times) {
      const Rank rank = *rc::gen::element(Rank::replica, Rank::arrival);
      queue.push(t, rank, inserted, 0);
      expected.emplace_back(t, static_cast<int>(rank), inserted++);
    }
    std::sort(expected.begin(), expected.end());
    for (const auto& [t, rank, target] : expected) {
      RC_ASSERT(queue.nextTime() == t);
      const Event event = queue.pop();
      RC_ASSERT(event.time == t);
      RC_ASSERT(event.target == target);
    }
    RC_ASSERT(queue.empty());
  }));
}

TEST(EventQueue, InterleavedPushesAndPopsStayOrdered) {
  EXPECT_TRUE(rc::check([] {
    EventQueue queue;
    Ticks now = 0;
    int pending = 0;
    for (int i = 0; i < 300; ++i) {
      if (pending == 0 || *rc::gen::inRange(0, 3) > 0) {
        queue.push(now + *rc::gen::inRange(0, 50), Rank::replica, 0, 0);
        ++pending;
      } else {
        const Event event = queue.pop();
        RC_ASSERT(event.time >= now);
        now = event.time;
        --pending;
      }
    }
  }));
}

}  // namespace
}  // namespace headroom::sim
