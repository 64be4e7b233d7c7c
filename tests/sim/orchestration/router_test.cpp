#include "sim/orchestration/router.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "sim/orchestration/least_index.h"

namespace headroom::sim {
namespace {

workloads::Request withTokens(int prompt, int max_tokens) {
  return {.prompt_tokens = prompt, .output_tokens = 1, .max_tokens = max_tokens};
}
workloads::Rng rng() {
  return workloads::Rng(1, "router/test");
}

TEST(LeastIndex, EqualsALinearSearch) {
  EXPECT_TRUE(rc::check([] {
    const auto size = *rc::gen::inRange<std::size_t>(1, 20);
    LeastIndex tree(size);
    std::vector<std::int64_t> loads(size);
    for (int i = 0; i < 100; ++i) {
      const auto index = *rc::gen::inRange<std::size_t>(0, size);
      const auto amount = *rc::gen::inRange<std::int64_t>(-5, 9);
      tree.add(index, amount);
      loads[index] += amount;
      RC_ASSERT(tree.least() == static_cast<std::size_t>(std::min_element(loads.begin(), loads.end()) - loads.begin()));
    }
  }));
}

TEST(Routers, RoundRobinTakesEachInTurn) {
  const auto router = makeRouter("round-robin", 3, rng());
  for (const std::size_t expected : {0, 1, 2, 0, 1}) EXPECT_EQ(router->choose({}), expected);
}

TEST(Routers, LeastRequestsCountsRequestsAndLeastLoadedCountsTokens) {
  const auto requests = makeRouter("least-requests", 2, rng());
  const auto tokens = makeRouter("least-loaded", 2, rng());
  for (Router* router : {requests.get(), tokens.get()}) {
    router->sent(0, withTokens(1000, 500));
    router->sent(1, withTokens(10, 10));
    router->sent(1, withTokens(10, 10));
  }
  EXPECT_EQ(requests->choose({}), 0U);
  EXPECT_EQ(tokens->choose({}), 1U);
  tokens->left(0, withTokens(1000, 500));
  EXPECT_EQ(tokens->choose({}), 0U);
}

TEST(Routers, PowerOfTwoNeverTakesTheBusiestOfAllAndRandomSpreadsEvenly) {
  const auto two = makeRouter("power-of-two", 4, rng());
  for (int i = 0; i < 5; ++i) two->sent(2, {});
  const auto random = makeRouter("random", 4, rng());
  std::vector<int> counts(4);
  for (int i = 0; i < 4000; ++i) {
    EXPECT_NE(two->choose({}), 2U);
    ++counts[random->choose({})];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 120);
}

TEST(Routers, EveryPolicyWorksWithASingleReplica) {
  for (const RouterPolicy& policy : routerPolicies()) EXPECT_EQ(makeRouter(policy.name, 1, rng())->choose({}), 0U);
}

}  // namespace
}  // namespace headroom::sim
